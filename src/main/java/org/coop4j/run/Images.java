package org.coop4j.run;

import java.io.IOException;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.coop4j.base.InputException;
import org.coop4j.base.Log;
import org.coop4j.base.Progress;
import org.coop4j.base.Sha256;
import org.coop4j.clip.Clip;
import org.coop4j.clip.FeatureSpace;
import org.coop4j.clip.FeatureSpace.FeatureKind;
import org.coop4j.data.ImageDataset;
import org.coop4j.data.LabelledImage;
import org.coop4j.data.StoredFeatures;
import org.coop4j.data.bank.FeatureBank;
import org.coop4j.data.bank.FileContents;
import org.coop4j.data.bank.ImageFeatures;
import org.coop4j.data.bank.ImageTransform;
import org.coop4j.method.PromptEnsemble;
import org.coop4j.run.RunConfig.RunData;
import org.slf4j.Logger;

/**
 * Data shared by the runs of one model: lists of images, and test images with their features, kept in memory until {@link
 * #forget}.
 */
public final class Images {

    private static final Logger log = Log.of(Images.class);

    private final FeatureSpace space;
    private final Run.Options options;
    private final Map<List<Object>, ImageDataset> datasets = new HashMap<>(); // by data and seed of the split
    private final Map<List<Object>, Evaluator> evaluators = new HashMap<>(); // by the same and the half of the classes
    private final Set<String> warnings = new HashSet<>();
    private final FileContents files;

    public Images(FeatureSpace space, Run.Options options) {
        this.space = space;
        this.options = options;
        this.files = new FileContents(options.bankFolder());
    }

    /** Returns the model that all runs use, or the space of features without one. */
    public FeatureSpace space() {
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
        if (warnings.add(message)) {
            progress.warn(message);
        }
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
    public ImageDataset dataset(DataSpec data, long seed) throws IOException {
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

    /** Keeps lists that were made in memory. */
    void keep(DataSpec data, ImageDataset lists, long seed) {
        datasets.put(List.of(data, data.seedOfSplit(seed)), lists);
    }

    /**
     * Returns a configuration with the hash of the contents of all images that its run uses. Files that an earlier process
     * read are not read again while their sizes and times are the same.
     */
    public RunConfig withContents(RunConfig config) throws IOException {
        long seed = config.sample().seed();
        ImageDataset tested =
                dataset(config.testedOn().source(), seed).half(config.testedOn().classes());
        List<LabelledImage> used = new ArrayList<>();
        if (config.method().learns()) {
            RunData data = config.learnedFrom();
            ImageDataset learned =
                    config.sample().draw(dataset(data.source(), seed), config.method(), data.classes(), note -> {});
            used.addAll(learned.train());
            used.addAll(learned.val());
        }
        used.addAll(tested.test());
        if (tested.stored().isPresent()) {
            return config; // the hash of the file is part of its lists
        }
        String[] hashes = new String[used.size()];
        space.workers().each(hashes.length, (part, i) -> {
            try {
                hashes[i] = files.of(used.get(i).path()).sha256();
            } catch (IOException e) {
                hashes[i] = "unreadable";
            }
        });
        files.keep();
        return config.withImages(Sha256.of(String.join("\n", hashes)));
    }

    /** Returns the test images of a run and the prompts that it is compared with. */
    public Evaluator evaluator(RunConfig config, Progress progress) throws IOException {
        RunData tested = config.testedOn();
        DataSpec data = tested.source();
        long seed = config.sample().seed();
        List<Object> key = List.of(data, data.seedOfSplit(seed), tested.classes());
        Evaluator evaluator = evaluators.get(key);
        if (evaluator == null) {
            ImageDataset dataset = dataset(data, seed).half(tested.classes());
            LabelledFeatures images = features(dataset.test(), "test images", progress);
            InputException.require(images.size() != 0, "no readable test image is left");
            List<PromptEnsemble> prompts = Evaluator.prompts(space, data, dataset.classNames(), note -> {});
            evaluator = new Evaluator(space, dataset, images, prompts, new ArrayList<>());
            evaluators.put(key, evaluator);
        }
        evaluator.images().features(config.method().features(), progress);
        return evaluator;
    }

    /** Returns the features of images as the model's test transform shows them. */
    public LabelledFeatures features(List<LabelledImage> images, String what, Progress progress) throws IOException {
        return images.isEmpty()
                ? LabelledFeatures.none(this, what)
                : new LabelledFeatures(
                        this,
                        what,
                        encode(Sample.NONE, FeatureKind.EMBEDDED, images, what, options.skipBad(), progress));
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
    ImageFeatures encode(
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
        ImageTransform transform = new ImageTransform(clip.preprocessing(), sample.views(), sample.seed());
        try (FeatureBank bank = FeatureBank.open(options.bankFolder(), clip, transform, kind, files)) {
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

    /** Clears the lists, contents and features, to be read again when needed. */
    public void forget() {
        datasets.clear();
        evaluators.clear();
        files.forget();
    }
}
