package org.coop4j.cli;

import com.fasterxml.jackson.annotation.JsonInclude;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.cfg.EnumFeature;
import com.fasterxml.jackson.databind.json.JsonMapper;
import com.fasterxml.jackson.databind.module.SimpleModule;
import com.fasterxml.jackson.databind.node.ObjectNode;
import com.fasterxml.jackson.databind.ser.std.ToStringSerializer;
import java.io.PrintStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import java.util.function.Function;
import java.util.stream.Collectors;
import org.coop4j.base.Numbers;
import org.coop4j.base.SafeText;
import org.coop4j.cli.options.Options;
import org.coop4j.console.CommandFailure;
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

/** {@code coop datasets check}: the published datasets on disk, and their completeness. */
@Command(
        name = "check",
        description = {
            "Check which published datasets a folder has, and if they are complete: numbers of classes and images,"
                    + " missing files, and the source of the train, val and test lists."
                    + " Nothing is written, and no image is opened.",
            "",
            "The exit code is 1 if a dataset is damaged, incomplete or of another size; an absent one is no error."
        },
        footer = {
            "  coop datasets check DATA",
            "  coop datasets check DATA caltech101 dtd",
            "  coop datasets check DATA --json"
        })
final class DatasetsCheckCommand extends ConsoleCommand {

    @ArgGroup
    private Options.Format format = new Options.Format();

    @Parameters(
            index = "0",
            paramLabel = "ROOT",
            description = "The folder that holds the datasets, each in a subfolder.")
    private Path root;

    @Parameters(index = "1..*", paramLabel = "NAME", description = "The datasets to check (default: all).")
    private List<String> names = List.of();

    @Override
    public Integer call() {
        if (!Files.isDirectory(root)) {
            throw new CommandFailure(root + " is not a folder: give the folder that holds the datasets");
        }
        List<BenchmarkCheck> checks = benchmarks().stream()
                .map(benchmark -> BenchmarkCheck.of(benchmark, root, console))
                .toList();
        switch (format.chosen()) {
            case JSON -> console.print(toJson(checks));
            case CSV -> rows().rows(checks).print(Table.Format.CSV, console);
            default -> printTable(checks, console.out());
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

    private void printTable(List<BenchmarkCheck> checks, PrintStream out) {
        List<BenchmarkCheck> present = new ArrayList<>(checks);
        present.removeIf(check -> check.status() == BenchmarkCheck.Status.ABSENT);
        if (!present.isEmpty()) {
            rows().rows(present).lines().print(out);
        }
        for (BenchmarkCheck check : present) {
            problems(check).forEach(problem -> out.println(SafeText.line(name(check) + ": " + problem)));
        }
        List<BenchmarkCheck> absent = new ArrayList<>(checks);
        absent.removeAll(present);
        if (!absent.isEmpty()) {
            out.println(SafeText.line(notThere(absent)));
        }
    }

    private static Table<BenchmarkCheck> rows() {
        Table<BenchmarkCheck> rows = new Table<BenchmarkCheck>()
                .text("dataset", DatasetsCheckCommand::name)
                .in(Table.Format.TABLE)
                .data("name", DatasetsCheckCommand::name)
                .text("status", check -> check.status().name().toLowerCase(Locale.ROOT));
        DatasetsCommand.SIZES.forEach(
                (name, size) -> number(rows, name, check -> check.found().map(size::applyAsInt)));
        DatasetsCommand.SIZES.forEach((name, size) -> rows.data(
                "published_" + name, check -> size.applyAsInt(check.benchmark().published())));
        return number(rows, "missing", check -> check.found()
                        .map(found -> check.missing().count()))
                .text("division", check -> check.division()
                        .map(DatasetsCheckCommand::inWords)
                        .orElse(""))
                .data("problems", check -> String.join("; ", problems(check)));
    }

    /** Adds a column of numbers, which are unknown where there are no lists. */
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
                return "%s seems to be the folder of %s itself: give the folder above it".formatted(root, name(check));
            }
        }
        String all = absent.stream().map(DatasetsCheckCommand::name).collect(Collectors.joining(", "));
        return "not in " + root + ": " + all;
    }

    /** A check as JSON. */
    private record CheckedDataset(
            String name,
            BenchmarkCheck.Status status,
            Path directory,
            Benchmark.Sizes found,
            Benchmark.Sizes published,
            @JsonInclude(JsonInclude.Include.NON_NULL) Division division,
            BenchmarkCheck.Missing missing,
            List<BenchmarkCheck.Expected> expected,
            List<String> problems) {

        static CheckedDataset of(BenchmarkCheck check) {
            return new CheckedDataset(
                    check.benchmark().name(),
                    check.status(),
                    check.directory(),
                    check.found().orElse(null),
                    check.benchmark().published(),
                    check.division().orElse(null),
                    check.missing(),
                    check.expected(),
                    DatasetsCheckCommand.problems(check));
        }
    }

    private JsonNode toJson(List<BenchmarkCheck> checks) {
        JsonMapper mapper = JsonMapper.builder()
                .enable(EnumFeature.WRITE_ENUMS_TO_LOWERCASE)
                .addModule(new SimpleModule().addSerializer(Path.class, ToStringSerializer.instance))
                .build();
        List<CheckedDataset> datasets = checks.stream().map(CheckedDataset::of).toList();
        ObjectNode json = Json.object().put("root", root.toString());
        return json.set("datasets", mapper.valueToTree(datasets));
    }

    private static List<String> problems(BenchmarkCheck check) {
        List<String> problems = new ArrayList<>();
        BenchmarkCheck.Missing missing = check.missing();
        if (missing.count() > 0) {
            String first = missing.first().stream().map(Path::toString).collect(Collectors.joining(", "));
            problems.add("%s missing: %s%s"
                    .formatted(
                            Numbers.count(missing.count(), "image is", "images are"),
                            first,
                            missing.count() > missing.first().size() ? ", …" : ""));
        }
        problems.addAll(check.problems());
        return problems;
    }

    private static String inWords(Division division) {
        boolean made = division.origin() == Division.Origin.RULE;
        return made ? "no split file: to be made, " + division.description() : division.description();
    }

    private static String name(BenchmarkCheck check) {
        return check.benchmark().name();
    }
}
