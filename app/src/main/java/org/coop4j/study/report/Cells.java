package org.coop4j.study.report;

import java.util.List;
import java.util.Optional;
import java.util.function.Function;
import org.coop4j.base.Numbers;
import org.coop4j.console.Cell;
import org.coop4j.console.Cell.Style;
import org.coop4j.console.Table;
import org.coop4j.eval.SeedSummary;
import org.coop4j.study.MethodLabel;
import org.coop4j.study.MethodResult;
import org.coop4j.study.MethodResult.Measured;
import org.coop4j.study.MethodResult.Setup;
import org.coop4j.study.PublishedNumbers.DatasetNames;
import org.coop4j.study.PublishedNumbers.Score;

/** Cells of what studies measure; those of unknown values are empty. */
final class Cells {

    private Cells() {}

    static Cell dataset(String dataset) {
        return Cell.words(dataset, DatasetNames.title(dataset));
    }

    /** Adds the columns of methods and their shots. */
    static <T> Table<T> setup(Table<T> table, Function<T, Setup> setup) {
        return method(table, setup.andThen(Setup::method))
                .numbers("shots", row -> Cell.words(setup.apply(row).shots().label()), "shots");
    }

    /** Adds the columns of methods. */
    static <T> Table<T> method(Table<T> table, Function<T, MethodLabel> method) {
        return table.filter("group", row -> method.apply(row).method().group().title())
                .words(
                        "method",
                        row -> Cell.words(
                                method.apply(row).id(), method.apply(row).title()),
                        "method");
    }

    /** Makes a cell of the seeds, of which people see the number. */
    static Cell seeds(MethodResult result) {
        List<Long> seeds = result.seeds();
        return Cell.of(List.of(seeds, seeds.size()), decimals -> Numbers.count(seeds.size()))
                .in(Style.MUTED);
    }

    static Optional<SeedSummary> accuracy(Optional<MethodResult> result) {
        return result.flatMap(r -> r.summary(Measured::accuracy));
    }

    /** Makes a cell of a paper's number with its backbone and source. */
    static Optional<Cell> published(Optional<Score> score) {
        return score.map(s -> Cell.of(
                        List.of(
                                Cell.datum(s.accuracy()),
                                s.backbone(),
                                s.table().source()),
                        decimals -> Numbers.number(s.accuracy(), decimals) + " " + s.backbone())
                .in(Style.PUBLISHED));
    }
}
