package org.coop4j.method;

import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.coop4j.base.Require;
import org.coop4j.graph.LearnedTensor;

/**
 * Updates learned tensors by their gradients. Its state consists of arrays as long as each tensor, such as running
 * averages, which are initially zero.
 */
public class Optimizer {

    /** The optimizers to choose from. */
    public enum Algorithm {
        /** Stochastic gradient descent with momentum and coupled weight decay. */
        SGD,
        /** Adam with coupled weight decay. */
        ADAM,
        /** Adam with decoupled weight decay. */
        ADAMW
    }

    private static final double BETA1 = 0.9;
    private static final double BETA2 = 0.999;

    private final Training training;
    private final Map<String, float[]> state = new LinkedHashMap<>();
    private boolean restored;

    /** An optimizer with the algorithm and the constants of a training. */
    public Optimizer(Training training) {
        this.training = training;
    }

    /**
     * Takes a step.
     *
     * @param tensors the same tensors at each step
     * @param rate the learning rate
     * @param step number of this step, from 1
     * @throws IllegalArgumentException if the restored state is that of other tensors
     */
    public void step(List<LearnedTensor> tensors, double rate, long step) {
        limit(tensors);
        for (LearnedTensor tensor : tensors) {
            switch (training.optimizer()) {
                case SGD -> sgd(tensor, rate);
                case ADAM, ADAMW -> adam(tensor, rate, step);
            }
        }
    }

    /** Returns Adam's ε for a tensor; by default the training's. */
    protected double epsilon(LearnedTensor tensor) {
        return training.epsilon();
    }

    /** Changes the tensors after the last step; by default not at all. */
    public void finish(List<LearnedTensor> tensors) {}

    /** Scales the gradients so that the norm of all together is at most the limit. */
    private void limit(List<LearnedTensor> tensors) {
        if (training.gradientLimit() == 0) {
            return;
        }
        double squares = 0;
        for (LearnedTensor tensor : tensors) {
            for (float g : tensor.gradient()) {
                squares += (double) g * g;
            }
        }
        float factor = (float) (training.gradientLimit() / Math.sqrt(squares));
        for (LearnedTensor tensor : tensors) {
            float[] gradient = tensor.gradient();
            for (int i = 0; factor < 1 && i < gradient.length; i++) {
                gradient[i] *= factor;
            }
        }
    }

    /** Returns an array of a tensor's state, to be updated in place. */
    protected final float[] array(LearnedTensor tensor, String name) {
        int length = tensor.values().length;
        String key = tensor.name() + "." + name;
        float[] array = state.computeIfAbsent(key, k -> restored ? null : new float[length]);
        Require.that(
                array != null && array.length == length,
                "optimizer state of %s: expected %d numbers, got %s",
                key,
                length,
                array == null ? "none" : array.length);
        return array;
    }

    /** Returns the state itself by name, for a checkpoint; empty before the first step. */
    public final Map<String, float[]> state() {
        return state;
    }

    /** Resumes from a state returned by {@link #state}. */
    public final void restore(Map<String, float[]> saved) {
        state.clear();
        saved.forEach((key, array) -> state.put(key, array.clone()));
        restored = !saved.isEmpty();
    }

    /**
     * Takes a step of stochastic gradient descent with momentum and coupled weight decay, as PyTorch's {@code SGD}
     * without dampening or Nesterov momentum.
     *
     * <p>g ← gradient + decay · θ; v ← momentum · v + g, initially v = 0; θ ← θ − rate · v. In float32, rounded like
     * PyTorch's CPU kernels: decay and rate by a fused multiply-add, which rounds once, the momentum by a product and a
     * sum. The results equal PyTorch's to the last bit.
     */
    protected final void sgd(LearnedTensor tensor, double rate) {
        float lr = (float) rate;
        float momentum = (float) training.momentum();
        float decay = (float) training.weightDecay();
        float[] velocity = array(tensor, "momentum");
        float[] values = tensor.values();
        float[] gradient = tensor.gradient();
        for (int i = 0; i < values.length; i++) {
            float g = Math.fma(decay, values[i], gradient[i]);
            velocity[i] = momentum * velocity[i] + g;
            values[i] = Math.fma(-lr, velocity[i], values[i]);
        }
    }

    /**
     * Takes a step of Adam (Kingma and Ba, 2015, algorithm 1) with coupled weight decay as PyTorch's {@code Adam}, or
     * with decoupled decay (Loshchilov and Hutter, 2019, algorithm 2) as its {@code AdamW}.
     *
     * <p>Coupled: g ← g + decay · θ. Decoupled: θ ← θ · (1 − rate · decay). Then m ← m + (1 − β₁)(g − m); v ← β₂ v + (1
     * − β₂) g²; θ ← θ − rate / (1 − β₁ᵗ) · m / (√v / √(1 − β₂ᵗ) + ε), in float32.
     */
    private void adam(LearnedTensor tensor, double rate, long step) {
        boolean decoupled = training.optimizer() == Algorithm.ADAMW;
        float keep = decoupled ? (float) (1 - rate * training.weightDecay()) : 1f;
        float decay = decoupled ? 0f : (float) training.weightDecay();
        float gain1 = (float) (1 - BETA1);
        float beta2 = (float) BETA2;
        float gain2 = (float) (1 - BETA2);
        float lr = (float) (rate / (1 - Math.pow(BETA1, (double) step)));
        float root = (float) Math.sqrt(1 - Math.pow(BETA2, (double) step));
        float eps = (float) epsilon(tensor);
        float[] values = tensor.values();
        float[] gradient = tensor.gradient();
        float[] m = array(tensor, "first_moment");
        float[] v = array(tensor, "second_moment");
        for (int i = 0; i < values.length; i++) {
            float g = Math.fma(decay, values[i], gradient[i]);
            m[i] += gain1 * (g - m[i]);
            v[i] = beta2 * v[i] + gain2 * g * g;
            float denominator = (float) Math.sqrt(v[i]) / root + eps;
            values[i] = values[i] * keep - lr * (m[i] / denominator);
        }
    }
}
