package org.coop4j.cli;

import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.function.ToIntFunction;
import org.coop4j.cli.options.Options;
import org.coop4j.console.Json;
import org.coop4j.console.Table;
import org.coop4j.data.benchmark.Benchmark;
import org.coop4j.data.benchmark.Benchmarks;
import picocli.CommandLine.ArgGroup;
import picocli.CommandLine.Command;

/** {@code coop datasets}: the published datasets that can be used by name. */
@Command(
        name = "datasets",
        subcommands = {DatasetsCheckCommand.class, DatasetsShowCommand.class},
        description =
                "List the published datasets of the CoOp papers, which --dataset takes by name: sizes, prompt, other"
                        + " names, and the files expected in DATA, the folder of all datasets. Nothing is ever"
                        + " downloaded.",
        synopsisSubcommandLabel = "[check ...|show ...]",
        footer = {
            "  coop datasets",
            "  coop datasets show eurosat",
            "  coop datasets check DATA",
            "  coop train -m clip.safetensors --dataset eurosat -d DATA -o run"
        })
final class DatasetsCommand extends ConsoleCommand {

    /** Sizes of a dataset by the names of their columns. */
    static final Map<String, ToIntFunction<Benchmark.Sizes>> SIZES = new LinkedHashMap<>();

    static {
        SIZES.put("classes", Benchmark.Sizes::classes);
        SIZES.put("train", Benchmark.Sizes::train);
        SIZES.put("val", Benchmark.Sizes::val);
        SIZES.put("test", Benchmark.Sizes::test);
    }

    @ArgGroup
    private Options.Format format = new Options.Format();

    @Override
    public Integer call() {
        List<Benchmark> all = Benchmarks.published().all();
        Table<Benchmark> table = new Table<>();
        switch (format.chosen()) {
            case JSON -> {
                ObjectNode json = Json.object();
                ArrayNode datasets = json.putArray("datasets");
                all.forEach(benchmark -> datasets.add(toJson(benchmark)));
                console.print(json);
            }
            case CSV -> {
                table.data("name", Benchmark::name).data("aliases", b -> String.join(" ", otherNames(b)));
                sizes(table)
                        .data("template", Benchmark::template)
                        .data("directory", benchmark -> benchmark.layout().directory())
                        .data("expected", benchmark -> String.join(" ", expected(benchmark)));
                table.rows(all).print(Table.Format.CSV, console);
            }
            default -> {
                sizes(table.text("dataset", Benchmark::name)).text("template", Benchmark::template);
                table.rows(all).lines().print(console.out());
                console.out().println();
                new Table<Benchmark>()
                        .text("dataset", Benchmark::name)
                        .text("also called", benchmark -> String.join(", ", otherNames(benchmark)))
                        .text(
                                "expected in data",
                                benchmark ->
                                        benchmark.layout().directory() + "/: " + String.join(", ", expected(benchmark)))
                        .rows(all)
                        .lines()
                        .print(console.out());
            }
        }
        return 0;
    }

    private static Table<Benchmark> sizes(Table<Benchmark> table) {
        SIZES.forEach((name, size) -> table.count(name, benchmark -> size.applyAsInt(benchmark.published())));
        return table;
    }

    /** Returns a dataset as JSON, for {@code coop datasets show} too. */
    static ObjectNode toJson(Benchmark benchmark) {
        Benchmark.Layout layout = benchmark.layout();
        ObjectNode json = Json.object();
        json.put("name", benchmark.name());
        otherNames(benchmark).forEach(json.putArray("aliases")::add);
        json.set("published", Json.of(benchmark.published()));
        json.put("template", benchmark.template());
        json.put("directory", layout.directory());
        json.put("split_file", layout.splitFile().orElse(null));
        layout.folders().forEach(json.putArray("folders")::add);
        layout.lists().forEach(json.putArray("lists")::add);
        json.put("rule", benchmark.rule().description());
        benchmark.skipped().stream().sorted().forEach(json.putArray("skipped")::add);
        benchmark.renamed().forEach(json.putObject("renamed")::put);
        return json.set("about", Json.of(benchmark.about()));
    }

    /** Returns the names that {@code --dataset} takes in addition to the first. */
    static List<String> otherNames(Benchmark benchmark) {
        List<String> names = benchmark.names();
        return names.subList(1, names.size());
    }

    /** Returns the files of a copy with the published division. */
    private static List<String> expected(Benchmark benchmark) {
        List<String> expected = new ArrayList<>(benchmark.layout().folders());
        benchmark
                .layout()
                .splitFile()
                .ifPresentOrElse(
                        expected::add, () -> expected.addAll(benchmark.layout().lists()));
        return expected;
    }
}
