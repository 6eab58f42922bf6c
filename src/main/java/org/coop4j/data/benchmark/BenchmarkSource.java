package org.coop4j.data.benchmark;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Objects;
import java.util.Optional;
import java.util.function.IntConsumer;
import org.coop4j.data.DatasetException;
import org.coop4j.data.DatasetSource;
import org.coop4j.data.ImageDataset;
import org.coop4j.data.PythonRandom;
import org.coop4j.data.SplitFile;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * A published dataset under the folder of all datasets.
 *
 * <p>The split file decides where there is one. Where a dataset should have one and does not, its
 * lists are made by the reference's rule from {@code splitSeed}, and written for the next time.
 * Four of the datasets test only: their train and val lists are empty.
 *
 * @param benchmark the dataset
 * @param root the folder that has a folder a dataset
 * @param splitSeed seed of the division, where there is no split file
 */
public record BenchmarkSource(Benchmark benchmark, Path root, long splitSeed) implements DatasetSource {
    private static final Logger log = LoggerFactory.getLogger(BenchmarkSource.class);

    /** Checks that nothing is null. */
    public BenchmarkSource {
        Objects.requireNonNull(benchmark, "benchmark");
        Objects.requireNonNull(root, "root");
    }

    @Override
    public ImageDataset load() throws IOException {
        BenchmarkFolder folder = folder(count -> {});
        Lists lists = lists(folder);
        ImageDataset dataset = lists.dataset();
        if (!lists.division().isOfFolders(benchmark)) {
            dataset.requireFiles();
        }
        switch (lists.division().origin()) {
            case RULE -> save(dataset, folder);
            case MADE_SPLIT_FILE ->
                log.warn(
                        "{}: {}; it is not the published one, so numbers from it are not"
                                + " comparable to the papers'",
                        benchmark.name(),
                        lists.division().description());
            case SPLIT_FILE, OFFICIAL -> {}
        }
        if (!dataset.repeatedClassNames().isEmpty()) {
            log.warn(
                    "{}: more than one class is called {}; images of the later one can only be" + " missed",
                    benchmark.name(),
                    dataset.repeatedClassNames());
        }
        return dataset;
    }

    /**
     * The lists of a dataset.
     *
     * @param dataset the lists; their images need not exist
     * @param division where they come from
     */
    record Lists(ImageDataset dataset, Division division) {}

    /** The dataset's folder; {@code found} is told of images as they are found in it. */
    BenchmarkFolder folder(IntConsumer found) {
        return BenchmarkFolder.under(root, benchmark, found);
    }

    /** Reads or makes the lists, without writing a split file. */
    Lists lists(BenchmarkFolder folder) throws IOException {
        if (!Files.isDirectory(folder.directory())) {
            throw new DatasetException("%s is expected in %s, which is not a folder: give the folder that has %s in it"
                    .formatted(
                            benchmark.name(),
                            folder.directory(),
                            benchmark.layout().directory()));
        }
        Optional<Path> split = folder.splitFile().filter(Files::exists);
        if (split.isEmpty()) {
            return new Lists(make(folder), Division.byRule(benchmark));
        }
        SplitFile.Contents contents = new SplitFile(benchmark.name(), split.get(), folder.imageRoot()).contents();
        return new Lists(contents.dataset(), Division.of(split.get(), contents));
    }

    private ImageDataset make(BenchmarkFolder folder) throws IOException {
        PythonRandom random = new PythonRandom(splitSeed);
        return switch (benchmark.rule()) {
            case CLASS_FOLDERS -> PublishedLists.classFolders(folder, random);
            case OXFORD_PETS -> PublishedLists.oxfordPets(folder, random);
            case STANFORD_CARS -> PublishedLists.stanfordCars(folder, random);
            case OXFORD_FLOWERS -> PublishedLists.oxfordFlowers(folder, random);
            case FGVC_AIRCRAFT -> PublishedLists.fgvcAircraft(folder);
            case SUN397 -> PublishedLists.sun397(folder, random);
            case UCF101 -> PublishedLists.ucf101(folder, random);
            case IMAGENET -> ImageNetFolders.read(folder);
            case NUMBERED_FOLDERS -> ImageNetFolders.readNumbered(folder);
            case WNID_FOLDERS -> ImageNetFolders.readTestOnly(folder);
        };
    }

    /** Keeps a split for the next time; a folder that cannot be written is no reason to stop. */
    private void save(ImageDataset dataset, BenchmarkFolder folder) {
        Path split = folder.splitFile().orElseThrow();
        String how = "coop4j: %s, seed %d".formatted(benchmark.rule().description(), splitSeed);
        try {
            SplitFile.write(dataset, split, folder.imageRoot(), how);
            log.warn(
                    "{}: there is no {}, so a split was made ({}, seed {}) and written there;"
                            + " numbers from it are not comparable to the papers'",
                    benchmark.name(),
                    split,
                    benchmark.rule().description(),
                    splitSeed);
        } catch (IOException e) {
            log.warn(
                    "{}: there is no {}, so a split was made ({}, seed {}); it cannot be kept for"
                            + " the next time ({}); numbers from it are not comparable to the"
                            + " papers'",
                    benchmark.name(),
                    split,
                    benchmark.rule().description(),
                    splitSeed,
                    e.getMessage());
        }
    }

    /**
     * Where the train, val and test lists of a dataset come from.
     *
     * @param origin the kind of source
     * @param description a phrase for the user: the file, or the rule
     */
    public record Division(Origin origin, String description) {
        /** Checks that nothing is null. */
        public Division {
            Objects.requireNonNull(origin, "origin");
            Objects.requireNonNull(description, "description");
        }

        /** A kind of source. */
        public enum Origin {
            /** A split file that does not say who made it, as the published ones do not. */
            SPLIT_FILE,
            /** A split file that this program made by the rule and wrote, earlier. */
            MADE_SPLIT_FILE,
            /** The rule, since there is no split file; loading writes one. */
            RULE,
            /** The dataset's own lists or folders, as for datasets that have no split file. */
            OFFICIAL
        }

        /** The lists are those of a split file. */
        static Division of(Path splitFile, SplitFile.Contents contents) {
            String name = splitFile.getFileName().toString();
            return contents.madeBy()
                    .map(how -> new Division(Origin.MADE_SPLIT_FILE, name + ", made by " + how))
                    .orElseGet(() -> new Division(Origin.SPLIT_FILE, name));
        }

        /** The lists are made by the dataset's rule. */
        static Division byRule(Benchmark benchmark) {
            return new Division(
                    benchmark.layout().splitFile().isPresent() ? Origin.RULE : Origin.OFFICIAL,
                    benchmark.rule().description());
        }

        /** Returns true if the images were found in folders, so that none of them can be missing. */
        boolean isOfFolders(Benchmark benchmark) {
            return (origin == Origin.RULE || origin == Origin.OFFICIAL)
                    && benchmark.rule().listsFolders();
        }
    }
}
