package org.coop4j.run;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.BitSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.stream.IntStream;
import org.coop4j.base.Progress;
import org.coop4j.clip.FeatureKind;
import org.coop4j.clip.FeatureSpace;
import org.coop4j.clip.MemoryLimit;
import org.coop4j.data.ImageDataset.ClassHalf;
import org.coop4j.data.FeatureSet;
import org.coop4j.data.ImageDataset;
import org.coop4j.data.LabelledImage;
import org.coop4j.data.bank.ImageFeatures;
import org.coop4j.data.bank.ImageFeatures.HashedImage;
import org.coop4j.method.Classifier;
import org.coop4j.method.ClassifierFile;
import org.coop4j.method.FewShotFeatures;
import org.coop4j.method.Learner;
import org.coop4j.method.Method;
import org.coop4j.method.Task;
import org.coop4j.method.UnknownWords;
import org.coop4j.method.train.Trainer;
import org.coop4j.run.RunConfig.RunData;

/**
 * One run: samples images, encodes them, trains a method, calibrates its probabilities, and tests it beside hand-written
 * prompts.
 *
 * <p>Order of work: read the lists, sample the images, check every prompt, claim the folder, fill the feature bank, train
 * with checkpoints, test. An interrupted run goes on from its bank and its last checkpoint and gives the same bits as an
 * uninterrupted one.
 */
public final class Run {

    /** Under this name a classifier records where its model file was. */
    public static final String MODEL_FILE = "model_file";

    /** Under this name a classifier records what it was told to do with EXIF orientations. */
    public static final String EXIF = "exif";

    private final SharedData shared;
    private final FeatureSpace space;
    private final String label;
    private final RunConfig config;
    private final Progress progress;
    private final Map<String, Double> seconds = new LinkedHashMap<>(); // by part of the run
    private long partBegan;

    /**
     * What does not change the result.
     *
     * @param bankFolder where features are kept between runs
     * @param skipBad whether to go on without unreadable images
     * @param memory native memory for the intermediate values of a step
     */
    public record Options(Path bankFolder, boolean skipBad, MemoryLimit memory) {}

    /**
     * A run that has not begun, of one method as its reference trains it.
     *
     * @throws IOException if the lists of images cannot be read
     */
    public static Run of(FeatureSpace space, DataSpec data, Method method, Sample sample, Options options)
            throws IOException {
        SharedData shared = new SharedData(space, options);
        ImageDataset lists = shared.dataset(data, sample.seed());
        RunConfig config = RunConfig.of(
                        space.modelSha256(),
                        RunData.of(data, lists, ClassHalf.ALL),
                        method,
                        method.training(sample.shots()),
                        sample)
                .in(space.precision());
        return new Run(shared, method.title(), config, Progress.NONE);
    }

    /**
     * A run that has not begun.
     *
     * @param label what its result calls the method
     */
    public Run(SharedData shared, String label, RunConfig config, Progress progress) {
        this.shared = shared;
        this.space = shared.space();
        this.label = label;
        this.config = config;
        this.progress = progress;
    }

    /**
     * Runs everything that is left to do in {@code folder}. A run that fails before it has a
     * checkpoint leaves the folder free, so that the same command with the mistake mended can take
     * it.
     *
     * @param resume whether to go on with what the folder holds; otherwise it must be empty
     */
    public RunResult run(Path folder, boolean resume) throws IOException {
        requireOutside(folder);
        RunFolder.requireFree(folder, resume);
        partBegan = System.nanoTime();
        ImageDataset dataset = sample();
        Learner learner = config.method().learner(space, task(dataset));
        ended("prepare");
        try (RunFolder run = RunFolder.open(folder)) {
            boolean begins = !run.has(RunFolder.CONFIG);
            RunFolder.requireFree(folder, resume); // another run may have come first
            run.claim(config);
            if (RunFolder.isFinished(folder)) {
                progress.note(folder + " is finished already");
                return RunFolder.read(run.file(RunFolder.RESULT), RunResult.class);
            }
            try {
                return run(run, dataset, learner);
            } catch (IOException | RuntimeException | Error e) {
                if (begins && !run.has(RunFolder.CHECKPOINT)) {
                    try {
                        run.deleteRunFiles();
                    } catch (IOException failure) {
                        e.addSuppressed(failure);
                    }
                }
                throw e;
            }
        }
    }

    /** Encodes, trains, calibrates and tests; what learns nothing is tested alone. */
    private RunResult run(RunFolder run, ImageDataset dataset, Learner learner) throws IOException {
        if (!config.method().learns()) {
            try (Classifier classifier = fit(learner, null, run, "")) {
                save(run, classifier, Confidence.NONE, dataset);
                return test(run, classifier, List.of(), List.of(), dataset);
            }
        }
        FeatureKind kind = config.method().features();
        LabelledFeatures val = val(dataset);
        FeatureSet chooses = config.method().usesVal() ? val.all(kind, progress) : val.select(List.of());
        ImageFeatures train = shared.encode(config.sample(), kind, dataset.train(), "training images", progress);
        requireEveryClass(dataset, train);
        ended("encode_train");
        FewShotFeatures features = new FewShotFeatures(train, chooses);
        try (Classifier classifier = fit(learner, features, run, train.contentHash())) {
            ended("train");
            Confidence confidence =
                    new HeldOutImages(shared, task(dataset), dataset.train(), val).confidence(classifier, config, progress);
            ended("calibrate");
            save(run, classifier, confidence, dataset);
            return test(run, classifier, train.hashed(), val.images(), dataset);
        }
    }

    /** Draws the training images; everything that can be wrong with them and with the prompts is said now. */
    private ImageDataset sample() throws IOException {
        Method method = config.method();
        RunData data = config.data();
        ImageDataset whole = shared.dataset(data.source(), config.sample().seed());
        ImageDataset dataset = method.learns()
                ? config.sample().draw(whole, method, data.classes(), this::warnOnce)
                : whole.half(data.classes());
        if (dataset.classCount() < 2) {
            throw new IOException("one class alone (%s) leaves nothing to tell apart: expected two or more"
                    .formatted(String.join(", ", dataset.classNames())));
        }
        if (dataset.stored().isPresent()) {
            SharedData.requireServes(
                    dataset.stored().get(), method.features(), config.sample().views());
        }
        UnknownWords.warning(space, dataset.classNames()).ifPresent(this::warnOnce);
        Evaluator.prompts(space, data.source(), dataset.classNames(), this::warnOnce); // said before the training
        return dataset;
    }

    /** The val images, unless they are the test images, which may decide nothing. */
    private LabelledFeatures val(ImageDataset dataset) throws IOException {
        ImageDataset whole =
                shared.dataset(config.learnedFrom().source(), config.sample().seed());
        return shared.features(
                whole.validatesOnTest() && !config.method().usesVal() ? List.of() : dataset.val(),
                "val images",
                progress);
    }

    private Classifier fit(Learner learner, FewShotFeatures features, RunFolder run, String imagesHash)
            throws IOException {
        Trainer.RunFiles files = new Trainer.RunFiles(
                run.file(RunFolder.CHECKPOINT), run.file(RunFolder.METRICS), imagesHash, config.checkpointEvery());
        return learner.fit(
                features,
                new Trainer(
                        config.training(),
                        config.sample().seed(),
                        shared.options().memory(),
                        progress,
                        files));
    }

    /** Writes the classifier with an account of how it was made. */
    private void save(RunFolder run, Classifier classifier, Confidence confidence, ImageDataset dataset)
            throws IOException {
        Map<String, String> account = new LinkedHashMap<>(classifier.save().training());
        space.towers()
                .ifPresentOrElse(
                        clip -> account.put(
                                MODEL_FILE, clip.model().path().toAbsolutePath().toString()),
                        () -> account.put(ClassifierFile.LOGIT_SCALE, Float.toString(space.logLogitScale())));
        dataset.stored().ifPresent(stored -> account.put("features_sha256", stored.sha256()));
        account.put("data", dataset.name());
        RunData data = config.data();
        if (data.source().exif() != null) {
            account.put(EXIF, data.source().exif().id());
        }
        account.put("shots", Integer.toString(config.sample().shots()));
        account.put("seed", Long.toString(config.sample().seed()));
        if (config.training().trains()) {
            account.put("epochs", Integer.toString(config.training().epochs()));
        }
        confidence.record(account);
        classifier
                .save()
                .withTraining(account)
                .withTemperature(confidence.temperature())
                .write(run.file(RunFolder.CLASSIFIER));
    }

    /** Tests the classifier and writes the result; the provenance comes last. */
    private RunResult test(
            RunFolder run, Classifier classifier, List<HashedImage> train, List<HashedImage> val, ImageDataset dataset)
            throws IOException {
        Evaluator evaluator = shared.evaluator(config, progress);
        ended("encode_test");
        Scores scores =
                evaluator.scores(classifier.forClasses(evaluator.dataset().classNames()));
        ended("test");
        RunImages images = RunImages.learnedFrom(train, val).testedOn(evaluator);
        images.overlapNote().ifPresent(this::warnOnce);
        RunResult result = RunResult.of(label, config, train.size(), evaluator, scores, seconds);
        images.write(run);
        run.write(RunFolder.RESULT, result);
        List<LabelledImage> learned = config.method().learns() ? dataset.train() : List.of();
        run.write(
                RunFolder.PROVENANCE,
                Provenance.of(space, learned, evaluator.dataset().test()));
        return result;
    }

    /** Among images, the folder of a run would be a class for ever after. */
    private void requireOutside(Path folder) throws IOException {
        RunData data = config.data();
        Path images = Path.of(data.source().path()).toAbsolutePath().normalize();
        if (data.source().benchmark() != null || !Files.isDirectory(images)) {
            return;
        }
        if (folder.toAbsolutePath().normalize().startsWith(images)) {
            throw new IOException(
                    "%s lies in the folder of the images, %s: choose another --out".formatted(folder, images));
        }
    }

    /** Unreadable images may have been all that a class had. */
    private static void requireEveryClass(ImageDataset dataset, FeatureSet images) throws IOException {
        BitSet present = new BitSet();
        IntStream.of(images.labels()).forEach(present::set);
        int missing = present.nextClearBit(0);
        if (missing < dataset.classCount()) {
            throw new IOException("class \"%s\" has no readable training image: fix them or remove the class"
                    .formatted(dataset.classNames().get(missing)));
        }
    }

    private void warnOnce(String message) {
        shared.warnOnce(message, progress);
    }

    private Task task(ImageDataset dataset) {
        return config.data().source().task(dataset.classNames(), config.sample().seed());
    }

    /** A part of the run ends and the next begins. */
    private void ended(String part) {
        long now = System.nanoTime();
        seconds.merge(part, (now - partBegan) / 1e9, Double::sum);
        partBegan = now;
    }
}
