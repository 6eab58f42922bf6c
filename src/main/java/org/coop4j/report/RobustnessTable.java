package org.coop4j.report;

import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import org.coop4j.eval.SeedSummary;
import org.coop4j.results.Measure;
import org.coop4j.results.Outcome;
import org.coop4j.results.Robustness;

/** Learned on one dataset, tested on others. */
final class RobustnessTable implements TableFiles {

    @Override
    public String name() {
        return "robustness";
    }

    @Override
    public CsvTable csv(List<StudyView> views) {
        CsvTable csv =
                new CsvTable(
                        "model",
                        "source",
                        "method",
                        "shots",
                        "tested_on",
                        "role",
                        "seeds",
                        "accuracy",
                        "accuracy_sd",
                        "accuracy_ci95");
        for (StudyView view : views) {
            for (Robustness table : view.robustness()) {
                for (Robustness.Row row : table.rows()) {
                    add(csv, view, table, row);
                }
            }
        }
        return csv;
    }

    private static void add(CsvTable csv, StudyView view, Robustness table, Robustness.Row row) {
        row.onSource().ifPresent(cell -> add(csv, view, table, row, cell, "source"));
        row.onTargets().values().forEach(cell -> add(csv, view, table, row, cell, "target"));
    }

    private static void add(
            CsvTable csv,
            StudyView view,
            Robustness table,
            Robustness.Row row,
            Outcome cell,
            String role) {
        Optional<SeedSummary> accuracy = cell.summary(Measure.ACCURACY);
        csv.row()
                .add(view.model(), table.source(), row.method().id(), row.shots().label())
                .add(cell.dataset(), role, cell.seedsText())
                .number(accuracy.map(SeedSummary::mean))
                .number(accuracy.map(SeedSummary::sampleSd))
                .number(accuracy.map(SeedSummary::studentCi95))
                .end();
    }

    @Override
    public List<Latex> latex(StudyView view) {
        return view.robustness().stream().map(table -> latex(view, table)).toList();
    }

    private static Latex latex(StudyView view, Robustness robustness) {
        Latex table =
                new Latex(
                        "Robustness of "
                                + view.model()
                                + ": learned on "
                                + StudyView.title(robustness.source())
                                + ", tested on it and on others. Accuracy (%), mean and standard"
                                + " deviation over seeds.",
                        "robustness-" + new StudyView.Slugs().of(robustness.source()));
        List<String> header = new ArrayList<>(List.of("Method"));
        header.add(StudyView.title(robustness.source()));
        robustness.targets().forEach(target -> header.add(StudyView.title(target)));
        header.add("Average of\ntargets");
        table.header(1, header);
        for (Robustness.Row row : robustness.rows()) {
            List<String> cells = new ArrayList<>();
            cells.add(Latex.escape(BaseNewTable.title(row.method().title(), row.shots())));
            cells.add(cell(row.onSource()));
            for (String target : robustness.targets()) {
                cells.add(cell(Optional.ofNullable(row.onTargets().get(target))));
            }
            cells.add(Latex.number(row.average(robustness.targets()).orElse(Double.NaN), false));
            table.add(cells);
        }
        return table;
    }

    private static String cell(Optional<Outcome> cell) {
        return cell.flatMap(c -> c.summary(Measure.ACCURACY))
                .map(s -> Latex.plusMinus(s.mean(), s.sampleSd(), false))
                .orElse("--");
    }
}
