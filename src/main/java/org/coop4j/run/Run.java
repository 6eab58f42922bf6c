package org.coop4j.run;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.function.Function;
import java.util.stream.IntStream;
import org.coop4j.base.Numbers;
import org.coop4j.base.Progress;
import org.coop4j.clip.FeatureSpace;
import org.coop4j.clip.MemoryLimit;
import org.coop4j.data.FeatureSet;
import org.coop4j.data.ImageDataset;
import org.coop4j.data.ImageDataset.ClassHalf;
import org.coop4j.data.LabelledImage;
import org.coop4j.data.bank.FeatureBank;
import org.coop4j.data.bank.ImageFeatures;
import org.coop4j.method.Classifier;
import org.coop4j.method.ClassifierFile;
import org.coop4j.method.Method;
import org.coop4j.method.Method.FewShotFeatures;
import org.coop4j.method.Method.Learner;
import org.coop4j.method.Method.Task;
import org.coop4j.method.UnknownWords;
import org.coop4j.method.train.Trainer;
import org.coop4j.method.train.Training;
import org.coop4j.run.RunConfig.RunData;

/**
 * One run: samples images, encodes them, trains a method, calibrates its probabilities, and tests it beside hand-written
 * prompts.
 *
 * <p>Order of work: read the lists, sample the images, check every prompt, claim the folder, fill the feature bank, train
 * with checkpoints, test. An interrupted run continues from its bank and its last checkpoint and gives the same bits as an
 * uninterrupted one.
 */
public final class Run {

    /** Metadata of a classifier: path of its model file. */
    public static final String MODEL_FILE = "model_file";

    /** Metadata of a classifier: treatment of EXIF orientations, if it was given. */
    public static final String EXIF = "exif";

    private final Images shared;
    private final FeatureSpace space;
    private final String label;
    private final RunConfig config;
    private final Method method;
    private final Sample sample;
    private final DataSpec source;
    private final Progress progress;
    private final Map<String, Double> seconds = new LinkedHashMap<>(); // by part of the run
    private long partBegan;

    /**
     * Options that do not change the result.
     *
     * @param bankFolder folder of the feature banks
     * @param skipBad true to skip unreadable images
     * @param memory limit of native memory for the intermediate values of a step
     */
    public record Options(Path bankFolder, boolean skipBad, MemoryLimit memory) {}

    /**
     * Prepares a run of one method as its reference trains it, at a rate that suits the model's logit scale.
     *
     * @throws IOException if the lists of images cannot be read
     */
    public static Run of(FeatureSpace space, DataSpec data, Method method, Sample sample, Options options)
            throws IOException {
        Images shared = new Images(space, options);
        RunData lists = RunData.of(data, shared.dataset(data, sample.seed()), ClassHalf.ALL);
        Training training = method.adapted(method.training(sample.shots()), space.logitScale());
        RunConfig config = RunConfig.of(space.modelSha256(), lists, method, training, sample)
                .in(space);
        return new Run(shared, method.title(), config, Progress.NONE);
    }

    /**
     * Prepares a run.
     *
     * @param label name of the method in the result
     */
    public Run(Images shared, String label, RunConfig config, Progress progress) {
        this.shared = shared;
        this.space = shared.space();
        this.label = label;
        this.config = config;
        this.method = config.method();
        this.sample = config.sample();
        this.source = config.data().source();
        this.progress = progress;
    }

    /**
     * Does everything that remains to be done in {@code folder}. A run that fails before its first checkpoint leaves the
     * folder free, so that the corrected command can use it.
     *
     * @param resume true to continue the run that the folder holds; otherwise it must be empty
     */
    public RunResult run(Path folder, boolean resume) throws IOException {
        requireOutside(folder);
        RunFolder.requireFree(folder, resume);
        partBegan = System.nanoTime();
        ImageDataset dataset = sample();
        Learner learner = method.learner(space, task(dataset));
        ended("prepare");
        try (RunFolder run = RunFolder.open(folder)) {
            boolean begins = !run.has(RunFolder.CONFIG);
            RunFolder.requireFree(folder, resume); // another run may have claimed it meanwhile
            RunConfig begun = run.claim(shared.withContents(config));
            if (RunFolder.isFinished(folder)) {
                progress.note(folder + " is finished already");
                return RunFolder.read(run.file(RunFolder.RESULT), RunResult.class);
            }
            if (run.has(RunFolder.CHECKPOINT) && begun.threads() != config.threads()) {
                progress.warn("%s began with %s and resumes with %d: last digits differ; OMP_NUM_THREADS=%d avoids it"
                        .formatted(
                                folder, Numbers.count(begun.threads(), "thread"), config.threads(), begun.threads()));
            }
            try {
                return run(run, dataset, learner);
            } catch (IOException | RuntimeException | Error e) {
                if (begins && !run.has(RunFolder.CHECKPOINT)) {
                    free(run, e);
                }
                throw e;
            }
        }
    }

    private static void free(RunFolder run, Throwable cause) {
        try {
            run.deleteRunFiles();
        } catch (IOException e) {
            cause.addSuppressed(e);
        }
    }

    /** Learns a classifier in memory, without a test. */
    ClassifierFile learn() throws IOException {
        ImageDataset dataset = sample();
        Learned learned = learn(dataset, method.learner(space, task(dataset)), images -> null);
        try (Classifier classifier = learned.classifier) {
            return file(classifier, learned.confidence, dataset);
        }
    }

    /**
     * A learned classifier.
     *
     * @param images what it was learned from
     */
    private record Learned(Classifier classifier, Confidence confidence, RunImages images) {}

    /** Encodes, trains, calibrates and tests; a method that learns nothing is only tested. */
    private RunResult run(RunFolder run, ImageDataset dataset, Learner learner) throws IOException {
        Learned learned = learn(
                dataset,
                learner,
                images -> new Trainer.RunFiles(
                        run.file(RunFolder.CHECKPOINT), run.file(RunFolder.METRICS), images, config.checkpointEvery()));
        try (Classifier classifier = learned.classifier) {
            file(classifier, learned.confidence, dataset).write(run.file(RunFolder.CLASSIFIER));
            return test(run, classifier, learned.images, method.learns() ? dataset.train() : List.of());
        }
    }

    /**
     * Encodes, trains and calibrates.
     *
     * @param files returns the files of the training by the hash of its images
     */
    private Learned learn(ImageDataset dataset, Learner learner, Function<String, Trainer.RunFiles> files)
            throws IOException {
        if (!method.learns()) {
            return new Learned(learner.fit(null, trainer(files.apply(""))), Confidence.NONE, RunImages.NONE);
        }
        FeatureBank.Lists lists = new FeatureBank.Lists();
        LabelledFeatures val = lists.encode(() -> val(dataset));
        ImageFeatures train = lists.encode(() -> shared.encode(
                sample,
                method.features(),
                dataset.train(),
                "training images",
                shared.options().skipBad(),
                progress));
        lists.requireReadable();
        FeatureSet chooses = method.usesVal() ? val.all(method.features(), progress) : FeatureSet.none(train.width());
        requireEveryClass(dataset, train);
        ended("encode_train");
        FewShotFeatures features = new FewShotFeatures(train, chooses);
        Classifier classifier = learner.fit(features, trainer(files.apply(train.contentHash())));
        try {
            ended("train");
            Confidence confidence = new HeldOutImages(shared, task(dataset), dataset.train(), val)
                    .confidence(classifier, config, progress);
            ended("calibrate");
            return new Learned(classifier, confidence, RunImages.learnedFrom(train.images(), val.images()));
        } catch (IOException | RuntimeException | Error e) {
            classifier.close();
            throw e;
        }
    }

    /** Draws the training images, with all errors and warnings about them and the prompts. */
    private ImageDataset sample() throws IOException {
        ClassHalf half = config.data().classes();
        ImageDataset whole = shared.dataset(source, sample.seed());
        ImageDataset dataset = method.learns() ? sample.draw(whole, method, half, this::warnOnce) : whole.half(half);
        if (dataset.classCount() < 2) {
            throw new IOException("a classifier needs two classes or more, got only " + dataset.classNames());
        }
        if (dataset.stored().isPresent()) {
            Images.requireServes(dataset.stored().get(), method.features(), sample.views());
        }
        UnknownWords.warning(space, dataset.classNames()).ifPresent(this::warnOnce);
        Evaluator.prompts(space, source, dataset.classNames(), this::warnOnce); // warns before the training
        return dataset;
    }

    /** Returns the val images, unless they are the test images, by which nothing may be chosen. */
    private LabelledFeatures val(ImageDataset dataset) throws IOException {
        return shared.features(dataset.validatesOnTest() ? List.of() : dataset.val(), "val images", progress);
    }

    private Trainer trainer(Trainer.RunFiles files) {
        return new Trainer(config.training(), sample.seed(), shared.options().memory(), progress, files);
    }

    /** Returns the classifier's file with metadata of how it was made. */
    private ClassifierFile file(Classifier classifier, Confidence confidence, ImageDataset dataset) throws IOException {
        Map<String, String> metadata = new LinkedHashMap<>(classifier.save().training());
        if (space.towers().isPresent()) {
            Path model = space.towers().get().model().path();
            metadata.put(MODEL_FILE, model.toAbsolutePath().toString());
        } else {
            metadata.put(ClassifierFile.LOGIT_SCALE, Float.toString(space.logLogitScale()));
        }
        dataset.stored().ifPresent(stored -> metadata.put("features_sha256", stored.sha256()));
        metadata.put("data", dataset.name());
        if (source.exif() != null) {
            metadata.put(EXIF, source.exif().id());
        }
        metadata.put("shots", Integer.toString(sample.shots()));
        metadata.put("seed", Long.toString(sample.seed()));
        if (config.training().trains()) {
            metadata.put("epochs", Integer.toString(config.training().epochs()));
        }
        confidence.record(metadata);
        return classifier.save().withTraining(metadata).withTemperature(confidence.temperature());
    }

    /**
     * Tests a classifier that another run learned, and writes the result.
     *
     * @param images what it was learned from
     */
    public RunResult test(Path folder, Classifier learned, RunImages images) throws IOException {
        partBegan = System.nanoTime();
        try (RunFolder run = RunFolder.open(folder)) {
            return test(run, learned, images, List.of());
        }
    }

    /** Tests the classifier and writes the result; the provenance comes last. */
    private RunResult test(RunFolder run, Classifier classifier, RunImages learnedFrom, List<LabelledImage> train)
            throws IOException {
        Evaluator evaluator = shared.evaluator(config, progress);
        ended("encode_test");
        Scores scores = evaluator
                .images()
                .scores(classifier.forClasses(evaluator.dataset().classNames()));
        ended("test");
        RunImages images = learnedFrom.testedOn(evaluator);
        images.overlapNote().ifPresent(this::warnOnce);
        RunResult result = RunResult.of(label, config, images.train().size(), evaluator, scores, seconds);
        images.write(run);
        run.write(RunFolder.RESULT, result);
        run.write(
                RunFolder.PROVENANCE,
                Provenance.of(space, train, evaluator.dataset().test()));
        return result;
    }

    /** Refuses a folder among the images, where it would become a class. */
    private void requireOutside(Path folder) throws IOException {
        Path images = Path.of(source.path()).toAbsolutePath().normalize();
        if (source.benchmark() == null
                && Files.isDirectory(images)
                && folder.toAbsolutePath().normalize().startsWith(images)) {
            throw new IOException(
                    "%s lies in the folder of the images, %s: choose another run folder".formatted(folder, images));
        }
    }

    /** Refuses a class all of whose training images are unreadable. */
    private static void requireEveryClass(ImageDataset dataset, FeatureSet images) throws IOException {
        List<String> missing = ImageDataset.absent(dataset.classNames(), IntStream.of(images.labels()));
        if (!missing.isEmpty()) {
            throw new IOException("class \"%s\" has no readable training image: fix its images or remove the class"
                    .formatted(missing.get(0)));
        }
    }

    private void warnOnce(String message) {
        shared.warnOnce(message, progress);
    }

    private Task task(ImageDataset dataset) {
        return source.task(dataset.classNames(), sample.seed());
    }

    /** Records the duration of a part of the run; the next part begins. */
    private void ended(String part) {
        long now = System.nanoTime();
        seconds.merge(part, (now - partBegan) / 1e9, Double::sum);
        partBegan = now;
    }
}
