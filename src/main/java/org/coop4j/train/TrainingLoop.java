package org.coop4j.train;

import java.io.IOException;
import org.coop4j.graph.LearnedTensor;

/**
 * Runs epochs of batches with an optimizer and a learning rate for each step.
 *
 * <p>Stopping after any checkpoint and going on from it gives the same bits as running through.
 */
public final class TrainingLoop {

    private final Trainable model;
    private final int epochs;
    private final Schedule schedule;
    private final BatchOrder order;
    private final Optimizer optimizer;
    private int epoch;

    public TrainingLoop(Trainable model, Training training, BatchOrder order) {
        this.model = model;
        this.epochs = training.epochs();
        this.schedule = training.rates();
        this.order = order;
        this.optimizer = model.optimizer(training);
    }

    /** Is told of each batch and each epoch. */
    public interface Listener {

        /** A batch is done; {@code batch} counts from 0. */
        default void batch(
                int epoch, int batch, int batches, double rate, Trainable.BatchResult result) {}

        /**
         * An epoch is done; this is where checkpoints are written.
         *
         * @param loss mean loss of its batches
         * @param accuracy mean accuracy of its batches, 0 to 1
         * @param rate the learning rate of its last batch
         * @param checkpoint the state after it
         */
        default void epoch(
                int epoch, double loss, double accuracy, double rate, Checkpoint checkpoint)
                throws IOException {}
    }

    /**
     * Goes on from a checkpoint instead of from the beginning.
     *
     * @throws IllegalArgumentException if it is of other tensors
     */
    public void resume(Checkpoint checkpoint) {
        checkpoint.restore(model.learned());
        optimizer.restore(model.learned(), checkpoint.optimizer());
        epoch = checkpoint.epochs();
    }

    /**
     * Runs all epochs that are left.
     *
     * @throws NonFiniteLossException if a loss, or a parameter after a step, is infinite or not a
     *     number
     * @throws IOException what the listener throws
     */
    public void run(Listener listener) throws IOException {
        for (; epoch < epochs; epoch++) {
            runEpoch(listener);
        }
    }

    private void runEpoch(Listener listener) throws IOException {
        int[][] batches = order.epoch(epoch);
        double rate = 0;
        double loss = 0;
        double accuracy = 0;
        for (int b = 0; b < batches.length; b++) {
            rate = schedule.rate(epoch, b, batches.length);
            Trainable.BatchResult result = model.step(epoch, batches[b]);
            if (!Double.isFinite(result.loss())) {
                throw NonFiniteLossException.ofLoss(result.loss(), epoch, b);
            }
            optimizer.step(model.learned(), rate, (long) epoch * batches.length + b + 1);
            requireFinite(b);
            loss += result.loss();
            accuracy += result.accuracy();
            listener.batch(epoch, b, batches.length, rate, result);
        }
        Checkpoint checkpoint =
                new Checkpoint(epoch + 1, Checkpoint.values(model.learned()), optimizer.state());
        listener.epoch(epoch, loss / batches.length, accuracy / batches.length, rate, checkpoint);
    }

    /** A finite loss may have an infinite gradient; it must not reach a checkpoint. */
    private void requireFinite(int batch) {
        for (LearnedTensor tensor : model.learned()) {
            NonFiniteLossException.requireFinite(tensor.values(), epoch, batch);
        }
    }
}
