package org.coop4j.run;

import java.io.IOException;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.coop4j.clip.Clip;
import org.coop4j.clip.FeatureKind;
import org.coop4j.clip.FeatureMatrix;
import org.coop4j.data.ClassHalf;
import org.coop4j.data.FeatureSets;
import org.coop4j.data.ImageDataset;
import org.coop4j.data.LabelledImage;
import org.coop4j.data.bank.BankKey;
import org.coop4j.data.bank.BankedImages;
import org.coop4j.data.bank.FeatureBank;
import org.coop4j.data.bank.ImageTransform;
import org.coop4j.weights.Progress;

/**
 * What runs of one model have in common: lists of images, read once, and test images with their
 * features, encoded once and kept in memory until {@link #forget}.
 */
public final class SharedData {

    private final Clip clip;
    private final TrainRun.Options options;
    private final Map<Lists, ImageDataset> datasets = new HashMap<>();
    private final Map<Tested, Evaluator> evaluators = new HashMap<>();

    public SharedData(Clip clip, TrainRun.Options options) {
        this.clip = clip;
        this.options = options;
    }

    private record Lists(DataSpec data, long splitSeed) {}

    private record Tested(Lists lists, ClassHalf half) {}

    /** Encodes what a bank lacks of some images. */
    interface Encoding {

        /** Uses the images while their bank is open. */
        void use(BankedImages images) throws IOException;
    }

    /** The model that all runs use. */
    public Clip clip() {
        return clip;
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
            PromptBaselines prompts = PromptBaselines.of(clip, data, dataset.classNames());
            known = new Evaluator(clip, dataset, images, prompts.fitting());
            evaluators.put(tested, known);
        }
        return known;
    }

    /** The features of images as the model's test transform shows them. */
    public TestImages features(List<LabelledImage> images, String what, Progress progress)
            throws IOException {
        if (images.isEmpty()) {
            return TestImages.none(
                    clip.architecture().embedDim(),
                    clip.featureWidth(FeatureKind.BEFORE_PROJECTION));
        }
        TestImages[] features = new TestImages[1];
        encode(
                testTransform(),
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
                testTransform(),
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
        encode(testTransform(), FeatureKind.EMBEDDED, images, what, true, progress, banked -> {});
    }

    ImageTransform testTransform() {
        return new ImageTransform.Test(clip.preprocessing());
    }

    void encode(
            ImageTransform transform,
            FeatureKind kind,
            List<LabelledImage> images,
            String what,
            boolean skipBad,
            Progress progress,
            Encoding encoding)
            throws IOException {
        try (FeatureBank bank =
                FeatureBank.open(options.bankFolder(), BankKey.of(clip, transform, kind))) {
            encoding.use(
                    BankedImages.build(bank, clip, transform, images, what, skipBad, progress));
        }
    }

    /** Lets go of all lists and features; what is asked for later is read again. */
    public void forget() {
        datasets.clear();
        evaluators.clear();
    }
}
