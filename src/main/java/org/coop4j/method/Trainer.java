package org.coop4j.method;

import com.fasterxml.jackson.databind.ObjectMapper;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.ArrayList;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import org.coop4j.base.AtomicFile;
import org.coop4j.base.Log;
import org.coop4j.base.Numbers;
import org.coop4j.base.Progress;
import org.coop4j.base.RefusedException;
import org.coop4j.clip.MemoryLimit;
import org.coop4j.graph.LearnedTensor;
import org.coop4j.graph.host.Floats;
import org.coop4j.method.Training.BatchOrder;
import org.slf4j.Logger;

/**
 * The training loop: epochs of batches with an optimizer and a learning rate for each step. A run with files writes a
 * checkpoint every few epochs and a line of metrics after each.
 *
 * <p>Stopping after any checkpoint and resuming from it gives the same bits as running through.
 *
 * @param seed seed of the training's random draws
 * @param memory limit of native memory for the intermediate values of a step
 * @param progress of methods without epochs; a training reports its own
 * @param files the files to write; null for none
 */
public record Trainer(Training training, long seed, MemoryLimit memory, Progress progress, RunFiles files) {

    private static final ObjectMapper JSON = new ObjectMapper();
    private static final Logger LOG = Log.of(Trainer.class);

    /** A last loss is far above the least one if it is above this multiple of it plus a margin. */
    private static final double FAR_ABOVE = 1.5;

    private static final double MARGIN = 0.3;

    /**
     * The files of a training.
     *
     * @param checkpoint state of the training, from which it resumes if the file exists
     * @param metrics one line of JSON per epoch
     * @param images hash of the training images: a checkpoint of others is refused
     * @param every number of epochs between checkpoints
     */
    public record RunFiles(Path checkpoint, Path metrics, String images, int every) {}

    /** A trainer without files, limits or progress. */
    public Trainer(Training training, long seed) {
        this(training, seed, MemoryLimit.none(), Progress.NONE, null);
    }

    /** Returns true if a checkpoint exists from which the training resumes. */
    boolean resumes() {
        return files != null && Files.exists(files.checkpoint);
    }

    /** Returns batches of the training's size, drawn without replacement. */
    public BatchOrder shuffled(int examples) {
        return BatchOrder.shuffled(examples, training.batch(), seed);
    }

    /**
     * Runs the remaining epochs.
     *
     * @throws NonFiniteLossException if a loss, or a parameter after a step, is infinite or not a number
     */
    public void train(BatchStep step, BatchOrder order, Optimizer optimizer) throws IOException {
        int done = 0;
        StringBuilder metrics = new StringBuilder();
        List<Double> losses = new ArrayList<>();
        if (files != null) {
            if (resumes()) {
                Checkpoint checkpoint = Checkpoint.read(files.checkpoint, files.images);
                checkpoint.restore(step.learned(), optimizer);
                done = checkpoint.epochs();
                metrics.append(checkpoint.metrics());
                for (String line : checkpoint.metrics().lines().toList()) {
                    losses.add(JSON.readTree(line).path("loss").asDouble());
                }
                AtomicFile.write(files.metrics, checkpoint.metrics());
                progress.note("resuming after epoch %d of %d".formatted(done, training.epochs()));
            } else {
                Files.deleteIfExists(files.metrics);
            }
            LOG.info("a step needs {} for intermediate values", Numbers.bytes(step.bytes(order.batchSize())));
        }
        long steps = (long) (training.epochs() - done) * order.batches();
        try (Progress.Task task = progress.task("training", steps, Progress.Unit.STEPS)) {
            for (int epoch = done; epoch < training.epochs(); epoch++) {
                Map<String, Object> measured = runEpoch(epoch, step, order, optimizer, task);
                losses.add((Double) measured.get("loss"));
                if (files != null) {
                    append(measured, metrics);
                    int epochs = epoch + 1;
                    if (epochs == training.epochs() || epochs % files.every == 0) {
                        Checkpoint.of(epochs, step.learned(), optimizer, metrics.toString())
                                .write(files.checkpoint, files.images);
                    }
                }
                task.advance(1); // the last step of an epoch is done when its checkpoint is
            }
        }
        collapse(losses).ifPresent(progress::warn);
    }

    /** Returns a sentence about a training that lost what it had learned: its last loss is far above its least. */
    static Optional<String> collapse(List<Double> losses) {
        double least = losses.isEmpty() ? 0 : Collections.min(losses);
        double last = losses.isEmpty() ? 0 : losses.get(losses.size() - 1);
        return last <= FAR_ABOVE * least + MARGIN
                ? Optional.empty()
                : Optional.of(String.format(
                        Locale.ROOT,
                        "the training ended at a loss of %.2f, far above its least, %.2f in epoch %d: its classifier is poor;"
                                + " learn with another seed or a lower rate",
                        last,
                        least,
                        1 + losses.indexOf(least)));
    }

    /** Adds a line to the file of metrics; the checkpoint keeps all lines, so that resuming repairs the file. */
    private void append(Map<String, Object> measured, StringBuilder metrics) throws IOException {
        String line = JSON.writeValueAsString(measured) + "\n";
        metrics.append(line);
        try {
            Files.writeString(files.metrics, line, StandardOpenOption.CREATE, StandardOpenOption.APPEND);
        } catch (IOException e) {
            throw new IOException("cannot write " + files.metrics + ": " + e.getMessage(), e);
        }
    }

    /** Runs an epoch and returns its metrics: means over its batches, and the rate of its last batch. */
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
                throw new NonFiniteLossException("loss " + batchLoss, epoch, b);
            }
            optimizer.step(step.learned(), rate, (long) epoch * batches.length + b + 1);
            for (LearnedTensor tensor : step.learned()) {
                // A finite loss may have an infinite gradient; it must not reach a checkpoint.
                if (!Floats.areFinite(tensor.values())) {
                    throw new NonFiniteLossException(tensor.name() + " became infinite or not a number", epoch, b);
                }
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

    /** Thrown if the loss, or a parameter after a step, is infinite or not a number; the last checkpoint is kept. */
    public static final class NonFiniteLossException extends RefusedException {

        private static final long serialVersionUID = 1L;

        /** Creates the exception for what was not finite; epoch and batch count from 0. */
        public NonFiniteLossException(String what, int epoch, int batch) {
            super("%s in epoch %d, batch %d: the last checkpoint, if any, is kept; try a lower learning rate"
                    .formatted(what, epoch + 1, batch + 1));
        }
    }
}
