package org.coop4j.method;

import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.function.IntSupplier;
import org.coop4j.clip.FeatureMatrix;
import org.coop4j.graph.LearnedTensor;
import org.coop4j.method.train.Optimizer;
import org.coop4j.method.train.Sgd;
import org.coop4j.method.train.Training;

/**
 * LP++'s optimizer: the class weights and biases move at each step, the blending parameters at
 * every tenth, against the sum of all their gradients so far, which the reference's code never
 * clears. The training's rate is a factor of the step sizes.
 */
final class BlockDescent extends Optimizer {

    private static final int BLEND_EVERY = 10;
    private static final String SUM = "sum of gradients";
    private static final String BEST = "best.";
    private static final String BEST_HITS = "best hits";

    private final List<LearnedTensor> weights;
    private final LearnedTensor blend;
    private final StepSizes sizes;
    private final IntSupplier hits;
    private final Sgd sgd;
    private final float[] sum;
    private final Map<String, float[]> best = new LinkedHashMap<>();
    private int bestHits = -1;

    /**
     * Step sizes from the data.
     *
     * @param weights 4 N / λ_max(FᵀF), the inverse of the loss's Lipschitz constant in the weights
     * @param blend N / (4 max_k Σ_i (f_i · t_k)²)
     */
    record StepSizes(double weights, double blend) {

        private static final int MOST_ITERATIONS = 1_000;
        private static final double CONVERGED = 1e-12;

        /**
         * @param f normalised features of the images, one row an image
         * @param text normalised text features, one row a class
         */
        static StepSizes of(FeatureMatrix f, FeatureMatrix text) {
            FeatureMatrix cosines = f.products(text);
            double[] squares = new double[text.rows()];
            for (int i = 0; i < f.rows(); i++) {
                for (int k = 0; k < squares.length; k++) {
                    squares[k] += (double) cosines.get(i, k) * cosines.get(i, k);
                }
            }
            double most = Arrays.stream(squares).max().orElseThrow();
            return new StepSizes(4.0 * f.rows() / largestEigenvalue(f), f.rows() / (4 * most));
        }

        /** Of FᵀF, by power iteration; features of one model have one dominant direction. */
        static double largestEigenvalue(FeatureMatrix f) {
            double[] upper = Gaussians.Moments.of(f, new int[f.rows()], 1).squares();
            double[] v = new double[f.width()];
            for (int j = 0; j < v.length; j++) {
                v[j] = f.get(0, j);
            }
            double value = 0;
            for (int i = 0; i < MOST_ITERATIONS; i++) {
                double[] next = new double[v.length];
                for (int row = 0; row < v.length; row++) {
                    int start = row * v.length;
                    next[row] += upper[start + row] * v[row];
                    for (int j = row + 1; j < v.length; j++) {
                        next[row] += upper[start + j] * v[j];
                        next[j] += upper[start + j] * v[row];
                    }
                }
                double norm = Math.sqrt(Arrays.stream(next).map(x -> x * x).sum());
                for (int j = 0; j < v.length; j++) {
                    v[j] = next[j] / norm;
                }
                if (Math.abs(norm - value) <= CONVERGED * norm) {
                    return norm;
                }
                value = norm;
            }
            return value;
        }
    }

    /**
     * @param weights what moves at each step
     * @param blend what moves at every tenth
     * @param hits counts the val images that are right; the last of the best steps is kept then; or
     *     null
     */
    BlockDescent(
            Training training,
            List<LearnedTensor> weights,
            LearnedTensor blend,
            StepSizes sizes,
            IntSupplier hits) {
        this.weights = weights;
        this.blend = blend;
        this.sizes = sizes;
        this.hits = hits;
        this.sgd = new Sgd(training.momentum(), training.weightDecay());
        this.sum = new float[blend.values().length];
    }

    @Override
    public void step(List<LearnedTensor> tensors, double rate, long step) {
        sgd.step(weights, rate * sizes.weights, step);
        float[] values = blend.values();
        for (int k = 0; k < sum.length; k++) {
            sum[k] += blend.gradient()[k];
            if (step % BLEND_EVERY == 0) {
                values[k] = (float) (values[k] - rate * sizes.blend * sum[k]);
            }
        }
        if (hits != null) {
            int now = hits.getAsInt();
            if (now >= bestHits) {
                bestHits = now;
                tensors.forEach(t -> best.put(t.name(), t.values().clone()));
            }
        }
    }

    /** Puts what was best on the val images into the tensors, where there were any. */
    void takeBest() {
        for (LearnedTensor tensor : weights) {
            take(tensor);
        }
        take(blend);
    }

    private void take(LearnedTensor tensor) {
        float[] values = best.get(tensor.name());
        if (values != null) {
            System.arraycopy(values, 0, tensor.values(), 0, values.length);
        }
    }

    @Override
    public Map<String, float[]> state() {
        Map<String, float[]> state = new LinkedHashMap<>(sgd.state());
        state.put(SUM, sum);
        best.forEach((name, values) -> state.put(BEST + name, values));
        if (hits != null) {
            state.put(BEST_HITS, new float[] {bestHits});
        }
        return state;
    }

    @Override
    public void restore(List<LearnedTensor> tensors, Map<String, float[]> saved) {
        Map<String, float[]> ofSgd = new LinkedHashMap<>(saved);
        System.arraycopy(required(ofSgd, SUM, sum.length), 0, sum, 0, sum.length);
        ofSgd.remove(SUM);
        best.clear();
        if (hits != null) {
            bestHits = (int) required(ofSgd, BEST_HITS, 1)[0];
            ofSgd.remove(BEST_HITS);
            for (LearnedTensor tensor : tensors) {
                String name = BEST + tensor.name();
                int length = tensor.values().length;
                best.put(tensor.name(), required(ofSgd, name, length).clone());
                ofSgd.remove(name);
            }
        }
        sgd.restore(weights, ofSgd);
    }
}
