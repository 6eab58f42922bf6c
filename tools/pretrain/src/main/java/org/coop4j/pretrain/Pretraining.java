package org.coop4j.pretrain;

import java.io.IOException;
import java.nio.FloatBuffer;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.SplittableRandom;
import org.coop4j.base.InputException;
import org.coop4j.clip.Clip;
import org.coop4j.data.RandomStream;
import org.coop4j.graph.ExecutionPlan;
import org.coop4j.graph.host.Workers;
import org.coop4j.image.Preprocessing;
import org.coop4j.method.Trainer.NonFiniteLossException;
import org.coop4j.model.ClipConfig;
import org.coop4j.model.ModelMetadata;
import org.coop4j.text.Tokenizer;
import org.coop4j.weights.DType;

/**
 * Contrastive training of a CLIP on a table of pictures and captions.
 *
 * <p>All that depends on the data is checked before the first step: every image is decoded and
 * every caption tokenized, and the batches of all epochs are counted, since the seed determines
 * them. The pictures of a batch are prepared by all threads, then the step is computed by all
 * threads, so that the cores are busy and never fight. A caption is a target of every picture of
 * the batch that has it in the table, not of the one alone that shows it. Stopping after any step
 * and going on gives the same bits on as many threads.
 */
public final class Pretraining implements AutoCloseable {

    private final PretrainConfig config;
    private final Clip teacher; // null for none
    private final TokenizedCaptions captions;
    private final int[][] sortedCaptions;
    private final ImageCache pictures;
    private final PairBatches batches;
    private final int[] batchesOfEpoch;
    private final WarmupCosine schedule;
    private final Preprocessing preprocessing;
    private final TrainableClip clip;
    private final List<TrainedArray> arrays;
    private final AdamW optimizer;
    private final Workers workers;
    private int epoch;
    private double total;
    private Epoch last;

    /** Is told of each batch and each epoch. */
    public interface Listener {

        /** A batch is done; {@code batch} counts from 0. */
        default void batch(int epoch, int batch, double loss) throws IOException {}

        /** An epoch is done; this is where checkpoints are written. */
        default void epoch(Epoch epoch) throws IOException {}
    }

    /**
     * What an epoch gave.
     *
     * @param number which one, from 0
     * @param loss mean loss of its batches
     * @param rate learning rate of its last step
     * @param logitScale factor of the cosines after it
     * @param batches number of its batches
     * @param pairsPerSecond pairs trained a second
     */
    public record Epoch(int number, double loss, double rate, double logitScale, int batches, double pairsPerSecond) {}

    private Pretraining(
            PretrainConfig config,
            InitialModel initial,
            Clip teacher,
            TokenizedCaptions captions,
            ImageCache pictures,
            Workers workers) {
        this.config = config;
        this.teacher = teacher;
        this.captions = captions;
        this.sortedCaptions = Arrays.stream(captions.numbers())
                .map(numbers -> Arrays.stream(numbers).sorted().toArray())
                .toArray(int[][]::new);
        this.pictures = pictures;
        this.workers = workers;
        this.batches = new PairBatches(config.batches(), config.seed(), captions.numbers());
        this.batchesOfEpoch = new int[config.epochs()];
        long steps = 0;
        int rows = 0;
        for (int e = 0; e < batchesOfEpoch.length; e++) {
            List<PairBatches.Batch> list = batches.epoch(e);
            batchesOfEpoch[e] = list.size();
            steps += list.size();
            for (PairBatches.Batch batch : list) {
                rows = Math.max(rows, rows(batch));
            }
        }
        long warmup = Math.round(config.warmupEpochs() * steps / config.epochs());
        this.schedule = new WarmupCosine(config.rate(), warmup, steps);
        var size = new TrainableClip.Size(config.batches().size(), batches.classes(), rows, captions.longest());
        this.preprocessing =
                Preprocessing.clip(initial.metadata().architecture().vision().imageSize());
        this.clip = TrainableClip.of(initial, size, config.distillation(), captions.vocabulary(), workers);
        this.arrays = clip.arrays();
        this.optimizer = new AdamW(config.optimizer(), arrays, workers);
    }

    private int rows(PairBatches.Batch batch) {
        return Arrays.stream(batch.captions())
                .map(c -> captions.tokens(c).length)
                .sum();
    }

    /**
     * Reads and checks everything, and plans the step.
     *
     * @param initial weights to begin with; preprocessing is CLIP's
     * @param teacher whose image features are imitated, the caller's to close; null if the distillation has no weight
     * @param workers threads to work with, the caller's to close
     * @throws IOException if an image cannot be read or a caption is too long, naming it
     */
    public static Pretraining prepare(
            PretrainConfig config,
            InitialModel initial,
            Clip teacher,
            PairTable table,
            Tokenizer tokenizer,
            Workers workers)
            throws IOException {
        if (table.pictures().size() < config.batches().size()) {
            throw new InputException("batches of %d pairs, but %s has %d pictures: choose a batch of at most that"
                    .formatted(
                            config.batches().size(),
                            table.file(),
                            table.pictures().size()));
        }
        var architecture = initial.metadata().architecture();
        if (!(architecture.vision() instanceof ClipConfig.Vit)) {
            throw new InputException(
                    "the model is a ResNet, and vision transformers alone are trained: choose another");
        }
        if (teacher != null
                && teacher.architecture().vision().imageSize()
                        != architecture.vision().imageSize()) {
            throw new InputException(
                    "a teacher for images of %d pixels, but the model's have %d: choose one of that size"
                            .formatted(
                                    teacher.architecture().vision().imageSize(),
                                    architecture.vision().imageSize()));
        }
        TokenizedCaptions captions =
                TokenizedCaptions.of(table, tokenizer, architecture.text().contextLength());
        List<Path> files =
                table.pictures().stream().map(PairTable.Picture::image).toList();
        ImageCache pictures =
                ImageCache.load(files, architecture.vision().imageSize(), ImageCache.standardBudget(), workers);
        return new Pretraining(config, initial, teacher, captions, pictures, workers);
    }

    /** Returns the number of pictures. */
    public int pictures() {
        return captions.numbers().length;
    }

    /** Returns the number of pictures held in memory; the others are read each time. */
    public int picturesInMemory() {
        return pictures.heldCount();
    }

    /** Returns the number of classes among which pictures are told apart. */
    public int classes() {
        return batches.classes();
    }

    /** Returns the different tokens of all captions. */
    public int vocabularySize() {
        return captions.vocabulary().length;
    }

    /** Returns the number of steps of the whole training. */
    public long steps() {
        return schedule.steps();
    }

    /** Returns the number of steps done, those before a resume among them. */
    public long stepsDone() {
        return optimizer.steps();
    }

    /** Returns the sizes of a step. */
    public TrainableClip.Size size() {
        return clip.size();
    }

    /** Returns the plan of a step, for measuring. */
    public ExecutionPlan plan() {
        return clip.plan();
    }

    /** Returns the number of finished epochs. */
    public int epochs() {
        return epoch;
    }

    /** Returns the last finished epoch; null before the first, and after resuming an older checkpoint. */
    Epoch lastEpoch() {
        return last;
    }

    /**
     * Runs all epochs that are left.
     *
     * @throws NonFiniteLossException if a loss or a weight is infinite or not a number
     * @throws IOException what the listener throws, or if a picture has become unreadable
     */
    public void run(Listener listener) throws IOException {
        while (epoch < config.epochs()) {
            runEpoch(listener);
        }
    }

    private void runEpoch(Listener listener) throws IOException {
        List<PairBatches.Batch> list = batches.epoch(epoch);
        int first = (int) (optimizer.steps() - stepsBefore(epoch));
        long start = System.nanoTime();
        for (int b = first; b < list.size(); b++) {
            double loss = step(b, list.get(b), schedule.at(optimizer.steps()));
            if (!Double.isFinite(loss)) {
                throw new NonFiniteLossException("loss " + loss, epoch, b);
            }
            total += loss;
            listener.batch(epoch, b, loss);
        }
        int n = list.size();
        requireFinite(n - 1);
        epoch++;
        double pace = (System.nanoTime() - start) / 1e9 / Math.max(1, n - first);
        last = new Epoch(
                epoch - 1,
                total / n,
                schedule.at(optimizer.steps() - 1),
                Math.exp(clip.logitScale()),
                n,
                config.batches().size() / pace);
        total = 0;
        listener.epoch(last);
    }

    /** Keeps a last step that went astray, which no loss has shown yet, out of checkpoints. */
    private void requireFinite(int batch) {
        for (TrainedArray array : arrays) {
            for (int i = 0; i < array.length(); i++) {
                float value = array.values().get(i);
                if (!Float.isFinite(value)) {
                    throw new NonFiniteLossException("a parameter became " + value, epoch, batch);
                }
            }
        }
    }

    /** Shows a batch and moves the weights. */
    private double step(int number, PairBatches.Batch batch, double rate) throws IOException {
        showPictures(batch.pictures());
        SplittableRandom random = RandomStream.of(config.seed(), "boxes " + epoch + " " + number);
        CutMix mix = new CutMix(config.cutMix(epoch), batch.classes(), preprocessing.size(), random);
        mix.exchange(clip.images());
        if (teacher != null) {
            clip.setTeacher(
                    teacher.encodePixels(clip.images(), batch.pictures().length).normalized());
        }
        List<int[]> texts = new ArrayList<>();
        for (int caption : batch.captions()) {
            texts.add(captions.tokens(caption));
        }
        clip.setCaptions(texts, mix.mixed(fits(batch)), mix.mixed(classes(batch)));
        double loss = clip.step();
        if (Double.isFinite(loss)) {
            optimizer.step(rate);
            clip.takeValues();
        }
        return loss;
    }

    /** Returns 1 where a caption of the batch belongs to a picture, else 0, [pictures, captions]. */
    private float[] fits(PairBatches.Batch batch) {
        int n = batch.pictures().length;
        float[] fits = new float[n * n];
        for (int picture = 0; picture < n; picture++) {
            int[] own = sortedCaptions[batch.pictures()[picture]];
            for (int caption = 0; caption < n; caption++) {
                boolean has = Arrays.binarySearch(own, batch.captions()[caption]) >= 0;
                fits[picture * n + caption] = has ? 1 : 0;
            }
        }
        return fits;
    }

    /** Returns 1 at the class of each picture that has one, else 0, [pictures, classes]. */
    private float[] classes(PairBatches.Batch batch) {
        float[] classes = new float[batch.classes().length * batches.classes()];
        for (int picture = 0; picture < batch.classes().length; picture++) {
            if (batch.classes()[picture] >= 0) {
                classes[picture * batches.classes() + batch.classes()[picture]] = 1;
            }
        }
        return classes;
    }

    private void showPictures(int[] numbers) throws IOException {
        FloatBuffer target = clip.images();
        IOException[] problems = new IOException[numbers.length];
        workers.each(numbers.length, (part, i) -> {
            try {
                show(numbers[i], target, i * preprocessing.tensorLength());
            } catch (IOException e) {
                problems[i] = e;
            }
        });
        for (IOException problem : problems) {
            if (problem != null) {
                throw problem;
            }
        }
    }

    private void show(int picture, FloatBuffer target, int offset) throws IOException {
        SplittableRandom random = RandomStream.of(config.seed(), "augmentation " + epoch + " " + picture);
        Augmentation.View view = config.augmentation(epoch).draw(random);
        Augmentation.apply(pictures.get(picture), view, preprocessing, target, offset);
    }

    /**
     * Returns a copy of the state, between steps.
     *
     * @throws NonFiniteLossException if a weight is infinite or not a number
     */
    public PretrainState state() {
        int batch = (int) (optimizer.steps() - stepsBefore(epoch)) - 1;
        if (batch >= 0) {
            requireFinite(batch);
        }
        return PretrainState.of(epoch, total, last, clip, optimizer);
    }

    private long stepsBefore(int epochs) {
        return Arrays.stream(batchesOfEpoch).limit(epochs).asLongStream().sum();
    }

    /**
     * Goes on from a state instead of from the beginning.
     *
     * @throws IllegalArgumentException if the state is of another model or data
     */
    public void resume(PretrainState state) {
        long more = state.steps() - stepsBefore(state.epochs());
        int batchesOfNext = state.epochs() < config.epochs() ? batchesOfEpoch[state.epochs()] : 0;
        if (state.epochs() > config.epochs() || more < 0 || more > batchesOfNext) {
            throw state.isOfAnother();
        }
        state.restore(clip, optimizer);
        epoch = state.epochs();
        total = state.total();
        last = state.last();
    }

    /** Writes the model as it is now, an ordinary converted model. */
    public void write(Path target, DType type) throws IOException {
        String how = "coop pretrain, %d epochs of %d, seed %d".formatted(epoch, config.epochs(), config.seed());
        clip.write(target, type, ModelMetadata.SourceInfo.madeHere(how));
    }

    @Override
    public void close() {
        clip.close();
    }
}
