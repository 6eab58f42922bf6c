package org.coop4j.run;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Collections;
import java.util.HashMap;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.function.Consumer;
import java.util.stream.IntStream;
import org.coop4j.base.InputException;
import org.coop4j.base.Log;
import org.coop4j.base.Numbers;
import org.coop4j.base.Progress;
import org.coop4j.base.Sha256;
import org.coop4j.clip.Clip;
import org.coop4j.clip.FeatureMatrix;
import org.coop4j.clip.FeatureSpace;
import org.coop4j.clip.FeatureSpace.FeatureKind;
import org.coop4j.clip.TextsOnce;
import org.coop4j.data.DataSpec;
import org.coop4j.data.Examples;
import org.coop4j.data.FeatureSet;
import org.coop4j.data.ImageDataset;
import org.coop4j.data.ImageDataset.ClassHalf;
import org.coop4j.data.LabelledImage;
import org.coop4j.data.Moments;
import org.coop4j.data.PoolAnswer;
import org.coop4j.data.StoredFeatures;
import org.coop4j.data.bank.FeatureBanks;
import org.coop4j.data.bank.FeatureBanks.ImageTransform;
import org.coop4j.data.bank.ImageFeatures;
import org.coop4j.eval.Labels;
import org.coop4j.eval.Scores;
import org.coop4j.image.RgbImage;
import org.coop4j.method.Classifier;
import org.coop4j.method.Method;
import org.coop4j.method.Method.Task;
import org.coop4j.method.PromptEnsemble;
import org.coop4j.method.PromptEnsemble.ClassDescriptions;
import org.coop4j.method.PromptEnsemble.PromptTemplates;
import org.coop4j.method.PromptEnsemble.Written;
import org.coop4j.run.RunConfig.RunData;
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
    private final FeatureBanks banks;
    private final ImageDataset given; // null for data in files
    private final Map<List<Object>, ImageDataset> datasets = new HashMap<>(); // by data and seed of the split
    private final Map<List<Object>, Drawn> samples = new HashMap<>(); // by data, method and sample
    private final Map<List<Object>, Prompts> prompts = new HashMap<>(); // by data and classes
    private final Map<DataSpec.HashedFile, ClassDescriptions> descriptions = new HashMap<>();
    private final Map<List<LabelledImage>, Pictures> parts = new HashMap<>();
    private final Map<List<Object>, Scores> folds = new ConcurrentHashMap<>();
    private final Set<String> warnings = ConcurrentHashMap.newKeySet();
    private List<DataSpec> kept = List.of();
    private Moments sums; // once they are asked for

    /** Encodes images that another program has. */
    public interface Encoder {

        /** Returns the readable images with their features of a kind. */
        ImageFeatures encode(List<LabelledImage> images, FeatureKind kind) throws IOException;

        /** Returns the sums over all training images if the lists have a sample of them; otherwise null. */
        default Moments sums() throws IOException {
            return null;
        }
    }

    /** Images in files, or rows of files of features. */
    public Images(FeatureSpace space, Run.Options options) {
        this(space, options, null, null);
    }

    private Images(FeatureSpace space, Run.Options options, ImageDataset given, Encoder encoder) {
        this.space = new TextsOnce(space);
        this.options = options;
        this.given = given;
        this.encoder = encoder;
        this.banks = new FeatureBanks(options.bankFolder());
    }

    /**
     * Returns images that another program has, whatever their source is called in configurations.
     *
     * @param encoder encodes them, unless they are stored features
     */
    public static Images of(FeatureSpace space, ImageDataset lists, Encoder encoder) {
        return new Images(space, Run.Options.of(Examples.NAME), lists, encoder);
    }

    /** Returns the model that all runs use, or the space of features without one; it encodes each text once. */
    public TextsOnce space() {
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

    /** Returns a progress that shows each warning once for all runs. */
    Progress once(Progress progress) {
        return Progress.once(progress, warnings);
    }

    /**
     * Returns the lists of a dataset.
     *
     * @param seed seed of the split, if the data has none
     */
    public synchronized ImageDataset dataset(DataSpec data, long seed) throws IOException {
        if (given != null) {
            return given;
        }
        List<Object> key = List.of(prompted(data), data.seedOfSplit(seed));
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
     * Returns a dataset as a run uses it: with the prompt of the model's authors, unless it has one of its own.
     *
     * @param seed seed of the split, if the data has none
     */
    public RunData data(DataSpec source, long seed, ClassHalf classes) throws IOException {
        DataSpec own = prompted(source);
        String lists = own.listsSha256(dataset(own, seed));
        return new RunData(own.name(), classes, lists, PromptTemplates.own(own), own);
    }

    private DataSpec prompted(DataSpec data) {
        return data.promptedBy(space);
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
        return config.withImages(Sha256.of(String.join("\n", contents(used))));
    }

    /** Returns the SHA-256 of the content of each file, in hexadecimal; {@code unreadable} for some. */
    List<String> contents(List<LabelledImage> images) {
        return banks.contents(images, space.workers());
    }

    /** Returns the SHA-256 of a file's content as it is now; one that was read before is read again only if it changed. */
    public String contentOf(Path file) throws IOException {
        return banks.sha256(file);
    }

    /** Returns the train, val and test images of a run. */
    public List<LabelledImage> used(RunConfig config) throws IOException {
        List<LabelledImage> used = new ArrayList<>();
        if (config.method().learns()) {
            ImageDataset learned = drawn(config.data(), config.method(), config.sample(), note -> {});
            used.addAll(learned.train());
            used.addAll(learned.val());
        }
        used.addAll(tested(config).test());
        return used;
    }

    /** The images that a method learns from, with remarks on classes that have few. */
    private record Drawn(ImageDataset lists, List<String> notes) {}

    /**
     * Draws the images that a method learns from, once.
     *
     * @param notes receives a sentence about classes that have too few images
     */
    synchronized ImageDataset drawn(RunData data, Method method, Sample sample, Consumer<String> notes)
            throws IOException {
        List<Object> key =
                List.of(data.source(), data.classes(), method, sample.shots(), sample.seed(), sample.negatives());
        Drawn known = samples.get(key);
        if (known == null) {
            List<String> remarks = new ArrayList<>();
            ImageDataset whole = dataset(data.source(), sample.seed());
            ImageDataset drawn = sample.draw(whole, method, data.classes(), remarks::add);
            known = new Drawn(withMachineLabels(drawn, whole, data.source(), remarks::add), remarks);
            samples.put(key, known);
        }
        known.notes.forEach(notes);
        return known.lists;
    }

    /** Adds the pictures that a classifier has labelled, but for those that a person has. */
    private ImageDataset withMachineLabels(
            ImageDataset drawn, ImageDataset whole, DataSpec source, Consumer<String> notes) throws IOException {
        if (source.machineLabels() == null) {
            return drawn;
        }
        List<LabelledImage> labelled = PoolAnswer.images(source, whole, drawn.classNames());
        Set<String> known = new HashSet<>(contents(whole.images()));
        List<String> contents = contents(labelled);
        List<LabelledImage> added = IntStream.range(0, labelled.size())
                .filter(i -> known.add(contents.get(i)))
                .mapToObj(labelled::get)
                .toList();
        notes.accept(
                "%s with labels of a classifier; %d of the table are left out, which have a label by a person or come twice"
                        .formatted(Numbers.count(added.size(), "training image"), labelled.size() - added.size()));
        List<LabelledImage> train = new ArrayList<>(drawn.train());
        train.addAll(added);
        return new ImageDataset(drawn.name(), drawn.classNames(), train, drawn.val(), drawn.test());
    }

    ImageDataset tested(RunConfig config) throws IOException {
        RunData data = config.testedOn();
        return dataset(data.source(), config.sample().seed()).half(data.classes());
    }

    // Prompts

    /** Hand-written prompts that fit some classes, with remarks on the others. */
    private static final class Prompts {
        private final List<PromptEnsemble> fitting;
        private final List<String> notes = new ArrayList<>();
        private List<Written> written; // null until they are needed

        Prompts(FeatureSpace space, DataSpec source, List<String> names) {
            fitting = PromptEnsemble.fitting(space, source, names, notes::add);
        }
    }

    private Prompts prompts(DataSpec source, List<String> names) {
        return prompts.computeIfAbsent(List.of(source, names), key -> new Prompts(space, source, names));
    }

    /** Returns a sentence about each of the data's hand-written prompts that does not fit the context length. */
    synchronized List<String> promptsLeftOut(DataSpec source, List<String> names) {
        return prompts(source, names).notes;
    }

    /** Returns the hand-written prompts that fit some classes, with their class weights. */
    private synchronized List<Written> written(DataSpec source, List<String> names) {
        Prompts known = prompts(source, names);
        if (known.written == null) {
            known.written =
                    known.fitting.stream().map(one -> one.written(space, names)).toList();
        }
        return known.written;
    }

    /** Returns the sentences about the classes of data, checked to be those that it names. */
    synchronized ClassDescriptions descriptions(DataSpec source) {
        return source.descriptions() == null
                ? ClassDescriptions.NONE
                : descriptions.computeIfAbsent(source.descriptions(), one -> ClassDescriptions.of(source));
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

    /**
     * Encodes images into the bank as the model's test transform shows them, and returns the embeddings of the readable
     * ones.
     */
    public ImageFeatures encode(List<LabelledImage> images, String what, Progress progress) throws IOException {
        return encode(Sample.NONE, FeatureKind.EMBEDDED, images, what, true, progress);
    }

    /** Returns the outlines of images whose contents were read ({@link RgbImage#outline}); null where there is no file. */
    public synchronized List<Long> outlines(List<LabelledImage> images) {
        boolean files = encoder == null && images.stream().noneMatch(image -> image.stored() != null);
        return files ? banks.outlines(images, space.workers()) : Collections.nCopies(images.size(), null);
    }

    /** Has the contents of files looked at again, which other programs may have replaced. */
    public void lookAgain() {
        banks.forget();
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
        if (images.get(0).stored() != null) {
            StoredFeatures stored = images.get(0).stored().features();
            stored.requireOf(space);
            stored.requireServes(kind, sample.views());
            return ImageFeatures.stored(images);
        }
        if (encoder != null) {
            return encoder.encode(images, kind);
        }
        Clip clip = clip();
        ImageTransform transform = new ImageTransform(clip.preprocessing(), sample.views(), sample.seed());
        return banks.encode(clip, transform, kind, images, what, skipBad, once(progress));
    }

    /** Returns the sums over all training images if the lists have a sample of them; otherwise null. */
    synchronized Moments sums() throws IOException {
        if (sums == null && encoder != null) {
            sums = encoder.sums();
        }
        return sums;
    }

    /** Some images with their features, encoded once per kind, to learn from and to score many classifiers on. */
    public final class Pictures {

        private final List<LabelledImage> listed;
        private final String what;
        private final Map<FeatureKind, ImageFeatures> features = new LinkedHashMap<>();
        private Progress progress = Progress.NONE;

        private Pictures(List<LabelledImage> listed, String what) {
            this.listed = listed;
            this.what = what;
        }

        /** Returns the images that are listed, readable or not. */
        public List<LabelledImage> listed() {
            return listed;
        }

        /** Returns features of a kind of the readable images in memory, encoding those that are not known. */
        public ImageFeatures features(FeatureKind kind) throws IOException {
            synchronized (Images.this) {
                ImageFeatures known = features.get(kind);
                if (known == null) {
                    known = encoded(kind);
                    features.put(kind, known);
                }
                return known;
            }
        }

        private ImageFeatures encoded(FeatureKind kind) throws IOException {
            boolean first = features.isEmpty();
            List<LabelledImage> wanted = first ? listed : images();
            if (wanted.isEmpty()) {
                return ImageFeatures.none(width(kind));
            }
            ImageFeatures encoded = encode(Sample.NONE, kind, wanted, what, !first || options.skipBad(), progress);
            InputException.require(
                    first || encoded.size() == wanted.size(),
                    "%d of %d images have become unreadable: run again",
                    wanted.size() - encoded.size(),
                    wanted.size());
            return encoded.inMemory();
        }

        private int width(FeatureKind kind) {
            return kind == FeatureKind.EMBEDDED
                    ? space.embedDim()
                    : space.towers().map(clip -> clip.featureWidth(kind)).orElse(1);
        }

        private ImageFeatures known(FeatureKind kind) {
            try {
                return features(kind);
            } catch (IOException e) {
                throw new UncheckedIOException(e);
            }
        }

        /** Returns the readable images with the hashes of their contents. */
        public List<LabelledImage> images() {
            synchronized (Images.this) {
                return features.isEmpty()
                        ? known(FeatureKind.EMBEDDED).images()
                        : features.values().iterator().next().images();
            }
        }

        /** Returns the number of readable images. */
        public int size() {
            return images().size();
        }

        /** Returns the labels of the readable images. */
        public List<Labels> labelSets() {
            return images().stream().map(LabelledImage::labels).toList();
        }

        /** Returns the single labels of the readable images. */
        public int[] labels() {
            return labelSets().stream().mapToInt(Labels::single).toArray();
        }

        /** Returns the images except those at some positions. */
        public Pictures without(Set<Integer> positions) {
            return select(IntStream.range(0, size())
                    .filter(i -> !positions.contains(i))
                    .toArray());
        }

        /** Returns the images at some positions. */
        public Pictures select(int[] positions) {
            ImageFeatures some = known(FeatureKind.EMBEDDED).select(positions);
            Pictures part = new Pictures(some.images(), what);
            part.features.put(FeatureKind.EMBEDDED, some);
            return part;
        }

        /** Returns at most so many of the images, drawn at random with the same seed each time. */
        public Pictures sample(int most) {
            return size() <= most ? this : select(Scores.drawn(size(), most));
        }

        /** Returns the logits of a classifier. */
        public Scores scores(Classifier classifier) {
            FeatureSet rows = known(classifier.features());
            int classes = classifier.classNames().size();
            Scores scores = Scores.of(rows.labelSets(), classes, positions -> classifier
                    .logits(rows.matrixOf(positions))
                    .toRows());
            return classifier.isLinear() ? scores : new Scores(scores.truth(), scores.logits());
        }

        /**
         * Returns the logits of hand-written prompts, scale · cosine of each image with each class.
         */
        public Scores scores(Written prompts) {
            FeatureSet rows = known(FeatureKind.EMBEDDED);
            FeatureMatrix weights = prompts.weights();
            return Scores.of(rows.labelSets(), weights.rows(), positions -> rows.matrixOf(positions)
                    .normalized()
                    .products(weights)
                    .times(space.logitScale())
                    .toRows());
        }
    }

    // The images of a run

    /**
     * Returns the images that a method learns from, or may choose by if it learns nothing.
     *
     * @param sample sample of the training images
     */
    public Support support(RunData data, Method method, Sample sample, Progress progress) throws IOException {
        ImageDataset drawn = drawn(data, method, sample, note -> {});
        return support(
                data.source(),
                drawn.classNames(),
                sample.seed(),
                drawn.train(),
                drawn.validatesOnTest() ? List.of() : drawn.val(),
                progress);
    }

    Support support(
            DataSpec source,
            List<String> names,
            long seed,
            List<LabelledImage> train,
            List<LabelledImage> val,
            Progress progress) {
        return new Support(
                this,
                new Task(names, PromptTemplates.own(source), seed, descriptions(source)),
                listed(train, "training images", progress),
                listed(val, "val images", progress));
    }

    /**
     * Returns the images that a run is tested on, encoded.
     *
     * @throws IOException if none can be read
     */
    public Pictures test(RunConfig config, Progress progress) throws IOException {
        return test(config, tested(config).test(), progress);
    }

    Pictures test(RunConfig config, List<LabelledImage> listed, Progress progress) throws IOException {
        Pictures test = pictures(listed, "test images", progress);
        InputException.require(test.size() != 0, "no readable test image is left");
        if (!config.method().features().isInput()) {
            test.features(config.method().features());
        }
        return test;
    }

    /** Scores test images by a classifier, and by the hand-written prompts that fit their classes. */
    Learned.Test tested(RunConfig config, List<String> names, Pictures test, Classifier classifier) {
        Scores scores = test.scores(classifier.forClasses(names));
        List<Learned.Prompt> baselines = written(config.testedOn().source(), names).stream()
                .map(one -> new Learned.Prompt(one, test.scores(one)))
                .toList();
        return new Learned.Test(names, test, scores, baselines);
    }

    /** Returns the names of the classes that a run is tested on. */
    public List<String> testedClasses(RunConfig config) throws IOException {
        return tested(config).classNames();
    }

    /** Returns the scores of cross-validations by what was learned. */
    Map<List<Object>, Scores> folds() {
        return folds;
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
        samples.clear();
        prompts.clear();
        descriptions.clear();
        parts.clear();
        folds.clear();
        banks.close();
    }
}
