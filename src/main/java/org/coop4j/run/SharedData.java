package org.coop4j.run;

import java.io.IOException;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.coop4j.base.Progress;
import org.coop4j.clip.Clip;
import org.coop4j.clip.FeatureKind;
import org.coop4j.clip.FeatureMatrix;
import org.coop4j.clip.FeatureSpace;
import org.coop4j.data.ClassHalf;
import org.coop4j.data.FeatureSets;
import org.coop4j.data.ImageDataset;
import org.coop4j.data.LabelledImage;
import org.coop4j.data.StoredFeatures;
import org.coop4j.data.bank.FeatureBank;
import org.coop4j.data.bank.ImageFeatures;
import org.coop4j.data.bank.ImageTransform;

/**
 * What runs of one model have in common: lists of images, read once, and test images with their
 * features, encoded once and kept in memory until {@link #forget}.
 */
public final class SharedData {

    private final FeatureSpace space;
    private final TrainRun.Options options;
    private final Map<Lists, ImageDataset> datasets = new HashMap<>();
    private final Map<Tested, Evaluator> evaluators = new HashMap<>();
    private final Set<String> warnings = new HashSet<>();

    public SharedData(FeatureSpace space, TrainRun.Options options) {
        this.space = space;
        this.options = options;
    }

    private record Lists(DataSpec data, long splitSeed) {}

    private record Tested(Lists lists, ClassHalf half) {}

    /** Encodes what a bank lacks of some images. */
    interface Encoding {

        /** Uses the images while their bank is open. */
        void use(ImageFeatures images) throws IOException;
    }

    /** The model that all runs use, or the space of features without one. */
    public FeatureSpace space() {
        return space;
    }

    /**
     * The model that all runs use.
     *
     * @throws IllegalArgumentException if there are features alone
     */
    public Clip clip() {
        return space.requireTowers("encoding images");
    }

    /** Warns of what concerns the data, once for all runs. */
    void warnOnce(String message, Progress progress) {
        if (warnings.add(message)) {
            progress.warn(message);
        }
    }

    /** What does not change a run's result. */
    public TrainRun.Options options() {
        return options;
    }

    /**
     * The lists of a dataset, all of whose files exist.
     *
     * @param seed makes the split where the data has none
     */
    public ImageDataset dataset(DataSpec data, long seed) throws IOException {
        Lists lists = new Lists(data, data.seedOfSplit(seed));
        ImageDataset known = datasets.get(lists);
        if (known == null) {
            known = data.load(seed);
            known.requireFiles();
            if (known.stored().isPresent()) {
                known.stored().get().requireOf(space);
            }
            datasets.put(lists, known);
        }
        return known;
    }

    /** The test images of a run, and what they are measured beside. */
    public Evaluator evaluator(RunConfig config, Progress progress) throws IOException {
        RunData data = config.testedOn();
        Evaluator evaluator =
                evaluator(data.source(), config.sample().seed(), data.classes(), progress);
        evaluator.images().features(config.method().features(), progress);
        return evaluator;
    }

    /**
     * The test images of the classes of a half.
     *
     * @param seed makes the split where the data has none
     */
    public Evaluator evaluator(DataSpec data, long seed, ClassHalf half, Progress progress)
            throws IOException {
        Tested tested = new Tested(new Lists(data, data.seedOfSplit(seed)), half);
        Evaluator known = evaluators.get(tested);
        if (known == null) {
            ImageDataset dataset = dataset(data, seed).half(half);
            TestImages images = features(dataset.test(), "test images", progress);
            if (images.size() == 0) {
                throw new IOException("no readable test image is left");
            }
            PromptBaselines prompts = PromptBaselines.of(space, data, dataset.classNames());
            known = new Evaluator(space, dataset, images, prompts.fitting());
            evaluators.put(tested, known);
        }
        return known;
    }

    /** The features of images as the model's test transform shows them. */
    public TestImages features(List<LabelledImage> images, String what, Progress progress)
            throws IOException {
        if (images.isEmpty()) {
            int before =
                    space.towers()
                            .map(clip -> clip.featureWidth(FeatureKind.BEFORE_PROJECTION))
                            .orElse(0); // nobody asks for them without a tower
            return TestImages.none(space.embedDim(), before);
        }
        TestImages[] features = new TestImages[1];
        encode(
                Sample.NONE,
                FeatureKind.EMBEDDED,
                images,
                what,
                options.skipBad(),
                progress,
                banked ->
                        features[0] =
                                TestImages.of(
                                        banked,
                                        other -> rowsBeforeProjection(images, what, other)));
        return features[0];
    }

    private FeatureMatrix rowsBeforeProjection(
            List<LabelledImage> images, String what, Progress progress) throws IOException {
        FeatureMatrix[] rows = new FeatureMatrix[1];
        encode(
                Sample.NONE,
                FeatureKind.BEFORE_PROJECTION,
                images,
                what,
                options.skipBad(),
                progress,
                banked -> rows[0] = FeatureSets.matrix(banked));
        return rows[0];
    }

    /** Brings images to the bank as the model's test transform shows them; leaves out bad ones. */
    public void encode(List<LabelledImage> images, String what, Progress progress)
            throws IOException {
        encode(Sample.NONE, FeatureKind.EMBEDDED, images, what, true, progress, banked -> {});
    }

    /**
     * Makes a kind of rows of images available.
     *
     * @param sample says how many random crops of each image; without any, they are as the model's
     *     test transform shows them
     */
    void encode(
            Sample sample,
            FeatureKind kind,
            List<LabelledImage> images,
            String what,
            boolean skipBad,
            Progress progress,
            Encoding encoding)
            throws IOException {
        StoredFeatures stored =
                images.get(0).stored() == null ? null : images.get(0).stored().features();
        if (stored != null) {
            stored.requireOf(space);
            requireServes(stored, kind, sample.views());
            encoding.use(ImageFeatures.stored(images));
            return;
        }
        Clip clip = clip();
        ImageTransform transform =
                sample.views() == 0
                        ? new ImageTransform.Test(clip.preprocessing())
                        : new ImageTransform.Train(
                                clip.preprocessing(), sample.views(), sample.seed());
        try (FeatureBank bank = FeatureBank.open(options.bankFolder(), clip, transform, kind)) {
            encoding.use(bank.encode(images, what, skipBad, progress));
        }
    }

    /**
     * Checks that a file of features has what a method learns from: one embedding of each image.
     *
     * @throws IOException if not, saying what it lacks
     */
    static void requireServes(StoredFeatures stored, FeatureKind kind, int views)
            throws IOException {
        if (views > 0) {
            throw new IOException(
                    "%s has one view of each image: omit --views, or give the images"
                            .formatted(stored.file()));
        }
        if (kind != FeatureKind.EMBEDDED) {
            throw new IOException(
                    "%s has the images' features after the visual projection, and the method learns from those before it: give the images"
                            .formatted(stored.file()));
        }
    }

    /** Lets go of all lists and features; what is asked for later is read again. */
    public void forget() {
        datasets.clear();
        evaluators.clear();
    }
}
