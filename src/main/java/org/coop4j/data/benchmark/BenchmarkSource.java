package org.coop4j.data.benchmark;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;
import java.util.function.IntConsumer;
import org.coop4j.base.InputException;
import org.coop4j.base.Log;
import org.coop4j.data.ImageDataset;
import org.coop4j.data.SplitFile;
import org.slf4j.Logger;

/**
 * A published dataset in the folder of all datasets.
 *
 * <p>A split file takes precedence. Where a dataset should have one and does not, its lists are made by the reference's
 * rule from {@code splitSeed}, and written for the next time. Four of the datasets only test: their train and val lists
 * are empty.
 *
 * @param benchmark the dataset
 * @param root the folder that has one subfolder per dataset
 * @param splitSeed seed of the split, if there is no split file
 */
public record BenchmarkSource(Benchmark benchmark, Path root, long splitSeed) {
    private static final Logger log = Log.of(BenchmarkSource.class);

    /** Reads the lists or makes them, with warnings about results that are not comparable to the papers'. */
    public ImageDataset load() throws IOException {
        Lists lists = lists(count -> {});
        ImageDataset dataset = lists.dataset;
        if (!lists.missing.isEmpty()) {
            dataset.requireFiles();
        }
        if (lists.division.origin == Division.Origin.RULE) {
            save(dataset);
        } else if (lists.division.origin == Division.Origin.MADE_SPLIT_FILE) {
            log.warn(
                    "{}: {}; this is not the published split, so results are not comparable to the papers'",
                    benchmark.name(),
                    lists.division.description);
        }
        if (!dataset.repeatedClassNames().isEmpty()) {
            log.warn(
                    "{}: several classes are called {}; images of the later ones can never be classified correctly",
                    benchmark.name(),
                    dataset.repeatedClassNames());
        }
        return dataset;
    }

    /**
     * The lists of a dataset.
     *
     * @param missing images that are in the lists and not on disk
     */
    public record Lists(ImageDataset dataset, Division division, List<Path> missing) {}

    /** Returns the folder where the dataset is expected. */
    public Path directory() {
        return root.toAbsolutePath().normalize().resolve(benchmark.layout().directory());
    }

    /** Returns the folder that a split file's paths are relative to. */
    Path imageRoot() {
        return directory().resolve(benchmark.layout().imageRoot());
    }

    /** Returns the place of the split file, if the dataset has one. */
    private Optional<Path> splitFile() {
        return benchmark.layout().splitFile().map(directory()::resolve);
    }

    /**
     * Reads or makes the lists, without writing a split file.
     *
     * @param counted receives numbers of images that were found or looked for
     */
    public Lists lists(IntConsumer counted) throws IOException {
        InputException.require(
                Files.isDirectory(directory()),
                "%s is expected in %s, which is not a folder: give the folder that has %s in it",
                benchmark.name(),
                directory(),
                benchmark.layout().directory());
        Optional<Path> split = splitFile();
        if (split.filter(Files::exists).isEmpty()) {
            Division.Origin origin = split.isPresent() ? Division.Origin.RULE : Division.Origin.OFFICIAL;
            ImageDataset dataset = new PublishedLists(this, counted).read();
            return new Lists(
                    dataset,
                    new Division(origin, benchmark.rule().description()),
                    benchmark.rule().listsFolders() ? List.of() : dataset.missingFiles(counted));
        }
        SplitFile.Contents contents = new SplitFile(benchmark.name(), split.get(), imageRoot()).read();
        String name = split.get().getFileName().toString();
        Division division = contents.madeBy()
                .map(how -> new Division(Division.Origin.MADE_SPLIT_FILE, name + ", made by " + how))
                .orElseGet(() -> new Division(Division.Origin.SPLIT_FILE, name));
        return new Lists(contents.dataset(), division, contents.dataset().missingFiles(counted));
    }

    /** Keeps a split for the next time; a folder that cannot be written does not stop the run. */
    private void save(ImageDataset dataset) {
        Path split = splitFile().orElseThrow();
        String made = "%s, seed %d".formatted(benchmark.rule().description(), splitSeed);
        String kept = "and written there";
        try {
            SplitFile.write(dataset, split, imageRoot(), Optional.of("coop4j: " + made));
        } catch (IOException e) {
            kept = "but cannot be kept for the next time (%s)".formatted(e.getMessage());
        }
        log.warn(
                "{}: there is no {}, so a split was made ({}) {}; results are not comparable to the papers'",
                benchmark.name(),
                split,
                made,
                kept);
    }

    /**
     * The origin of the train, val and test lists of a dataset.
     *
     * @param description a phrase for the user: the file, or the rule
     */
    public record Division(Origin origin, String description) {

        /** A kind of source. */
        public enum Origin {
            /** A split file that does not say who made it, as the published ones. */
            SPLIT_FILE,
            /** A split file that this program made by the rule and wrote earlier. */
            MADE_SPLIT_FILE,
            /** The rule, since there is no split file; loading writes one. */
            RULE,
            /** The dataset's own lists or folders, for datasets that have no split file. */
            OFFICIAL
        }
    }
}
