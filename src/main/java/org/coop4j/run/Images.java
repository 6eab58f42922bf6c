package org.coop4j.run;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.EnumMap;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.function.Consumer;
import java.util.stream.IntStream;
import org.coop4j.base.InputException;
import org.coop4j.base.Log;
import org.coop4j.base.Progress;
import org.coop4j.base.Sha256;
import org.coop4j.clip.Clip;
import org.coop4j.clip.FeatureMatrix;
import org.coop4j.clip.FeatureSpace;
import org.coop4j.clip.FeatureSpace.FeatureKind;
import org.coop4j.data.Examples;
import org.coop4j.data.FeatureSet;
import org.coop4j.data.ImageDataset;
import org.coop4j.data.LabelledImage;
import org.coop4j.data.StoredFeatures;
import org.coop4j.data.bank.FeatureBank;
import org.coop4j.data.bank.FeatureBank.ImageTransform;
import org.coop4j.data.bank.FileContents;
import org.coop4j.data.bank.ImageFeatures;
import org.coop4j.data.bank.ImageFeatures.HashedImage;
import org.coop4j.method.Classifier;
import org.coop4j.method.Method;
import org.coop4j.method.PromptEnsemble;
import org.coop4j.run.RunConfig.RunData;
import org.coop4j.text.Tokenizer;
import org.coop4j.text.Tokenizer.TextTooLongException;
import org.slf4j.Logger;

/**
 * The images of the runs of one model: listed, hashed and encoded once, and kept in memory until {@link #forget}. They are
 * files, whose features a bank keeps, rows of a file of features, or images that another program has.
 *
 * <p>Safe for use by several threads; one of them encodes at a time.
 */
public final class Images {

    private static final Logger log = Log.of(Images.class);

    private final TextsOnce space;
    private final Run.Options options;
    private final Encoder encoder;
    private final FileContents files;
    private final Map<List<Object>, ImageDataset> datasets = new HashMap<>(); // by data and seed of the split
    private final Map<List<Object>, FeatureBank> banks = new HashMap<>(); // by transform and kind
    private final Map<List<LabelledImage>, Pictures> parts = new HashMap<>();
    private final Map<List<Object>, Written> written = new HashMap<>(); // by prompts and class names
    private final Map<List<Object>, Scores> folds = new ConcurrentHashMap<>();
    private final Set<String> warnings = new HashSet<>();
    private List<DataSpec> kept = List.of();

    /** Encodes images that another program has. */
    public interface Encoder {

        /** Returns the readable images with their features of a kind. */
        ImageFeatures encode(List<LabelledImage> images, FeatureKind kind) throws IOException;
    }

    /** Images in files, or rows of files of features. */
    public Images(FeatureSpace space, Run.Options options) {
        this(space, options, null);
    }

    private Images(FeatureSpace space, Run.Options options, Encoder encoder) {
        this.space = new TextsOnce(space);
        this.options = options;
        this.encoder = encoder;
        this.files = new FileContents(options.bankFolder());
    }

    /**
     * Returns images that another program has.
     *
     * @param source stands for them in configurations
     * @param encoder encodes them; null if they are stored features
     */
    public static Images of(FeatureSpace space, DataSpec source, ImageDataset lists, Encoder encoder) {
        Images images = new Images(space, Run.Options.of(Examples.NAME), encoder);
        images.datasets.put(List.of(source, source.seedOfSplit(0)), lists);
        return images;
    }

    /** Returns the model that all runs use, or the space of features without one; it encodes each text once. */
    public FeatureSpace space() {
        return space;
    }

    TextsOnce texts() {
        return space;
    }

    /**
     * Returns the model that all runs use.
     *
     * @throws IllegalArgumentException if there are only features
     */
    public Clip clip() {
        return space.requireTowers("encoding images");
    }

    /** Returns the options that do not change a run's result. */
    public Run.Options options() {
        return options;
    }

    /** Warns about the data, once for all runs. */
    void warnOnce(String message, Progress progress) {
        synchronized (warnings) {
            if (!warnings.add(message)) {
                return;
            }
        }
        progress.warn(message);
    }

    /** Returns a progress that shows each warning once for all runs. */
    private Progress once(Progress progress) {
        return new Progress() {
            @Override
            public Task task(String name, long total, Unit unit) {
                return progress.task(name, total, unit);
            }

            @Override
            public void warn(String message) {
                warnOnce(message, progress);
            }
        };
    }

    /**
     * Returns the lists of a dataset.
     *
     * @param seed seed of the split, if the data has none
     */
    public synchronized ImageDataset dataset(DataSpec data, long seed) throws IOException {
        List<Object> key = List.of(data, data.seedOfSplit(seed));
        ImageDataset known = datasets.get(key);
        if (known == null) {
            known = data.load(seed, note -> {
                if (warnings.add(note)) {
                    log.warn(note);
                }
            });
            if (known.stored().isPresent()) {
                known.stored().get().requireOf(space);
            }
            datasets.put(key, known);
        }
        return known;
    }

    /**
     * Returns a configuration with the hash of the contents of all images that its run uses. Files that an earlier process
     * read are not read again while their sizes and times are the same.
     */
    public RunConfig withContents(RunConfig config) throws IOException {
        List<LabelledImage> used = used(config);
        if (tested(config).stored().isPresent()) {
            return config; // the hash of the file is part of its lists
        }
        String[] hashes = new String[used.size()];
        space.workers().each(hashes.length, (worker, i) -> {
            try {
                hashes[i] = files.of(used.get(i).path()).sha256();
            } catch (IOException e) {
                hashes[i] = "unreadable";
            }
        });
        files.keep();
        return config.withImages(Sha256.of(String.join("\n", hashes)));
    }

    /** Returns the train, val and test images of a run. */
    public List<LabelledImage> used(RunConfig config) throws IOException {
        List<LabelledImage> used = new ArrayList<>();
        if (config.method().learns()) {
            ImageDataset learned = drawn(config.learnedFrom(), config.method(), config.sample());
            used.addAll(learned.train());
            used.addAll(learned.val());
        }
        used.addAll(tested(config).test());
        return used;
    }

    private ImageDataset drawn(RunData data, Method method, Sample sample) throws IOException {
        return sample.draw(dataset(data.source(), sample.seed()), method, data.classes(), note -> {});
    }

    private ImageDataset tested(RunConfig config) throws IOException {
        RunData data = config.testedOn();
        return dataset(data.source(), config.sample().seed()).half(data.classes());
    }

    // Features

    /** Returns images with their embeddings, as the model's test transform shows them. */
    public Pictures pictures(List<LabelledImage> images, String what, Progress progress) throws IOException {
        Pictures part = listed(images, what, progress);
        part.features(FeatureKind.EMBEDDED);
        return part;
    }

    /** Returns images whose features are encoded when first needed. */
    private synchronized Pictures listed(List<LabelledImage> images, String what, Progress progress) {
        Pictures part = parts.computeIfAbsent(images, list -> new Pictures(list, what));
        part.progress = progress;
        return part;
    }

    /** Encodes images into the bank as the model's test transform shows them, skipping unreadable ones. */
    public void encode(List<LabelledImage> images, String what, Progress progress) throws IOException {
        encode(Sample.NONE, FeatureKind.EMBEDDED, images, what, true, progress);
    }

    /**
     * Returns features of images, encoding those that the bank lacks.
     *
     * @param sample number of random crops of each image; 0 for the model's test transform
     */
    synchronized ImageFeatures encode(
            Sample sample,
            FeatureKind kind,
            List<LabelledImage> images,
            String what,
            boolean skipBad,
            Progress progress)
            throws IOException {
        if (encoder != null) {
            return encoder.encode(images, kind);
        }
        if (images.get(0).stored() != null) {
            StoredFeatures stored = images.get(0).stored().features();
            stored.requireOf(space);
            requireServes(stored, kind, sample.views());
            return ImageFeatures.stored(images);
        }
        Clip clip = clip();
        ImageTransform transform = new ImageTransform(clip.preprocessing(), sample.views(), sample.seed());
        FeatureBank bank = banks.get(List.of(transform, kind));
        if (bank == null) {
            bank = FeatureBank.open(options.bankFolder(), clip, transform, kind, files);
            banks.put(List.of(transform, kind), bank);
        }
        try {
            return bank.encode(images, what, skipBad, once(progress));
        } finally {
            files.keep();
        }
    }

    /**
     * Checks that a file of features is enough for a method, with one embedding of each image.
     *
     * @throws IOException if the method needs other features
     */
    static void requireServes(StoredFeatures stored, FeatureKind kind, int views) throws IOException {
        InputException.require(
                views == 0,
                "%s has one view of each image: ask for no further views, or use the images",
                stored.file());
        InputException.require(
                kind == FeatureKind.EMBEDDED,
                "%s has features after the visual projection, but the method needs those before it: use the images",
                stored.file());
    }

    /** Some images with their features, encoded once per kind, to learn from and to score many classifiers on. */
    public final class Pictures {

        private final List<LabelledImage> listed;
        private final String what;
        private final Map<FeatureKind, ImageFeatures> encoded = new EnumMap<>(FeatureKind.class);
        private final Map<FeatureKind, FeatureSet> features = new EnumMap<>(FeatureKind.class);
        private Progress progress = Progress.NONE;
        private List<HashedImage> readable = List.of();
        private FeatureMatrix normalized;

        private Pictures(List<LabelledImage> listed, String what) {
            this.listed = listed;
            this.what = what;
        }

        /** Returns the images that are listed, readable or not. */
        public List<LabelledImage> listed() {
            return listed;
        }

        /** Returns features of a kind of the readable images in memory, encoding those that are not known. */
        public FeatureSet features(FeatureKind kind) throws IOException {
            synchronized (Images.this) {
                FeatureSet known = features.get(kind);
                if (known == null) {
                    known = listed.isEmpty()
                            ? FeatureSet.none(width(kind))
                            : FeatureSet.of(
                                    encoded(kind).matrix(),
                                    IntStream.of(encoded(kind).labels()));
                    features.put(kind, known);
                }
                return known;
            }
        }

        private int width(FeatureKind kind) {
            return kind == FeatureKind.EMBEDDED
                    ? space.embedDim()
                    : space.towers().map(clip -> clip.featureWidth(kind)).orElse(1);
        }

        /** Returns one or more images with their features of a kind. */
        ImageFeatures encoded(FeatureKind kind) throws IOException {
            synchronized (Images.this) {
                ImageFeatures known = encoded.get(kind);
                if (known == null) {
                    boolean first = encoded.isEmpty();
                    List<LabelledImage> wanted = first
                            ? listed
                            : readable.stream().map(HashedImage::image).toList();
                    known = encode(Sample.NONE, kind, wanted, what, !first || options.skipBad(), progress);
                    InputException.require(
                            first || known.size() == wanted.size(),
                            "%d of %d images have become unreadable: run again",
                            wanted.size() - known.size(),
                            wanted.size());
                    readable = known.images();
                    encoded.put(kind, known);
                }
                return known;
            }
        }

        private FeatureSet known(FeatureKind kind) {
            try {
                return features(kind);
            } catch (IOException e) {
                throw new UncheckedIOException(e);
            }
        }

        /** Returns the readable images with the hashes of their contents. */
        public List<HashedImage> images() {
            synchronized (Images.this) {
                if (features.isEmpty()) {
                    known(FeatureKind.EMBEDDED);
                }
                return readable;
            }
        }

        /** Returns the number of readable images. */
        public int size() {
            return images().size();
        }

        /** Returns the labels of the readable images. */
        public int[] labels() {
            return images().stream().mapToInt(image -> image.image().label()).toArray();
        }

        /** Returns the images except those at some positions. */
        public Pictures without(Set<Integer> positions) {
            return select(IntStream.range(0, size())
                    .filter(i -> !positions.contains(i))
                    .toArray());
        }

        /** Returns the images at some positions. */
        public Pictures select(int[] positions) {
            FeatureSet rows = known(FeatureKind.EMBEDDED);
            List<HashedImage> some =
                    Arrays.stream(positions).mapToObj(images()::get).toList();
            Pictures part = new Pictures(some.stream().map(HashedImage::image).toList(), what);
            part.readable = some;
            part.features.put(FeatureKind.EMBEDDED, rows.select(positions));
            return part;
        }

        /** Returns the logits of a classifier. */
        public Scores scores(Classifier classifier) {
            FeatureSet rows = known(classifier.features());
            return new Scores(rows.labels(), classifier.logits(rows.matrix()).toRows());
        }

        /**
         * Returns the logits of hand-written prompts, scale · cosine of each image with each class.
         */
        public Scores scores(Written prompts) {
            synchronized (Images.this) {
                if (normalized == null) {
                    normalized = known(FeatureKind.EMBEDDED).matrix().normalized();
                }
            }
            FeatureMatrix logits = normalized.products(prompts.weights).times(space.logitScale());
            return new Scores(labels(), logits.toRows());
        }
    }

    // The images of a run

    /**
     * Returns the images that a run learns from, or may choose by if it learns nothing.
     *
     * @param sample sample of the training images
     */
    public Support support(RunConfig config, Sample sample, Progress progress) throws IOException {
        RunData data = config.data();
        ImageDataset whole = dataset(data.source(), config.sample().seed());
        boolean onlyTests = whole.train().isEmpty();
        ImageDataset drawn =
                onlyTests ? whole.half(data.classes()) : sample.draw(whole, config.method(), data.classes(), n -> {});
        return support(drawn, data.source(), config.sample().seed(), progress);
    }

    Support support(ImageDataset drawn, DataSpec data, long seed, Progress progress) {
        return new Support(
                this,
                data.task(drawn.classNames(), seed),
                listed(drawn.train(), "training images", progress),
                listed(drawn.validatesOnTest() ? List.of() : drawn.val(), "val images", progress));
    }

    /**
     * Returns the images that a run is tested on, encoded.
     *
     * @throws IOException if none can be read
     */
    public Pictures test(RunConfig config, Progress progress) throws IOException {
        Pictures test = pictures(tested(config).test(), "test images", progress);
        InputException.require(test.size() != 0, "no readable test image is left");
        test.features(config.method().features());
        return test;
    }

    /** Returns the names of the classes that a run is tested on. */
    public List<String> testedClasses(RunConfig config) throws IOException {
        return tested(config).classNames();
    }

    /** Returns the scores of cross-validations by what was learned. */
    Map<List<Object>, Scores> folds() {
        return folds;
    }

    // Hand-written prompts

    /**
     * Hand-written prompts with their class weights.
     *
     * @param seconds duration of the encoding
     */
    public record Written(PromptEnsemble prompts, FeatureMatrix weights, double seconds) {}

    /** Returns the class weights of prompts, encoded once. */
    public synchronized Written written(PromptEnsemble prompts, List<String> classNames) {
        return written.computeIfAbsent(List.of(prompts, classNames), key -> {
            long start = System.nanoTime();
            FeatureMatrix weights = prompts.classWeights(space, classNames);
            return new Written(prompts, weights, (System.nanoTime() - start) / 1e9);
        });
    }

    /**
     * Returns the hand-written prompts that fit the context length, to compare a learned one with.
     *
     * @param notes receives a sentence about each that does not fit
     */
    public List<PromptEnsemble> prompts(DataSpec data, List<String> classNames, Consumer<String> notes) {
        List<PromptEnsemble> fitting = new ArrayList<>();
        for (PromptEnsemble prompts : data.prompts()) {
            if (!prompts.areKnown(space, classNames)) {
                continue; // without a text tower, the classes' own features are all there is
            }
            try {
                prompts.requireFit(space, classNames);
                fitting.add(prompts);
            } catch (TextTooLongException e) {
                notes.accept(
                        "left out the hand-written prompt \"%s\": %s".formatted(prompts.describe(), e.getMessage()));
            }
        }
        // Methods that need no prompts are compared with the names, as far as they fit.
        return fitting.isEmpty() && space.towers().isPresent()
                ? List.of(new PromptEnsemble(List.of("{}"), Tokenizer.Overflow.TRUNCATE))
                : List.copyOf(fitting);
    }

    /** Forgets everything unless runs of the same data were made before. */
    public synchronized void keepOnly(List<DataSpec> data) {
        if (!data.equals(kept)) {
            forget();
            kept = data;
        }
    }

    /** Clears the lists, contents and features, to be read again when needed, and closes the banks. */
    public synchronized void forget() {
        datasets.clear();
        parts.clear();
        written.clear();
        folds.clear();
        files.forget();
        for (FeatureBank bank : banks.values()) {
            try {
                bank.close();
            } catch (IOException e) {
                log.warn("a feature bank could not be closed: {}", e.getMessage());
            }
        }
        banks.clear();
    }
}
