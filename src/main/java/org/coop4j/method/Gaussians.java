package org.coop4j.method;

import java.util.Arrays;
import java.util.function.IntPredicate;
import java.util.stream.IntStream;
import org.apache.commons.math3.linear.Array2DRowRealMatrix;
import org.apache.commons.math3.linear.CholeskyDecomposition;
import org.apache.commons.math3.linear.RealMatrix;
import org.coop4j.clip.FeatureMatrix;

/**
 * Gaussians of the classes with one shared covariance, and the linear classifier that follows from
 * Bayes' rule, in double precision.
 *
 * <p>S = Σ (f − μ_y)(f − μ_y)ᵀ over n features; precision Σ⁻¹ = D · (S + tr S / (n − 1) · I)⁻¹; W =
 * Σ⁻¹ μᵀ; b_k = − ln C − ½ μ_k Σ⁻¹ μ_kᵀ. Where S is zero there is nothing to learn of: W is zero.
 *
 * @param weights W, [embed, classes]
 * @param bias b, [classes]
 * @param means μ, [classes, embed]
 * @param degenerate whether S is zero
 */
@SuppressWarnings("ArrayRecordComponent") // never compared
record Gaussians(RealMatrix weights, double[] bias, RealMatrix means, boolean degenerate) {

    /**
     * Fits to some of the features.
     *
     * @param features normalised, one row a sample
     * @param labels the class of each
     * @param used which samples to fit to
     */
    static Gaussians of(FeatureMatrix features, int[] labels, int classes, IntPredicate used) {
        int[] rows = IntStream.range(0, labels.length).filter(used).toArray();
        double[][] means = means(features, labels, classes, rows);
        double[][] scatter = scatter(features, labels, means, rows);
        double trace = 0;
        for (int i = 0; i < scatter.length; i++) {
            trace += scatter[i][i];
        }
        RealMatrix mu = new Array2DRowRealMatrix(means, false);
        double[] bias = new double[classes];
        Arrays.fill(bias, -Math.log(classes));
        // Means of single features differ from them by rounding alone.
        if (!(trace > 1e-10 * rows.length)) {
            RealMatrix zero = new Array2DRowRealMatrix(features.width(), classes);
            return new Gaussians(zero, bias, mu, true);
        }
        double ridge = trace / (rows.length - 1);
        for (int i = 0; i < scatter.length; i++) {
            scatter[i][i] += ridge;
        }
        RealMatrix ridged = new Array2DRowRealMatrix(scatter, false);
        RealMatrix weights =
                new CholeskyDecomposition(ridged, 1e-9, 0)
                        .getSolver()
                        .solve(mu.transpose())
                        .scalarMultiply(features.width());
        for (int k = 0; k < classes; k++) {
            bias[k] -= 0.5 * mu.getRowVector(k).dotProduct(weights.getColumnVector(k));
        }
        return new Gaussians(weights, bias, mu, false);
    }

    private static double[][] means(FeatureMatrix features, int[] labels, int classes, int[] rows) {
        double[][] means = new double[classes][features.width()];
        int[] counts = new int[classes];
        for (int row : rows) {
            counts[labels[row]]++;
            for (int j = 0; j < features.width(); j++) {
                means[labels[row]][j] += features.get(row, j);
            }
        }
        for (int k = 0; k < classes; k++) {
            for (int j = 0; j < features.width(); j++) {
                means[k][j] /= Math.max(1, counts[k]);
            }
        }
        return means;
    }

    private static double[][] scatter(
            FeatureMatrix features, int[] labels, double[][] means, int[] rows) {
        int width = features.width();
        double[][] centred = new double[rows.length][width];
        for (int r = 0; r < rows.length; r++) {
            for (int j = 0; j < width; j++) {
                centred[r][j] = features.get(rows[r], j) - means[labels[rows[r]]][j];
            }
        }
        double[][] scatter = new double[width][width];
        IntStream.range(0, width)
                .parallel()
                .forEach(
                        i -> {
                            for (double[] row : centred) {
                                double value = row[i];
                                for (int j = 0; j < width; j++) {
                                    scatter[i][j] += value * row[j];
                                }
                            }
                        });
        return scatter;
    }

    /** f · W + b, the logarithm of each class's probability up to a constant. */
    double[] logits(FeatureMatrix features, int row) {
        double[] logits = bias.clone();
        for (int j = 0; j < features.width(); j++) {
            double x = features.get(row, j);
            for (int k = 0; k < logits.length; k++) {
                logits[k] += x * weights.getEntry(j, k);
            }
        }
        return logits;
    }
}
