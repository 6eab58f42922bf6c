package org.coop4j.cli;

import static org.coop4j.console.Table.Format.TABLE;

import com.fasterxml.jackson.databind.node.ObjectNode;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.function.Function;
import org.coop4j.cli.Options.Format;
import org.coop4j.console.Json;
import org.coop4j.console.Table;
import org.coop4j.data.benchmark.Benchmark;
import org.coop4j.data.benchmark.Benchmark.Layout;
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
        List<Benchmark> all = Benchmarks.published().all();
        if (format.json) {
            console.print(Json.object()
                    .putPOJO(
                            "datasets",
                            all.stream().map(DatasetsCommand::toJson).toList()));
            return 0;
        }
        Table<Benchmark> table = new Table<Benchmark>()
                .words("dataset", Benchmark::name, "name")
                .data("aliases", b -> String.join(" ", b.otherNames()));
        SIZES.forEach((name, size) -> table.count(name, benchmark -> size.apply(benchmark.published())));
        table.text("template", Benchmark::template)
                .data("directory", benchmark -> benchmark.layout().directory())
                .data(
                        "expected",
                        benchmark -> String.join(" ", benchmark.layout().expected()))
                .rows(all)
                .print(format.chosen(), console);
        if (format.chosen() == TABLE) {
            console.print("");
            new Table<Benchmark>()
                    .text("dataset", Benchmark::name)
                    .text("also called", benchmark -> String.join(", ", benchmark.otherNames()))
                    .text(
                            "expected in data",
                            benchmark -> benchmark.layout().directory() + "/: "
                                    + String.join(", ", benchmark.layout().expected()))
                    .rows(all)
                    .print(TABLE, console);
        }
        return 0;
    }

    /** Returns a dataset as JSON, for {@code coop datasets show} too. */
    static ObjectNode toJson(Benchmark benchmark) {
        Layout layout = benchmark.layout();
        return Json.object()
                .put("name", benchmark.name())
                .putPOJO("aliases", benchmark.otherNames())
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
}
