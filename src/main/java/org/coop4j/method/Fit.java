package org.coop4j.method;

import java.io.IOException;
import org.coop4j.base.Progress;
import org.coop4j.clip.MemoryLimit;
import org.coop4j.train.BatchOrder;
import org.coop4j.train.Trainable;
import org.coop4j.train.Training;
import org.coop4j.train.TrainingLoop;

/**
 * What a learner is given besides the data: the training loop, a memory limit, somebody to tell.
 */
public interface Fit {

    /** How tensors are trained. */
    Training training();

    /** Where random draws of the training begin. */
    long seed();

    /** Native memory for the intermediate values of a step. */
    MemoryLimit memory();

    /** Shows the user what a method without epochs does; a training shows itself. */
    Progress progress();

    /**
     * Runs all epochs that are left, writing checkpoints where the run has a place for them.
     *
     * @throws org.coop4j.train.NonFiniteLossException if training diverges
     */
    void train(Trainable model, BatchOrder order) throws IOException;

    /** What is done with a model that is to be trained. */
    @FunctionalInterface
    interface Trainer {

        /** Trains the model on the batches of an order. */
        void train(Trainable model, BatchOrder order) throws IOException;
    }

    /** Trains in memory, without checkpoints, and tells nobody. */
    static Fit inMemory(Training training, long seed) {
        return with(
                training,
                seed,
                (model, order) ->
                        new TrainingLoop(model, training, order)
                                .run(new TrainingLoop.Listener() {}));
    }

    /** Leaves the training to {@code trainer}, has no limits, and tells nobody. */
    static Fit with(Training training, long seed, Trainer trainer) {
        return new Fit() {
            @Override
            public Training training() {
                return training;
            }

            @Override
            public long seed() {
                return seed;
            }

            @Override
            public MemoryLimit memory() {
                return MemoryLimit.none();
            }

            @Override
            public Progress progress() {
                return Progress.NONE;
            }

            @Override
            public void train(Trainable model, BatchOrder order) throws IOException {
                trainer.train(model, order);
            }
        };
    }
}
