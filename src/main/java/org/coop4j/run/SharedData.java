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
import org.coop4j.clip.FeatureSpace;
import org.coop4j.data.ImageDataset.ClassHalf;
import org.coop4j.data.ImageDataset;
import org.coop4j.data.LabelledImage;
import org.coop4j.data.StoredFeatures;
import org.coop4j.data.bank.FeatureBank;
import org.coop4j.data.bank.ImageFeatures;
import org.coop4j.data.bank.ImageTransform;
import org.coop4j.run.RunConfig.RunData;

/**
 * Data that runs of one model share: lists of images, read once, and test images with their features, encoded once and
 * kept in memory until {@link #forget}.
 */
public final class SharedData {

    private final FeatureSpace space;
    private final Run.Options options;
    private final Map<List<Object>, ImageDataset> datasets = new HashMap<>(); // by data and seed of the split
    private final Map<List<Object>, Evaluator> evaluators = new HashMap<>(); // by the same and half of the classes
    private final Set<String> warnings = new HashSet<>();

    public SharedData(FeatureSpace space, Run.Options options) {
        this.space = space;
        this.options = options;
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

    /** Options of a run that do not change its result. */
    public Run.Options options() {
        return options;
    }

    /** Warns of what concerns the data, once for all runs. */
    void warnOnce(String message, Progress progress) {
        if (warnings.add(message)) {
            progress.warn(message);
        }
    }

    /**
     * The lists of a dataset, all of whose files exist.
     *
     * @param seed makes the split where the data has none
     */
    public ImageDataset dataset(DataSpec data, long seed) throws IOException {
        List<Object> key = List.of(data, data.seedOfSplit(seed));
        ImageDataset known = datasets.get(key);
        if (known == null) {
            known = data.load(seed);
            known.requireFiles();
            if (known.stored().isPresent()) {
                known.stored().get().requireOf(space);
            }
            datasets.put(key, known);
        }
        return known;
    }

    /** The test images of a run, and the prompts that it is compared with. */
    public Evaluator evaluator(RunConfig config, Progress progress) throws IOException {
        RunData data = config.testedOn();
        Evaluator evaluator = evaluator(data.source(), config.sample().seed(), data.classes(), progress);
        evaluator.images().features(config.method().features(), progress);
        return evaluator;
    }

    /**
     * The test images of the classes of a half.
     *
     * @param seed makes the split where the data has none
     */
    public Evaluator evaluator(DataSpec data, long seed, ClassHalf half, Progress progress) throws IOException {
        List<Object> key = List.of(data, data.seedOfSplit(seed), half);
        Evaluator known = evaluators.get(key);
        if (known == null) {
            ImageDataset dataset = dataset(data, seed).half(half);
            LabelledFeatures images = features(dataset.test(), "test images", progress);
            if (images.size() == 0) {
                throw new IOException("no readable test image is left");
            }
            known = new Evaluator(space, data, dataset, images);
            evaluators.put(key, known);
        }
        return known;
    }

    /** The features of images as the model's test transform shows them. */
    public LabelledFeatures features(List<LabelledImage> images, String what, Progress progress) throws IOException {
        return images.isEmpty()
                ? LabelledFeatures.none(this, what)
                : LabelledFeatures.of(this, what, centreCrops(images, FeatureKind.EMBEDDED, what, progress));
    }

    /** Rows of a kind of images as the model's test transform shows them. */
    ImageFeatures centreCrops(List<LabelledImage> images, FeatureKind kind, String what, Progress progress)
            throws IOException {
        return encode(Sample.NONE, kind, images, what, options.skipBad(), progress);
    }

    /** Brings images to the bank as the model's test transform shows them; leaves out bad ones. */
    public void encode(List<LabelledImage> images, String what, Progress progress) throws IOException {
        encode(Sample.NONE, FeatureKind.EMBEDDED, images, what, true, progress);
    }

    /** Rows of a kind of the training images that a run draws. */
    ImageFeatures encode(Sample sample, FeatureKind kind, List<LabelledImage> images, Progress progress)
            throws IOException {
        return encode(sample, kind, images, "training images", options.skipBad(), progress);
    }

    /**
     * Rows of a kind of images, encoded where the bank lacks them.
     *
     * @param sample says how many random crops of each image; without any, they are as the model's test transform
     *     shows them
     */
    private ImageFeatures encode(
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
            requireServes(stored, kind, sample.views());
            return ImageFeatures.stored(images);
        }
        Clip clip = clip();
        ImageTransform transform = sample.views() == 0
                ? new ImageTransform.Test(clip.preprocessing())
                : new ImageTransform.Train(clip.preprocessing(), sample.views(), sample.seed());
        try (FeatureBank bank = FeatureBank.open(options.bankFolder(), clip, transform, kind)) {
            return bank.encode(images, what, skipBad, progress);
        }
    }

    /**
     * Checks that a file of features has the rows that a method learns from: one embedding of each image.
     *
     * @throws IOException if not, saying what it lacks
     */
    static void requireServes(StoredFeatures stored, FeatureKind kind, int views) throws IOException {
        if (views > 0) {
            throw new IOException(
                    "%s has one view of each image: omit --views, or give the images".formatted(stored.file()));
        }
        if (kind != FeatureKind.EMBEDDED) {
            throw new IOException(
                    "%s has the images' features after the visual projection, and the method learns from those before it: give the images"
                            .formatted(stored.file()));
        }
    }

    /** Clears the lists and features; those that are asked for later are read again. */
    public void forget() {
        datasets.clear();
        evaluators.clear();
    }
}
