package org.coop4j.data.benchmark;

import com.fasterxml.jackson.databind.json.JsonMapper;
import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import java.util.stream.Collectors;
import org.coop4j.base.Resource;

/**
 * The published datasets, by name.
 *
 * @param all every dataset, in the order of the papers' tables, the four shifted ImageNets last
 */
public record Benchmarks(List<Benchmark> all) {
    /** Returns the fifteen datasets of the CoOp papers. */
    public static Benchmarks published() {
        try (InputStream in = Resource.open(Benchmarks.class, "datasets.json")) {
            return new Benchmarks(List.of(new JsonMapper().readValue(in, Benchmark[].class)));
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    /**
     * Returns the dataset of a name: the reference's, the papers', the folder's or an alias; letter
     * case, spaces, hyphens and underscores do not matter.
     */
    public Optional<Benchmark> find(String name) {
        String wanted = bare(name);
        return all.stream()
                .filter(b -> b.names().stream().map(Benchmarks::bare).anyMatch(wanted::equals))
                .findFirst();
    }

    /**
     * Returns the dataset of a name, see {@link #find}.
     *
     * @throws IllegalArgumentException listing the existing names
     */
    public Benchmark get(String name) {
        return find(name)
                .orElseThrow(() -> new IllegalArgumentException("no dataset is called '%s': expected one of %s"
                        .formatted(name, all.stream().map(Benchmark::name).collect(Collectors.joining(", ")))));
    }

    static String bare(String name) {
        return name.toLowerCase(Locale.ROOT).replaceAll("[-_ ]", "");
    }
}
