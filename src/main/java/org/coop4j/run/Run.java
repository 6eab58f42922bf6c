package org.coop4j.run;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.function.Function;
import java.util.stream.IntStream;
import org.coop4j.base.Numbers;
import org.coop4j.base.Progress;
import org.coop4j.clip.FeatureSpace;
import org.coop4j.clip.FeatureSpace.FeatureKind;
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
import org.coop4j.run.Images.Pictures;
import org.coop4j.run.Images.Written;
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

    /** Number of val images from which on the temperature is reliable. */
    private static final int ENOUGH = 30;

    private final Images images;
    private final FeatureSpace space;
    private final String label;
    private final RunConfig config;
    private final Method method;
    private final Sample sample;
    private final DataSpec source;
    private final Progress progress;
    private final Map<String, Double> seconds = new LinkedHashMap<>(); // by part of the run
    private long partBegan;
    private ImageDataset drawn; // null until it is sampled
    private Learner learner;
    private ImageFeatures train; // null until they are encoded
    private boolean begins; // true if the folder held no run

    /**
     * Options that do not change the result.
     *
     * @param bankFolder folder of the feature banks
     * @param skipBad true to skip unreadable images
     * @param memory limit of native memory for the intermediate values of a step
     */
    public record Options(Path bankFolder, boolean skipBad, MemoryLimit memory) {

        /** Returns options that refuse unreadable images and limit no memory. */
        public static Options of(Path bankFolder) {
            return new Options(bankFolder, false, MemoryLimit.none());
        }
    }

    /**
     * Prepares a run of one method as its reference trains it, at a rate that suits the model's logit scale.
     *
     * @throws IOException if the lists of images cannot be read
     */
    public static Run of(FeatureSpace space, DataSpec data, Method method, Sample sample, Options options)
            throws IOException {
        Images images = new Images(space, options);
        RunData lists = RunData.of(data, images.dataset(data, sample.seed()), ClassHalf.ALL);
        Training training = method.adapted(method.training(sample.shots()), space.logitScale());
        RunConfig config = RunConfig.of(space.modelSha256(), lists, method, training, sample)
                .in(space);
        return new Run(images, method.title(), config, Progress.NONE);
    }

    /**
     * Prepares a run.
     *
     * @param label name of the method in the result
     */
    public Run(Images images, String label, RunConfig config, Progress progress) {
        this.images = images;
        this.space = images.space();
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
        try (RunFolder run = claimed(folder, resume)) {
            if (RunFolder.isFinished(folder)) {
                return RunFolder.read(run.file(RunFolder.RESULT), RunResult.class);
            }
            try (Learned learned = learn(run)) {
                return learned.result();
            }
        }
    }

    /** Does the same as {@link #run} and returns everything that the run yields, which the caller closes. */
    public Learned learn(Path folder, boolean resume) throws IOException {
        try (RunFolder run = claimed(folder, resume)) {
            return RunFolder.isFinished(folder) ? finished(run) : learn(run);
        }
    }

    /** Opens the folder for this run, before which everything is checked that can be. */
    private RunFolder claimed(Path folder, boolean resume) throws IOException {
        requireOutside(folder);
        RunFolder.requireFree(folder, resume);
        partBegan = System.nanoTime();
        drawn = sample();
        learner = method.learner(space, task(drawn));
        RunConfig known = images.withContents(config);
        ended("prepare");
        RunFolder run = RunFolder.open(folder);
        try {
            begins = !run.has(RunFolder.CONFIG);
            RunFolder.requireFree(folder, resume); // another run may have claimed it meanwhile
            RunConfig begun = run.claim(known);
            if (RunFolder.isFinished(folder)) {
                progress.note(folder + " is finished already");
            } else if (run.has(RunFolder.CHECKPOINT) && begun.threads() != config.threads()) {
                progress.warn("%s began with %s and resumes with %d: last digits differ; OMP_NUM_THREADS=%d avoids it"
                        .formatted(
                                folder, Numbers.count(begun.threads(), "thread"), config.threads(), begun.threads()));
            }
            return run;
        } catch (IOException | RuntimeException | Error e) {
            run.close();
            throw e;
        }
    }

    /** Returns what a finished run left in its folder. */
    private Learned finished(RunFolder run) throws IOException {
        ClassifierFile file = ClassifierFile.read(run.file(RunFolder.CLASSIFIER));
        Learned learned = new Learned(config, images.support(config, sample, progress), file.open(space));
        learned.calibrated(Confidence.of(file), file);
        test(learned, RunFolder.read(run.file(RunFolder.RESULT), RunResult.class));
        return learned;
    }

    private static void free(RunFolder run, Throwable cause) {
        try {
            run.deleteRunFiles();
        } catch (IOException e) {
            cause.addSuppressed(e);
        }
    }

    /** Learns a classifier in memory, without a test; the caller closes it. */
    public Learned learn() throws IOException {
        partBegan = System.nanoTime();
        drawn = sample();
        learner = method.learner(space, task(drawn));
        return learn(hash -> null);
    }

    /** Learns, tests and writes everything into the folder; the provenance comes last. */
    private Learned learn(RunFolder run) throws IOException {
        Learned learned = null;
        try {
            learned = learn(hash -> new Trainer.RunFiles(
                    run.file(RunFolder.CHECKPOINT), run.file(RunFolder.METRICS), hash, config.checkpointEvery()));
            learned.file().write(run.file(RunFolder.CLASSIFIER));
            RunImages from = method.learns()
                    ? RunImages.learnedFrom(
                            train.images(), learned.support().val().images())
                    : RunImages.NONE;
            test(run, learned, from, method.learns() ? drawn.train() : List.of());
            return learned;
        } catch (IOException | RuntimeException | Error e) {
            if (learned != null) {
                learned.close();
            }
            if (begins && !run.has(RunFolder.CHECKPOINT)) {
                free(run, e);
            }
            throw e;
        }
    }

    /**
     * Encodes, trains and calibrates; a method that learns nothing does none of that.
     *
     * @param files returns the files of the training by the hash of its images
     */
    private Learned learn(Function<String, Trainer.RunFiles> files) throws IOException {
        Support support = images.support(drawn, source, sample.seed(), progress);
        if (!method.learns()) {
            Learned written = new Learned(config, support, learner.fit(null, trainer(files.apply(""))));
            written.calibrated(Confidence.NONE, file(written.classifier(), Confidence.NONE));
            return written;
        }
        FeatureBank.Lists lists = new FeatureBank.Lists();
        lists.encode(() -> support.val().features(FeatureKind.EMBEDDED));
        train = lists.encode(() -> sample.views() == 0
                ? support.train().encoded(method.features())
                : images.encode(
                        sample,
                        method.features(),
                        drawn.train(),
                        "training images",
                        images.options().skipBad(),
                        progress));
        lists.requireReadable();
        FeatureSet chooses =
                method.usesVal() ? support.val().features(method.features()) : FeatureSet.none(train.width());
        requireEveryClass(drawn, train);
        ended("encode_train");
        Classifier classifier =
                learner.fit(new FewShotFeatures(train, chooses), trainer(files.apply(train.contentHash())));
        Learned learned = new Learned(config, support, classifier);
        try {
            ended("train");
            Confidence confidence = confidence(learned);
            learned.calibrated(confidence, file(classifier, confidence));
            ended("calibrate");
            return learned;
        } catch (IOException | RuntimeException | Error e) {
            learned.close();
            throw e;
        }
    }

    /**
     * Chooses the confidence of a classifier by images that it did not learn from and chose nothing by: the val images and,
     * if they are few, the training images by cross-validation.
     */
    private Confidence confidence(Learned learned) throws IOException {
        Scores scores = learned.val();
        String held = scores.size() == 0 ? "" : Numbers.count(scores.size(), "validation image");
        if (scores.size() < ENOUGH && learned.hasFolds()) {
            String how = "%s by %d-fold cross-validation"
                    .formatted(
                            Numbers.count(learned.support().train().size(), "training image"),
                            learned.support().folds());
            progress.note("calibrating the probabilities on " + how);
            held = held.isEmpty() ? how : held + " and " + how;
            scores = scores.and(learned.folds());
        }
        return Confidence.of(scores, held);
    }

    /** Draws the training images, with all errors and warnings about them and the prompts. */
    private ImageDataset sample() throws IOException {
        ClassHalf half = config.data().classes();
        ImageDataset whole = images.dataset(source, sample.seed());
        ImageDataset dataset = method.learns() ? sample.draw(whole, method, half, this::warnOnce) : whole.half(half);
        if (dataset.classCount() < 2) {
            throw new IOException("a classifier needs two classes or more, got only " + dataset.classNames());
        }
        if (dataset.stored().isPresent()) {
            Images.requireServes(dataset.stored().get(), method.features(), sample.views());
        }
        UnknownWords.warning(space, dataset.classNames()).ifPresent(this::warnOnce);
        images.prompts(source, dataset.classNames(), this::warnOnce); // warns before the training
        return dataset;
    }

    private Trainer trainer(Trainer.RunFiles files) {
        return new Trainer(config.training(), sample.seed(), images.options().memory(), progress, files);
    }

    /** Returns the classifier's file with metadata of how it was made. */
    private ClassifierFile file(Classifier classifier, Confidence confidence) {
        ClassifierFile made = classifier.save();
        Map<String, String> metadata = new LinkedHashMap<>(made.training());
        if (space.towers().isPresent()) {
            Path model = space.towers().get().model().path();
            metadata.put(MODEL_FILE, model.toAbsolutePath().toString());
        } else {
            metadata.put(ClassifierFile.LOGIT_SCALE, Float.toString(space.logLogitScale()));
        }
        drawn.stored().ifPresent(stored -> metadata.put("features_sha256", stored.sha256()));
        metadata.put("data", drawn.name());
        if (source.exif() != null) {
            metadata.put(EXIF, source.exif().id());
        }
        metadata.put("shots", Integer.toString(sample.shots()));
        metadata.put("seed", Long.toString(sample.seed()));
        if (config.training().trains()) {
            metadata.put("epochs", Integer.toString(config.training().epochs()));
        }
        confidence.record(metadata);
        return made.withTraining(metadata).withTemperature(confidence.temperature());
    }

    /**
     * Tests a classifier that another run learned, which stays open, and writes the result.
     *
     * @param learnedFrom what it was learned from
     */
    public RunResult test(Path folder, Classifier other, RunImages learnedFrom) throws IOException {
        partBegan = System.nanoTime();
        try (RunFolder run = RunFolder.open(folder)) {
            Learned learned = new Learned(config, null, other);
            test(run, learned, learnedFrom, List.of());
            return learned.result();
        }
    }

    /** Tests the classifier and writes the result; the provenance comes last. */
    private void test(RunFolder run, Learned learned, RunImages from, List<LabelledImage> trained) throws IOException {
        test(learned, null);
        List<String> names = images.testedClasses(config);
        RunImages listed = from.testedOn(names, learned.tested().images());
        listed.overlapNote().ifPresent(this::warnOnce);
        List<RunResult.HandWritten> handWritten = new ArrayList<>();
        for (Written prompts : learned.prompts()) {
            double accuracy = learned.tested().scores(prompts).evaluation().accuracy();
            handWritten.add(new RunResult.HandWritten(prompts.prompts().describe(), accuracy));
        }
        RunResult result =
                RunResult.of(label, config, listed.train().size(), names, learned.test(), handWritten, seconds);
        learned.tested(learned.tested(), learned.test(), learned.prompts(), result);
        listed.write(run);
        run.write(RunFolder.RESULT, result);
        run.write(
                RunFolder.PROVENANCE,
                Provenance.of(space, trained, learned.tested().listed()));
    }

    private void test(Learned learned, RunResult known) throws IOException {
        Pictures tested = images.test(config, progress);
        ended("encode_test");
        List<String> names = images.testedClasses(config);
        Scores scores = tested.scores(learned.classifier().forClasses(names));
        ended("test");
        List<Written> written = images.prompts(config.testedOn().source(), names, note -> {}).stream()
                .map(prompts -> images.written(prompts, names))
                .toList();
        learned.tested(tested, scores, written, known);
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
        images.warnOnce(message, progress);
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
