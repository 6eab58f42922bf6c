package org.coop4j.study.report;

import java.util.List;
import java.util.Optional;
import java.util.stream.Stream;
import org.coop4j.base.Numbers;
import org.coop4j.console.Cell;
import org.coop4j.console.Cell.Style;
import org.coop4j.console.Table;
import org.coop4j.data.ImageDataset.ClassHalf;
import org.coop4j.eval.BaseToNew;
import org.coop4j.study.BaseToNewResults;
import org.coop4j.study.BaseToNewResults.Row;
import org.coop4j.study.MethodResult;
import org.coop4j.study.MethodResult.Measured;
import org.coop4j.study.MethodResult.Setup;
import org.coop4j.study.PublishedNumbers.DatasetNames;
import org.coop4j.study.PublishedNumbers.Score;
import org.coop4j.study.Robustness;
import org.coop4j.study.Study;
import org.coop4j.study.report.FewShotTables.Line;

/** Results on classes and datasets that were not learned: base-to-new and robustness. */
final class TransferTables {

    private TransferTables() {}

    /** A method's results on the two halves of a dataset, or their averages. */
    private record Halves(Study study, Row row) {

        MethodResult any() {
            return row.any();
        }

        boolean isAverage() {
            return !any().averaged().isEmpty();
        }

        Cell dataset() {
            int averaged = any().averaged().size();
            return isAverage()
                    ? Cell.words("average of " + averaged, "Average of " + averaged)
                    : Cells.dataset(any().dataset());
        }

        /** Returns the accuracy; that of an average has no standard deviation. */
        Object accuracy(Optional<MethodResult> half) {
            return isAverage() ? half.map(MethodResult::accuracy) : Cells.accuracy(half);
        }

        /** Returns the numbers of a paper, if it has all of them. */
        Optional<Cell> published() {
            return published(ClassHalf.BASE)
                    .flatMap(base -> published(ClassHalf.NEW).map(unseen -> published(base, unseen)));
        }

        private Optional<Score> published(ClassHalf half) {
            return study.published("", any().datasets(), half, any().setup());
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
                    .in(Style.PUBLISHED);
        }
    }

    /**
     * Returns results of learning on base classes and testing on base and new ones, with their harmonic mean; averages
     * first.
     *
     * @param brief true for averages alone, if there are any
     */
    static Table<?> baseNew(List<Study> studies, boolean brief) {
        Table<Halves> table = new Table<Halves>(
                        "base-to-new",
                        "Base-to-new generalization, accuracy in %",
                        "mean ± standard deviation over seeds, published base / new")
                .decimals(2)
                .grouped()
                .data("model", h -> h.study.name())
                .words("dataset", Halves::dataset, "dataset");
        Cells.setup(table, h -> h.any().setup())
                .data("seeds", h -> h.isAverage() ? null : Cells.seeds(h.any()))
                .data("datasets", h -> h.isAverage() ? h.any().averaged().size() : null)
                .means("base", h -> h.accuracy(h.row.base()), "base")
                .means("new", h -> h.accuracy(h.row.unseen()), "new")
                .numbers("H", h -> h.row.means().map(BaseToNew::harmonicMean), "harmonic_mean")
                .numbers(
                        "published",
                        Halves::published,
                        "published_base",
                        "published_new",
                        "published_harmonic_mean",
                        "published_backbone");
        for (Study study : studies) {
            BaseToNewResults results = study.baseNew();
            results.averages().forEach(average -> table.average(new Halves(study, average)));
            if (!brief || results.averages().isEmpty()) {
                results.rows().forEach(row -> table.row(new Halves(study, row)));
            }
        }
        return table;
    }

    /** Returns all numbers of learning on one dataset and testing on others. */
    static Table<?> robustness(List<Study> studies) {
        Table<Line> table = new Table<Line>("robustness", "Robustness, accuracy in %", "")
                .data("model", t -> t.study().name())
                .data("source", Line::source)
                .data("method", t -> t.result().method().id())
                .data("shots", t -> t.result().shots().label())
                .data("tested_on", t -> t.result().dataset())
                .data("role", t -> t.result().dataset().equals(t.source()) ? "source" : "target")
                .data("seeds", t -> Cells.seeds(t.result()))
                .means("accuracy", t -> t.result().summary(Measured::accuracy), "accuracy")
                .numbers("published", Line::published, "published", "published_backbone");
        for (Study study : studies) {
            for (Robustness all : study.robustness()) {
                for (Setup setup : all.results().setups()) {
                    Stream.concat(all.results().get(all.source(), setup).stream(), all.onTargets(setup).stream())
                            .forEach(result -> table.row(new Line(study, all.source(), result)));
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
    static Table<?> robustness(Study study, Robustness robustness, boolean brief) {
        String source = DatasetNames.title(robustness.source());
        Table<Setup> table = new Table<Setup>(
                        "robustness",
                        "Learned on " + source + ", accuracy in % on it and on others",
                        "mean ± standard deviation over seeds")
                .decimals(2)
                .data("model", row -> study.name());
        Cells.setup(table, row -> row)
                .numbers(source, row -> Cells.accuracy(robustness.results().get(robustness.source(), row)), "source");
        for (String target : brief ? List.<String>of() : robustness.targets()) {
            table.numbers(
                    DatasetNames.title(target),
                    row -> Cells.accuracy(robustness.results().get(target, row)));
        }
        table.numbers("average of targets", row -> robustness.average(row).map(MethodResult::accuracy));
        if (!brief) {
            table.numbers(
                    "published average",
                    row -> Cells.published(
                            study.published(robustness.source(), robustness.targets(), ClassHalf.ALL, row)));
        }
        return table.rows(robustness.results().setups());
    }
}
