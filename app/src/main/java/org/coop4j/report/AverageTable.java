package org.coop4j.report;

import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.function.Function;
import org.coop4j.eval.SeedSummary;
import org.coop4j.report.FewShotTable.Line;
import org.coop4j.report.ResultTable.Origin;
import org.coop4j.study.FewShot.Average;
import org.coop4j.study.FewShot;
import org.coop4j.study.Outcome.Measure;
import org.coop4j.study.MethodLabel;
import org.coop4j.study.Outcome;
import org.coop4j.study.PublishedNumbers.Score;
import org.coop4j.study.Shots;

/** Method × shots, averaged over the datasets. */
public final class AverageTable implements StudyTable {

    @Override
    public ResultTable records(List<StudyView> views) {
        ResultTable table =
                new ResultTable("average", "Averages over the datasets", "")
                        .hidden("model", "method", "shots", "datasets", "n_datasets")
                        .numbers(
                                "",
                                "accuracy",
                                "accuracy_sd_over_seeds",
                                "accuracy_ci95_over_seeds")
                        .hidden("macro_f1", "ece_percent", "gain_over_zero_shot")
                        .hidden("p_paired_over_datasets")
                        .numbers("", "published", "published_backbone");
        for (StudyView view : views) {
            for (Average average : view.fewShot().averages()) {
                Optional<Outcome.Gain> gain = gain(view, average);
                table.row(
                        Cell.words(view.model()),
                        FewShotTable.method(average.method()),
                        Cell.shots(average.shots()),
                        Cell.words(String.join("; ", view.fewShot().averaged())),
                        Cell.count(average.cells().size()),
                        Cell.mean(average.summary()),
                        Cell.number(average.mean(Measure.MACRO_F1)),
                        Cell.number(average.mean(Measure.CALIBRATION_ERROR)),
                        Cell.points(gain),
                        Cell.probability(gain),
                        published(view, average.method(), average.shots())
                                .map(s -> Cell.published(s.accuracy(), s.backbone(), ""))
                                .orElse(Cell.NONE));
            }
        }
        return table;
    }

    /** The published average over the same datasets. */
    private static Optional<Score> published(StudyView view, MethodLabel method, Shots shots) {
        return view.published()
                .fewShotAverage(view.fewShot().averaged(), method, shots, view.backbone());
    }

    /** What a method won over zero-shot on the same datasets. */
    private static Optional<Outcome.Gain> gain(StudyView view, Average average) {
        return average.method().equals(MethodLabel.ZERO_SHOT)
                ? Optional.empty()
                : view.fewShot().averageZeroShot().map(average::gainOver);
    }

    @Override
    public List<ResultTable> tables(StudyView view) {
        return List.of(byShots(view));
    }

    /** Accuracies by shots, with the published ones below each method's. */
    public static ResultTable byShots(StudyView view) {
        FewShot fewShot = view.fewShot();
        List<Line> lines = new ArrayList<>();
        for (MethodLabel method : fewShot.methods()) {
            lines.add(line(fewShot, method, average -> cell(fewShot, average)));
            fewShot.shots().stream()
                    .flatMap(shots -> published(view, method, shots).stream())
                    .findFirst()
                    .ifPresent(score -> lines.add(publishedLine(view, method, score)));
        }
        return FewShotTable.byShots(
                new ResultTable(
                        "average",
                        "Accuracy in %, averaged over " + fewShot.averaged().size() + " datasets",
                        "mean ± standard deviation over seeds, below it the 95 % interval by"
                            + " Student's t where there are three seeds or more; published averages"
                            + " over the same datasets in italics"),
                view,
                lines);
    }

    private static Line line(FewShot fewShot, MethodLabel method, Function<Average, Cell> cell) {
        return new Line(
                Origin.MEASURED,
                FewShotTable.method(method),
                shots -> fewShot.average(method, shots).map(cell).orElse(Cell.NONE));
    }

    private static Cell cell(FewShot fewShot, Average average) {
        SeedSummary summary = average.summary();
        boolean best =
                fewShot.averages().stream()
                        .filter(other -> other.shots().equals(average.shots()))
                        .noneMatch(other -> other.accuracy() > average.accuracy());
        Cell cell = Cell.mean(summary).best(best);
        return summary.percentInterval().isEmpty() ? cell : cell.withNote(summary.interval(2));
    }

    private static Line publishedLine(StudyView view, MethodLabel method, Score score) {
        String title = method.title() + ", published, " + score.backbone();
        return new Line(
                Origin.PUBLISHED,
                Cell.words(method.id(), title),
                shots ->
                        view.fewShot().average(method, shots).isEmpty()
                                ? Cell.NONE
                                : published(view, method, shots)
                                        .map(s -> Cell.number(s.accuracy()))
                                        .orElse(Cell.NONE));
    }

    /** Points won over zero-shot, by shots. */
    static ResultTable gains(StudyView view) {
        FewShot fewShot = view.fewShot();
        List<Line> lines =
                fewShot.methods().stream()
                        .map(m -> line(fewShot, m, average -> gainCell(gain(view, average))))
                        .toList();
        return FewShotTable.byShots(
                new ResultTable(
                        "average-gains",
                        "Points won over zero-shot CLIP on average",
                        "p of the paired t test over the datasets below it"),
                view,
                lines);
    }

    private static Cell gainCell(Optional<Outcome.Gain> gain) {
        String p = Cell.probability(gain).text().apply(0);
        Cell points = Cell.points(gain);
        return p.isEmpty() ? points : points.withNote(p.startsWith("<") ? "p " + p : "p = " + p);
    }
}
