package org.coop4j.study.report;

import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import org.coop4j.base.Numbers;
import org.coop4j.console.Cell;
import org.coop4j.console.Table;
import org.coop4j.data.ImageDataset.ClassHalf;
import org.coop4j.eval.BaseToNew;
import org.coop4j.study.BaseToNewResults;
import org.coop4j.study.DatasetNames;
import org.coop4j.study.MethodLabel;
import org.coop4j.study.MethodResult;
import org.coop4j.study.PublishedNumbers.Protocol;
import org.coop4j.study.PublishedNumbers.Score;
import org.coop4j.study.Robustness;
import org.coop4j.study.Shots;

/** Results on classes and datasets that were not learned: base-to-new and robustness. */
final class TransferTables {

    private TransferTables() {}

    /**
     * A row of base-to-new.
     *
     * @param datasets one, or those that the numbers are averages of
     */
    private record Halves(
            StudyView view,
            List<String> datasets,
            MethodLabel method,
            Shots shots,
            Cell seeds,
            Cell base,
            Cell unseen,
            Optional<BaseToNew> means) {

        static Halves of(StudyView view, BaseToNewResults.AverageRow average) {
            BaseToNew means = average.means();
            return new Halves(
                    view,
                    view.baseNew().averaged(),
                    average.method(),
                    average.shots(),
                    Cell.NONE,
                    Cell.number(means.baseAccuracy()),
                    Cell.number(means.newAccuracy()),
                    Optional.of(means));
        }

        static Halves of(StudyView view, BaseToNewResults.Row row) {
            return new Halves(
                    view,
                    List.of(row.dataset()),
                    row.method(),
                    row.shots(),
                    Cells.seeds(row.base().or(row::unseen).map(MethodResult::seeds).orElse(List.of())),
                    Cells.accuracy(row.base()),
                    Cells.accuracy(row.unseen()),
                    row.means());
        }

        Cell place() {
            return datasets.size() == 1
                    ? Cells.dataset(datasets.get(0))
                    : Cell.words("average of " + datasets.size(), "Average of " + datasets.size());
        }

        /** The same of a paper, if it has all of it. */
        private Cell published() {
            List<Score> base = published(ClassHalf.BASE);
            List<Score> unseen = published(ClassHalf.NEW);
            if (base.size() < datasets.size() || unseen.size() < datasets.size()) {
                return Cell.NONE;
            }
            BaseToNew means = new BaseToNew(mean(base), mean(unseen));
            String backbone = base.get(0).backbone();
            return Cell.of(
                            List.of(
                                    Cell.datum(means.baseAccuracy()),
                                    Cell.datum(means.newAccuracy()),
                                    Cell.datum(means.harmonicMean()),
                                    backbone),
                            decimals -> "%s / %s, H %s %s"
                                    .formatted(
                                            Numbers.number(means.baseAccuracy(), decimals),
                                            Numbers.number(means.newAccuracy(), decimals),
                                            Numbers.number(means.harmonicMean(), decimals),
                                            backbone))
                    .in(Cell.Style.PUBLISHED);
        }

        private List<Score> published(ClassHalf half) {
            return datasets.stream()
                    .flatMap(d -> view.published(Protocol.BASE_TO_NEW, d, d, half, method, shots).stream())
                    .toList();
        }
    }

    private static double mean(List<Score> scores) {
        return scores.stream().mapToDouble(Score::accuracy).average().orElseThrow();
    }

    /** Learned on base classes, tested on base and new ones, with their harmonic mean; averages first. */
    static Table<?> baseNew(List<StudyView> views) {
        Table<Halves> table = new Table<Halves>(
                        "base-to-new",
                        "Base-to-new generalization, accuracy in %",
                        "mean ± standard deviation over seeds; H is the harmonic mean of base and new, in rows of"
                                + " averages that of the averaged accuracies; published numbers of base / new classes"
                                + " in italics with their backbone")
                .grouped()
                .data("model", h -> h.view.model())
                .words("dataset", Halves::place, "dataset")
                .words("method", h -> Cells.method(h.method), "method")
                .numbers("shots", h -> Cell.words(h.shots.label()), "shots")
                .data("seeds", h -> h.seeds)
                .data("datasets", h -> h.datasets.size() > 1 ? h.datasets.size() : null)
                .means("base", h -> h.base, "base")
                .means("new", h -> h.unseen, "new")
                .numbers(
                        "H",
                        h -> Cell.number(h.means.map(BaseToNew::harmonicMean).orElse(Double.NaN)),
                        "harmonic_mean")
                .numbers(
                        "published",
                        Halves::published,
                        "published_base",
                        "published_new",
                        "published_harmonic_mean",
                        "published_backbone");
        for (StudyView view : views) {
            view.baseNew().averages().forEach(row -> table.average(Halves.of(view, row)));
            for (String dataset : view.baseNew().datasets()) {
                view.baseNew().rows().stream()
                        .filter(row -> row.dataset().equals(dataset))
                        .forEach(row -> table.row(Halves.of(view, row)));
            }
        }
        return table;
    }

    /** A result on another dataset than the one learned from, or on this. */
    private record Tested(StudyView view, String source, String role, MethodResult outcome) {

        Cell published() {
            return Cells.published(view.published(
                    Protocol.ROBUSTNESS, source, outcome.dataset(), ClassHalf.ALL, outcome.method(), outcome.shots()));
        }
    }

    /** Learned on one dataset, tested on others: all numbers. */
    static Table<?> robustness(List<StudyView> views) {
        Table<Tested> table = new Table<Tested>("robustness", "Robustness, accuracy in %", "")
                .data("model", t -> t.view.model())
                .data("source", Tested::source)
                .data("method", t -> t.outcome.method().id())
                .data("shots", t -> t.outcome.shots().label())
                .data("tested_on", t -> t.outcome.dataset())
                .data("role", Tested::role)
                .data("seeds", t -> Cells.seeds(t.outcome.seeds()))
                .means("accuracy", t -> Cells.accuracy(Optional.of(t.outcome)), "accuracy")
                .numbers("published", Tested::published, "published", "published_backbone");
        for (StudyView view : views) {
            for (Robustness robustness : view.robustness()) {
                for (Robustness.Row row : robustness.rows()) {
                    row.onSource().ifPresent(o -> table.row(new Tested(view, robustness.source(), "source", o)));
                    row.onTargets()
                            .values()
                            .forEach(o -> table.row(new Tested(view, robustness.source(), "target", o)));
                }
            }
        }
        return table;
    }

    /** Method × dataset, the source first. */
    static Table<?> robustness(StudyView view, Robustness robustness) {
        String source = DatasetNames.title(robustness.source());
        Table<Robustness.Row> table = new Table<Robustness.Row>(
                        "robustness",
                        "Learned on " + source + ", accuracy in % on it and on others",
                        "mean ± standard deviation over seeds; published averages in italics with their backbone")
                .data("model", row -> view.model())
                .words("method", row -> Cells.method(row.method()), "method")
                .numbers("shots", row -> Cell.words(row.shots().label()), "shots")
                .numbers(source, row -> Cells.accuracy(row.onSource()), "source");
        for (String target : robustness.targets()) {
            table.numbers(
                    DatasetNames.title(target),
                    row -> Cells.accuracy(Optional.ofNullable(row.onTargets().get(target))));
        }
        return table.numbers(
                        "average of targets",
                        row -> Cells.number(row.average(robustness.targets())),
                        "average_of_targets")
                .numbers("published average", row -> published(view, robustness, row))
                .rows(robustness.rows());
    }

    /** A method's published average, if there is a number of each target. */
    private static Cell published(StudyView view, Robustness robustness, Robustness.Row row) {
        List<Score> scores = new ArrayList<>();
        for (String target : robustness.targets()) {
            view.published(Protocol.ROBUSTNESS, robustness.source(), target, ClassHalf.ALL, row.method(), row.shots())
                    .ifPresent(scores::add);
        }
        if (scores.size() < robustness.targets().size()) {
            return Cell.NONE;
        }
        return Cell.of(
                        List.of(),
                        decimals -> Numbers.number(mean(scores), decimals) + " "
                                + scores.get(0).backbone())
                .in(Cell.Style.PUBLISHED);
    }
}
