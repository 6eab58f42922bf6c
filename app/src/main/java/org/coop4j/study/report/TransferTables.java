package org.coop4j.study.report;

import java.util.List;
import java.util.Optional;
import org.coop4j.console.Cell;
import org.coop4j.console.Table;
import org.coop4j.data.ImageDataset.ClassHalf;
import org.coop4j.eval.BaseToNew;
import org.coop4j.study.BaseToNewResults;
import org.coop4j.study.DatasetNames;
import org.coop4j.study.MethodLabel;
import org.coop4j.study.MethodResult;
import org.coop4j.study.PublishedNumbers.Score;
import org.coop4j.study.Robustness;
import org.coop4j.study.Shots;

/** Results on classes and datasets that were not learned: base-to-new and robustness. */
final class TransferTables {

    private TransferTables() {}

    /** A method's results on the two halves of a dataset, or of several whose average is shown. */
    private record Halves(StudyView view, MethodLabel method, Shots shots, List<BaseToNewResults.Row> rows) {

        boolean isAverage() {
            return rows.size() > 1;
        }

        BaseToNewResults.Row first() {
            return rows.get(0);
        }

        Cell dataset() {
            return isAverage()
                    ? Cell.words("average of " + rows.size(), "Average of " + rows.size())
                    : Cells.dataset(first().dataset());
        }

        Cell seeds() {
            return isAverage()
                    ? Cell.NONE
                    : Cells.seeds(
                            first().base().or(first()::unseen).orElseThrow().seeds());
        }

        Optional<BaseToNew> means() {
            return rows.stream().allMatch(row -> row.means().isPresent())
                    ? Optional.of(BaseToNew.average(
                            rows.stream().map(row -> row.means().orElseThrow()).toList()))
                    : Optional.empty();
        }

        Cell base() {
            return isAverage() ? Cell.number(means().orElseThrow().baseAccuracy()) : Cells.accuracy(first().base());
        }

        Cell unseen() {
            return isAverage() ? Cell.number(means().orElseThrow().newAccuracy()) : Cells.accuracy(first().unseen());
        }

        /** Returns the numbers of a paper, if it has all of them. */
        Cell published() {
            return published(ClassHalf.BASE)
                    .flatMap(base -> published(ClassHalf.NEW).map(unseen -> published(base, unseen)))
                    .orElse(Cell.NONE);
        }

        private Optional<Score> published(ClassHalf half) {
            return view.published(
                    "", rows.stream().map(BaseToNewResults.Row::dataset).toList(), half, method, shots);
        }

        private static Cell published(Score base, Score unseen) {
            BaseToNew means = new BaseToNew(base.accuracy(), unseen.accuracy());
            return Cells.published(
                    List.of(
                            Cell.datum(means.baseAccuracy()),
                            Cell.datum(means.newAccuracy()),
                            Cell.datum(means.harmonicMean()),
                            base.backbone()),
                    "%s / %s, H %s",
                    base.backbone(),
                    means.baseAccuracy(),
                    means.newAccuracy(),
                    means.harmonicMean());
        }
    }

    /**
     * Returns results of learning on base classes and testing on base and new ones, with their harmonic mean; averages
     * first.
     *
     * @param brief true for averages alone, if there are any
     */
    static Table<?> baseNew(List<StudyView> views, boolean brief) {
        Table<Halves> table = new Table<Halves>(
                        "base-to-new",
                        "Base-to-new generalization, accuracy in %",
                        "mean ± standard deviation over seeds, published base / new")
                .grouped()
                .data("model", h -> h.view.model())
                .words("dataset", Halves::dataset, "dataset");
        Cells.method(table, Halves::method, Halves::shots)
                .data("seeds", Halves::seeds)
                .data("datasets", h -> h.isAverage() ? h.rows.size() : null)
                .means("base", Halves::base, "base")
                .means("new", Halves::unseen, "new")
                .numbers(
                        "H",
                        h -> Cell.number(h.means().map(BaseToNew::harmonicMean).orElse(Double.NaN)),
                        "harmonic_mean")
                .numbers(
                        "published",
                        Halves::published,
                        "published_base",
                        "published_new",
                        "published_harmonic_mean",
                        "published_backbone");
        for (StudyView view : views) {
            BaseToNewResults results = view.baseNew();
            results.averages().forEach(a -> table.average(new Halves(view, a.method(), a.shots(), a.rows())));
            for (String dataset : brief && !results.averages().isEmpty() ? List.<String>of() : results.datasets()) {
                results.rows().stream()
                        .filter(row -> row.dataset().equals(dataset))
                        .forEach(row -> table.row(new Halves(view, row.method(), row.shots(), List.of(row))));
            }
        }
        return table;
    }

    /** A result on the dataset that a method learned from, or on another. */
    private record Tested(StudyView view, String source, String role, MethodResult result) {

        Cell published() {
            return Cells.published(
                    view.published(source, List.of(result.dataset()), ClassHalf.ALL, result.method(), result.shots()));
        }
    }

    /** Returns all numbers of learning on one dataset and testing on others. */
    static Table<?> robustness(List<StudyView> views) {
        Table<Tested> table = new Table<Tested>("robustness", "Robustness, accuracy in %", "")
                .data("model", t -> t.view.model())
                .data("source", Tested::source)
                .data("method", t -> t.result.method().id())
                .data("shots", t -> t.result.shots().label())
                .data("tested_on", t -> t.result.dataset())
                .data("role", Tested::role)
                .data("seeds", t -> Cells.seeds(t.result.seeds()))
                .means("accuracy", t -> Cells.accuracy(Optional.of(t.result)), "accuracy")
                .numbers("published", Tested::published, "published", "published_backbone");
        for (StudyView view : views) {
            for (Robustness all : view.robustness()) {
                for (Robustness.Row row : all.rows()) {
                    row.onSource().ifPresent(r -> table.row(new Tested(view, all.source(), "source", r)));
                    row.onTargets().values().forEach(r -> table.row(new Tested(view, all.source(), "target", r)));
                }
            }
        }
        return table;
    }

    /**
     * Returns accuracies: method × dataset, the source first.
     *
     * @param brief true for the average of the targets alone
     */
    static Table<?> robustness(StudyView view, Robustness robustness, boolean brief) {
        String source = DatasetNames.title(robustness.source());
        Table<Robustness.Row> table = new Table<Robustness.Row>(
                        "robustness",
                        "Learned on " + source + ", accuracy in % on it and on others",
                        "mean ± standard deviation over seeds")
                .data("model", row -> view.model());
        Cells.method(table, Robustness.Row::method, Robustness.Row::shots)
                .numbers(source, row -> Cells.accuracy(row.onSource()), "source");
        for (String target : brief ? List.<String>of() : robustness.targets()) {
            table.numbers(
                    DatasetNames.title(target),
                    row -> Cells.accuracy(Optional.ofNullable(row.onTargets().get(target))));
        }
        table.numbers("average of targets", row -> Cells.number(row.average(robustness.targets())));
        if (!brief) {
            table.numbers(
                    "published average",
                    row -> Cells.published(view.published(
                            robustness.source(), robustness.targets(), ClassHalf.ALL, row.method(), row.shots())));
        }
        return table.rows(robustness.rows());
    }
}
