package org.coop4j.experiment;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import org.coop4j.data.CsvList;
import org.coop4j.data.DatasetSource;
import org.coop4j.data.ImageDataset;
import org.coop4j.data.ImageFolder;
import org.coop4j.data.SplitFile;
import org.coop4j.data.benchmark.Benchmark;
import org.coop4j.data.benchmark.BenchmarkSource;
import org.coop4j.data.benchmark.Benchmarks;
import org.coop4j.data.benchmark.PromptTemplates;

/**
 * Where a run's images come from.
 *
 * @param path a folder with a folder a class, a split file, a CSV list, or the folder of all
 *     benchmark datasets
 * @param benchmark name of a published dataset, or null
 * @param imageRoot what a split file's or list's paths are relative to; null for its own folder
 * @param namesFile class names of a folder's classes; null for the folders' names
 */
public record DataSpec(String path, String benchmark, String imageRoot, String namesFile) {

    public DataSpec {
        if (path == null || path.isBlank()) {
            throw new IllegalArgumentException("no data: give a folder, a split file or a list");
        }
    }

    /** A folder, split file or list found by what it is. */
    public static DataSpec of(Path path) {
        return new DataSpec(path.toString(), null, null, null);
    }

    /**
     * Reads the lists of images.
     *
     * @param splitSeed makes the split where the data has none
     */
    public ImageDataset load(long splitSeed) throws IOException {
        return source(splitSeed).load();
    }

    private DatasetSource source(long splitSeed) throws IOException {
        Path place = Path.of(path);
        if (benchmark != null) {
            return new BenchmarkSource(published().orElseThrow(), place, splitSeed);
        }
        if (Files.isDirectory(place)) {
            return new ImageFolder(place, Optional.ofNullable(namesFile).map(Path::of), splitSeed);
        }
        if (!Files.exists(place)) {
            throw new IOException("no such folder or file: " + place);
        }
        Path root = imageRoot != null ? Path.of(imageRoot) : parent(place);
        String file = place.getFileName().toString().toLowerCase(Locale.ROOT);
        if (file.endsWith(".json")) {
            return new SplitFile(name(), place, root);
        }
        if (file.endsWith(".csv")) {
            return new CsvList(name(), place, root, splitSeed);
        }
        throw new IOException(
                place
                        + " is neither a folder of class folders, nor a split file (.json), nor a"
                        + " list of path,label (.csv)");
    }

    private static Path parent(Path file) {
        Path parent = file.toAbsolutePath().getParent();
        return parent == null ? file.toAbsolutePath() : parent;
    }

    /** The published dataset that {@link #benchmark} names. */
    public Optional<Benchmark> published() {
        return benchmark == null
                ? Optional.empty()
                : Optional.of(Benchmarks.published().get(benchmark));
    }

    /** The hand-written prompt: the published dataset's own, or "a photo of a {}.". */
    public String template() {
        return published().map(Benchmark::template).orElse(PromptTemplates.PHOTO);
    }

    /** The prompts whose features the reference averages for this data. */
    public List<String> ensemble() {
        return published()
                .map(PromptTemplates::ensemble)
                .orElseGet(() -> PromptTemplates.ensemble(PromptTemplates.PHOTO));
    }

    /** A short name for tables. */
    public String name() {
        return published()
                .map(Benchmark::name)
                .orElseGet(
                        () -> {
                            Path last = Path.of(path).toAbsolutePath().normalize().getFileName();
                            return last == null ? path : last.toString();
                        });
    }
}
