package org.coop4j.run;

import java.io.IOException;
import java.nio.file.Path;
import java.util.BitSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.function.Consumer;
import org.coop4j.clip.Clip;
import org.coop4j.clip.MemoryLimit;
import org.coop4j.data.DatasetException;
import org.coop4j.data.FewShotSample;
import org.coop4j.data.FewShotSampler;
import org.coop4j.data.ImageDataset;
import org.coop4j.data.Split;
import org.coop4j.data.bank.BankedImages;
import org.coop4j.data.bank.ImageTransform;
import org.coop4j.method.LearnedPrompt;
import org.coop4j.method.PromptLearner;
import org.coop4j.train.BatchOrder;
import org.coop4j.train.Checkpoint;
import org.coop4j.train.Trainable;
import org.coop4j.train.TrainingLoop;

/**
 * Learns context vectors from a few images a class, and tests them beside hand-written prompts.
 *
 * <p>Order of work: sample the images, check every prompt, fill the feature bank, train with
 * checkpoints, test. An interrupted run goes on from its bank and its last checkpoint and gives the
 * same bits as an uninterrupted one.
 */
public final class TrainRun {

    /** Under this name a learned prompt records where its model file was. */
    public static final String MODEL_FILE = "model_file";

    /** What results of single runs call the method. */
    private static final String METHOD = "coop";

    private final SharedData shared;
    private final Clip clip;
    private final String method;
    private final TrainConfig config;
    private final Options options;
    private final Listener listener;

    /** What the user sees of a run. */
    public interface Listener extends TrainingLoop.Listener {

        /** Something that the user should know. */
        void note(String message);

        /** Images are about to be encoded; {@code what} says which. */
        BankedImages.Listener encoding(String what);

        /**
         * Training begins (or goes on) after {@code epoch} epochs.
         *
         * @param batches batches of an epoch
         * @param stepBytes native memory for the intermediate values of a step
         */
        void training(int epoch, TrainConfig config, int batches, long stepBytes);

        /** A listener that shows nothing; unreadable images still end the run. */
        static Listener silent() {
            return new SilentListener();
        }
    }

    /**
     * What does not change the result.
     *
     * @param bankFolder where features are kept between runs
     * @param skipBad whether to go on without unreadable images
     * @param memory native memory for the intermediate values of a step
     */
    public record Options(Path bankFolder, boolean skipBad, MemoryLimit memory) {}

    /** A run that has not begun. */
    public TrainRun(Clip clip, TrainConfig config, Options options, Listener listener) {
        this(new SharedData(clip, options), METHOD, config, listener);
    }

    /**
     * A run that has not begun, one of several on the same data.
     *
     * @param method what its result calls the method
     */
    public TrainRun(SharedData shared, String method, TrainConfig config, Listener listener) {
        this.shared = shared;
        this.clip = shared.clip();
        this.method = method;
        this.config = config;
        this.options = shared.options();
        this.listener = listener;
    }

    /**
     * Runs everything that is left to do in {@code folder}. A run that fails before it has a
     * checkpoint leaves the folder free, so that the same command with the mistake mended can take
     * it.
     *
     * @param resume whether to go on with what the folder holds; otherwise it must be empty
     */
    public RunResult run(Path folder, boolean resume) throws IOException {
        try (RunFolder run = RunFolder.open(folder)) {
            boolean begins = !run.has(RunFolder.CONFIG);
            claim(run, resume);
            try {
                return run(run);
            } catch (IOException | RuntimeException e) {
                if (begins && !run.has(RunFolder.CHECKPOINT)) {
                    free(run, e);
                }
                throw e;
            }
        }
    }

    private static void free(RunFolder run, Exception failure) {
        try {
            run.forget();
        } catch (IOException e) {
            failure.addSuppressed(e);
        }
    }

    private void claim(RunFolder run, boolean resume) throws IOException {
        if (run.has(RunFolder.CONFIG)) {
            if (!resume) {
                throw new IOException(
                        run.path()
                                + " already holds a run: add --resume to go on with it, or choose"
                                + " another --out");
            }
            Resolved there = RunFolder.read(run.file(RunFolder.CONFIG), Resolved.class);
            String model = clip.model().sha256();
            if (!there.modelSha256().equals(model)) {
                throw new IOException(
                        String.format(
                                "the run in %s was begun with another model (SHA-256 %.12s…, this"
                                        + " one %.12s…): resume it with that model, or choose"
                                        + " another --out",
                                run.path(), there.modelSha256(), model));
            }
            if (!there.config().equals(config)) {
                throw new IOException(
                        "the run in "
                                + run.path()
                                + " was begun with other settings (see its config.json): resume it"
                                + " with the same, or choose another --out");
            }
        } else if (!run.isEmpty()) {
            throw new IOException(
                    run.path() + " is not empty and holds no run: choose another --out");
        } else {
            run.write(RunFolder.CONFIG, new Resolved(config, clip.model().sha256()));
        }
    }

    /**
     * What {@code config.json} holds.
     *
     * @param config all settings
     * @param modelSha256 the model that they were used with
     */
    record Resolved(TrainConfig config, String modelSha256) {}

    private RunResult run(RunFolder run) throws IOException {
        Map<String, Double> seconds = new LinkedHashMap<>();
        Stopwatch watch = new Stopwatch();
        ImageDataset dataset = sample();
        if (dataset.classCount() < 2) {
            throw new IOException(
                    "one class alone ("
                            + String.join(", ", dataset.classNames())
                            + ") leaves nothing to tell apart: give two or more");
        }
        PromptBaselines.of(clip, config.data(), dataset.classNames())
                .notes()
                .forEach(listener::note); // said now and not after the training
        Features train = new Features();
        PromptLearner learner =
                PromptLearner.of(
                        clip,
                        PromptLearner.classNames(dataset.classNames(), clip.tokenizer()),
                        config.init(),
                        config.position(),
                        train,
                        options.memory());
        seconds.put("prepare", watch.lap());
        shared.encode(
                trainTransform(),
                dataset.train(),
                options.skipBad(),
                listener.encoding("training images"),
                images -> {
                    train.images = images;
                    requireEveryClass(dataset.classNames(), images);
                    seconds.put("encode_train", watch.lap());
                    learn(run, learner, images);
                    seconds.put("train", watch.lap());
                });
        LearnedPrompt prompt = prompt(learner, dataset);
        prompt.write(run.file(RunFolder.PROMPT));
        Evaluator bench =
                shared.bench(
                        config.data(),
                        config.seed(),
                        config.classes(),
                        listener.encoding("test images"));
        seconds.put("encode_test", watch.lap());
        Scores scores = bench.scores(learner.classFeatures().normalized());
        RunResult result = bench.result(label(), train.images.size(), scores, seconds);
        seconds.put("test", watch.lap());
        run.write(RunFolder.RESULT, result);
        run.write(RunFolder.PROVENANCE, Provenance.of(clip, dataset.train(), dataset.test()));
        return result;
    }

    private RunLabel label() {
        String data = config.data().name();
        return new RunLabel(method, data, data, config.classes(), config.shots(), config.seed());
    }

    private ImageTransform trainTransform() {
        return config.views() == 0
                ? shared.testTransform()
                : new ImageTransform.Train(clip.preprocessing(), config.views(), config.seed());
    }

    private ImageDataset sample() throws IOException {
        return sample(shared.dataset(config.data(), config.seed()), config, listener::note);
    }

    /**
     * The images and classes of a run. Few-shot sampling precedes the halving of the classes, as in
     * the reference, so that both halves are of one sample.
     *
     * @param notes is told of classes that have too few images
     * @throws DatasetException if there is nothing to train on
     */
    static ImageDataset sample(ImageDataset whole, TrainConfig config, Consumer<String> notes)
            throws DatasetException {
        if (whole.train().isEmpty()) {
            throw new DatasetException(
                    "%s has test images alone and nothing to learn from: learn on another dataset"
                            .formatted(whole.name()));
        }
        if (config.shots() == 0) {
            return whole.half(config.classes());
        }
        FewShotSample sample = new FewShotSampler(config.shots(), config.seed()).sample(whole);
        for (FewShotSample.Shortage shortage : sample.shortages()) {
            if (shortage.split() == Split.TRAIN) {
                notes.accept(
                        String.format(
                                "class \"%s\" has %d training images where %d were asked for: all"
                                        + " are taken",
                                shortage.className(), shortage.available(), shortage.wanted()));
            }
        }
        return sample.dataset().half(config.classes());
    }

    /** Unreadable images may have been all that a class had. */
    private static void requireEveryClass(List<String> classNames, BankedImages images)
            throws IOException {
        BitSet present = new BitSet();
        for (int i = 0; i < images.size(); i++) {
            present.set(images.image(i).label());
        }
        int missing = present.nextClearBit(0);
        if (missing < classNames.size()) {
            throw new IOException(
                    "class \"%s\" has no readable training image: mend them or remove the class"
                            .formatted(classNames.get(missing)));
        }
    }

    private void learn(RunFolder run, PromptLearner learner, BankedImages images)
            throws IOException {
        String hash = images.contentHash();
        BatchOrder order = new BatchOrder(images.size(), config.batch(), config.seed());
        TrainingLoop loop = new TrainingLoop(learner, config.schedule(), config.sgd(), order);
        int done = 0;
        if (run.has(RunFolder.CHECKPOINT)) {
            Checkpoint checkpoint = TrainCheckpoint.read(run.file(RunFolder.CHECKPOINT), hash);
            loop.resume(checkpoint);
            done = checkpoint.epochs();
        }
        run.keepMetrics(done);
        learner.tower().prepare(order.batchSize());
        listener.training(done, config, order.batches(), learner.tower().stepBytes());
        loop.run(new Recorder(run, hash));
    }

    /** Writes metrics and checkpoints, and passes on what happens. */
    private final class Recorder implements TrainingLoop.Listener {
        private final RunFolder run;
        private final String imagesHash;

        Recorder(RunFolder run, String imagesHash) {
            this.run = run;
            this.imagesHash = imagesHash;
        }

        @Override
        public void batch(int epoch, int batch, int batches, Trainable.BatchResult result) {
            listener.batch(epoch, batch, batches, result);
        }

        @Override
        public void epoch(
                int epoch, double loss, double accuracy, double rate, Checkpoint checkpoint)
                throws IOException {
            Map<String, Object> line = new LinkedHashMap<>();
            line.put("epoch", epoch + 1);
            line.put("loss", loss);
            line.put("accuracy", 100 * accuracy);
            line.put("learning_rate", rate);
            run.appendMetrics(line);
            boolean last = epoch + 1 == config.epochs();
            if (last || (epoch + 1) % config.checkpointEvery() == 0) {
                TrainCheckpoint.write(run.file(RunFolder.CHECKPOINT), checkpoint, imagesHash);
            }
            listener.epoch(epoch, loss, accuracy, rate, checkpoint);
        }
    }

    /** Training images as features, set once the bank has them. */
    private static final class Features implements PromptLearner.ImageFeatures {
        private BankedImages images;

        @Override
        public int width() {
            return images.width();
        }

        @Override
        public int label(int example) {
            return images.image(example).label();
        }

        @Override
        public void copy(int example, int epoch, float[] target, int offset) {
            images.copyNormalized(example, epoch, target, offset);
        }
    }

    private LearnedPrompt prompt(PromptLearner learner, ImageDataset dataset) throws IOException {
        Map<String, String> training = new LinkedHashMap<>();
        training.put(MODEL_FILE, clip.model().path().toAbsolutePath().toString());
        training.put("data", config.data().name());
        training.put("shots", Integer.toString(config.shots()));
        training.put("seed", Long.toString(config.seed()));
        training.put("epochs", Integer.toString(config.epochs()));
        training.put("init", config.words() == null ? "random" : config.words());
        return new LearnedPrompt(
                learner.parameters(),
                learner.tower().width(),
                learner.layout(),
                dataset.classNames(),
                clip.model().sha256(),
                training);
    }

    /** Seconds since the last lap. */
    private static final class Stopwatch {
        private long last = System.nanoTime();

        double lap() {
            long now = System.nanoTime();
            double seconds = (now - last) / 1e9;
            last = now;
            return seconds;
        }
    }
}
