package org.coop4j.method.train;

import java.util.List;
import org.coop4j.graph.LearnedTensor;

/**
 * Adam (Kingma and Ba, 2015, algorithm 1) with coupled weight decay as PyTorch's {@code Adam}, or
 * with decoupled decay (Loshchilov and Hutter, 2019, algorithm 2) as its {@code AdamW}.
 *
 * <p>Coupled: g ← g + decay · θ. Decoupled: θ ← θ · (1 − rate · decay). Then m ← m + (1 − β₁)(g −
 * m); v ← β₂ v + (1 − β₂) g²; θ ← θ − rate / (1 − β₁ᵗ) · m / (√v / √(1 − β₂ᵗ) + ε), in float32.
 */
public final class Adam extends Optimizer {

    private static final double BETA1 = 0.9;
    private static final double BETA2 = 0.999;
    private static final String FIRST = "first_moment";
    private static final String SECOND = "second_moment";

    private final double epsilon;
    private final double weightDecay;
    private final boolean decoupled;

    private Adam(double epsilon, double weightDecay, boolean decoupled) {
        super(FIRST, SECOND);
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
