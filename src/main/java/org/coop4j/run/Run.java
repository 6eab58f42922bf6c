package org.coop4j.run;

import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.function.Function;
import org.coop4j.base.InputException;
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
import org.coop4j.eval.Labels;
import org.coop4j.eval.Scores;
import org.coop4j.image.ExifOrientation;
import org.coop4j.method.Classifier;
import org.coop4j.method.ClassifierFile;
import org.coop4j.method.ClassifierFile.Origin;
import org.coop4j.method.Method;
import org.coop4j.method.Method.FewShotFeatures;
import org.coop4j.method.Method.Learner;
import org.coop4j.method.Trainer;
import org.coop4j.method.UnknownWords;
import org.coop4j.run.Images.Pictures;
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

    /** Fewest val images whose temperature is reliable. */
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
     * Prepares a run of one method on all classes of some data.
     *
     * @param settings as {@link Recipe#of} takes them; what is not given is the reference's
     * @throws IOException if the lists of images cannot be read
     */
    public static Run of(FeatureSpace space, DataSpec data, Method method, Map<String, ?> settings, Options options)
            throws IOException {
        Images images = new Images(space, options);
        long seed = Recipe.checked(method, settings).sample().seed();
        Recipe recipe = Recipe.of(method, settings, Recipe.Lists.of(data, images.dataset(data, seed)), space);
        return new Run(images, recipe, images.data(data, seed, ClassHalf.ALL), Progress.NONE);
    }

    /** Prepares the run of a recipe, whose name the result has. */
    public Run(Images images, Recipe recipe, RunData data, Progress progress) throws IOException {
        this(images, recipe.name(), recipe.on(data, images.space()), progress);
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
     * Opens the run in a folder, which is the only way back to it.
     *
     * @throws IOException if the folder holds no run, or its records are damaged
     */
    public static OpenRun open(Path folder) throws IOException {
        return OpenRun.of(folder);
    }

    /**
     * Does everything that remains to be done in {@code folder}. A run that fails before its first checkpoint leaves the
     * folder free, so that the corrected command can use it.
     *
     * @param resume true to continue the run that the folder holds; otherwise it must be empty
     */
    public RunResult run(Path folder, boolean resume) throws IOException {
        if (resume && RunFolder.isFinished(folder)) {
            try (RunFolder run = claimed(folder, true)) {
                return open(run.path()).result().orElseThrow();
            }
        }
        try (Learned learned = learn(folder, resume)) {
            return learned.result();
        }
    }

    /** Does the same as {@link #run} and returns everything that the run yields, which the caller closes. */
    public Learned learn(Path folder, boolean resume) throws IOException {
        boolean begins = !RunFolder.holdsRun(folder);
        try (RunFolder run = claimed(folder, resume)) {
            return RunFolder.isFinished(folder) ? open(folder).learned(images, progress) : learnedIn(run, begins);
        }
    }

    /** Opens the folder for this run, before which everything is checked that can be. */
    private RunFolder claimed(Path folder, boolean resume) throws IOException {
        source.requireOutside(folder);
        InputException.require(
                !images.tested(config).test().isEmpty(),
                "%s has no test images: a run tests what it learned",
                config.testedOn().name());
        RunFolder.requireFree(folder, resume);
        prepare();
        RunConfig known = images.withContents(config);
        ended("prepare");
        RunFolder run = RunFolder.open(folder);
        try {
            RunFolder.requireFree(folder, resume); // another run may have claimed it meanwhile
            RunConfig begun = run.claim(known, images);
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

    /** Learns a classifier in memory, without a test; the caller closes it. */
    public Learned learn() throws IOException {
        prepare();
        return new Training().learned(hash -> null);
    }

    /** Learns, tests and writes everything into the folder; the provenance comes last. */
    private Learned learnedIn(RunFolder run, boolean begins) throws IOException {
        Learned learned = null;
        try {
            Training training = new Training();
            learned = training.learned(hash -> new Trainer.RunFiles(
                    run.file(RunFolder.CHECKPOINT), run.file(RunFolder.METRICS), hash, config.checkpointEvery()));
            learned.file().write(run.file(RunFolder.CLASSIFIER));
            Support support = learned.support();
            RunImages from = method.learns()
                    ? RunImages.learnedFrom(
                            training.train.images(), support.val().images())
                    : RunImages.NONE;
            Learned.Test test = test(learned.classifier());
            List<LabelledImage> trained = method.learns() ? support.train().listed() : List.of();
            return learned.with(test, write(run, test, from, learned.file(), trained));
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

    private static void free(RunFolder run, Throwable cause) {
        try {
            run.deleteRunFiles();
        } catch (IOException e) {
            cause.addSuppressed(e);
        }
    }

    /** Checks everything that can be checked before an image is encoded, with all warnings. */
    private void prepare() throws IOException {
        partBegan = System.nanoTime();
        ImageDataset drawn = images.drawn(config.data(), method, sample, progress::warn);
        if (drawn.classCount() < 2) {
            throw new IOException("a classifier needs two classes or more, got only " + drawn.classNames());
        }
        method.requireSuits(drawn.hasSets());
        if (drawn.stored().isPresent()) {
            drawn.stored().get().requireServes(method.features(), sample.views());
        }
        List<String> names = drawn.classNames();
        UnknownWords.warning(space, names).ifPresent(progress::warn);
        images.descriptions(source).check(names, progress);
        images.promptsLeftOut(source, names).forEach(progress::warn);
        images.support(config.data(), method, sample, progress).learner(method); // checks the prompts
    }

    /** The learning of the classifier. */
    private final class Training {

        private final ImageDataset drawn = images.drawn(config.data(), method, sample, note -> {});
        private final Support support = images.support(config.data(), method, sample, progress);
        private final Learner learner = support.learner(method);
        private ImageFeatures train = ImageFeatures.none(1);

        Training() throws IOException {}

        /**
         * Encodes, trains and calibrates; a method that learns nothing does none of that.
         *
         * @param files returns the files of the training by the hash of its images
         */
        Learned learned(Function<String, Trainer.RunFiles> files) throws IOException {
            int count = support.train().listed().size();
            cost(space, method.id(), method.prompts(count, drawn.classCount(), config.training()))
                    .ifPresent(progress::note);
            FewShotFeatures examples = method.learns() ? examples() : null;
            Trainer trainer = new Trainer(
                    config.training(),
                    sample.seed(),
                    images.options().memory(),
                    progress,
                    files.apply(method.learns() ? train.contentHash() : ""));
            Classifier classifier = learner.fit(examples, trainer);
            try {
                Confidence confidence = Confidence.NONE;
                if (method.learns()) {
                    ended("train");
                    confidence = confidence(learned(classifier, classifier.save(), confidence));
                    ended("calibrate");
                }
                return learned(classifier, file(classifier, confidence), confidence);
            } catch (IOException | RuntimeException | Error e) {
                classifier.close();
                throw e;
            }
        }

        private Learned learned(Classifier classifier, ClassifierFile file, Confidence confidence) {
            return new Learned(
                    config, support, classifier, file, confidence, warnings, Optional.empty(), Optional.empty());
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
                    method.usesVal() ? support.choosing().features(method.features()) : FeatureSet.none(train.width());
            drawn.requireEveryClass(train.labelSets());
            ended("encode_train");
            return new FewShotFeatures(train, chooses, images.sums());
        }

        /**
         * Chooses the confidence of a classifier by images that it neither learned from nor was chosen by: the val images and,
         * if they are few, the training images by cross-validation. For sets of labels any val images are enough.
         */
        private Confidence confidence(Learned learned) throws IOException {
            Scores scores = learned.val();
            String held = scores.size() == 0 ? "" : Numbers.count(scores.size(), "validation image");
            if (scores.size() < (drawn.hasSets() ? 1 : ENOUGH) && learned.hasFolds()) {
                String how = "%s by %d-fold cross-validation"
                        .formatted(Numbers.count(support.train().size(), "training image"), support.folds());
                progress.note("calibrating the probabilities on " + how);
                held = held.isEmpty() ? how : held + " and " + how;
                scores = scores.and(learned.folds());
            }
            return Confidence.of(scores, held, sample.thresholds() == Sample.Thresholds.OWN);
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
    }

    /**
     * Says how long learned prompts take where that is minutes or more: in a text tower without a mask, where they share nothing.
     *
     * @param what learns them
     * @param prompts number of passes of a prompt through the text tower
     */
    public static Optional<String> cost(FeatureSpace space, String what, double prompts) {
        double seconds =
                space.towers().map(clip -> clip.secondsOfPrompts(prompts)).orElse(0.0);
        return seconds == 0
                ? Optional.empty()
                : Optional.of(("%s: about %s, since the text tower of %s computes all %d rows of %,.0f prompts;"
                                + " methods of image features, such as gda, avoid them")
                        .formatted(
                                what,
                                Numbers.duration(seconds),
                                space.towers()
                                        .orElseThrow()
                                        .architecture()
                                        .family()
                                        .title(),
                                space.towers().orElseThrow().promptRows(),
                                prompts));
    }

    /** Tests what another run learned, and writes the result into a folder. */
    public RunResult test(Path folder, OpenRun learned) throws IOException {
        partBegan = System.nanoTime();
        ClassifierFile file = learned.classifier();
        try (RunFolder run = RunFolder.open(folder);
                Classifier classifier = file.open(space)) {
            return write(run, test(classifier), learned.images(), file, List.of());
        }
    }

    private Learned.Test test(Classifier classifier) throws IOException {
        Pictures tested = images.test(config, progress);
        ended("encode_test");
        Learned.Test test = images.tested(config, images.testedClasses(config), tested, classifier);
        ended("test");
        return test;
    }

    /** Writes the result of a test; the provenance comes last. */
    private RunResult write(
            RunFolder run, Learned.Test test, RunImages from, ClassifierFile file, List<LabelledImage> trained)
            throws IOException {
        Scores unused = test.scores().at(file.temperature()); // asked for later: one pass computes both
        RunImages listed = from.testedOn(test.classNames(), test.images().images());
        listed.overlapNote().ifPresent(progress::warn);
        RunResult result = RunResult.of(
                label,
                config,
                listed,
                file.classNames(),
                test.scores(),
                Learned.decision(file, test.classNames()),
                test.prompts().stream()
                        .map(prompt -> RunResult.HandWritten.of(
                                prompt.written().prompts().describe(),
                                prompt.test().value(),
                                !Labels.areSets(prompt.test().truth())))
                        .toList(),
                warnings,
                seconds);
        listed.write(run);
        run.write(RunFolder.RESULT, result);
        run.write(
                RunFolder.PROVENANCE,
                Provenance.of(space, trained, test.images().listed()));
        return result;
    }

    /** Records the duration of a part of the run; the next part begins. */
    private void ended(String part) {
        long now = System.nanoTime();
        seconds.merge(part, (now - partBegan) / 1e9, Double::sum);
        partBegan = now;
    }
}
