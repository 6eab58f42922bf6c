package org.coop4j.report;

import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import org.coop4j.eval.PairedComparison;
import org.coop4j.eval.SeedSummary;
import org.coop4j.results.Average;
import org.coop4j.results.FewShot;
import org.coop4j.results.Measure;
import org.coop4j.results.MethodLabel;
import org.coop4j.results.Outcome;
import org.coop4j.results.PublishedNumbers;
import org.coop4j.results.PublishedNumbers.Score;
import org.coop4j.results.Shots;

/** MethodLabel × shots, averaged over the datasets. */
final class AverageTable implements TableFiles {

    private final PublishedNumbers published;

    AverageTable(PublishedNumbers published) {
        this.published = published;
    }

    @Override
    public String name() {
        return "average";
    }

    @Override
    public CsvTable csv(List<StudyView> views) {
        CsvTable csv =
                new CsvTable(
                        "model",
                        "method",
                        "shots",
                        "datasets",
                        "n_datasets",
                        "accuracy",
                        "accuracy_sd_over_seeds",
                        "accuracy_ci95_over_seeds",
                        "macro_f1",
                        "ece_percent",
                        "gain_over_zero_shot",
                        "p_paired_over_datasets",
                        "published",
                        "published_backbone");
        for (StudyView view : views) {
            for (Average average : view.fewShot().averages()) {
                Optional<Outcome.Gain> gain = gain(view, average);
                Optional<SeedSummary> seeds = average.overSeeds(Measure.ACCURACY);
                Optional<Score> paper = published(view, average);
                csv.row()
                        .add(view.model(), average.method().id(), average.shots().label())
                        .add(String.join("; ", view.fewShot().averaged()))
                        .add(String.valueOf(average.cells().size()))
                        .number(average.accuracy())
                        .number(seeds.map(SeedSummary::sampleSd))
                        .number(seeds.map(SeedSummary::studentCi95))
                        .number(average.mean(Measure.MACRO_F1))
                        .number(average.mean(Measure.CALIBRATION_ERROR))
                        .number(gain.map(Outcome.Gain::difference))
                        .probability(gain.flatMap(Outcome.Gain::test).map(PairedComparison::pValue))
                        .number(paper.map(Score::accuracy))
                        .add(paper.map(Score::backbone).orElse(""))
                        .end();
            }
        }
        return csv;
    }

    /** The published average over the same datasets. */
    Optional<Score> published(StudyView view, Average average) {
        return published.fewShotAverage(
                view.fewShot().averaged(), average.method(), average.shots(), view.backbone());
    }

    /** What a method won over zero-shot on the same datasets. */
    static Optional<Outcome.Gain> gain(StudyView view, Average average) {
        return average.method().kind() == MethodLabel.Kind.ZERO_SHOT
                ? Optional.empty()
                : view.fewShot().averageZeroShot().map(average::gainOver);
    }

    @Override
    public List<Latex> latex(StudyView view) {
        FewShot fewShot = view.fewShot();
        if (fewShot.averages().isEmpty()) {
            return List.of();
        }
        List<Shots> shots = new ArrayList<>(List.of(Shots.NONE));
        shots.addAll(fewShot.shots());
        Latex table =
                new Latex(
                        "Accuracy (%%) of %s, averaged over %d datasets. Mean and standard"
                                        .formatted(view.model(), fewShot.averaged().size())
                                + " deviation over seeds, by training images a class.",
                        "average");
        List<String> header = new ArrayList<>(List.of("Method"));
        shots.forEach(s -> header.add(s.label()));
        table.header(1, header);
        for (MethodLabel method : fewShot.methods()) {
            List<String> cells = new ArrayList<>(List.of(Latex.escape(method.title())));
            for (Shots s : shots) {
                cells.add(
                        fewShot.average(method, s)
                                .map(average -> cell(fewShot, average))
                                .orElse(""));
            }
            if (cells.stream().skip(1).anyMatch(cell -> !cell.isEmpty())) {
                table.add(cells);
            }
        }
        return List.of(table);
    }

    private static String cell(FewShot fewShot, Average average) {
        SeedSummary summary = FewShotTable.summary(average);
        return Latex.plusMinus(summary.mean(), summary.sampleSd(), isBest(fewShot, average));
    }

    /** Whether no other method with as many shots is better. */
    static boolean isBest(FewShot fewShot, Average average) {
        return fewShot.averages().stream()
                .filter(other -> other.shots().equals(average.shots()))
                .noneMatch(other -> other.accuracy() > average.accuracy());
    }
}
