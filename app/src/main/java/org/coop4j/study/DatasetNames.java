package org.coop4j.study;

import java.util.Comparator;
import java.util.Optional;
import org.coop4j.data.benchmark.Benchmark;
import org.coop4j.data.benchmark.Benchmarks;

/** Names of datasets in the papers, and their order in the papers' tables. */
public final class DatasetNames {

    private static final Benchmarks PUBLISHED = Benchmarks.published();

    /** Published datasets as in the papers' tables, others behind them by name. */
    static final Comparator<String> ORDER = Comparator.comparing((String dataset) ->
                    published(dataset).map(PUBLISHED.all()::indexOf).orElse(Integer.MAX_VALUE))
            .thenComparing(Comparator.naturalOrder());

    private DatasetNames() {}

    /** Returns the published dataset of this name. */
    public static Optional<Benchmark> published(String dataset) {
        return PUBLISHED.find(dataset);
    }

    /** Returns a dataset's name in the papers' tables, or its own. */
    public static String title(String dataset) {
        return published(dataset).map(Benchmark::title).orElse(dataset);
    }
}
