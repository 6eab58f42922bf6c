package org.coop4j.study;

import java.util.Comparator;
import java.util.List;
import java.util.Optional;
import org.coop4j.data.benchmark.Benchmark;
import org.coop4j.data.benchmark.Benchmarks;

/** What the papers call datasets, and the order in which their tables have them. */
public final class DatasetNames {

    private static final Benchmarks PUBLISHED = Benchmarks.published();
    private static final List<String> ORDER =
            PUBLISHED.all().stream().map(Benchmark::name).toList();

    private DatasetNames() {}

    /** Published datasets as in the papers' tables, others behind them by name. */
    static Comparator<String> order() {
        return Comparator.comparing(DatasetNames::rank).thenComparing(Comparator.naturalOrder());
    }

    private static int rank(String dataset) {
        return published(dataset).map(b -> ORDER.indexOf(b.name())).orElse(ORDER.size());
    }

    /** The published dataset of this name; one told apart from others of its name is none. */
    public static Optional<Benchmark> published(String dataset) {
        return PUBLISHED.find(dataset);
    }

    /** A dataset's name in the papers' tables, or its own. */
    public static String title(String dataset) {
        return published(dataset).map(Benchmark::title).orElse(dataset);
    }
}
