package org.coop4j.data.benchmark;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Objects;
import java.util.Optional;
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
public record BenchmarkSource(Benchmark benchmark, Path root, long splitSeed)
        implements DatasetSource {
    private static final Logger log = LoggerFactory.getLogger(BenchmarkSource.class);

    /** Checks that nothing is null. */
    public BenchmarkSource {
        Objects.requireNonNull(benchmark, "benchmark");
        Objects.requireNonNull(root, "root");
    }

    @Override
    public ImageDataset load() throws IOException {
        ImageDataset dataset = read();
        Optional<Path> split = splitFile();
        if (split.isPresent() && Files.notExists(split.get())) {
            save(dataset, split.get());
        }
        if (!dataset.repeatedClassNames().isEmpty()) {
            log.warn(
                    "{}: more than one class is called {}; images of the later one can only be"
                            + " missed",
                    benchmark.name(),
                    dataset.repeatedClassNames());
        }
        return dataset;
    }

    /** Reads the lists without writing a split file. */
    ImageDataset read() throws IOException {
        BenchmarkFolder folder = BenchmarkFolder.under(root, benchmark);
        if (!Files.isDirectory(folder.directory())) {
            throw new DatasetException(
                    "%s is expected in %s, which is not a folder"
                            .formatted(benchmark.name(), folder.directory()));
        }
        Optional<Path> split = splitFile().filter(Files::exists);
        ImageDataset dataset =
                split.isPresent()
                        ? new SplitFile(benchmark.name(), split.get(), folder.imageRoot()).read()
                        : make(folder);
        dataset.requireFiles();
        return dataset;
    }

    private ImageDataset make(BenchmarkFolder folder) throws IOException {
        PythonRandom random = new PythonRandom(splitSeed);
        return switch (benchmark.rule()) {
            case CLASS_FOLDERS -> ClassFolders.read(folder, random);
            case OXFORD_PETS -> OxfordPets.read(folder, random);
            case STANFORD_CARS -> StanfordCars.read(folder, random);
            case OXFORD_FLOWERS -> OxfordFlowers.read(folder, random);
            case FGVC_AIRCRAFT -> FgvcAircraft.read(folder);
            case SUN397 -> Sun397.read(folder, random);
            case UCF101 -> Ucf101.read(folder, random);
            case IMAGENET -> ImageNetFolders.read(folder);
            case NUMBERED_FOLDERS -> ImageNetFolders.readNumbered(folder);
            case WNID_FOLDERS -> ImageNetFolders.readTestOnly(folder);
        };
    }

    private Optional<Path> splitFile() {
        return benchmark
                .layout()
                .splitFile()
                .map(BenchmarkFolder.under(root, benchmark).directory()::resolve);
    }

    private void save(ImageDataset dataset, Path split) throws IOException {
        Path folder = split.getParent();
        if (!Files.isWritable(folder)) {
            log.warn(
                    "{}: made a split with seed {}, which cannot be kept, as {} is read-only",
                    benchmark.name(),
                    splitSeed,
                    folder);
            return;
        }
        SplitFile.write(dataset, split, BenchmarkFolder.under(root, benchmark).imageRoot());
        log.info(
                "{}: found no published split, made one with seed {} and wrote it to {}; numbers"
                        + " from it are not comparable to the papers'",
                benchmark.name(),
                splitSeed,
                split);
    }
}
