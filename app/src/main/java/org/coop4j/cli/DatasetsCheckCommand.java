package org.coop4j.cli;

import static java.util.stream.Collectors.joining;
import static java.util.stream.Collectors.partitioningBy;
import static org.coop4j.base.Numbers.count;
import static org.coop4j.base.Numbers.first;
import static org.coop4j.console.CommandFailure.require;
import static org.coop4j.console.Table.Format.TABLE;
import static org.coop4j.console.WrongUsage.unless;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import org.coop4j.base.Progress;
import org.coop4j.cli.Options.Format;
import org.coop4j.console.ProblemText;
import org.coop4j.console.Table;
import org.coop4j.data.ImageDataset;
import org.coop4j.data.benchmark.Benchmark;
import org.coop4j.data.benchmark.Benchmark.Need;
import org.coop4j.data.benchmark.Benchmark.Sizes;
import org.coop4j.data.benchmark.BenchmarkSource;
import org.coop4j.data.benchmark.BenchmarkSource.Division;
import org.coop4j.data.benchmark.BenchmarkSource.Division.Origin;
import org.coop4j.data.benchmark.BenchmarkSource.Lists;
import org.coop4j.data.benchmark.Benchmarks;
import picocli.CommandLine.ArgGroup;
import picocli.CommandLine.Command;
import picocli.CommandLine.Parameters;

/** {@code coop datasets check}: the published datasets on disk, and their completeness. */
@Command(name = "check")
final class DatasetsCheckCommand extends ConsoleCommand {

    private static final int NAMED = 5;

    @ArgGroup
    Format format = new Format();

    @Parameters(index = "0", paramLabel = "ROOT")
    Path root;

    @Parameters(index = "1..*", paramLabel = "NAME")
    List<String> names = List.of();

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
     * A comparison of a dataset on disk with the published one.
     *
     * @param lists empty if they could not be read or made
     * @param problems a sentence about each problem
     */
    private record Check(BenchmarkSource source, Status status, Optional<Lists> lists, List<String> problems) {

        String name() {
            return source.benchmark().name();
        }
    }

    @Override
    public Integer call() {
        require(Files.isDirectory(root), "%s is not a folder: give the folder that holds the datasets", root);
        List<Check> checks = benchmarks().stream().map(this::check).toList();
        Map<Boolean, List<Check>> present =
                checks.stream().collect(partitioningBy(check -> check.status != Status.ABSENT));
        boolean people = format.chosen() == TABLE;
        List<Check> shown = people ? present.get(true) : checks;
        if (!people || !shown.isEmpty()) {
            rows().rows(shown).print(format.chosen(), console);
        }
        if (people) {
            shown.forEach(check -> check.problems.forEach(problem -> console.print(check.name() + ": " + problem)));
            if (!present.get(false).isEmpty()) {
                console.print(notThere(present.get(false)));
            }
        }
        return present.get(true).stream().allMatch(check -> check.status == Status.COMPLETE) ? 0 : 1;
    }

    /** Converts the names: picocli would call a wrong one an unmatched argument. */
    private List<Benchmark> benchmarks() {
        Benchmarks published = Benchmarks.published();
        return names.isEmpty()
                ? published.all()
                : unless(() -> names.stream().map(published::get).distinct().toList());
    }

    private static Table<Check> rows() {
        Table<Check> rows = new Table<Check>()
                .words("dataset", Check::name, "name")
                .text("status", check -> check.status.name().toLowerCase(Locale.ROOT));
        DatasetsCommand.SIZES.forEach(
                (name, size) -> rows.count(name, check -> check.lists.map(all -> size.apply(sizes(all.dataset())))));
        DatasetsCommand.SIZES.forEach((name, size) -> rows.data(
                "published_" + name,
                check -> size.apply(check.source.benchmark().published())));
        return rows.count(
                        "missing", check -> check.lists.map(all -> all.missing().size()))
                .text("division", check -> check.lists
                        .map(Lists::division)
                        .map(DatasetsCheckCommand::describe)
                        .orElse(""))
                .data("problems", Check::problems);
    }

    private static String describe(Division division) {
        return (division.origin() == Origin.RULE ? "no split file: to be made, " : "") + division.description();
    }

    private String notThere(List<Check> absent) {
        Path folder = root.toAbsolutePath().normalize().getFileName();
        return absent.stream()
                .filter(check -> check.source.directory().getFileName().equals(folder))
                .map(check -> root + " seems to be the folder of " + check.name() + " itself: give the folder above it")
                .findFirst()
                .orElseGet(() -> absent.stream().map(Check::name).collect(joining(", ", "not in " + root + ": ", "")));
    }

    /** Checks a dataset; the progress counts images up to the published number. */
    private Check check(Benchmark benchmark) {
        BenchmarkSource source = new BenchmarkSource(benchmark, root, 0);
        if (!Files.isDirectory(source.directory())) {
            return new Check(source, Status.ABSENT, Optional.empty(), List.of());
        }
        List<String> problems = new ArrayList<>(absent(source));
        Optional<Lists> lists = problems.isEmpty() ? lists(source, problems) : Optional.empty();
        List<Path> missing = lists.map(Lists::missing).orElse(List.of());
        if (!missing.isEmpty()) {
            problems.add(count(missing.size(), "image is", "images are") + " missing: " + first(missing, NAMED));
        }
        boolean incomplete = !problems.isEmpty();
        lists.ifPresent(all -> problems.addAll(differences(sizes(all.dataset()), benchmark.published())));
        Status status = incomplete ? Status.INCOMPLETE : problems.isEmpty() ? Status.COMPLETE : Status.DIFFERENT;
        return new Check(source, status, lists, problems);
    }

    /** Returns a sentence about each needed file or folder that does not exist. */
    private static List<String> absent(BenchmarkSource source) {
        Map<String, Need> absent =
                new LinkedHashMap<>(source.benchmark().layout().needs());
        absent.keySet().removeIf(path -> Files.exists(source.directory().resolve(path)));
        boolean split = !absent.containsValue(Need.FOR_PUBLISHED_SPLIT);
        absent.values()
                .removeIf(need -> need == Need.FOR_PUBLISHED_SPLIT || (need == Need.WITHOUT_SPLIT_FILE && split));
        return absent.keySet().stream()
                .map(path -> "there is no " + source.directory().resolve(path))
                .toList();
    }

    private Optional<Lists> lists(BenchmarkSource source, List<String> problems) {
        Benchmark benchmark = source.benchmark();
        try (Progress.Task task =
                console.task("checking " + benchmark.name(), benchmark.publishedFiles(), Progress.Unit.IMAGES)) {
            return Optional.of(source.lists(task::advance));
        } catch (IOException e) {
            problems.add(ProblemText.of(e));
            return Optional.empty();
        }
    }

    private static Sizes sizes(ImageDataset lists) {
        return new Sizes(
                lists.classCount(),
                lists.train().size(),
                lists.val().size(),
                lists.test().size());
    }

    /** Returns a sentence about the sizes that differ, if any do. */
    private static List<String> differences(Sizes found, Sizes published) {
        List<String> differences = new ArrayList<>();
        DatasetsCommand.SIZES.forEach((name, size) -> {
            int is = size.apply(found);
            int should = size.apply(published);
            if (is != should) {
                String unit = name.equals("classes") ? name : name + " images";
                differences.add("%,d %s instead of %,d".formatted(is, unit, should));
            }
        });
        return differences.isEmpty() ? List.of() : List.of(String.join(", ", differences));
    }
}
