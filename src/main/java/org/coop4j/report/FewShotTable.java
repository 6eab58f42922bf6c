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

/** Dataset × method × shots. */
final class FewShotTable implements TableFiles {

    private final PublishedNumbers published;

    FewShotTable(PublishedNumbers published) {
        this.published = published;
    }

    @Override
    public String name() {
        return "few-shot";
    }

    @Override
    public CsvTable csv(List<StudyView> views) {
        CsvTable csv =
                new CsvTable(
                        "model",
                        "model_sha256",
                        "dataset",
                        "method",
                        "shots",
                        "seeds",
                        "n",
                        "accuracy",
                        "accuracy_sd",
                        "accuracy_ci95",
                        "macro_f1",
                        "macro_f1_sd",
                        "ece_percent",
                        "ece_percent_sd",
                        "gain_over_zero_shot",
                        "p_paired_over_seeds",
                        "published",
                        "published_backbone",
                        "published_source");
        for (StudyView view : views) {
            for (Outcome cell : view.fewShot().cells()) {
                add(csv, view, cell);
            }
        }
        return csv;
    }

    private void add(CsvTable csv, StudyView view, Outcome cell) {
        Optional<Outcome.Gain> gain = gain(view, cell);
        Optional<Score> paper =
                published.fewShot(cell.dataset(), cell.method(), cell.shots(), view.backbone());
        CsvTable.Row row =
                csv.row()
                        .add(view.model(), view.study().model().sha256())
                        .add(cell.dataset(), cell.method().id(), cell.shots().label())
                        .add(cell.seedsText(), String.valueOf(cell.seeds().size()));
        Optional<SeedSummary> accuracy = cell.summary(Measure.ACCURACY);
        Optional<SeedSummary> f1 = cell.summary(Measure.MACRO_F1);
        Optional<SeedSummary> error = cell.summary(Measure.CALIBRATION_ERROR);
        row.number(accuracy.map(SeedSummary::mean))
                .number(accuracy.map(SeedSummary::sampleSd))
                .number(accuracy.map(SeedSummary::studentCi95))
                .number(f1.map(SeedSummary::mean))
                .number(f1.map(SeedSummary::sampleSd))
                .number(error.map(SeedSummary::mean))
                .number(error.map(SeedSummary::sampleSd))
                .number(gain.map(Outcome.Gain::difference))
                .probability(gain.flatMap(Outcome.Gain::test).map(PairedComparison::pValue))
                .number(paper.map(Score::accuracy))
                .add(paper.map(Score::backbone).orElse(""), paper.map(Score::source).orElse(""))
                .end();
    }

    /** What a learned method won over zero-shot on the same dataset. */
    static Optional<Outcome.Gain> gain(StudyView view, Outcome cell) {
        return cell.method().kind() == MethodLabel.Kind.ZERO_SHOT
                ? Optional.empty()
                : view.fewShot().zeroShot(cell.dataset()).flatMap(cell::gainOver);
    }

    /** For each number of shots a table: a row a dataset, a column a method. */
    @Override
    public List<Latex> latex(StudyView view) {
        List<Latex> tables = new ArrayList<>();
        FewShot fewShot = view.fewShot();
        for (Shots shots : fewShot.shots()) {
            tables.add(latex(view, shots));
        }
        if (tables.isEmpty() && !fewShot.isEmpty()) {
            tables.add(latex(view, Shots.NONE));
        }
        return tables;
    }

    private static Latex latex(StudyView view, Shots shots) {
        FewShot fewShot = view.fewShot();
        List<MethodLabel> methods =
                fewShot.methods().stream()
                        .filter(
                                m ->
                                        m.isWithoutTraining()
                                                || fewShot.cells().stream()
                                                        .anyMatch(c -> isOf(c, m, shots)))
                        .toList();
        Latex table =
                new Latex(
                        "Accuracy (%) of "
                                + view.model()
                                + (shots.equals(Shots.NONE) ? "" : ", " + shots.describe())
                                + ". Mean and standard deviation over seeds; the best of a row in"
                                + " bold.",
                        "few-shot-" + shots.label());
        List<String> header = new ArrayList<>(List.of("Dataset"));
        methods.forEach(method -> header.add(stacked(method)));
        table.header(1, header);
        for (String dataset : fewShot.datasets()) {
            List<Optional<SeedSummary>> row =
                    methods.stream()
                            .map(m -> fewShot.cell(dataset, m, shotsOf(m, shots)))
                            .map(cell -> cell.flatMap(c -> c.summary(Measure.ACCURACY)))
                            .toList();
            table.add(cells(StudyView.title(dataset), row));
        }
        if (!fewShot.averages().isEmpty()) {
            table.rule();
            List<Optional<SeedSummary>> row =
                    methods.stream()
                            .map(m -> fewShot.average(m, shotsOf(m, shots)))
                            .map(average -> average.map(FewShotTable::summary))
                            .toList();
            table.add(cells("Average of " + fewShot.averaged().size(), row));
        }
        return table;
    }

    private static boolean isOf(Outcome cell, MethodLabel method, Shots shots) {
        return cell.method().equals(method) && cell.shots().equals(shots);
    }

    private static Shots shotsOf(MethodLabel method, Shots shots) {
        return method.isWithoutTraining() ? Shots.NONE : shots;
    }

    /** Over the seeds, or the mean alone where datasets have different seeds. */
    static SeedSummary summary(Average average) {
        return average.overSeeds(Measure.ACCURACY)
                .orElseGet(() -> SeedSummary.of(average.accuracy()));
    }

    static List<String> cells(String name, List<Optional<SeedSummary>> row) {
        double best =
                row.stream()
                        .flatMap(Optional::stream)
                        .mapToDouble(SeedSummary::mean)
                        .max()
                        .orElse(Double.NaN);
        List<String> cells = new ArrayList<>(List.of(Latex.escape(name)));
        for (Optional<SeedSummary> summary : row) {
            cells.add(
                    summary.map(s -> Latex.plusMinus(s.mean(), s.sampleSd(), s.mean() == best))
                            .orElse("--"));
        }
        return cells;
    }

    /** A method's title in several short lines. */
    static String stacked(MethodLabel method) {
        return method.title().replace(" (", "\n(").replace(", ", ",\n");
    }
}
