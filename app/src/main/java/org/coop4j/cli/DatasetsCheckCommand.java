package org.coop4j.cli;

import static java.util.stream.Collectors.joining;
import static java.util.stream.Collectors.partitioningBy;
import static org.coop4j.console.Table.Format.CSV;
import static org.coop4j.console.Table.Format.TABLE;

import com.fasterxml.jackson.databind.node.ObjectNode;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import org.coop4j.cli.Options.Format;
import org.coop4j.console.CommandFailure;
import org.coop4j.console.Json;
import org.coop4j.console.Table;
import org.coop4j.console.WrongUsage;
import org.coop4j.data.benchmark.Benchmark;
import org.coop4j.data.benchmark.BenchmarkCheck;
import org.coop4j.data.benchmark.BenchmarkSource.Division.Origin;
import org.coop4j.data.benchmark.Benchmarks;
import picocli.CommandLine.ArgGroup;
import picocli.CommandLine.Command;
import picocli.CommandLine.Parameters;

/** {@code coop datasets check}: the published datasets on disk, and their completeness. */
@Command(name = "check")
final class DatasetsCheckCommand extends ConsoleCommand {

    @ArgGroup
    Format format = new Format();

    @Parameters(index = "0", paramLabel = "ROOT")
    Path root;

    @Parameters(index = "1..*", paramLabel = "NAME")
    List<String> names = List.of();

    @Override
    public Integer call() {
        CommandFailure.require(
                Files.isDirectory(root), "%s is not a folder: give the folder that holds the datasets", root);
        List<BenchmarkCheck> checks = benchmarks().stream()
                .map(benchmark -> BenchmarkCheck.of(benchmark, root, console))
                .toList();
        switch (format.chosen()) {
            case JSON ->
                console.print(Json.object()
                        .put("root", root.toString())
                        .putPOJO(
                                "datasets",
                                checks.stream()
                                        .map(DatasetsCheckCommand::toJson)
                                        .toList()));
            case CSV -> rows().rows(checks).print(CSV, console);
            default -> printTable(checks);
        }
        return checks.stream().anyMatch(check -> check.status().isFaulty()) ? 1 : 0;
    }

    /** Converts the names: picocli would call a wrong one an unmatched argument. */
    private List<Benchmark> benchmarks() {
        Benchmarks published = Benchmarks.published();
        return names.isEmpty()
                ? published.all()
                : WrongUsage.unless(
                        () -> names.stream().map(published::get).distinct().toList());
    }

    private void printTable(List<BenchmarkCheck> checks) {
        Map<Boolean, List<BenchmarkCheck>> absent =
                checks.stream().collect(partitioningBy(check -> check.status() == BenchmarkCheck.Status.ABSENT));
        List<BenchmarkCheck> present = absent.get(false);
        if (!present.isEmpty()) {
            rows().rows(present).print(TABLE, console);
        }
        present.forEach(check -> check.allProblems().forEach(problem -> console.print(name(check) + ": " + problem)));
        if (!absent.get(true).isEmpty()) {
            console.print(notThere(absent.get(true)));
        }
    }

    private static Table<BenchmarkCheck> rows() {
        Table<BenchmarkCheck> rows = new Table<BenchmarkCheck>()
                .words("dataset", DatasetsCheckCommand::name, "name")
                .text("status", check -> check.status().name().toLowerCase(Locale.ROOT));
        DatasetsCommand.SIZES.forEach(
                (name, size) -> rows.count(name, check -> check.found().map(size)));
        DatasetsCommand.SIZES.forEach((name, size) -> rows.data(
                "published_" + name, check -> size.apply(check.benchmark().published())));
        return rows.count("missing", check -> check.found()
                        .map(found -> check.missing().count()))
                .text("division", DatasetsCheckCommand::division)
                .data("problems", check -> String.join("; ", check.allProblems()));
    }

    private String notThere(List<BenchmarkCheck> absent) {
        String folder = String.valueOf(root.toAbsolutePath().normalize().getFileName());
        return absent.stream()
                .filter(check -> check.benchmark().layout().directory().equals(folder))
                .map(check -> root + " seems to be the folder of " + name(check) + " itself: give the folder above it")
                .findFirst()
                .orElseGet(() -> absent.stream()
                        .map(DatasetsCheckCommand::name)
                        .collect(joining(", ", "not in " + root + ": ", "")));
    }

    private static ObjectNode toJson(BenchmarkCheck check) {
        ObjectNode json = Json.object()
                .put("name", name(check))
                .putPOJO("status", check.status())
                .putPOJO("directory", check.directory())
                .putPOJO("found", check.found().orElse(null))
                .putPOJO("published", check.benchmark().published());
        check.division().ifPresent(division -> json.putPOJO("division", division));
        return json.putPOJO("missing", check.missing())
                .putPOJO("expected", check.expected())
                .putPOJO("problems", check.allProblems());
    }

    private static String division(BenchmarkCheck check) {
        return check.division()
                .map(division -> (division.origin() == Origin.RULE ? "no split file: to be made, " : "")
                        + division.description())
                .orElse("");
    }

    private static String name(BenchmarkCheck check) {
        return check.benchmark().name();
    }
}
