package org.coop4j.run;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import org.coop4j.base.Sha256;
import org.coop4j.data.CsvList;
import org.coop4j.data.DatasetSource;
import org.coop4j.data.FeatureList;
import org.coop4j.data.FeatureTensors;
import org.coop4j.data.ImageDataset;
import org.coop4j.data.ImageFolder;
import org.coop4j.data.SplitFile;
import org.coop4j.data.SplitRules.SplitShares;
import org.coop4j.data.benchmark.Benchmark;
import org.coop4j.data.benchmark.BenchmarkSource;
import org.coop4j.data.benchmark.Benchmarks;
import org.coop4j.data.benchmark.Benchmarks.PromptTemplates;
import org.coop4j.image.ExifOrientation;
import org.coop4j.method.Task;

/**
 * Where a run's images come from.
 *
 * @param path a folder with a folder a class, a split file, a CSV list, a file of features, or the
 *     folder of all benchmark datasets
 * @param benchmark name of a published dataset, or null
 * @param imageRoot what a split file's or list's paths are relative to; null for its own folder
 * @param namesFile class names of a folder's classes; null for the folders' names
 * @param splitSeed makes the split where the data has none, so that runs of all seeds share it;
 *     null for the run's own seed
 * @param title what to call the data in results; null for the published name or the file's
 * @param template the hand-written prompt that suits it; null for the published one, or "a photo of
 *     a {}."
 * @param split percentages of train, val and test images, such as 60/10/30, where the data has no
 *     division; null for the benchmarks' 50/20/30
 * @param exif what is done with the images' EXIF orientation; null for what suits the data: it is
 *     kept for published datasets and split files, as the reference does, and applied otherwise
 * @param texts features of the classes' texts, which stand for a text tower beside a file of
 *     features; null where there is a model
 */
public record DataSpec(
        String path,
        String benchmark,
        String imageRoot,
        String namesFile,
        Long splitSeed,
        String title,
        String template,
        String split,
        ExifOrientation exif,
        Texts texts) {

    public DataSpec {
        if (path == null || path.isBlank()) {
            throw new IllegalArgumentException("no data: give a folder, a split file, a list or features");
        }
        if (split != null) {
            SplitShares.of(split);
        }
    }

    /**
     * Features of the classes' texts.
     *
     * @param path their file
     * @param sha256 of its content, in hexadecimal
     * @param logLogitScale CLIP's parameter {@code logit_scale}
     */
    public record Texts(String path, String sha256, float logLogitScale) {}

    /** A folder, split file, list or file of features, found by what it is. */
    public static DataSpec of(Path path) {
        return new DataSpec(path.toString(), null, null, null, null, null, null, null, null, null);
    }

    /** The same place, in which a published dataset lies. */
    public DataSpec withBenchmark(String name) {
        return new DataSpec(path, name, imageRoot, namesFile, splitSeed, title, template, split, exif, texts);
    }

    /** The same data, whose images lie below a root and whose classes are named by a file; each may be null. */
    public DataSpec withFiles(Path images, Path names) {
        String root = images == null ? null : images.toString();
        String file = names == null ? null : names.toString();
        return new DataSpec(path, benchmark, root, file, splitSeed, title, template, split, exif, texts);
    }

    /** The same data, of which runs of all seeds share one split. */
    public DataSpec withSplitSeed(long seed) {
        return new DataSpec(path, benchmark, imageRoot, namesFile, seed, title, template, split, exif, texts);
    }

    /** The same data under another name in results and with another hand-written prompt; null for what suits it. */
    public DataSpec described(String name, String prompt) {
        return new DataSpec(path, benchmark, imageRoot, namesFile, splitSeed, name, prompt, split, exif, texts);
    }

    /** The same data divided by other shares, such as 60/10/30. */
    public DataSpec withSplit(String shares) {
        return new DataSpec(path, benchmark, imageRoot, namesFile, splitSeed, title, template, shares, exif, texts);
    }

    /** The same with another treatment of the EXIF orientation; null for what suits the data. */
    public DataSpec withExif(ExifOrientation other) {
        return new DataSpec(path, benchmark, imageRoot, namesFile, splitSeed, title, template, split, other, texts);
    }

    /** The same data beside features of the classes' texts. */
    public DataSpec withTexts(Texts other) {
        return new DataSpec(path, benchmark, imageRoot, namesFile, splitSeed, title, template, split, exif, other);
    }

    /**
     * Reads the lists of images.
     *
     * @param seed makes the split where the data has none and {@link #splitSeed} does not say
     */
    public ImageDataset load(long seed) throws IOException {
        ImageDataset lists = source(seedOfSplit(seed)).load();
        return exif == null ? lists : lists.with(exif);
    }

    /** What is done with the images' EXIF orientation. */
    public ExifOrientation orientation() {
        return exif == null ? usualOrientation() : exif;
    }

    private ExifOrientation usualOrientation() {
        boolean published = benchmark != null || isSplitFile(Path.of(path));
        return published ? ExifOrientation.KEEP : ExifOrientation.APPLY;
    }

    /** Whether it is a file of features. */
    public boolean holdsFeatures() {
        Path place = Path.of(path);
        return benchmark == null && FeatureTensors.isNameOf(place) && !Files.isDirectory(place);
    }

    private static boolean isSplitFile(Path place) {
        return String.valueOf(place.getFileName()).toLowerCase(Locale.ROOT).endsWith(".json");
    }

    /** SHA-256 of what a run's result depends on of lists that were read from here. */
    public String listsSha256(ImageDataset lists) {
        String hash = Provenance.hash(lists);
        if (lists.stored().isPresent()) {
            hash = Sha256.of(hash + " features " + lists.stored().get().sha256());
        }
        if (texts != null) {
            hash = Sha256.of(hash + " texts " + texts.sha256 + " " + texts.logLogitScale);
        }
        return orientation() == usualOrientation()
                ? hash
                : Sha256.of(hash + " exif " + orientation().id());
    }

    /** The seed of the split in a run of this seed. */
    long seedOfSplit(long seed) {
        return splitSeed == null ? seed : splitSeed;
    }

    private DatasetSource source(long seed) throws IOException {
        Path place = Path.of(path);
        Optional<SplitShares> shares = Optional.ofNullable(split).map(SplitShares::of);
        Optional<Path> names = Optional.ofNullable(namesFile).map(Path::of);
        if (shares.isPresent() && (benchmark != null || path.endsWith(".json"))) {
            throw new IOException(place + " has a split of its own: omit --split");
        }
        if (benchmark != null) {
            return new BenchmarkSource(published().orElseThrow(), place, seed);
        }
        if (Files.isDirectory(place)) {
            return new ImageFolder(place, names, seed, shares);
        }
        if (!Files.exists(place)) {
            throw new IOException("no such folder or file: " + place);
        }
        Path root = imageRoot != null ? Path.of(imageRoot) : parent(place);
        String file = place.getFileName().toString().toLowerCase(Locale.ROOT);
        if (isSplitFile(place)) {
            return new SplitFile(name(), place, root);
        }
        if (file.endsWith(".csv")) {
            return new CsvList(name(), place, root, seed, shares);
        }
        if (holdsFeatures()) {
            return new FeatureList(name(), place, names, seed, shares);
        }
        throw new IOException(place
                + " is neither a folder of class folders, nor a split file (.json), nor a"
                + " list of path,label (.csv), nor features (.safetensors, .npz, .pt)");
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

    /**
     * The hand-written prompt that suits the data, {@code {}} standing for the class name; the name
     * alone where the classes' texts have their features.
     */
    public String handWrittenPrompt() {
        if (texts != null) {
            return "{}";
        }
        return template != null
                ? template
                : published().map(Benchmark::template).orElse(PromptTemplates.PHOTO);
    }

    /** The prompts whose features the reference averages for this data. */
    public List<String> ensemble() {
        return template == null && texts == null && benchmark != null
                ? PromptTemplates.ensemble(published().orElseThrow())
                : PromptTemplates.ensemble(handWrittenPrompt());
    }

    /** Telling such classes apart on this data. */
    public Task task(List<String> classNames, long seed) {
        return new Task(classNames, handWrittenPrompt(), seed);
    }

    /** A short name for tables. */
    public String name() {
        if (title != null) {
            return title;
        }
        if (benchmark != null) {
            return published().orElseThrow().name();
        }
        Path last = Path.of(path).toAbsolutePath().normalize().getFileName();
        return last == null ? path : last.toString();
    }
}
