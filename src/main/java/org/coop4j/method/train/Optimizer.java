package org.coop4j.method.train;

import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import org.coop4j.graph.LearnedTensor;

/**
 * Moves learned tensors against their gradients. Its state are running averages of each tensor, arrays as long as the
 * tensor, which begin as zeros.
 */
public abstract class Optimizer {

    /** The optimizers that there are. */
    public enum Kind {
        /** Stochastic gradient descent with momentum and coupled weight decay: {@link Sgd}. */
        SGD,
        /** {@link Adam} with coupled weight decay. */
        ADAM,
        /** {@link Adam} with decoupled weight decay. */
        ADAMW;

        /** The name in files and on the command line. */
        public String id() {
            return name().toLowerCase(Locale.ROOT);
        }
    }

    private final Map<String, float[]> state = new LinkedHashMap<>();

    /**
     * Takes a step.
     *
     * @param tensors the same tensors at each step
     * @param rate the learning rate
     * @param step number of this step, from 1
     */
    public abstract void step(List<LearnedTensor> tensors, double rate, long step);

    /** Names of a tensor's running averages. */
    protected abstract List<String> averages(LearnedTensor tensor);

    /** A tensor's running average, to be updated in place. */
    protected final float[] average(LearnedTensor tensor, String name) {
        return state.computeIfAbsent(key(tensor, name), key -> new float[tensor.values().length]);
    }

    private static String key(LearnedTensor tensor, String name) {
        return tensor.name() + "." + name;
    }

    /** The state itself, for a checkpoint: name → numbers; empty before the first step. */
    public Map<String, float[]> state() {
        return state;
    }

    /**
     * Goes on from a state that {@link #state} gave.
     *
     * @throws IllegalArgumentException if it is the state of other tensors
     */
    public void restore(List<LearnedTensor> tensors, Map<String, float[]> saved) {
        state.clear();
        if (saved.isEmpty()) {
            return;
        }
        for (LearnedTensor tensor : tensors) {
            for (String name : averages(tensor)) {
                String key = key(tensor, name);
                state.put(key, required(saved, key, tensor.values().length).clone());
            }
        }
    }

    /**
     * An array of a saved state.
     *
     * @throws IllegalArgumentException if there is none of this name and length
     */
    private static float[] required(Map<String, float[]> saved, String name, int length) {
        float[] array = saved.get(name);
        if (array == null || array.length != length) {
            throw new IllegalArgumentException("optimizer state of %s: expected %d numbers, got %s"
                    .formatted(name, length, array == null ? "none" : array.length));
        }
        return array;
    }

    /**
     * Stochastic gradient descent with momentum and coupled weight decay, as PyTorch's {@code SGD}
     * without dampening or Nesterov's look-ahead.
     *
     * <p>g ← gradient + decay · θ; v ← momentum · v + g, from v = 0; θ ← θ − rate · v. In float32 and
     * rounded as PyTorch's CPU kernels round: decay and rate enter by a fused multiply-add, which
     * rounds once, the momentum by a product and a sum. The results are PyTorch's to the last bit.
     */
    public static class Sgd extends Optimizer {

        private static final String MOMENTUM = "momentum";

        private final float momentum;
        private final float decay;

        /**
         * @param momentum share of the velocity that is kept, 0 up to but not 1
         * @param weightDecay L2 penalty added to the gradient, 0 for none
         */
        public Sgd(double momentum, double weightDecay) {
            this.momentum = (float) momentum;
            this.decay = (float) weightDecay;
        }

        @Override
        protected List<String> averages(LearnedTensor tensor) {
            return List.of(MOMENTUM);
        }

        @Override
        public void step(List<LearnedTensor> tensors, double rate, long step) {
            float lr = (float) rate;
            for (LearnedTensor tensor : tensors) {
                float[] velocity = average(tensor, MOMENTUM);
                float[] values = tensor.values();
                float[] gradient = tensor.gradient();
                for (int i = 0; i < values.length; i++) {
                    float g = Math.fma(decay, values[i], gradient[i]);
                    velocity[i] = momentum * velocity[i] + g;
                    values[i] = Math.fma(-lr, velocity[i], values[i]);
                }
            }
        }
    }

    /**
     * Adam (Kingma and Ba, 2015, algorithm 1) with coupled weight decay as PyTorch's {@code Adam}, or
     * with decoupled decay (Loshchilov and Hutter, 2019, algorithm 2) as its {@code AdamW}.
     *
     * <p>Coupled: g ← g + decay · θ. Decoupled: θ ← θ · (1 − rate · decay). Then m ← m + (1 − β₁)(g −
     * m); v ← β₂ v + (1 − β₂) g²; θ ← θ − rate / (1 − β₁ᵗ) · m / (√v / √(1 − β₂ᵗ) + ε), in float32.
     */
    public static final class Adam extends Optimizer {

        private static final double BETA1 = 0.9;
        private static final double BETA2 = 0.999;
        private static final String FIRST = "first_moment";
        private static final String SECOND = "second_moment";

        private final double epsilon;
        private final double weightDecay;
        private final boolean decoupled;

        private Adam(double epsilon, double weightDecay, boolean decoupled) {
            this.epsilon = epsilon;
            this.weightDecay = weightDecay;
            this.decoupled = decoupled;
        }

        /** With coupled weight decay. */
        public static Adam coupled(double epsilon, double weightDecay) {
            return new Adam(epsilon, weightDecay, false);
        }

        /** With decoupled weight decay. */
        public static Adam decoupled(double epsilon, double weightDecay) {
            return new Adam(epsilon, weightDecay, true);
        }

        @Override
        protected List<String> averages(LearnedTensor tensor) {
            return List.of(FIRST, SECOND);
        }

        @Override
        public void step(List<LearnedTensor> tensors, double rate, long step) {
            float keep = decoupled ? (float) (1 - rate * weightDecay) : 1f;
            float decay = decoupled ? 0f : (float) weightDecay;
            float gain1 = (float) (1 - BETA1);
            float beta2 = (float) BETA2;
            float gain2 = (float) (1 - BETA2);
            float lr = (float) (rate / (1 - Math.pow(BETA1, (double) step)));
            float root = (float) Math.sqrt(1 - Math.pow(BETA2, (double) step));
            float eps = (float) epsilon;
            for (LearnedTensor tensor : tensors) {
                float[] values = tensor.values();
                float[] gradient = tensor.gradient();
                float[] m = average(tensor, FIRST);
                float[] v = average(tensor, SECOND);
                for (int i = 0; i < values.length; i++) {
                    float g = Math.fma(decay, values[i], gradient[i]);
                    m[i] += gain1 * (g - m[i]);
                    v[i] = beta2 * v[i] + gain2 * g * g;
                    float denominator = (float) Math.sqrt(v[i]) / root + eps;
                    values[i] = values[i] * keep - lr * (m[i] / denominator);
                }
            }
        }
    }
}
