package org.coop4j.study;

import static org.coop4j.base.Numbers.count;
import static org.coop4j.base.Numbers.number;
import static org.coop4j.console.Table.Kind.BARS;
import static org.coop4j.console.Table.Kind.SENTENCES;
import static org.coop4j.study.PublishedNumbers.title;
import static org.coop4j.study.Results.grouped;
import static org.coop4j.study.Score.Place.AVERAGE;

import java.util.ArrayList;
import java.util.Collection;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.function.Consumer;
import java.util.function.Function;
import org.coop4j.console.Cell;
import org.coop4j.console.Cell.Style;
import org.coop4j.console.Table;
import org.coop4j.data.ImageDataset.ClassHalf;
import org.coop4j.page.Shots;
import org.coop4j.study.FoundRuns.LeftOut;
import org.coop4j.study.Score.Measure;

/** Tables of scores: all of them, one in a row, for programs; pivots of them for people. */
public final class StudyTables {

    private StudyTables() {}

    /** A number of a score; of the result of a class with the class's name. */
    private record Value(String model, Score score, String className, String measure, Number number) {}

    /** Returns all numbers by model, one in a row. */
    public static Table<?> scores(Map<String, List<Score>> byModel) {
        Table<Value> table = new Table<Value>()
                .data("model", Value::model)
                .data("dataset", value -> value.score.place().dataset())
                .data("learned_on", value -> value.score.place().learnedOn())
                .data("subset", value -> value.score.place().half().label())
                .data("method", value -> value.score.place().setup().method().id())
                .data("shots", value -> value.score.place().setup().shots().label())
                .data("seed", value -> value.score.seed())
                .data("class", Value::className)
                .data("measure", Value::measure)
                .data("value", Value::number)
                .data("folder", value -> value.score.folder().toString());
        byModel.forEach((model, scores) -> scores.forEach(score -> {
            score.values().forEach((measure, number) -> table.row(new Value(model, score, null, measure.id(), number)));
            score.perClass().forEach(one -> {
                table.row(new Value(model, score, one.name(), "test_images", one.total()));
                table.row(new Value(model, score, one.name(), "correct", one.correct()));
            });
        }));
        return table;
    }

    /** The names before the numbers of a row; an empty one is left out. */
    private record Row(String dataset, MethodLabel method, String shots) {

        static Row of(Result result) {
            int averaged = result.averaged().size();
            return new Row(
                    averaged == 0 ? result.dataset() : "average of " + averaged,
                    result.method(),
                    result.shots().label());
        }
    }

    private static <T> Table<T> table(String model, String title, String note, Function<T, Row> row) {
        return new Table<T>("scores", title, note)
                .decimals(2)
                .grouped()
                .filter("model", one -> model)
                .filter("group", one -> row.apply(one).method.method().group().title())
                .words("dataset", row.andThen(one -> Cell.words(one.dataset, title(one.dataset))), "dataset")
                .words("method", row.andThen(one -> one.method.cell()), "method")
                .numbers("shots", row.andThen(one -> Cell.words(one.shots)), "shots");
    }

    /** Adds rows; those of averages are marked. */
    private static <T> Table<T> rows(Table<T> table, Collection<T> rows, Function<T, Result> first) {
        for (T row : rows) {
            if (first.apply(row).averaged().isEmpty()) {
                table.row(row);
            } else {
                table.averages(List.of(row));
            }
        }
        return table;
    }

    /** Makes a table of accuracies with a column of each value of a key. */
    private static <C> Table<List<Result>> pivot(
            String model,
            String title,
            Results results,
            Function<Result, Row> row,
            Function<Result, C> column,
            List<C> columns,
            Function<C, String> heading,
            Consumer<Table<List<Result>>> more) {
        Table<List<Result>> table =
                table(model, title, "mean ± standard deviation over seeds", some -> row.apply(some.get(0)));
        columns.forEach(key -> table.numbers(heading.apply(key), some -> some.stream()
                .filter(result -> column.apply(result).equals(key))
                .findFirst()
                .map(result -> accuracy(results, result))));
        more.accept(table);
        return rows(table, grouped(results.all(), row).values(), some -> some.get(0));
    }

    private static Cell accuracy(Results among, Result result) {
        return Cell.mean(result.summary()).best(among.isBest(result));
    }

    /** Returns accuracies: dataset × method, with a column of each number of shots. */
    public static Table<?> byShots(String model, Results results) {
        return pivot(
                model,
                "Accuracy (with several labels per image mAP) in % by training images per class",
                results,
                result -> new Row(
                        result.averaged().isEmpty() ? result.place().data() : Row.of(result).dataset,
                        result.method(),
                        ""),
                Result::shots,
                results.shots(),
                Shots::describe,
                table -> {});
    }

    /** Returns accuracies: method × dataset, the source first. */
    static Table<?> transfers(Study study, String source) {
        Results results = study.transfers().get(source);
        List<String> datasets = new ArrayList<>(List.of(source));
        datasets.addAll(results.datasets());
        datasets.add(AVERAGE);
        return pivot(
                study.name(),
                "Learned on " + title(source) + ", accuracy in % on it and on others",
                results,
                result -> new Row("", result.method(), result.shots().label()),
                Result::dataset,
                datasets.stream().distinct().toList(),
                dataset -> dataset.equals(AVERAGE) ? "average of targets" : title(dataset),
                table -> table.numbers("published average", some -> some.stream()
                        .filter(result -> !result.averaged().isEmpty())
                        .findFirst()
                        .flatMap(average -> published(study, average, source))));
    }

    /** Returns accuracies on base classes and on new ones, with their harmonic mean. */
    static Table<?> baseNew(Study study) {
        return pivot(
                study.name(),
                "Base-to-new generalization, accuracy in %",
                study.halves(),
                Row::of,
                Result::half,
                List.of(ClassHalf.BASE, ClassHalf.NEW),
                ClassHalf::label,
                table -> table.numbers(
                                "H",
                                some -> some.size() < 2
                                        ? Optional.empty()
                                        : Optional.of(Result.harmonicMean(
                                                some.get(0).accuracy(),
                                                some.get(1).accuracy())))
                        .numbers("published", some -> publishedHalves(study, some.get(0))));
    }

    /** Returns the numbers of a paper, if it has all of them. */
    private static Optional<Cell> publishedHalves(Study study, Result result) {
        return study.published(result, "", ClassHalf.BASE).flatMap(base -> study.published(result, "", ClassHalf.NEW)
                .map(unseen -> Cell.words("%.2f / %.2f, H %.2f %s"
                                .formatted(
                                        base.accuracy(),
                                        unseen.accuracy(),
                                        Result.harmonicMean(base.accuracy(), unseen.accuracy()),
                                        base.backbone()))
                        .in(Style.PUBLISHED)));
    }

    private static Optional<Cell> published(Study study, Result result, String source) {
        return study.published(result, source, ClassHalf.ALL)
                .map(found -> Cell.words(number(found.accuracy(), 2) + " " + found.backbone())
                        .in(Style.PUBLISHED));
    }

    /** Returns all numbers of results. */
    static Table<?> numbers(Study study, Results results) {
        Table<Result> table = table(
                study.name(),
                "Dataset × method × shots, in %",
                "mean ± standard deviation over n seeds, gain over zero-shot in points",
                Row::of);
        table.numbers("n", result -> Cell.words(count(result.seeds().size())).in(Style.MUTED))
                .numbers("accuracy", result -> accuracy(results, result))
                .column("gain", BARS, result -> results.gain(result).difference())
                .numbers("p", result -> results.gain(result).pValue().map(Cell::probability))
                .numbers(
                        "95 % interval",
                        result -> Optional.of(result.summary())
                                .filter(summary -> summary.percentInterval().isPresent())
                                .map(summary -> summary.interval(2)))
                .numbers("F1", result -> result.summary(Measure.MACRO_F1))
                .numbers("ECE", result -> result.summary(Measure.CALIBRATION_ERROR))
                .numbers("published", result -> published(study, result, ""));
        return rows(table, results.all(), result -> result);
    }

    /** Returns the runs that have no result, with the reasons. */
    static Table<?> leftOut(FoundRuns findings) {
        return new Table<LeftOut>("runs-left-out", "Runs left out of all numbers", "")
                .words("run", run -> run.folder().toString())
                .words("state", run -> run.state().label())
                .column("reason", SENTENCES, LeftOut::reason)
                .rows(findings.leftOut());
    }
}
