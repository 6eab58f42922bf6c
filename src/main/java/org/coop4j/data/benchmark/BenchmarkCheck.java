package org.coop4j.data.benchmark;

import java.io.IOException;
import java.nio.file.FileSystemException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import java.util.Optional;
import java.util.function.IntConsumer;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.coop4j.base.Numbers;
import org.coop4j.base.Progress;
import org.coop4j.data.ImageDataset;
import org.coop4j.data.benchmark.BenchmarkSource.Division;

/**
 * A comparison of a dataset on disk with the published one. Checking writes nothing and opens no image.
 *
 * @param directory the folder where it is expected
 * @param expected the files and folders that belong to it
 * @param division origin of its lists, if they could be made
 * @param found sizes of the lists, if they could be made
 * @param missing images that are in the lists and not on disk
 * @param problems a sentence about each problem
 */
public record BenchmarkCheck(
        Benchmark benchmark,
        Path directory,
        Status status,
        List<Expected> expected,
        Optional<Division> division,
        Optional<Benchmark.Sizes> found,
        Missing missing,
        List<String> problems) {
    /** A verdict on a dataset. */
    public enum Status {
        /** Its folder does not exist. */
        ABSENT,
        /** A required part is missing or damaged. */
        INCOMPLETE,
        /** It loads, but its numbers of classes or images differ from the published ones. */
        DIFFERENT,
        /** It loads, with the published numbers of classes and images. */
        COMPLETE;

        /** Returns true if a part of the dataset exists, but not the whole. */
        public boolean isFaulty() {
            return this == INCOMPLETE || this == DIFFERENT;
        }
    }

    /** Condition under which a file or folder is needed. */
    public enum Need {
        /** Needed in any case. */
        ALWAYS,
        /** Needed for the published split; without it a split is made. */
        FOR_PUBLISHED_SPLIT,
        /** Needed without a split file. */
        WITHOUT_SPLIT_FILE
    }

    /**
     * A file or folder of a dataset.
     *
     * @param path its expected place
     * @param need condition under which it is needed
     * @param exists true if it exists
     */
    public record Expected(Path path, Need need, boolean exists) {}

    /**
     * Images that are in the lists and not on disk.
     *
     * @param count their number
     * @param first the first few, in the order of the lists
     */
    public record Missing(int count, List<Path> first) {
        private static final int NAMED = 5;

        static Missing of(List<Path> all) {
            return new Missing(all.size(), all.subList(0, Math.min(NAMED, all.size())));
        }
    }

    /** Returns a sentence about each problem, with one about missing images. */
    public List<String> allProblems() {
        if (missing.count == 0) {
            return problems;
        }
        String first = missing.first.stream().map(Path::toString).collect(Collectors.joining(", "));
        String absent = "%s missing: %s%s"
                .formatted(
                        Numbers.count(missing.count, "image is", "images are"),
                        first,
                        missing.count > missing.first.size() ? ", …" : "");
        return Stream.concat(Stream.of(absent), problems.stream()).toList();
    }

    /**
     * Checks a dataset in the folder of all datasets; the progress counts images up to the published number.
     */
    public static BenchmarkCheck of(Benchmark benchmark, Path root, Progress progress) {
        try (Progress.Task task =
                progress.task("checking " + benchmark.name(), benchmark.publishedFiles(), Progress.Unit.IMAGES)) {
            return of(benchmark, root, task::advance);
        }
    }

    private static BenchmarkCheck of(Benchmark benchmark, Path root, IntConsumer counted) {
        BenchmarkSource source = new BenchmarkSource(benchmark, root, 0);
        BenchmarkFolder folder = source.folder(counted);
        List<Expected> expected = expected(folder);
        if (!Files.isDirectory(folder.directory())) {
            return withoutLists(folder, Status.ABSENT, expected, List.of());
        }
        List<String> absent = absent(expected);
        if (!absent.isEmpty()) {
            return withoutLists(folder, Status.INCOMPLETE, expected, absent);
        }
        try {
            return ofLists(folder, expected, source.lists(folder));
        } catch (IOException e) {
            String problem = e instanceof FileSystemException file
                    ? "cannot read %s (%s)"
                            .formatted(
                                    file.getFile(),
                                    Objects.requireNonNullElse(
                                            file.getReason(), file.getClass().getSimpleName()))
                    : e.getMessage();
            return withoutLists(folder, Status.INCOMPLETE, expected, List.of(problem));
        }
    }

    private static BenchmarkCheck withoutLists(
            BenchmarkFolder folder, Status status, List<Expected> expected, List<String> problems) {
        return new BenchmarkCheck(
                folder.benchmark(),
                folder.directory(),
                status,
                expected,
                Optional.empty(),
                Optional.empty(),
                Missing.of(List.of()),
                problems);
    }

    private static BenchmarkCheck ofLists(
            BenchmarkFolder folder, List<Expected> expected, BenchmarkSource.FoundLists lists) {
        Benchmark benchmark = folder.benchmark();
        ImageDataset dataset = lists.dataset();
        List<Path> missing = lists.fromFolders() ? List.of() : dataset.missingFiles(folder.found());
        Benchmark.Sizes found = new Benchmark.Sizes(
                dataset.classCount(),
                dataset.train().size(),
                dataset.val().size(),
                dataset.test().size());
        Benchmark.Sizes published = benchmark.published();
        List<String> differences = new ArrayList<>();
        compare("classes", found.classes(), published.classes(), differences);
        compare("train images", found.train(), published.train(), differences);
        compare("val images", found.val(), published.val(), differences);
        compare("test images", found.test(), published.test(), differences);
        Status status = differences.isEmpty() ? Status.COMPLETE : Status.DIFFERENT;
        return new BenchmarkCheck(
                benchmark,
                folder.directory(),
                missing.isEmpty() ? status : Status.INCOMPLETE,
                expected,
                Optional.of(lists.division()),
                Optional.of(found),
                Missing.of(missing),
                differences.isEmpty() ? List.of() : List.of(String.join(", ", differences)));
    }

    private static void compare(String unit, int found, int published, List<String> differences) {
        if (found != published) {
            differences.add("%,d %s instead of %,d".formatted(found, unit, published));
        }
    }

    private static List<Expected> expected(BenchmarkFolder folder) {
        Benchmark.Layout layout = folder.benchmark().layout();
        Path directory = folder.directory();
        List<Expected> expected = new ArrayList<>();
        layout.folders().forEach(f -> expected.add(at(directory.resolve(f), Need.ALWAYS)));
        folder.splitFile().ifPresent(f -> expected.add(at(f, Need.FOR_PUBLISHED_SPLIT)));
        Need lists = layout.splitFile().isPresent() ? Need.WITHOUT_SPLIT_FILE : Need.ALWAYS;
        layout.lists().forEach(f -> expected.add(at(directory.resolve(f), lists)));
        return expected;
    }

    private static Expected at(Path path, Need need) {
        return new Expected(path, need, Files.exists(path));
    }

    /** Returns a sentence about each needed file or folder that does not exist. */
    private static List<String> absent(List<Expected> expected) {
        boolean split = expected.stream().anyMatch(e -> e.need() == Need.FOR_PUBLISHED_SPLIT && e.exists());
        return expected.stream()
                .filter(e -> !e.exists())
                .filter(e -> e.need() == Need.ALWAYS || (e.need() == Need.WITHOUT_SPLIT_FILE && !split))
                .map(e -> "there is no " + e.path())
                .toList();
    }
}
