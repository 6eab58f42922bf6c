package org.coop4j.cli;

import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.io.PrintStream;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.Callable;
import java.util.function.Function;
import org.coop4j.cli.options.Options;
import org.coop4j.console.Console;
import org.coop4j.console.Json;
import org.coop4j.console.Table;
import org.coop4j.data.benchmark.Benchmark;
import org.coop4j.data.benchmark.Benchmarks;
import picocli.CommandLine.ArgGroup;
import picocli.CommandLine.Command;

/** {@code coop datasets}: the published datasets that can be used by name. */
@Command(
        name = "datasets",
        description = {
            "List the published datasets of the CoOp papers, which --dataset takes by name: sizes,"
                    + " hand-written prompt, other names, and what is expected where.",
            ""
        },
        synopsisSubcommandLabel = "[check ...|show ...]",
        footer = {
            "",
            "Examples:",
            "  coop datasets",
            "  coop datasets show eurosat",
            "  coop datasets check DATA",
            "  coop train -m clip.safetensors --dataset eurosat -d DATA -o run",
            "",
            "DATA is the folder that holds the datasets. Nothing is ever downloaded."
        })
final class DatasetsCommand implements Callable<Integer> {

    private final Console console;

    @ArgGroup
    private Options.Format format = new Options.Format();

    DatasetsCommand(Console console) {
        this.console = console;
    }

    @Override
    public Integer call() {
        List<Benchmark> all = Benchmarks.published().all();
        switch (format.chosen()) {
            case JSON -> {
                ObjectNode json = Json.object();
                ArrayNode datasets = json.putArray("datasets");
                all.forEach(benchmark -> datasets.add(toJson(benchmark)));
                console.print(json);
            }
            case CSV -> csv().rows(all).print(Table.Format.CSV, console);
            default -> printTables(all, console.out());
        }
        return 0;
    }

    private static void printTables(List<Benchmark> all, PrintStream out) {
        Table<Benchmark> sizes = new Table<Benchmark>().text("dataset", Benchmark::name);
        sizes(sizes, Benchmark::published).text("template", Benchmark::template);
        sizes.rows(all).lines().print(out);
        out.println();
        new Table<Benchmark>()
                .text("dataset", Benchmark::name)
                .text("also called", benchmark -> String.join(", ", otherNames(benchmark)))
                .text("expected in data", DatasetsCommand::places)
                .rows(all)
                .lines()
                .print(out);
    }

    private static Table<Benchmark> csv() {
        Table<Benchmark> rows = new Table<Benchmark>()
                .data("name", Benchmark::name)
                .data("aliases", benchmark -> String.join(" ", otherNames(benchmark)));
        return sizes(rows, Benchmark::published)
                .data("template", Benchmark::template)
                .data("directory", benchmark -> benchmark.layout().directory())
                .data("expected", benchmark -> String.join(" ", expected(benchmark)));
    }

    /** Adds the columns of a dataset's sizes. */
    private static <T> Table<T> sizes(Table<T> rows, Function<T, Benchmark.Sizes> of) {
        return rows.count("classes", row -> of.apply(row).classes())
                .count("train", row -> of.apply(row).train())
                .count("val", row -> of.apply(row).val())
                .count("test", row -> of.apply(row).test());
    }

    /** A dataset as JSON, as {@code coop datasets show --json} prints it too. */
    static ObjectNode toJson(Benchmark benchmark) {
        ObjectNode json = Json.object();
        json.put("name", benchmark.name());
        otherNames(benchmark).forEach(json.putArray("aliases")::add);
        json.set("published", Json.of(benchmark.published()));
        json.put("template", benchmark.template());
        json.put("directory", benchmark.layout().directory());
        json.put("split_file", benchmark.layout().splitFile().orElse(null));
        benchmark.layout().folders().forEach(json.putArray("folders")::add);
        benchmark.layout().lists().forEach(json.putArray("lists")::add);
        json.put("rule", benchmark.rule().description());
        benchmark.skipped().stream().sorted().forEach(json.putArray("skipped")::add);
        benchmark.renamed().forEach(json.putObject("renamed")::put);
        json.set("about", Json.of(benchmark.about()));
        return json;
    }

    /** The names that {@code --dataset} takes beside the first. */
    static List<String> otherNames(Benchmark benchmark) {
        List<String> names = benchmark.names();
        return names.subList(1, names.size());
    }

    /** What a copy needs that has the published division. */
    private static List<String> expected(Benchmark benchmark) {
        Benchmark.Layout layout = benchmark.layout();
        List<String> expected = new ArrayList<>(layout.folders());
        layout.splitFile().ifPresentOrElse(expected::add, () -> expected.addAll(layout.lists()));
        return expected;
    }

    private static String places(Benchmark benchmark) {
        return benchmark.layout().directory() + "/: " + String.join(", ", expected(benchmark));
    }
}
