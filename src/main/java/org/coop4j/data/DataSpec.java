package org.coop4j.data;

import com.fasterxml.jackson.annotation.JsonInclude;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Locale;
import java.util.Objects;
import java.util.Optional;
import java.util.function.Consumer;
import java.util.stream.Stream;
import org.coop4j.base.InputException;
import org.coop4j.base.Require;
import org.coop4j.base.Sha256;
import org.coop4j.clip.FeatureSpace;
import org.coop4j.clip.FeatureSpace.FeatureTable;
import org.coop4j.data.SplitRules.SplitShares;
import org.coop4j.data.benchmark.Benchmark;
import org.coop4j.data.benchmark.BenchmarkSource;
import org.coop4j.data.benchmark.Benchmarks;
import org.coop4j.graph.host.Workers;
import org.coop4j.image.ExifOrientation;

/**
 * The source of a run's images.
 *
 * @param path a folder with one subfolder per class or of VOC, a split file, a list of CSV, JSONL or COCO, a file of features, or the folder of all
 *     benchmark datasets
 * @param benchmark name of a published dataset, or null
 * @param imageRoot folder that a split file's or list's paths are relative to; null for its own folder
 * @param namesFile file with the class names of a folder's classes; null for the folders' names
 * @param splitSeed seed of the split if the data has none, shared by runs of all seeds; null for the run's own seed
 * @param title the data's name in results; null for the published name or the file's
 * @param template the hand-written prompt that suits it; null for the published one, or "a photo of a {}."
 * @param split percentages of train, val and test images, such as 60/10/30, if the data has no split; 0/0/100 to test on
 *     all images of such data; null for the benchmarks' 50/20/30
 * @param exif treatment of the images' EXIF orientation; null for the usual one: kept for published datasets and split
 *     files, as in the reference, and applied to all others, COCO's lists included
 * @param nested true if each folder with images is a class, named by its path; null if class folders lie side by side
 * @param texts features of the classes' texts, which replace a text tower beside a file of features; null if there is a
 *     model
 * @param descriptions sentences about the classes; null for none
 * @param sets choice among sets of labels; null for all that a list has
 * @param machineLabels a table of further pictures to learn from, which a classifier has labelled; null for none
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
        Boolean nested,
        Texts texts,
        HashedFile descriptions,
        @JsonInclude(JsonInclude.Include.NON_NULL) SetChoice sets,
        @JsonInclude(JsonInclude.Include.NON_NULL) HashedFile machineLabels) {

    public DataSpec {
        Require.that(path != null && !path.isBlank(), "no data: give a folder, a split file, a list or features");
        if (split != null) {
            SplitShares.of(split);
        }
        Stream.of(path, imageRoot, namesFile)
                .filter(Objects::nonNull)
                .map(Path::of)
                .forEach(Objects::requireNonNull); // refuses what cannot be one
    }

    /**
     * Features of the classes' texts.
     *
     * @param path their file
     * @param sha256 of its content, in hexadecimal
     * @param logLogitScale CLIP's parameter {@code logit_scale}
     */
    public record Texts(String path, String sha256, float logLogitScale) {

        public Texts {
            Objects.requireNonNull(Path.of(path)); // refuses what cannot be one
        }
    }

    /**
     * A file that must not change.
     *
     * @param sha256 of its content, in hexadecimal
     */
    public record HashedFile(String path, String sha256) {

        /** Describes a file as it is now. */
        public static HashedFile of(Path file) throws IOException {
            return new HashedFile(file.toAbsolutePath().normalize().toString(), Sha256.of(file));
        }
    }

    /**
     * Choice among images with sets of labels.
     *
     * @param keywords true for the keywords inside the pictures of a folder and beside them
     * @param labels names of classes; null for all
     * @param minPictures smallest number of pictures that show a class
     * @param onlyLabelled true to leave out pictures that show none of the classes
     */
    public record SetChoice(boolean keywords, List<String> labels, int minPictures, boolean onlyLabelled) {

        /** Everything that a list has. */
        public static final SetChoice ALL = new SetChoice(false, null, 0, false);

        public SetChoice {
            labels = labels == null ? null : List.copyOf(labels);
            Require.that(minPictures >= 0, "pictures of a class: expected 0 or more, got %s", minPictures);
        }
    }

    /**
     * A space of features, and the data as it is used there.
     *
     * @param space to be closed
     */
    public record InSpace(FeatureSpace space, DataSpec data) {}

    /** Describes a folder, split file, list or file of features, distinguished by its name. */
    public static DataSpec of(Path path) {
        return new Builder(path.toString(), null).build();
    }

    /** Describes the published dataset of a name in the folder of all datasets. */
    public static DataSpec of(Path path, String benchmark) {
        return new Builder(path.toString(), benchmark).build();
    }

    /** Returns the data with the prompt of the model's authors, if there is one and the data has none of its own. */
    public DataSpec promptedBy(FeatureSpace space) {
        Optional<String> authors = space.authorsPrompt();
        boolean keep = authors.isEmpty()
                || template != null
                || texts != null
                || published().isPresent();
        return keep ? this : with().template(authors.get()).build();
    }

    /** Returns a builder that starts with the values of this data. */
    public Builder with() {
        Builder same = new Builder(path, benchmark);
        same.imageRoot = imageRoot;
        same.namesFile = namesFile;
        same.splitSeed = splitSeed;
        same.title = title;
        same.template = template;
        same.split = split;
        same.exif = exif;
        same.nested = nested;
        same.texts = texts;
        same.descriptions = descriptions;
        same.sets = sets;
        same.machineLabels = machineLabels;
        return same;
    }

    /** Describes data value by value; a value that is null or not given has its default. */
    public static final class Builder {

        private final String path;
        private final String benchmark;
        private String imageRoot;
        private String namesFile;
        private Long splitSeed;
        private String title;
        private String template;
        private String split;
        private ExifOrientation exif;
        private Boolean nested;
        private Texts texts;
        private HashedFile descriptions;
        private SetChoice sets;
        private HashedFile machineLabels;

        private Builder(String path, String benchmark) {
            this.path = path;
            this.benchmark = benchmark;
        }

        /** Gives the folder that the paths of a split file or list are relative to. */
        public Builder images(Path folder) {
            imageRoot = text(folder);
            return this;
        }

        /** Gives the file of the class names. */
        public Builder names(Path file) {
            namesFile = text(file);
            return this;
        }

        /** Gives one split to runs of all seeds. */
        public Builder splitSeed(long seed) {
            splitSeed = seed;
            return this;
        }

        /** Gives the name in results. */
        public Builder title(String name) {
            title = name;
            return this;
        }

        /** Gives the hand-written prompt. */
        public Builder template(String prompt) {
            template = prompt;
            return this;
        }

        /** Gives the shares of the split, such as 60/10/30. */
        public Builder split(String shares) {
            split = shares;
            return this;
        }

        /** Gives the treatment of the images' EXIF orientation. */
        public Builder exif(ExifOrientation treatment) {
            exif = treatment;
            return this;
        }

        /** Makes each folder with images a class, at any depth. */
        public Builder nested() {
            nested = true;
            return this;
        }

        /** Gives features of the classes' texts. */
        public Builder texts(Texts features) {
            texts = features;
            return this;
        }

        /** Gives sentences about the classes. */
        public Builder descriptions(HashedFile sentences) {
            descriptions = sentences;
            return this;
        }

        /** Chooses among sets of labels. */
        public Builder sets(SetChoice choice) {
            sets = choice;
            return this;
        }

        /** Gives further pictures to learn from, which a classifier has labelled. */
        public Builder machineLabels(HashedFile table) {
            machineLabels = table;
            return this;
        }

        private static String text(Path path) {
            return path == null ? null : path.toString();
        }

        /** Returns the description. */
        public DataSpec build() {
            return new DataSpec(
                    path,
                    benchmark,
                    imageRoot,
                    namesFile,
                    splitSeed,
                    title,
                    template,
                    split,
                    exif,
                    nested,
                    texts,
                    descriptions,
                    sets,
                    machineLabels);
        }
    }

    /**
     * Opens the space of these features and of those of their classes' texts, in place of a model.
     *
     * @param classFeatures a row per class
     * @param logitScale factor of cosines in logits; null for the features' own, or else CLIP's 100
     */
    public InSpace withTexts(Path classFeatures, Double logitScale, Workers workers) throws IOException {
        DataFiles.Described described = new DataFiles(this, 1).described(); // the names are those of any seed
        List<String> names = described.classNames();
        StoredFeatures texts = StoredFeatures.ofTexts(classFeatures, names);
        FeatureTable space = described.features().space(texts, names, logitScale, workers);
        String file = classFeatures.toAbsolutePath().normalize().toString();
        return new InSpace(
                space,
                with().texts(new Texts(file, texts.sha256(), space.logLogitScale()))
                        .build());
    }

    /**
     * Reads the lists of images.
     *
     * @param seed seed of the split, unless the data has a split or {@link #splitSeed} is given
     */
    public ImageDataset load(long seed) throws IOException {
        return load(seed, note -> {});
    }

    /**
     * Reads the lists of images.
     *
     * @param notes receives a sentence about what is passed over
     */
    public ImageDataset load(long seed, Consumer<String> notes) throws IOException {
        ImageDataset lists = lists(seedOfSplit(seed), notes);
        return exif == null ? lists : lists.with(exif);
    }

    private ImageDataset lists(long seed, Consumer<String> notes) throws IOException {
        if (benchmark == null) {
            return new DataFiles(this, seed).load(notes);
        }
        Path place = Path.of(path);
        SplitRules.requireNoShares(place, shares());
        return new BenchmarkSource(published().orElseThrow(), place, seed).load();
    }

    /** Returns the shares of the split, if they are given. */
    Optional<SplitShares> shares() {
        return Optional.ofNullable(split).map(SplitShares::of);
    }

    /** Returns true if the name of the file ends so, in any letter case. */
    boolean hasExtension(String extension) {
        return path.toLowerCase(Locale.ROOT).endsWith(extension);
    }

    /** Returns true if the data is a list of COCO. */
    boolean isCoco() {
        return benchmark == null && hasExtension(".json") && LabelLists.isCoco(Path.of(path));
    }

    /** Returns the treatment of the images' EXIF orientation. */
    public ExifOrientation orientation() {
        return exif == null ? usualOrientation() : exif;
    }

    private ExifOrientation usualOrientation() {
        return benchmark != null || (hasExtension(".json") && !isCoco()) ? ExifOrientation.KEEP : ExifOrientation.APPLY;
    }

    /** Returns true if the data is a file of features. */
    public boolean holdsFeatures() {
        Path place = Path.of(path);
        return benchmark == null && FeatureTensors.isNameOf(place) && !Files.isDirectory(place);
    }

    /** Returns the SHA-256 of everything in lists that were read from here that a run's result depends on. */
    public String listsSha256(ImageDataset lists) {
        String hash = lists.sha256();
        if (lists.stored().isPresent()) {
            hash = Sha256.of(hash + " features " + lists.stored().get().sha256());
        }
        if (texts != null) {
            hash = Sha256.of(hash + " texts " + texts.sha256 + " " + texts.logLogitScale);
        }
        if (machineLabels != null) {
            hash = Sha256.of(hash + " machine labels " + machineLabels.sha256);
        }
        return orientation() == usualOrientation()
                ? hash
                : Sha256.of(hash + " exif " + orientation().id());
    }

    /** Returns the seed of the split in a run of this seed. */
    public long seedOfSplit(long seed) {
        return splitSeed == null ? seed : splitSeed;
    }

    /** Returns the published dataset that {@link #benchmark} names. */
    public Optional<Benchmark> published() {
        return benchmark == null
                ? Optional.empty()
                : Optional.of(Benchmarks.published().get(benchmark));
    }

    /** Refuses a folder to write to that lies among the images, where it would become a class. */
    public void requireOutside(Path folder) throws InputException {
        Path images = Path.of(path).toAbsolutePath().normalize();
        InputException.require(
                benchmark != null
                        || !Files.isDirectory(images)
                        || !folder.toAbsolutePath().normalize().startsWith(images),
                "%s lies in the folder of the images, %s: choose another run folder",
                folder,
                images);
    }

    /** Returns a short name for tables. */
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
