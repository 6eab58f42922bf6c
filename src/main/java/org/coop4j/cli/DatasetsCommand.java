package org.coop4j.cli;

import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.io.PrintStream;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.Callable;
import org.coop4j.cli.console.Console;
import org.coop4j.cli.console.Csv;
import org.coop4j.cli.console.Json;
import org.coop4j.cli.console.Numbers;
import org.coop4j.cli.console.Table;
import org.coop4j.cli.options.OutputFormat;
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
            "DATA is the folder that has a folder a dataset. Nothing is ever downloaded."
        })
final class DatasetsCommand implements Callable<Integer> {

    private final Console console;

    @ArgGroup private OutputFormat format = new OutputFormat();

    DatasetsCommand(Console console) {
        this.console = console;
    }

    @Override
    public Integer call() {
        List<Benchmark> all = Benchmarks.published().all();
        if (format.isJson()) {
            ObjectNode json = Json.object();
            ArrayNode datasets = json.putArray("datasets");
            all.forEach(benchmark -> datasets.add(toJson(benchmark)));
            Json.print(json, console.out());
        } else if (format.isCsv()) {
            printCsv(all, console.out());
        } else {
            printTables(all, console.out());
        }
        return 0;
    }

    private static void printTables(List<Benchmark> all, PrintStream out) {
        Table sizes =
                new Table(
                        Table.Align.LEFT,
                        Table.Align.RIGHT,
                        Table.Align.RIGHT,
                        Table.Align.RIGHT,
                        Table.Align.RIGHT,
                        Table.Align.LEFT);
        sizes.row("DATASET", "CLASSES", "TRAIN", "VAL", "TEST", "TEMPLATE");
        Table places = new Table(Table.Align.LEFT, Table.Align.LEFT, Table.Align.LEFT);
        places.row("DATASET", "ALSO CALLED", "EXPECTED IN DATA");
        for (Benchmark benchmark : all) {
            Benchmark.Sizes published = benchmark.published();
            sizes.row(
                    benchmark.name(),
                    Numbers.count(published.classes()),
                    Numbers.count(published.train()),
                    Numbers.count(published.val()),
                    Numbers.count(published.test()),
                    benchmark.template());
            places.row(
                    benchmark.name(), String.join(", ", otherNames(benchmark)), places(benchmark));
        }
        sizes.print(out);
        out.println();
        places.print(out);
    }

    private static void printCsv(List<Benchmark> all, PrintStream out) {
        Csv csv =
                new Csv(
                        out,
                        "name",
                        "aliases",
                        "classes",
                        "train",
                        "val",
                        "test",
                        "template",
                        "directory",
                        "expected");
        for (Benchmark benchmark : all) {
            Benchmark.Sizes published = benchmark.published();
            csv.record(
                    benchmark.name(),
                    String.join(" ", otherNames(benchmark)),
                    String.valueOf(published.classes()),
                    String.valueOf(published.train()),
                    String.valueOf(published.val()),
                    String.valueOf(published.test()),
                    benchmark.template(),
                    benchmark.layout().directory(),
                    String.join(" ", expected(benchmark)));
        }
    }

    /** A dataset as JSON, as {@code coop datasets show --json} prints it too. */
    static ObjectNode toJson(Benchmark benchmark) {
        ObjectNode json = Json.object();
        json.put("name", benchmark.name());
        ArrayNode names = json.putArray("aliases");
        otherNames(benchmark).forEach(names::add);
        json.set("published", Json.of(benchmark.published()));
        json.put("template", benchmark.template());
        json.put("directory", benchmark.layout().directory());
        json.put("split_file", benchmark.layout().splitFile().orElse(null));
        ArrayNode folders = json.putArray("folders");
        benchmark.layout().folders().forEach(folders::add);
        ArrayNode lists = json.putArray("lists");
        benchmark.layout().lists().forEach(lists::add);
        json.put("rule", benchmark.rule().description());
        ArrayNode skipped = json.putArray("skipped");
        benchmark.skipped().stream().sorted().forEach(skipped::add);
        ObjectNode renamed = json.putObject("renamed");
        benchmark.renamed().forEach(renamed::put);
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
