package org.coop4j.cli;

import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.io.PrintStream;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.function.ToIntFunction;
import java.util.stream.Collectors;
import org.coop4j.cli.console.Csv;
import org.coop4j.cli.console.Json;
import org.coop4j.cli.console.Numbers;
import org.coop4j.cli.console.Printable;
import org.coop4j.cli.console.Table;
import org.coop4j.cli.options.OutputFormat;
import org.coop4j.data.benchmark.Benchmark;
import org.coop4j.data.benchmark.BenchmarkCheck;
import org.coop4j.data.benchmark.Division;

/**
 * What {@code coop datasets check} found.
 *
 * @param root the folder of all datasets
 * @param checks a check a dataset
 */
record DatasetsReport(Path root, List<BenchmarkCheck> checks) {

    /** Copies the list. */
    DatasetsReport {
        checks = List.copyOf(checks);
    }

    void print(OutputFormat format, PrintStream out) {
        if (format.isJson()) {
            Json.print(toJson(), out);
        } else if (format.isCsv()) {
            printCsv(out);
        } else {
            printTable(out);
        }
    }

    private void printTable(PrintStream out) {
        List<BenchmarkCheck> present = new ArrayList<>(checks);
        present.removeIf(check -> check.status() == BenchmarkCheck.Status.ABSENT);
        if (!present.isEmpty()) {
            table(present).print(out);
        }
        for (BenchmarkCheck check : present) {
            for (String problem : problems(check)) {
                out.println(Printable.of(check.benchmark().name() + ": " + problem));
            }
        }
        List<BenchmarkCheck> absent = new ArrayList<>(checks);
        absent.removeAll(present);
        if (!absent.isEmpty()) {
            out.println(Printable.of(notThere(absent)));
        }
    }

    private static Table table(List<BenchmarkCheck> present) {
        Table table =
                new Table(
                        Table.Align.LEFT,
                        Table.Align.LEFT,
                        Table.Align.RIGHT,
                        Table.Align.RIGHT,
                        Table.Align.RIGHT,
                        Table.Align.RIGHT,
                        Table.Align.RIGHT,
                        Table.Align.LEFT);
        table.row("DATASET", "STATUS", "CLASSES", "TRAIN", "VAL", "TEST", "MISSING", "DIVISION");
        for (BenchmarkCheck check : present) {
            table.row(
                    check.benchmark().name(),
                    status(check),
                    shown(check, Benchmark.Sizes::classes),
                    shown(check, Benchmark.Sizes::train),
                    shown(check, Benchmark.Sizes::val),
                    shown(check, Benchmark.Sizes::test),
                    check.found().isPresent() ? Numbers.count(check.missing().count()) : "",
                    check.division().map(DatasetsReport::inWords).orElse(""));
        }
        return table;
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
                        absent.stream()
                                .map(check -> check.benchmark().name())
                                .collect(Collectors.joining(", ")));
    }

    private void printCsv(PrintStream out) {
        Csv csv =
                new Csv(
                        out,
                        "name",
                        "status",
                        "classes",
                        "train",
                        "val",
                        "test",
                        "published_classes",
                        "published_train",
                        "published_val",
                        "published_test",
                        "missing",
                        "division",
                        "problems");
        for (BenchmarkCheck check : checks) {
            Benchmark.Sizes published = check.benchmark().published();
            csv.record(
                    check.benchmark().name(),
                    status(check),
                    plain(check, Benchmark.Sizes::classes),
                    plain(check, Benchmark.Sizes::train),
                    plain(check, Benchmark.Sizes::val),
                    plain(check, Benchmark.Sizes::test),
                    String.valueOf(published.classes()),
                    String.valueOf(published.train()),
                    String.valueOf(published.val()),
                    String.valueOf(published.test()),
                    check.found().isPresent() ? String.valueOf(check.missing().count()) : "",
                    check.division().map(DatasetsReport::inWords).orElse(""),
                    String.join("; ", problems(check)));
        }
    }

    private ObjectNode toJson() {
        ObjectNode json = Json.object();
        json.put("root", root.toString());
        ArrayNode datasets = json.putArray("datasets");
        checks.forEach(check -> datasets.add(toJson(check)));
        return json;
    }

    private ObjectNode toJson(BenchmarkCheck check) {
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
        ArrayNode first = missing.putArray("first");
        check.missing().first().forEach(path -> first.add(path.toString()));
        ArrayNode files = json.putArray("expected");
        for (BenchmarkCheck.Expected expected : check.expected()) {
            files.addObject()
                    .put("path", expected.path().toString())
                    .put("need", expected.need().name().toLowerCase(Locale.ROOT))
                    .put("exists", expected.exists());
        }
        ArrayNode problems = json.putArray("problems");
        problems(check).forEach(problems::add);
        return json;
    }

    private static List<String> problems(BenchmarkCheck check) {
        List<String> problems = new ArrayList<>();
        BenchmarkCheck.Missing missing = check.missing();
        if (missing.count() > 0) {
            problems.add(
                    "%s missing: %s%s"
                            .formatted(
                                    Numbers.count(missing.count(), "image")
                                            + (missing.count() == 1 ? " is" : " are"),
                                    missing.first().stream()
                                            .map(Path::toString)
                                            .collect(Collectors.joining(", ")),
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

    private static String shown(BenchmarkCheck check, ToIntFunction<Benchmark.Sizes> size) {
        return check.found().map(found -> Numbers.count(size.applyAsInt(found))).orElse("");
    }

    private static String plain(BenchmarkCheck check, ToIntFunction<Benchmark.Sizes> size) {
        return check.found().map(found -> String.valueOf(size.applyAsInt(found))).orElse("");
    }
}
