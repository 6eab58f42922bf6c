package org.coop4j.method;

import java.util.Arrays;
import java.util.stream.IntStream;
import org.coop4j.clip.FeatureMatrix;
import org.coop4j.graph.host.DoubleRows;
import org.coop4j.graph.host.Gemm;

/**
 * Gaussians of the classes with one shared covariance, and the linear classifier that follows from
 * Bayes' rule, computed in double precision.
 *
 * <p>S = Σ (f − μ_y)(f − μ_y)ᵀ over n features; precision Σ⁻¹ = D · (S + tr S / (n − 1) · I)⁻¹; W =
 * Σ⁻¹ μᵀ; b_k = − ln C − ½ μ_k Σ⁻¹ μ_kᵀ. Where S is zero there is nothing to learn of: W is zero.
 *
 * @param weights Wᵀ, [classes, embed]
 * @param bias b, [classes]
 * @param degenerate whether S is zero
 */
@SuppressWarnings("ArrayRecordComponent") // never compared
record Gaussians(FeatureMatrix weights, float[] bias, boolean degenerate) {

    /** Fits to all features. */
    static Gaussians of(FeatureMatrix features, int[] labels, int classes) {
        return Moments.of(features, labels, classes).gaussians();
    }

    /**
     * Sums over labelled features, of which some can be taken away again.
     *
     * @param squares Σ f fᵀ, [embed, embed], of which the diagonal and what is above it count
     * @param sums Σ f of each class, [classes, embed]
     * @param counts features of each class
     */
    record Moments(double[] squares, double[] sums, int[] counts) {

        /** Features whose squares are added at once. */
        private static final int BLOCK = 512;

        static Moments of(FeatureMatrix features, int[] labels, int classes) {
            int width = features.width();
            Moments moments =
                    new Moments(
                            new double[width * width],
                            new double[Math.multiplyExact(classes, width)],
                            new int[classes]);
            moments.add(1, features, labels);
            return moments;
        }

        /** Those of the other features. */
        Moments without(FeatureMatrix features, int[] labels) {
            Moments rest = new Moments(squares.clone(), sums.clone(), counts.clone());
            rest.add(-1, features, labels);
            return rest;
        }

        /** Adds features, or takes them away if the sign is −1. */
        private void add(int sign, FeatureMatrix features, int[] labels) {
            int width = features.width();
            float[] feature = new float[width];
            double[] rows = new double[Math.min(BLOCK, labels.length) * width];
            for (int first = 0; first < labels.length; first += BLOCK) {
                int count = Math.min(BLOCK, labels.length - first);
                for (int i = 0; i < count; i++) {
                    features.copyRow(first + i, feature, 0);
                    int start = labels[first + i] * width;
                    for (int j = 0; j < width; j++) {
                        rows[i * width + j] = feature[j];
                        sums[start + j] += sign * feature[j];
                    }
                }
                Gemm.singleThreaded(() -> DoubleRows.addSquares(sign, rows, count, width, squares));
            }
            for (int label : labels) {
                counts[label] += sign;
            }
        }

        /** The Gaussians with these moments. */
        Gaussians gaussians() {
            int classes = counts.length;
            int width = sums.length / classes;
            int n = Arrays.stream(counts).sum();
            double[] s = squares.clone();
            double[] means = new double[sums.length]; // each times the root of its class's count
            double[] solution = new double[sums.length]; // [embed, classes]
            for (int k = 0; k < classes; k++) {
                int count = Math.max(1, counts[k]);
                for (int j = 0; j < width; j++) {
                    double sum = sums[k * width + j];
                    means[k * width + j] = sum / Math.sqrt(count);
                    solution[j * classes + k] = sum / count;
                }
            }
            Gemm.singleThreaded(() -> DoubleRows.addSquares(-1, means, classes, width, s));
            double trace = IntStream.range(0, width).mapToDouble(i -> s[i * width + i]).sum();
            float[] bias = new float[classes];
            Arrays.fill(bias, (float) -Math.log(classes));
            float[] weights = new float[sums.length];
            // Means of single features differ from them by rounding alone.
            boolean degenerate = !(trace > 1e-10 * n);
            if (!degenerate) {
                for (int i = 0; i < width; i++) {
                    s[i * width + i] += trace / (n - 1);
                }
                Gemm.singleThreaded(() -> DoubleRows.solve(s, width, solution));
                for (int k = 0; k < classes; k++) {
                    double square = 0; // μ Σ⁻¹ μᵀ
                    for (int j = 0; j < width; j++) {
                        double weight = width * solution[j * classes + k];
                        weights[k * width + j] = (float) weight;
                        square += sums[k * width + j] / Math.max(1, counts[k]) * weight;
                    }
                    bias[k] = (float) (-Math.log(classes) - 0.5 * square);
                }
            }
            return new Gaussians(FeatureMatrix.of(classes, width, weights), bias, degenerate);
        }
    }
}
