package org.coop4j.pretrain;

/**
 * A learning rate for each step: rising linearly from zero to its highest value, then falling to
 * zero along half a cosine.
 *
 * @param rate the highest learning rate
 * @param warmup steps of the rise, 0 for none
 * @param steps steps of the whole training
 */
record WarmupCosine(double rate, long warmup, long steps) {

    WarmupCosine {
        if (!(rate > 0) || warmup < 0 || steps < 1) {
            throw new IllegalArgumentException(
                    "rate %s, %d steps, %d of them warm-up: expected a positive rate, 1 step or more, no negative warm-up"
                            .formatted(rate, steps, warmup));
        }
    }

    /** Returns the learning rate of step {@code step}, counted from 0. */
    double at(long step) {
        if (step < warmup) {
            return rate * (step + 1) / warmup;
        }
        double done = (double) (step - warmup) / Math.max(1, steps - warmup);
        return rate * (1 + Math.cos(Math.PI * done)) / 2;
    }
}
