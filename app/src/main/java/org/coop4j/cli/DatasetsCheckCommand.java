package org.coop4j.cli;

import static java.util.stream.Collectors.joining;
import static java.util.stream.Collectors.partitioningBy;
import static org.coop4j.console.Table.Format.CSV;
import static org.coop4j.console.Table.Format.TABLE;

import com.fasterxml.jackson.databind.node.ObjectNode;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import org.coop4j.base.Numbers;
import org.coop4j.base.Progress;
import org.coop4j.cli.Options.Format;
import org.coop4j.console.CommandFailure;
import org.coop4j.console.Json;
import org.coop4j.console.ProblemText;
import org.coop4j.console.Table;
import org.coop4j.console.WrongUsage;
import org.coop4j.data.ImageDataset;
import org.coop4j.data.benchmark.Benchmark;
import org.coop4j.data.benchmark.Benchmark.Need;
import org.coop4j.data.benchmark.Benchmark.Sizes;
import org.coop4j.data.benchmark.BenchmarkSource;
import org.coop4j.data.benchmark.BenchmarkSource.Division.Origin;
import org.coop4j.data.benchmark.BenchmarkSource.Lists;
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
        List<Check> checks = benchmarks().stream()
                .map(benchmark -> Check.of(benchmark, root, console))
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
        return checks.stream().anyMatch(check -> check.status == Status.INCOMPLETE || check.status == Status.DIFFERENT)
                ? 1
                : 0;
    }

    /** Converts the names: picocli would call a wrong one an unmatched argument. */
    private List<Benchmark> benchmarks() {
        Benchmarks published = Benchmarks.published();
        return names.isEmpty()
                ? published.all()
                : WrongUsage.unless(
                        () -> names.stream().map(published::get).distinct().toList());
    }

    private void printTable(List<Check> checks) {
        Map<Boolean, List<Check>> absent =
                checks.stream().collect(partitioningBy(check -> check.status == Status.ABSENT));
        List<Check> present = absent.get(false);
        if (!present.isEmpty()) {
            rows().rows(present).print(TABLE, console);
        }
        present.forEach(check -> check.problems.forEach(problem -> console.print(name(check) + ": " + problem)));
        if (!absent.get(true).isEmpty()) {
            console.print(notThere(absent.get(true)));
        }
    }

    private static Table<Check> rows() {
        Table<Check> rows = new Table<Check>()
                .words("dataset", DatasetsCheckCommand::name, "name")
                .text("status", check -> check.status.name().toLowerCase(Locale.ROOT));
        DatasetsCommand.SIZES.forEach(
                (name, size) -> rows.count(name, check -> check.sizes().map(size)));
        DatasetsCommand.SIZES.forEach(
                (name, size) -> rows.data("published_" + name, check -> size.apply(check.benchmark.published())));
        return rows.count(
                        "missing",
                        check -> check.lists.map(lists -> lists.missing().size()))
                .text("division", DatasetsCheckCommand::division)
                .data("problems", check -> String.join("; ", check.problems));
    }

    private String notThere(List<Check> absent) {
        String folder = String.valueOf(root.toAbsolutePath().normalize().getFileName());
        return absent.stream()
                .filter(check -> check.benchmark.layout().directory().equals(folder))
                .map(check -> root + " seems to be the folder of " + name(check) + " itself: give the folder above it")
                .findFirst()
                .orElseGet(() -> absent.stream()
                        .map(DatasetsCheckCommand::name)
                        .collect(joining(", ", "not in " + root + ": ", "")));
    }

    private static ObjectNode toJson(Check check) {
        ObjectNode json = Json.object()
                .put("name", name(check))
                .putPOJO("status", check.status)
                .putPOJO("directory", check.directory)
                .putPOJO("found", check.sizes().orElse(null))
                .putPOJO("published", check.benchmark.published());
        check.lists.ifPresent(lists -> json.putPOJO("division", lists.division()));
        List<Path> missing = check.lists.map(Lists::missing).orElse(List.of());
        return json.putPOJO(
                        "missing", Json.object().put("count", missing.size()).putPOJO("first", Check.first(missing)))
                .putPOJO("expected", check.expected)
                .putPOJO("problems", check.problems);
    }

    private static String division(Check check) {
        return check.lists
                .map(Lists::division)
                .map(division -> (division.origin() == Origin.RULE ? "no split file: to be made, " : "")
                        + division.description())
                .orElse("");
    }

    private static String name(Check check) {
        return check.benchmark.name();
    }

    /** A verdict on a dataset. */
    enum Status {
        /** Its folder does not exist. */
        ABSENT,
        /** A needed part is missing or damaged. */
        INCOMPLETE,
        /** It loads, but its numbers of classes or images differ from the published ones. */
        DIFFERENT,
        /** It loads, with the published numbers of classes and images. */
        COMPLETE
    }

    /**
     * A file or folder of a dataset.
     *
     * @param path its expected place
     */
    record Expected(Path path, Need need, boolean exists) {}

    /**
     * A comparison of a dataset on disk with the published one.
     *
     * @param expected the files and folders that belong to it
     * @param lists its lists, if they could be read or made
     * @param problems a sentence about each problem
     */
    private record Check(
            Benchmark benchmark,
            Path directory,
            Status status,
            List<Expected> expected,
            Optional<Lists> lists,
            List<String> problems) {
        private static final int NAMED = 5;

        /** Checks a dataset in the folder of all datasets; the progress counts images up to the published number. */
        static Check of(Benchmark benchmark, Path root, Progress progress) {
            BenchmarkSource source = new BenchmarkSource(benchmark, root, 0);
            Path directory = source.directory();
            List<Expected> expected = benchmark.layout().needs().entrySet().stream()
                    .map(need -> {
                        Path path = directory.resolve(need.getKey());
                        return new Expected(path, need.getValue(), Files.exists(path));
                    })
                    .toList();
            List<String> problems = new ArrayList<>();
            Optional<Lists> lists = Optional.empty();
            Status status = Status.ABSENT;
            if (Files.isDirectory(directory)) {
                problems.addAll(absent(expected));
                lists = problems.isEmpty() ? lists(source, progress, problems) : lists;
                status = lists.map(found -> compare(found, benchmark.published(), problems))
                        .orElse(Status.INCOMPLETE);
            }
            return new Check(benchmark, directory, status, expected, lists, problems);
        }

        /** Returns a sentence about each needed file or folder that does not exist. */
        private static List<String> absent(List<Expected> expected) {
            boolean split = expected.stream().anyMatch(e -> e.need == Need.FOR_PUBLISHED_SPLIT && e.exists);
            return expected.stream()
                    .filter(e -> !e.exists && (e.need == Need.ALWAYS || (e.need == Need.WITHOUT_SPLIT_FILE && !split)))
                    .map(e -> "there is no " + e.path)
                    .toList();
        }

        private static Optional<Lists> lists(BenchmarkSource source, Progress progress, List<String> problems) {
            Benchmark benchmark = source.benchmark();
            try (Progress.Task task =
                    progress.task("checking " + benchmark.name(), benchmark.publishedFiles(), Progress.Unit.IMAGES)) {
                return Optional.of(source.lists(task::advance));
            } catch (IOException e) {
                problems.add(ProblemText.of(e));
                return Optional.empty();
            }
        }

        private static Status compare(Lists lists, Sizes published, List<String> problems) {
            Sizes found = sizes(lists.dataset());
            List<String> differences = new ArrayList<>();
            DatasetsCommand.SIZES.forEach((name, size) -> {
                if (!size.apply(found).equals(size.apply(published))) {
                    String unit = name.equals("classes") ? name : name + " images";
                    differences.add("%,d %s instead of %,d".formatted(size.apply(found), unit, size.apply(published)));
                }
            });
            List<Path> missing = lists.missing();
            if (!missing.isEmpty()) {
                String first = first(missing).stream().map(Path::toString).collect(joining(", "));
                problems.add("%s missing: %s%s"
                        .formatted(
                                Numbers.count(missing.size(), "image is", "images are"),
                                first,
                                missing.size() > NAMED ? ", …" : ""));
            }
            if (!differences.isEmpty()) {
                problems.add(String.join(", ", differences));
            }
            return !missing.isEmpty() ? Status.INCOMPLETE : differences.isEmpty() ? Status.COMPLETE : Status.DIFFERENT;
        }

        private static List<Path> first(List<Path> missing) {
            return missing.subList(0, Math.min(NAMED, missing.size()));
        }

        Optional<Sizes> sizes() {
            return lists.map(found -> sizes(found.dataset()));
        }

        private static Sizes sizes(ImageDataset lists) {
            return new Sizes(
                    lists.classCount(),
                    lists.train().size(),
                    lists.val().size(),
                    lists.test().size());
        }
    }
}
