package org.coop4j.study.report;

import java.util.List;
import java.util.Optional;
import org.coop4j.base.Numbers;
import org.coop4j.console.Cell;
import org.coop4j.console.Table;
import org.coop4j.data.ImageDataset.ClassHalf;
import org.coop4j.eval.BaseToNew;
import org.coop4j.study.BaseToNewResults;
import org.coop4j.study.DatasetNames;
import org.coop4j.study.MethodResult;
import org.coop4j.study.MethodResult.Measure;
import org.coop4j.study.PublishedNumbers.Score;
import org.coop4j.study.Robustness;

/** Results on classes and datasets that were not learned: base-to-new and robustness. */
final class TransferTables {

    private TransferTables() {}

    /** A method's results on the two halves of a dataset, or of several whose average is shown. */
    private record Halves(StudyView view, List<BaseToNewResults.Row> rows, Optional<BaseToNew> means) {

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

        Object base() {
            return isAverage() ? Cell.number(means.orElseThrow().baseAccuracy()) : Cells.accuracy(first().base());
        }

        Object unseen() {
            return isAverage() ? Cell.number(means.orElseThrow().newAccuracy()) : Cells.accuracy(first().unseen());
        }

        /** Returns the numbers of a paper, if it has all of them. */
        Optional<Cell> published() {
            return published(ClassHalf.BASE)
                    .flatMap(base -> published(ClassHalf.NEW).map(unseen -> published(base, unseen)));
        }

        private Optional<Score> published(ClassHalf half) {
            return view.published(
                    "",
                    rows.stream().map(BaseToNewResults.Row::dataset).toList(),
                    half,
                    first().method(),
                    first().shots());
        }

        private static Cell published(Score base, Score unseen) {
            double mean = new BaseToNew(base.accuracy(), unseen.accuracy()).harmonicMean();
            return Cell.of(
                            List.of(
                                    Cell.datum(base.accuracy()),
                                    Cell.datum(unseen.accuracy()),
                                    Cell.datum(mean),
                                    base.backbone()),
                            decimals -> "%s / %s, H %s %s"
                                    .formatted(
                                            Numbers.number(base.accuracy(), decimals),
                                            Numbers.number(unseen.accuracy(), decimals),
                                            Numbers.number(mean, decimals),
                                            base.backbone()))
                    .in(Cell.Style.PUBLISHED);
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
        Cells.method(table, h -> h.first().method(), h -> h.first().shots())
                .data("seeds", Halves::seeds)
                .data("datasets", h -> h.isAverage() ? h.rows.size() : null)
                .means("base", Halves::base, "base")
                .means("new", Halves::unseen, "new")
                .numbers("H", h -> h.means.map(means -> Cell.number(means.harmonicMean())), "harmonic_mean")
                .numbers(
                        "published",
                        Halves::published,
                        "published_base",
                        "published_new",
                        "published_harmonic_mean",
                        "published_backbone");
        for (StudyView view : views) {
            BaseToNewResults results = view.baseNew();
            results.averages().forEach(a -> table.average(new Halves(view, a.rows(), Optional.of(a.means()))));
            for (String dataset : brief && !results.averages().isEmpty() ? List.<String>of() : results.datasets()) {
                results.rows().stream()
                        .filter(row -> row.dataset().equals(dataset))
                        .forEach(row -> table.row(new Halves(view, List.of(row), row.means())));
            }
        }
        return table;
    }

    /** A result on the dataset that a method learned from, or on another. */
    private record Tested(StudyView view, String source, String role, MethodResult result) {

        Optional<Cell> published() {
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
                .means("accuracy", t -> t.result.summary(Measure.ACCURACY), "accuracy")
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
