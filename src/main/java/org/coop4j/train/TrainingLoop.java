package org.coop4j.train;

import java.io.IOException;

/**
 * Runs epochs of batches with {@link Sgd} and a learning rate for each epoch.
 *
 * <p>Stopping after any checkpoint and going on from it gives the same bits as running through.
 */
public final class TrainingLoop {

    private final Trainable model;
    private final CosineSchedule schedule;
    private final BatchOrder order;
    private final Sgd optimizer;
    private int epoch;

    public TrainingLoop(
            Trainable model, CosineSchedule schedule, Sgd.Config sgd, BatchOrder order) {
        this.model = model;
        this.schedule = schedule;
        this.order = order;
        this.optimizer = new Sgd(sgd, model.parameters().length);
    }

    /** Is told of each batch and each epoch. */
    public interface Listener {

        /** A batch is done; {@code batch} counts from 0. */
        default void batch(int epoch, int batch, int batches, Trainable.BatchResult result) {}

        /**
         * An epoch is done; this is where checkpoints are written.
         *
         * @param loss mean loss of its batches
         * @param accuracy mean accuracy of its batches, 0 to 1
         * @param rate the learning rate it had
         * @param checkpoint the state after it
         */
        default void epoch(
                int epoch, double loss, double accuracy, double rate, Checkpoint checkpoint)
                throws IOException {}
    }

    /** Goes on from a checkpoint instead of from the beginning. */
    public void resume(Checkpoint checkpoint) {
        float[] saved = checkpoint.parameters();
        if (saved.length != model.parameters().length) {
            throw new IllegalArgumentException(
                    "checkpoint of "
                            + saved.length
                            + " parameters for a model of "
                            + model.parameters().length);
        }
        System.arraycopy(saved, 0, model.parameters(), 0, saved.length);
        optimizer.restore(checkpoint.velocity());
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
        float[] gradient = new float[model.parameters().length];
        for (; epoch < schedule.epochs(); epoch++) {
            runEpoch(gradient, listener);
        }
    }

    private void runEpoch(float[] gradient, Listener listener) throws IOException {
        double rate = schedule.at(epoch);
        int[][] batches = order.epoch(epoch);
        double loss = 0;
        double accuracy = 0;
        for (int b = 0; b < batches.length; b++) {
            Trainable.BatchResult result = model.step(epoch, batches[b], gradient);
            if (!Double.isFinite(result.loss())) {
                throw NonFiniteLossException.ofLoss(result.loss(), epoch, b);
            }
            optimizer.step(model.parameters(), gradient, rate);
            requireFinite(b);
            loss += result.loss();
            accuracy += result.accuracy();
            listener.batch(epoch, b, batches.length, result);
        }
        Checkpoint checkpoint = new Checkpoint(epoch + 1, model.parameters(), optimizer.velocity());
        listener.epoch(epoch, loss / batches.length, accuracy / batches.length, rate, checkpoint);
    }

    /** A finite loss may have an infinite gradient; it must not reach a checkpoint. */
    private void requireFinite(int batch) {
        for (float parameter : model.parameters()) {
            if (!Float.isFinite(parameter)) {
                throw NonFiniteLossException.ofParameter(parameter, epoch, batch);
            }
        }
    }
}
