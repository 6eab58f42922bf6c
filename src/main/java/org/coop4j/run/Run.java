package org.coop4j.run;

import java.io.IOException;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.function.Function;
import org.coop4j.base.Numbers;
import org.coop4j.base.Progress;
import org.coop4j.clip.FeatureSpace;
import org.coop4j.clip.FeatureSpace.FeatureKind;
import org.coop4j.clip.MemoryLimit;
import org.coop4j.data.DataSpec;
import org.coop4j.data.FeatureSet;
import org.coop4j.data.ImageDataset;
import org.coop4j.data.ImageDataset.ClassHalf;
import org.coop4j.data.LabelledImage;
import org.coop4j.data.bank.FeatureBanks;
import org.coop4j.data.bank.ImageFeatures;
import org.coop4j.eval.LabelScores.Decision;
import org.coop4j.eval.Scores;
import org.coop4j.image.ExifOrientation;
import org.coop4j.method.Classifier;
import org.coop4j.method.ClassifierFile;
import org.coop4j.method.ClassifierFile.Origin;
import org.coop4j.method.Method;
import org.coop4j.method.Method.FewShotFeatures;
import org.coop4j.method.Method.Learner;
import org.coop4j.method.PromptEnsemble;
import org.coop4j.method.PromptEnsemble.ClassDescriptions;
import org.coop4j.method.PromptEnsemble.Written;
import org.coop4j.method.Trainer;
import org.coop4j.method.UnknownWords;
import org.coop4j.run.Images.Pictures;
import org.coop4j.run.MethodChoice.Candidate;
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

    /** Number of val images from which on the temperature is reliable. */
    private static final int ENOUGH = 30;

    private final Images images;
    private final FeatureSpace space;
    private final String label;
    private final RunConfig config;
    private final Method method;
    private final Sample sample;
    private final DataSpec source;
    private final Progress progress; // shows each warning once for all runs
    private final List<String> warnings = new ArrayList<>(); // of this run
    private final Map<String, Double> seconds = new LinkedHashMap<>(); // by part of the run
    private long partBegan;
    private ImageDataset drawn; // null until it is sampled
    private Support support;
    private Learner learner;
    private ImageFeatures train = ImageFeatures.none(1);
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
        RunConfig config = Candidate.of(method, Map.of(), sample.shots(), space.logitScale())
                .config(space, lists, sample);
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
        this.progress = Progress.recording(images.once(progress), warnings);
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
        source.requireOutside(folder);
        RunFolder.requireFree(folder, resume);
        begin();
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
        Learned learned = new Learned(config, support, file.open(space));
        learned.calibrated(Confidence.of(file), file);
        test(learned);
        learned.result(RunFolder.read(run.file(RunFolder.RESULT), RunResult.class));
        learned.warned(learned.result().warnings());
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
        begin();
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
            test(run, learned, from, method.learns() ? support.train().listed() : List.of());
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
        int drawnImages = support.train().listed().size();
        cost(space, method.id(), method.prompts(drawnImages, drawn.classCount(), config.training()))
                .ifPresent(progress::note);
        Classifier classifier = method.learns()
                ? learner.fit(examples(), trainer(files.apply(train.contentHash())))
                : learner.fit(null, trainer(files.apply("")));
        Learned learned = new Learned(config, support, classifier);
        learned.warned(warnings);
        try {
            Confidence confidence = Confidence.NONE;
            if (method.learns()) {
                ended("train");
                confidence = confidence(learned);
                ended("calibrate");
            }
            learned.calibrated(confidence, file(classifier, confidence));
            return learned;
        } catch (IOException | RuntimeException | Error e) {
            learned.close();
            throw e;
        }
    }

    /**
     * Says how long learned prompts take where that is minutes or more: in SigLIP's text tower, where they share nothing.
     *
     * @param what learns them
     * @param prompts number of passes of a prompt through the text tower
     */
    public static Optional<String> cost(FeatureSpace space, String what, double prompts) {
        double seconds =
                space.towers().map(clip -> clip.secondsOfPrompts(prompts)).orElse(0.0);
        return seconds == 0
                ? Optional.empty()
                : Optional.of(("%s: about %s, since SigLIP's text tower computes all %d rows of %,.0f prompts;"
                                + " methods of image features, such as gda, do without them")
                        .formatted(
                                what,
                                Numbers.duration(Duration.ofMillis((long) (1000 * seconds))),
                                space.towers()
                                        .orElseThrow()
                                        .architecture()
                                        .text()
                                        .contextLength(),
                                prompts));
    }

    /** Encodes the images to learn from. */
    private FewShotFeatures examples() throws IOException {
        FeatureBanks.Lists lists = new FeatureBanks.Lists();
        lists.encode(() -> support.val().features(FeatureKind.EMBEDDED));
        train = lists.encode(() -> sample.views() == 0
                ? support.train().features(method.features())
                : images.encode(
                        sample,
                        method.features(),
                        support.train().listed(),
                        "training images",
                        images.options().skipBad(),
                        progress));
        lists.requireReadable();
        FeatureSet chooses =
                method.usesVal() ? support.val().features(method.features()) : FeatureSet.none(train.width());
        drawn.requireEveryClass(train.labelSets());
        ended("encode_train");
        return new FewShotFeatures(train, chooses);
    }

    /**
     * Chooses the confidence of a classifier by images that it did not learn from and chose nothing by: the val images and,
     * if they are few, the training images by cross-validation. Of sets of labels any val images are enough.
     */
    private Confidence confidence(Learned learned) throws IOException {
        Scores scores = learned.val();
        String held = scores.size() == 0 ? "" : Numbers.count(scores.size(), "validation image");
        if (scores.size() < (drawn.hasSets() ? 1 : ENOUGH) && learned.hasFolds()) {
            String how = "%s by %d-fold cross-validation"
                    .formatted(
                            Numbers.count(learned.support().train().size(), "training image"),
                            learned.support().folds());
            progress.note("calibrating the probabilities on " + how);
            held = held.isEmpty() ? how : held + " and " + how;
            scores = scores.and(learned.folds());
        }
        return Confidence.of(scores, held, sample.ownThresholds());
    }

    /** Draws the training images, with all errors and warnings about them and the prompts. */
    private void begin() throws IOException {
        partBegan = System.nanoTime();
        drawn = images.drawn(config, sample, progress::warn);
        if (drawn.classCount() < 2) {
            throw new IOException("a classifier needs two classes or more, got only " + drawn.classNames());
        }
        method.requireSuits(drawn.hasSets());
        if (drawn.stored().isPresent()) {
            drawn.stored().get().requireServes(method.features(), sample.views());
        }
        UnknownWords.warning(space, drawn.classNames()).ifPresent(progress::warn);
        ClassDescriptions.of(source).check(drawn.classNames(), progress);
        PromptEnsemble.fitting(space, source, drawn.classNames(), progress::warn); // warns before the training
        support = images.support(config, sample, progress);
        learner = support.learner(method);
    }

    private Trainer trainer(Trainer.RunFiles files) {
        return new Trainer(config.training(), sample.seed(), images.options().memory(), progress, files);
    }

    /** Returns the classifier's file with metadata of how it was made. */
    private ClassifierFile file(Classifier classifier, Confidence confidence) {
        ClassifierFile made = classifier.save();
        Origin origin = space.towers()
                .map(clip -> made.origin()
                        .withModelFile(clip.model().path().toAbsolutePath().toString()))
                .orElseGet(() -> made.origin().withLogitScale(space.logLogitScale()));
        if (drawn.stored().isPresent()) {
            origin = origin.with("features_sha256", drawn.stored().get().sha256());
        }
        ExifOrientation exif = source.orientation() == ExifOrientation.KEEP ? ExifOrientation.KEEP : source.exif();
        origin = origin.withSample(drawn.name(), exif, sample.shots(), sample.seed(), space.precision())
                .withDescriptions(support.task().descriptions(), drawn.classNames());
        if (config.training().trains()) {
            origin = origin.withEpochs(config.training().epochs());
        }
        ClassifierFile told = made.withOrigin(origin.withCalibration(confidence.images(), confidence.threshold()))
                .withTemperature(confidence.temperature());
        if (confidence.decision() != null) {
            return told.withDecision(confidence.decision());
        }
        return drawn.hasSets() && !method.learns() ? told.withDecision(Decision.BEST) : told;
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
        test(learned);
        List<String> names = images.testedClasses(config);
        RunImages listed = from.testedOn(names, learned.tested().images());
        listed.overlapNote().ifPresent(progress::warn);
        List<RunResult.HandWritten> handWritten = new ArrayList<>();
        for (Written prompts : learned.prompts()) {
            double value = learned.tested().scores(prompts).value();
            handWritten.add(new RunResult.HandWritten(prompts.prompts().describe(), value));
        }
        RunResult result = RunResult.of(
                label,
                config,
                listed,
                learned.classifier().classNames(),
                learned.test(),
                learned.decision(names),
                handWritten,
                warnings,
                seconds);
        learned.result(result);
        listed.write(run);
        run.write(RunFolder.RESULT, result);
        run.write(
                RunFolder.PROVENANCE,
                Provenance.of(space, trained, learned.tested().listed()));
    }

    private void test(Learned learned) throws IOException {
        Pictures tested = images.test(config, progress);
        ended("encode_test");
        List<String> names = images.testedClasses(config);
        Scores scores = tested.scores(learned.classifier().forClasses(names));
        ended("test");
        List<Written> written = PromptEnsemble.fitting(space, config.testedOn().source(), names, note -> {}).stream()
                .map(prompts -> prompts.written(space, names))
                .toList();
        learned.tested(tested, scores, written);
    }

    /** Records the duration of a part of the run; the next part begins. */
    private void ended(String part) {
        long now = System.nanoTime();
        seconds.merge(part, (now - partBegan) / 1e9, Double::sum);
        partBegan = now;
    }
}
