package org.coop4j.pretrain;

import java.util.ArrayList;
import java.util.List;
import org.coop4j.graph.host.Workers;

/**
 * Adam with decoupled weight decay (Loshchilov and Hutter, 2019, algorithm 2), as PyTorch's {@code
 * AdamW}; biases, gains and the logit scale do not decay.
 *
 * <p>θ ← θ − rate · decay · θ; m ← m + (1 − β₁)(g − m); v ← β₂ v + (1 − β₂) g²; θ ← θ − rate / (1 −
 * β₁ᵗ) · m / (√v / √(1 − β₂ᵗ) + ε). In float32, by blocks on all threads.
 */
public final class AdamW {

    private static final int BLOCK = 8192;

    private final Config config;
    private final List<TrainedArray> arrays;
    private final float[][] firstMoments;
    private final float[][] secondMoments;
    private final List<Block> blocks = new ArrayList<>();
    private final Workers workers;
    private final Scratch[] scratch;
    private long steps;

    /**
     * Constants of the optimizer.
     *
     * @param beta1 decay of the gradient's average, 0 up to but not 1
     * @param beta2 decay of its square's average, 0 up to but not 1
     * @param epsilon added to the root of the latter, above 0
     * @param weightDecay share of a matrix that a step takes away, times the learning rate
     */
    public record Config(double beta1, double beta2, double epsilon, double weightDecay) {

        public Config {
            if (!(beta1 >= 0 && beta1 < 1 && beta2 >= 0 && beta2 < 1)) {
                throw new IllegalArgumentException(
                        "betas " + beta1 + " and " + beta2 + ": expected 0 or more, below 1");
            }
            if (!(epsilon > 0) || !(weightDecay >= 0)) {
                throw new IllegalArgumentException(
                        "epsilon %s must be above 0 and weight decay %s not negative".formatted(epsilon, weightDecay));
            }
        }
    }

    /** Elements of one array that are updated together. */
    private record Block(int array, int from, int length) {}

    private static final class Scratch {
        final float[] values = new float[BLOCK];
        final float[] gradient = new float[BLOCK];
    }

    /** The factors of one step. */
    private record Factors(float keep, float gain1, float beta2, float gain2, float rate, float root, float eps) {}

    AdamW(Config config, List<TrainedArray> arrays, Workers workers) {
        this.config = config;
        this.arrays = arrays;
        this.workers = workers;
        firstMoments = new float[arrays.size()][];
        secondMoments = new float[arrays.size()][];
        for (int i = 0; i < firstMoments.length; i++) {
            int length = arrays.get(i).length();
            firstMoments[i] = new float[length];
            secondMoments[i] = new float[length];
            for (int from = 0; from < length; from += BLOCK) {
                blocks.add(new Block(i, from, Math.min(BLOCK, length - from)));
            }
        }
        scratch = new Scratch[workers.count()];
        java.util.Arrays.setAll(scratch, i -> new Scratch());
    }

    /** Moves all arrays against their gradients. */
    void step(double rate) {
        steps++;
        Factors decayed = factors(rate, config.weightDecay);
        Factors plain = factors(rate, 0);
        workers.rows(blocks.size(), (part, from, to) -> {
            for (int b = from; b < to; b++) {
                Block block = blocks.get(b);
                boolean matrix = arrays.get(block.array).isMatrix();
                update(block, matrix ? decayed : plain, scratch[part]);
            }
        });
    }

    private Factors factors(double rate, double decay) {
        double correction1 = 1 - Math.pow(config.beta1, (double) steps);
        double correction2 = 1 - Math.pow(config.beta2, (double) steps);
        return new Factors(
                (float) (1 - rate * decay),
                (float) (1 - config.beta1),
                (float) config.beta2,
                (float) (1 - config.beta2),
                (float) (rate / correction1),
                (float) Math.sqrt(correction2),
                (float) config.epsilon);
    }

    private void update(Block block, Factors f, Scratch s) {
        TrainedArray array = arrays.get(block.array);
        array.values().get(block.from, s.values, 0, block.length);
        array.gradient().get(block.from, s.gradient, 0, block.length);
        float[] m = firstMoments[block.array];
        float[] v = secondMoments[block.array];
        update(s.values, s.gradient, m, v, block.from, block.length, f);
        array.values().put(block.from, s.values, 0, block.length);
    }

    private static void update(float[] values, float[] gradient, float[] m, float[] v, int from, int n, Factors f) {
        float keep = f.keep;
        float gain1 = f.gain1;
        float beta2 = f.beta2;
        float gain2 = f.gain2;
        float rate = f.rate;
        float root = f.root;
        float eps = f.eps;
        for (int i = 0; i < n; i++) {
            float g = gradient[i];
            float m1 = m[from + i] + gain1 * (g - m[from + i]);
            float v1 = beta2 * v[from + i] + gain2 * g * g;
            m[from + i] = m1;
            v[from + i] = v1;
            float denominator = (float) Math.sqrt(v1) / root + eps;
            values[i] = values[i] * keep - rate * (m1 / denominator);
        }
    }

    /** Returns the number of steps taken. */
    long steps() {
        return steps;
    }

    /** Returns the average of the gradient of array {@code i}, not copied. */
    float[] firstMoment(int i) {
        return firstMoments[i];
    }

    /** Returns the average of the squared gradient of array {@code i}, itself. */
    float[] secondMoment(int i) {
        return secondMoments[i];
    }

    /** Goes on after that many steps, with the moments that were put in place. */
    void restore(long stepsTaken) {
        steps = stepsTaken;
    }
}
