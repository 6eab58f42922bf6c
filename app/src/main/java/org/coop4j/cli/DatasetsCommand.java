package org.coop4j.cli;

import com.fasterxml.jackson.databind.node.ObjectNode;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.function.ToIntFunction;
import org.coop4j.cli.options.Options;
import org.coop4j.console.Json;
import org.coop4j.console.Table;
import org.coop4j.console.Table.Format;
import org.coop4j.data.benchmark.Benchmark;
import org.coop4j.data.benchmark.Benchmarks;
import picocli.CommandLine.ArgGroup;
import picocli.CommandLine.Command;

/** {@code coop datasets}: the published datasets that can be used by name. */
@Command(
        name = "datasets",
        subcommands = {DatasetsCheckCommand.class, DatasetsShowCommand.class},
        description =
                "List the published datasets, which --dataset takes by name: sizes, prompt, other names, and the files"
                        + " expected in DATA, the folder of all datasets. Nothing is downloaded.",
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
                List<ObjectNode> datasets =
                        all.stream().map(DatasetsCommand::toJson).toList();
                console.print(Json.object().putPOJO("datasets", datasets));
            }
            case CSV -> {
                table.data("name", Benchmark::name).data("aliases", b -> String.join(" ", otherNames(b)));
                sizes(table)
                        .data("template", Benchmark::template)
                        .data("directory", benchmark -> benchmark.layout().directory())
                        .data("expected", benchmark -> String.join(" ", expected(benchmark)));
                table.rows(all).print(Format.CSV, console);
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
        return Json.object()
                .put("name", benchmark.name())
                .putPOJO("aliases", otherNames(benchmark))
                .putPOJO("published", benchmark.published())
                .put("template", benchmark.template())
                .put("directory", layout.directory())
                .put("split_file", layout.splitFile().orElse(null))
                .putPOJO("folders", layout.folders())
                .putPOJO("lists", layout.lists())
                .put("rule", benchmark.rule().description())
                .putPOJO("skipped", benchmark.skipped().stream().sorted().toList())
                .putPOJO("renamed", benchmark.renamed())
                .putPOJO("about", benchmark.about());
    }

    /** Returns the names that {@code --dataset} takes in addition to the first. */
    static List<String> otherNames(Benchmark benchmark) {
        List<String> names = benchmark.names();
        return names.subList(1, names.size());
    }

    /** Returns the files of a copy with the published division. */
    private static List<String> expected(Benchmark benchmark) {
        Benchmark.Layout layout = benchmark.layout();
        List<String> expected = new ArrayList<>(layout.folders());
        layout.splitFile().ifPresentOrElse(expected::add, () -> expected.addAll(layout.lists()));
        return expected;
    }
}
