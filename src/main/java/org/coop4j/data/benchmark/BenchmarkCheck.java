package org.coop4j.data.benchmark;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import org.coop4j.data.DatasetException;
import org.coop4j.data.ImageDataset;

/**
 * What of a dataset was found on disk, beside what was expected. Checking writes nothing.
 *
 * @param benchmark the dataset
 * @param directory the folder it is expected in
 * @param status the verdict
 * @param expected the files and folders that belong to it
 * @param found classes and images of the lists, if they could be made
 * @param problems what is wrong, a sentence each; missing images are counted, the first few named
 */
public record BenchmarkCheck(
        Benchmark benchmark,
        Path directory,
        Status status,
        List<Expected> expected,
        Optional<Benchmark.Sizes> found,
        List<String> problems) {
    /** Copies the lists. */
    public BenchmarkCheck {
        expected = List.copyOf(expected);
        problems = List.copyOf(problems);
    }

    /** A verdict on a dataset. */
    public enum Status {
        /** Its folder is not there. */
        ABSENT,
        /** Something that is needed is missing or damaged. */
        INCOMPLETE,
        /** It loads, with other numbers of images than the published ones. */
        DIFFERENT,
        /** It loads, with the published numbers of classes and images. */
        COMPLETE
    }

    /** When a file or folder is needed. */
    public enum Need {
        /** Always. */
        ALWAYS,
        /** To have the published division; one is made without it. */
        FOR_PUBLISHED_SPLIT,
        /** Where there is no split file. */
        WITHOUT_SPLIT_FILE
    }

    /**
     * A file or folder of a dataset.
     *
     * @param path where it is expected
     * @param need when it is needed
     * @param exists whether it is there
     */
    public record Expected(Path path, Need need, boolean exists) {}

    /** Looks for a dataset under the folder of all datasets. */
    public static BenchmarkCheck of(Benchmark benchmark, Path root) throws IOException {
        Path directory = BenchmarkFolder.under(root, benchmark).directory();
        List<Expected> expected = expected(benchmark, directory);
        if (!Files.isDirectory(directory)) {
            return new BenchmarkCheck(
                    benchmark, directory, Status.ABSENT, expected, Optional.empty(), List.of());
        }
        try {
            Benchmark.Sizes found = sizes(new BenchmarkSource(benchmark, root, 0).read());
            List<String> differences = differences(found, benchmark.published());
            return new BenchmarkCheck(
                    benchmark,
                    directory,
                    differences.isEmpty() ? Status.COMPLETE : Status.DIFFERENT,
                    expected,
                    Optional.of(found),
                    differences);
        } catch (DatasetException e) {
            return new BenchmarkCheck(
                    benchmark,
                    directory,
                    Status.INCOMPLETE,
                    expected,
                    Optional.empty(),
                    List.of(e.getMessage()));
        }
    }

    private static List<Expected> expected(Benchmark benchmark, Path directory) {
        Benchmark.Layout layout = benchmark.layout();
        List<Expected> expected = new ArrayList<>();
        layout.folders().forEach(f -> expected.add(at(directory.resolve(f), Need.ALWAYS)));
        layout.splitFile()
                .ifPresent(f -> expected.add(at(directory.resolve(f), Need.FOR_PUBLISHED_SPLIT)));
        Need lists = layout.splitFile().isPresent() ? Need.WITHOUT_SPLIT_FILE : Need.ALWAYS;
        layout.lists().forEach(f -> expected.add(at(directory.resolve(f), lists)));
        return expected;
    }

    private static Expected at(Path path, Need need) {
        return new Expected(path, need, Files.exists(path));
    }

    private static Benchmark.Sizes sizes(ImageDataset dataset) {
        return new Benchmark.Sizes(
                dataset.classCount(),
                dataset.train().size(),
                dataset.val().size(),
                dataset.test().size());
    }

    private static List<String> differences(Benchmark.Sizes found, Benchmark.Sizes published) {
        List<String> differences = new ArrayList<>();
        compare("classes", found.classes(), published.classes(), differences);
        compare("train images", found.train(), published.train(), differences);
        compare("val images", found.val(), published.val(), differences);
        compare("test images", found.test(), published.test(), differences);
        return differences;
    }

    private static void compare(String what, int found, int published, List<String> differences) {
        if (found != published) {
            differences.add("%,d %s instead of %,d".formatted(found, what, published));
        }
    }
}
