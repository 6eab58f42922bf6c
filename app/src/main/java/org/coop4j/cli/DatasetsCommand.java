package org.coop4j.cli;

import static java.util.stream.Collectors.joining;
import static org.coop4j.console.Table.Kind.WORDS;

import java.util.LinkedHashMap;
import java.util.Map;
import java.util.function.Function;
import org.coop4j.cli.Options.Format;
import org.coop4j.console.Table;
import org.coop4j.data.benchmark.Benchmark;
import org.coop4j.data.benchmark.Benchmark.Sizes;
import org.coop4j.data.benchmark.Benchmarks;
import picocli.CommandLine.ArgGroup;
import picocli.CommandLine.Command;

/** {@code coop datasets}: the published datasets that can be used by name. */
@Command(
        name = "datasets",
        subcommands = {DatasetsCheckCommand.class, DatasetsShowCommand.class},
        synopsisSubcommandLabel = "[check ...|show ...]")
final class DatasetsCommand extends ConsoleCommand {

    /** Sizes of a dataset by the names of their columns. */
    static final Map<String, Function<Sizes, Integer>> SIZES = new LinkedHashMap<>();

    static {
        SIZES.put("classes", Sizes::classes);
        SIZES.put("train", Sizes::train);
        SIZES.put("val", Sizes::val);
        SIZES.put("test", Sizes::test);
    }

    @ArgGroup
    Format format = new Format();

    @Override
    public Integer call() {
        Table<Benchmark> table = format.json ? facts() : names();
        table.rows(Benchmarks.published().all()).print(format.chosen(), console);
        return 0;
    }

    private static Table<Benchmark> names() {
        Table<Benchmark> table = new Table<Benchmark>()
                .words("dataset", Benchmark::name, "name")
                .shown("also_called", WORDS, Benchmark::otherNames, b -> String.join(", ", b.otherNames()));
        SIZES.forEach((name, size) -> table.count(name, benchmark -> size.apply(benchmark.published())));
        return table.text("template", Benchmark::template).optional();
    }

    /** Makes a table of all that is known, for {@code coop datasets show} too. */
    static Table<Benchmark> facts() {
        return names().data("directory", b -> b.layout().directory())
                .data("needs", b -> b.layout().needs())
                .text("paper", b -> b.about().paper())
                .text("homepage", b -> b.about().homepage())
                .text("terms", b -> b.about().terms())
                .text("preparation", b -> b.about().preparation())
                .shown(
                        "rule",
                        WORDS,
                        b -> b.rule().description(),
                        b -> b.layout()
                                        .splitFile()
                                        .map(name -> name + "; without it, a split is made: ")
                                        .orElse("")
                                + b.rule().description())
                .shown("left_out", WORDS, Benchmark::skipped, b -> b.skipped().stream()
                        .sorted()
                        .collect(joining(", ")))
                .shown("renamed", WORDS, Benchmark::renamed, b -> b.renamed().entrySet().stream()
                        .filter(folder -> !folder.getKey().equals(folder.getValue()))
                        .map(folder -> "%s is called \"%s\"".formatted(folder.getKey(), folder.getValue()))
                        .collect(joining("; ")));
    }
}
