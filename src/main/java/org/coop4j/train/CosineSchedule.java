package org.coop4j.train;

/**
 * The reference's learning rate: constant while warming up, then half a cosine that begins after
 * the warm-up but is as long as the whole training (so that it never reaches 0).
 *
 * @param rate the highest learning rate
 * @param epochs number of epochs
 * @param warmupEpochs epochs at the warm-up rate, 0 for none
 * @param warmupRate learning rate in these epochs
 */
public record CosineSchedule(double rate, int epochs, int warmupEpochs, double warmupRate) {

    public CosineSchedule {
        if (!(rate > 0) || !(warmupRate > 0)) {
            throw new IllegalArgumentException(
                    "learning rates " + rate + " and " + warmupRate + " must be positive");
        }
        if (epochs < 1 || warmupEpochs < 0) {
            throw new IllegalArgumentException(
                    epochs + " epochs, " + warmupEpochs + " of them warm-up: expected 1 or more");
        }
    }

    /** Rate 0.002, one warm-up epoch at 1e-5. */
    public static CosineSchedule reference(int epochs) {
        return new CosineSchedule(0.002, epochs, 1, 1e-5);
    }

    /** The learning rate of epoch {@code epoch}, counted from 0. */
    public double at(int epoch) {
        if (epoch < warmupEpochs) {
            return warmupRate;
        }
        return rate * (1 + Math.cos(Math.PI * (epoch - warmupEpochs) / epochs)) / 2;
    }
}
