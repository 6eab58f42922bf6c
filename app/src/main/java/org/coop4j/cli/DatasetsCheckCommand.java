package org.coop4j.cli;

import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.io.PrintStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Collection;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import java.util.concurrent.Callable;
import java.util.function.Function;
import java.util.stream.Collectors;
import org.coop4j.base.Numbers;
import org.coop4j.base.SafeText;
import org.coop4j.cli.options.Options;
import org.coop4j.console.CommandFailure;
import org.coop4j.console.Console;
import org.coop4j.console.Json;
import org.coop4j.console.Table;
import org.coop4j.console.WrongUsage;
import org.coop4j.data.benchmark.Benchmark;
import org.coop4j.data.benchmark.BenchmarkCheck;
import org.coop4j.data.benchmark.BenchmarkSource.Division;
import org.coop4j.data.benchmark.Benchmarks;
import picocli.CommandLine.ArgGroup;
import picocli.CommandLine.Command;
import picocli.CommandLine.Parameters;

/**
 * {@code coop datasets check}: what of the published datasets is on disk, and whether it is whole.
 */
@Command(
        name = "check",
        description = {
            "Check which published datasets a folder has, and whether they are complete: numbers of"
                    + " classes and images beside the published ones, missing files, and where the"
                    + " train, val and test lists come from. Nothing is written, no image is opened.",
            "",
            "A dataset that is absent is not an error: the exit code is 1 only if one is damaged,"
                    + " incomplete or of another size.",
            ""
        },
        footer = {
            "",
            "Examples:",
            "  coop datasets check DATA",
            "  coop datasets check DATA caltech101 dtd",
            "  coop datasets check DATA --json"
        })
final class DatasetsCheckCommand implements Callable<Integer> {

    private final Console console;

    @ArgGroup
    private Options.Format format = new Options.Format();

    @Parameters(
            index = "0",
            paramLabel = "ROOT",
            description = "The folder that holds the datasets, each in a subfolder.")
    private Path root;

    @Parameters(index = "1..*", paramLabel = "NAME", description = "The datasets to check (default: all).")
    private List<String> names = List.of();

    DatasetsCheckCommand(Console console) {
        this.console = console;
    }

    @Override
    public Integer call() {
        if (!Files.isDirectory(root)) {
            throw new CommandFailure(root + " is not a folder: give the folder that holds the datasets");
        }
        List<BenchmarkCheck> checks = new ArrayList<>();
        for (Benchmark benchmark : benchmarks()) {
            checks.add(BenchmarkCheck.of(benchmark, root, console));
        }
        print(checks);
        boolean faulty = checks.stream().anyMatch(check -> check.status().isFaulty());
        return faulty ? 1 : 0;
    }

    /** picocli would call a list's element that it cannot convert an unmatched argument. */
    private Collection<Benchmark> benchmarks() {
        Benchmarks published = Benchmarks.published();
        if (names.isEmpty()) {
            return published.all();
        }
        return WrongUsage.unless(
                () -> names.stream().map(published::get).distinct().toList());
    }

    private void print(List<BenchmarkCheck> checks) {
        switch (format.chosen()) {
            case JSON -> console.print(toJson(checks));
            case CSV -> rows().rows(checks).print(Table.Format.CSV, console);
            default -> printTable(checks, console.out());
        }
    }

    private void printTable(List<BenchmarkCheck> checks, PrintStream out) {
        List<BenchmarkCheck> present = new ArrayList<>(checks);
        present.removeIf(check -> check.status() == BenchmarkCheck.Status.ABSENT);
        if (!present.isEmpty()) {
            rows().rows(present).lines().print(out);
        }
        for (BenchmarkCheck check : present) {
            for (String problem : problems(check)) {
                out.println(SafeText.line(check.benchmark().name() + ": " + problem));
            }
        }
        List<BenchmarkCheck> absent = new ArrayList<>(checks);
        absent.removeAll(present);
        if (!absent.isEmpty()) {
            out.println(SafeText.line(notThere(absent)));
        }
    }

    private static Table<BenchmarkCheck> rows() {
        Table<BenchmarkCheck> rows = new Table<BenchmarkCheck>()
                .text("dataset", check -> check.benchmark().name())
                .in(Table.Format.TABLE)
                .data("name", check -> check.benchmark().name())
                .text("status", DatasetsCheckCommand::status);
        number(rows, "classes", check -> check.found().map(Benchmark.Sizes::classes));
        number(rows, "train", check -> check.found().map(Benchmark.Sizes::train));
        number(rows, "val", check -> check.found().map(Benchmark.Sizes::val));
        number(rows, "test", check -> check.found().map(Benchmark.Sizes::test))
                .data(
                        "published_classes",
                        check -> check.benchmark().published().classes())
                .data("published_train", check -> check.benchmark().published().train())
                .data("published_val", check -> check.benchmark().published().val())
                .data("published_test", check -> check.benchmark().published().test());
        return number(rows, "missing", DatasetsCheckCommand::missing)
                .text("division", DatasetsCheckCommand::division)
                .data("problems", check -> String.join("; ", problems(check)));
    }

    /** Adds a column of what was found; nothing where there are no lists. */
    private static Table<BenchmarkCheck> number(
            Table<BenchmarkCheck> rows, String name, Function<BenchmarkCheck, Optional<Integer>> value) {
        return rows.shown(name, Table.Kind.NUMBERS, value, check -> value.apply(check)
                .map(Numbers::count)
                .orElse(""));
    }

    private String notThere(List<BenchmarkCheck> absent) {
        String folder = String.valueOf(root.toAbsolutePath().normalize().getFileName());
        for (BenchmarkCheck check : absent) {
            if (check.benchmark().layout().directory().equals(folder)) {
                return "%s seems to be the folder of %s itself: give the folder above it"
                        .formatted(root, check.benchmark().name());
            }
        }
        return "not in %s: %s"
                .formatted(
                        root,
                        absent.stream().map(check -> check.benchmark().name()).collect(Collectors.joining(", ")));
    }

    private ObjectNode toJson(List<BenchmarkCheck> checks) {
        ObjectNode json = Json.object().put("root", root.toString());
        ArrayNode datasets = json.putArray("datasets");
        checks.forEach(check -> datasets.add(toJson(check)));
        return json;
    }

    private static ObjectNode toJson(BenchmarkCheck check) {
        ObjectNode json = Json.object();
        json.put("name", check.benchmark().name());
        json.put("status", status(check));
        json.put("directory", check.directory().toString());
        json.set("found", check.found().map(Json::of).orElse(null));
        json.set("published", Json.of(check.benchmark().published()));
        if (check.division().isPresent()) {
            Division division = check.division().get();
            json.putObject("division")
                    .put("origin", division.origin().name().toLowerCase(Locale.ROOT))
                    .put("description", division.description());
        }
        ObjectNode missing = json.putObject("missing");
        missing.put("count", check.missing().count());
        check.missing().first().stream().map(Path::toString).forEach(missing.putArray("first")::add);
        ArrayNode files = json.putArray("expected");
        for (BenchmarkCheck.Expected expected : check.expected()) {
            files.addObject()
                    .put("path", expected.path().toString())
                    .put("need", expected.need().name().toLowerCase(Locale.ROOT))
                    .put("exists", expected.exists());
        }
        problems(check).forEach(json.putArray("problems")::add);
        return json;
    }

    private static List<String> problems(BenchmarkCheck check) {
        List<String> problems = new ArrayList<>();
        BenchmarkCheck.Missing missing = check.missing();
        if (missing.count() > 0) {
            problems.add("%s missing: %s%s"
                    .formatted(
                            Numbers.count(missing.count(), "image") + (missing.count() == 1 ? " is" : " are"),
                            missing.first().stream().map(Path::toString).collect(Collectors.joining(", ")),
                            missing.count() > missing.first().size() ? ", …" : ""));
        }
        problems.addAll(check.problems());
        return problems;
    }

    private static String inWords(Division division) {
        return switch (division.origin()) {
            case SPLIT_FILE, MADE_SPLIT_FILE, OFFICIAL -> division.description();
            case RULE -> "no split file: to be made, " + division.description();
        };
    }

    private static String status(BenchmarkCheck check) {
        return check.status().name().toLowerCase(Locale.ROOT);
    }

    private static Optional<Integer> missing(BenchmarkCheck check) {
        return check.found().map(found -> check.missing().count());
    }

    private static String division(BenchmarkCheck check) {
        return check.division().map(DatasetsCheckCommand::inWords).orElse("");
    }
}
