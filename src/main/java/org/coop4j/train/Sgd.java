package org.coop4j.train;

import java.util.Arrays;

/**
 * Stochastic gradient descent with momentum and coupled weight decay, as PyTorch's {@code SGD}
 * without dampening or Nesterov's look-ahead.
 *
 * <p>g ← gradient + decay · θ; v ← g at the first step, then momentum · v + g; θ ← θ − rate · v. In
 * float32 and rounded as PyTorch's CPU kernels round: decay and rate enter by a fused multiply-add,
 * which rounds once, the momentum by a product and a sum. The results are PyTorch's to the last
 * bit.
 */
public final class Sgd {

    private final Config config;
    private final float[] velocity;
    private boolean started;

    /**
     * Constants of the optimizer.
     *
     * @param momentum share of the velocity that is kept, 0 up to but not 1
     * @param weightDecay L2 penalty added to the gradient, 0 for none
     */
    public record Config(double momentum, double weightDecay) {

        public Config {
            if (!(momentum >= 0 && momentum < 1)) {
                throw new IllegalArgumentException(
                        "momentum " + momentum + ": needed is 0 or more and less than 1");
            }
            if (!(weightDecay >= 0)) {
                throw new IllegalArgumentException(
                        "weight decay " + weightDecay + " must not be negative");
            }
        }

        /** The reference's: momentum 0.9, decay 5e-4. */
        public static Config reference() {
            return new Config(0.9, 5e-4);
        }
    }

    /**
     * @param size number of parameters
     */
    public Sgd(Config config, int size) {
        this.config = config;
        this.velocity = new float[size];
    }

    /**
     * Moves {@code parameters} against {@code gradient}.
     *
     * @throws IllegalArgumentException unless both have the optimizer's size
     */
    public void step(float[] parameters, float[] gradient, double rate) {
        if (parameters.length != velocity.length || gradient.length != velocity.length) {
            throw new IllegalArgumentException(
                    "%d parameters and a gradient of %d numbers for an optimizer of %d"
                            .formatted(parameters.length, gradient.length, velocity.length));
        }
        float momentum = (float) config.momentum;
        float decay = (float) config.weightDecay;
        float lr = (float) rate;
        for (int i = 0; i < velocity.length; i++) {
            float g = Math.fma(decay, parameters[i], gradient[i]);
            velocity[i] = started ? momentum * velocity[i] + g : g;
            parameters[i] = Math.fma(-lr, velocity[i], parameters[i]);
        }
        started = true;
    }

    /** A copy of the velocity, for a checkpoint; empty before the first step. */
    public float[] velocity() {
        return started ? velocity.clone() : new float[0];
    }

    /** Goes on from a velocity that {@link #velocity} gave. */
    public void restore(float[] saved) {
        if (saved.length != 0 && saved.length != velocity.length) {
            throw new IllegalArgumentException(
                    "velocity of " + saved.length + " numbers for " + velocity.length);
        }
        started = saved.length != 0;
        if (started) {
            System.arraycopy(saved, 0, velocity, 0, saved.length);
        } else {
            Arrays.fill(velocity, 0f);
        }
    }
}
