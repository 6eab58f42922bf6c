package org.coop4j.method.train;

import java.util.List;
import org.coop4j.graph.LearnedTensor;

/**
 * Stochastic gradient descent with momentum and coupled weight decay, as PyTorch's {@code SGD}
 * without dampening or Nesterov's look-ahead.
 *
 * <p>g ← gradient + decay · θ; v ← momentum · v + g, from v = 0; θ ← θ − rate · v. In float32 and
 * rounded as PyTorch's CPU kernels round: decay and rate enter by a fused multiply-add, which
 * rounds once, the momentum by a product and a sum. The results are PyTorch's to the last bit.
 */
public final class Sgd extends Optimizer {

    private static final String MOMENTUM = "momentum";

    private final float momentum;
    private final float decay;

    /**
     * @param momentum share of the velocity that is kept, 0 up to but not 1
     * @param weightDecay L2 penalty added to the gradient, 0 for none
     */
    public Sgd(double momentum, double weightDecay) {
        super(MOMENTUM);
        this.momentum = (float) momentum;
        this.decay = (float) weightDecay;
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
