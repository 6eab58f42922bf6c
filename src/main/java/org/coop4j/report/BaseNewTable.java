package org.coop4j.report;

import java.util.List;
import java.util.Optional;
import org.coop4j.eval.BaseToNew;
import org.coop4j.eval.SeedSummary;
import org.coop4j.results.BaseNew;
import org.coop4j.results.Measure;
import org.coop4j.results.Outcome;
import org.coop4j.results.Shots;

/** Learned on base classes, tested on base and new ones, with the harmonic mean of both. */
final class BaseNewTable implements TableFiles {

    @Override
    public String name() {
        return "base-to-new";
    }

    @Override
    public CsvTable csv(List<StudyView> views) {
        CsvTable csv =
                new CsvTable(
                        "model",
                        "dataset",
                        "method",
                        "shots",
                        "seeds",
                        "base",
                        "base_sd",
                        "new",
                        "new_sd",
                        "harmonic_mean");
        for (StudyView view : views) {
            for (BaseNew.Row row : view.baseNew().rows()) {
                csv.row()
                        .add(view.model(), row.dataset(), row.method().id(), row.shots().label())
                        .add(row.base().or(row::unseen).map(Outcome::seedsText).orElse(""))
                        .number(row.base().map(Outcome::accuracy))
                        .number(accuracy(row.base()).map(SeedSummary::sampleSd))
                        .number(row.unseen().map(Outcome::accuracy))
                        .number(accuracy(row.unseen()).map(SeedSummary::sampleSd))
                        .number(row.means().map(BaseToNew::harmonicMean))
                        .end();
            }
            for (BaseNew.AverageRow row : view.baseNew().averages()) {
                BaseToNew means = row.means();
                csv.row()
                        .add(view.model(), "average of " + row.rows().size())
                        .add(row.method().id(), row.shots().label(), "")
                        .number(means.baseAccuracy())
                        .add("")
                        .number(means.newAccuracy())
                        .add("")
                        .number(means.harmonicMean())
                        .end();
            }
        }
        return csv;
    }

    static Optional<SeedSummary> accuracy(Optional<Outcome> cell) {
        return cell.flatMap(c -> c.summary(Measure.ACCURACY));
    }

    @Override
    public List<Latex> latex(StudyView view) {
        BaseNew results = view.baseNew();
        if (results.isEmpty()) {
            return List.of();
        }
        Latex table =
                new Latex(
                        "Base-to-new generalization of "
                                + view.model()
                                + ": accuracy (%) on the classes learned and on new ones, and"
                                + " their harmonic mean H. H of the averages is that of the"
                                + " averaged accuracies.",
                        "base-to-new");
        table.header(2, List.of("Dataset", "Method", "Base", "New", "H"));
        for (BaseNew.AverageRow row : results.averages()) {
            BaseToNew means = row.means();
            table.add(
                    List.of(
                            "Average of " + row.rows().size(),
                            Latex.escape(title(row.method().title(), row.shots())),
                            Latex.number(means.baseAccuracy(), false),
                            Latex.number(means.newAccuracy(), false),
                            Latex.number(means.harmonicMean(), false)));
        }
        boolean begun = !results.averages().isEmpty();
        for (String dataset : results.datasets()) {
            if (begun) {
                table.rule();
            }
            begun = true;
            results.rows().stream()
                    .filter(row -> row.dataset().equals(dataset))
                    .forEach(row -> table.add(cells(row)));
        }
        return List.of(table);
    }

    private static List<String> cells(BaseNew.Row row) {
        return List.of(
                Latex.escape(StudyView.title(row.dataset())),
                Latex.escape(title(row.method().title(), row.shots())),
                latex(accuracy(row.base())),
                latex(accuracy(row.unseen())),
                row.means().map(m -> Latex.number(m.harmonicMean(), false)).orElse("--"));
    }

    private static String latex(Optional<SeedSummary> summary) {
        return summary.map(s -> Latex.plusMinus(s.mean(), s.sampleSd(), false)).orElse("--");
    }

    /** A method's title with its shots, where it has any. */
    static String title(String method, Shots shots) {
        return shots.equals(Shots.NONE) ? method : method + ", " + shots.describe();
    }
}
