package org.coop4j.method.train;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.Locale;
import java.util.Map;
import org.coop4j.base.Numbers;
import org.coop4j.base.Progress;
import org.coop4j.clip.MemoryLimit;
import org.coop4j.graph.LearnedTensor;
import org.coop4j.graph.host.Floats;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Trains: runs epochs of batches with an optimizer and a learning rate for each step, and where a run has files for
 * them writes a checkpoint after every few epochs and a line of metrics after each.
 *
 * <p>Stopping after any checkpoint and going on from it gives the same bits as running through.
 */
public class Trainer {

    private static final Logger LOG = LoggerFactory.getLogger(Trainer.class);

    private final Training training;
    private final long seed;
    private final MemoryLimit memory;
    private final Progress progress;
    private final RunFiles files; // null: in memory

    /**
     * The files of a training.
     *
     * @param checkpoint its state, which it goes on from where there is one
     * @param metrics a line of JSON per epoch
     * @param images hash of the training images: a checkpoint of others is refused
     * @param every epochs from one checkpoint to the next
     */
    public record RunFiles(Path checkpoint, Path metrics, String images, int every) {}

    /**
     * A trainer that writes files.
     *
     * @param seed where random draws of the training begin
     * @param memory native memory for the intermediate values of a step
     */
    public Trainer(Training training, long seed, MemoryLimit memory, Progress progress, RunFiles files) {
        this.training = training;
        this.seed = seed;
        this.memory = memory;
        this.progress = progress;
        this.files = files;
    }

    /** A trainer without files or limits that reports nothing. */
    public Trainer(Training training, long seed) {
        this(training, seed, MemoryLimit.none(), Progress.NONE, null);
    }

    /** How tensors are trained. */
    public Training training() {
        return training;
    }

    /** Where random draws of the training begin. */
    public long seed() {
        return seed;
    }

    /** Native memory for the intermediate values of a step. */
    public MemoryLimit memory() {
        return memory;
    }

    /** Shows the user what a method without epochs does; a training shows itself. */
    public Progress progress() {
        return progress;
    }

    /** Batches of the training's size, drawn from so many examples without replacement. */
    public BatchOrder shuffled(int examples) {
        return BatchOrder.shuffled(examples, training.batch(), seed);
    }

    /**
     * Runs all epochs that are left.
     *
     * @throws NonFiniteLossException if a loss, or a parameter after a step, is infinite or not a number
     */
    public void train(BatchStep step, BatchOrder order, Optimizer optimizer) throws IOException {
        int done = 0;
        Metrics metrics = null;
        if (files != null) {
            if (Files.exists(files.checkpoint)) {
                Checkpoint checkpoint = Checkpoint.read(files.checkpoint, files.images);
                checkpoint.restore(step.learned(), optimizer);
                done = checkpoint.epochs();
                metrics = Metrics.resume(files.metrics, checkpoint.metrics());
                progress.note("going on after epoch %d of %d".formatted(done, training.epochs()));
            } else {
                metrics = Metrics.begin(files.metrics);
            }
            LOG.info("a step needs {} for intermediate values", Numbers.bytes(step.bytes(order.batchSize())));
        }
        long steps = (long) (training.epochs() - done) * order.batches();
        try (Progress.Task task = progress.task("training", steps, Progress.Unit.STEPS)) {
            for (int epoch = done; epoch < training.epochs(); epoch++) {
                Map<String, Object> measured = runEpoch(epoch, step, order, optimizer, task);
                if (files != null) {
                    metrics.append(measured);
                    int epochs = epoch + 1;
                    if (epochs == training.epochs() || epochs % files.every == 0) {
                        Checkpoint.of(epochs, step.learned(), optimizer, metrics.lines())
                                .write(files.checkpoint, files.images);
                    }
                }
                task.advance(1); // the last step of an epoch is done when its checkpoint is
            }
        }
    }

    /** Runs an epoch, and returns its line of metrics: means over its batches, the rate of its last batch. */
    private Map<String, Object> runEpoch(
            int epoch, BatchStep step, BatchOrder order, Optimizer optimizer, Progress.Task task) {
        int[][] batches = order.epoch(epoch);
        double rate = 0;
        double loss = 0;
        double accuracy = 0;
        for (int b = 0; b < batches.length; b++) {
            rate = training.rate(epoch, b, batches.length);
            double batchLoss = step.run(epoch, batches[b]);
            if (!Double.isFinite(batchLoss)) {
                throw NonFiniteLossException.ofLoss(batchLoss, epoch, b);
            }
            optimizer.step(step.learned(), rate, (long) epoch * batches.length + b + 1);
            for (LearnedTensor tensor : step.learned()) {
                // A finite loss may have an infinite gradient; it must not reach a checkpoint.
                NonFiniteLossException.requireFinite(tensor.values(), epoch, b);
            }
            loss += batchLoss;
            accuracy += step.accuracy();
            if (progress != Progress.NONE) {
                task.detail(String.format(
                        Locale.ROOT,
                        "epoch %d/%d  loss %.4f  accuracy %.0f %%  rate %.2e",
                        epoch + 1,
                        training.epochs(),
                        batchLoss,
                        100 * step.accuracy(),
                        rate));
            }
            task.advance(b + 1 < batches.length ? 1 : 0);
        }
        Map<String, Object> line = new LinkedHashMap<>();
        line.put("epoch", epoch + 1);
        line.put("loss", loss / batches.length);
        line.put("accuracy", 100 * (accuracy / batches.length));
        line.put("learning_rate", rate);
        return line;
    }

    /**
     * The loss, or a parameter after a step, became infinite or not a number; the last good checkpoint
     * is kept.
     */
    public static final class NonFiniteLossException extends RuntimeException {

        private static final long serialVersionUID = 1L;

        private NonFiniteLossException(String what, int epoch, int batch) {
            super(String.format(
                    Locale.ROOT,
                    "%s in epoch %d, batch %d: training stopped, and the last checkpoint, if"
                            + " there is one, is kept. A smaller learning rate may help",
                    what,
                    epoch + 1,
                    batch + 1));
        }

        /** The loss of a batch; epoch and batch count from 0. */
        public static NonFiniteLossException ofLoss(double loss, int epoch, int batch) {
            return new NonFiniteLossException("loss " + loss, epoch, batch);
        }

        /** The loss was finite, the step that followed was not. */
        public static NonFiniteLossException ofParameter(float value, int epoch, int batch) {
            return new NonFiniteLossException("a parameter became " + value, epoch, batch);
        }

        /**
         * Checks a tensor after a step, which may be infinite where the loss was finite.
         *
         * @throws NonFiniteLossException naming the first value that is infinite or not a number
         */
        public static void requireFinite(float[] values, int epoch, int batch) {
            if (Floats.areFinite(values)) {
                return;
            }
            for (float value : values) {
                if (!Float.isFinite(value)) {
                    throw ofParameter(value, epoch, batch);
                }
            }
        }
    }
}
