package org.coop4j.train;

/** The learning rate of each step. */
public interface Schedule {

    /**
     * The learning rate of a step.
     *
     * @param epoch its epoch, from 0
     * @param batch its batch of the epoch, from 0
     * @param batches batches of an epoch
     */
    double rate(int epoch, int batch, int batches);

    /** The shapes that there are. */
    enum Kind {
        /** One rate an epoch: {@link CosineSchedule}. */
        EPOCH_COSINE,

        /** rate · (1 + cos(π i / S)) / 2 at step i of S. */
        STEP_COSINE,

        /**
         * The warm-up rate at step 0, rate · i / 50 up to step 50, then rate · (1 + cos(π (i − 50)
         * / S)) / 2 (cross-modal adaptation's repository).
         */
        LINEAR_WARMUP_COSINE,

        /** The same rate always. */
        CONSTANT
    }
}
