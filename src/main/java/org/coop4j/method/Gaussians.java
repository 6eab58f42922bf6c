package org.coop4j.method;

import java.util.Arrays;
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
 * @param weights W, [embed][classes]
 * @param bias b, [classes]
 * @param degenerate whether S is zero
 */
@SuppressWarnings("ArrayRecordComponent") // never compared
record Gaussians(double[][] weights, double[] bias, boolean degenerate) {

    /** Fits to all features. */
    static Gaussians of(FeatureMatrix features, int[] labels, int classes) {
        return Moments.of(features, labels, classes).gaussians();
    }

    /** f · W + b of each feature: logarithms of the classes' probabilities up to a constant. */
    double[][] logits(FeatureMatrix features) {
        double[][] logits = new double[features.rows()][];
        IntStream.range(0, logits.length)
                .parallel()
                .forEach(
                        i -> {
                            double[] row = bias.clone();
                            for (int j = 0; j < weights.length; j++) {
                                add(features.get(i, j), weights[j], 0, row);
                            }
                            logits[i] = row;
                        });
        return logits;
    }

    /** sum += factor · x, from an element on. */
    private static void add(double factor, double[] x, int from, double[] sum) {
        for (int i = from; i < sum.length; i++) {
            sum[i] += factor * x[i];
        }
    }

    /**
     * Sums over labelled features, of which some can be taken away again.
     *
     * @param squares Σ f fᵀ, [embed][embed], from the diagonal on
     * @param sums Σ f of each class, [classes][embed]
     * @param counts features of each class
     */
    record Moments(double[][] squares, double[][] sums, int[] counts) {

        /** Rows of the squares that one pass over the features adds up. */
        private static final int BLOCK = 16;

        static Moments of(FeatureMatrix features, int[] labels, int classes) {
            int width = features.width();
            double[][] rows = doubles(features);
            double[][] squares = new double[width][width];
            IntStream.range(0, (width + BLOCK - 1) / BLOCK)
                    .parallel()
                    .forEach(
                            block -> {
                                int first = block * BLOCK;
                                int end = Math.min(width, first + BLOCK);
                                for (double[] row : rows) {
                                    for (int i = first; i < end; i++) {
                                        add(row[i], row, i, squares[i]);
                                    }
                                }
                            });
            double[][] sums = new double[classes][width];
            int[] counts = new int[classes];
            for (int i = 0; i < rows.length; i++) {
                add(1, rows[i], 0, sums[labels[i]]);
                counts[labels[i]]++;
            }
            return new Moments(squares, sums, counts);
        }

        private static double[][] doubles(FeatureMatrix features) {
            double[][] rows = new double[features.rows()][features.width()];
            for (int i = 0; i < rows.length; i++) {
                for (int j = 0; j < features.width(); j++) {
                    rows[i][j] = features.get(i, j);
                }
            }
            return rows;
        }

        /** Those of the other features. */
        Moments without(FeatureMatrix features, int[] labels) {
            Moments rest = new Moments(copy(squares), copy(sums), counts.clone());
            double[][] rows = doubles(features);
            for (int i = 0; i < rows.length; i++) {
                rest.addSquare(-1, rows[i]);
                add(-1, rows[i], 0, rest.sums[labels[i]]);
                rest.counts[labels[i]]--;
            }
            return rest;
        }

        private void addSquare(double factor, double[] x) {
            for (int i = 0; i < x.length; i++) {
                add(factor * x[i], x, i, squares[i]);
            }
        }

        private static double[][] copy(double[][] rows) {
            return Arrays.stream(rows).map(double[]::clone).toArray(double[][]::new);
        }

        /** The Gaussians with these moments. */
        Gaussians gaussians() {
            int classes = sums.length;
            int width = squares.length;
            int n = Arrays.stream(counts).sum();
            Moments scatter = new Moments(copy(squares), sums, counts);
            double[][] means = copy(sums);
            for (int k = 0; k < classes; k++) {
                double[] mean = means[k];
                int count = Math.max(1, counts[k]);
                Arrays.setAll(mean, j -> mean[j] / count);
                scatter.addSquare(-counts[k], mean);
            }
            double[][] s = scatter.squares;
            double trace = IntStream.range(0, width).mapToDouble(i -> s[i][i]).sum();
            double[] bias = new double[classes];
            Arrays.fill(bias, -Math.log(classes));
            // Means of single features differ from them by rounding alone.
            if (!(trace > 1e-10 * n)) {
                return new Gaussians(new double[width][classes], bias, true);
            }
            for (int i = 0; i < width; i++) {
                s[i][i] += trace / (n - 1);
                for (int j = 0; j < i; j++) {
                    s[i][j] = s[j][i];
                }
            }
            RealMatrix mu = new Array2DRowRealMatrix(means, false);
            RealMatrix weights =
                    new CholeskyDecomposition(new Array2DRowRealMatrix(s, false), 1e-9, 0)
                            .getSolver()
                            .solve(mu.transpose())
                            .scalarMultiply(width);
            for (int k = 0; k < classes; k++) {
                bias[k] -= 0.5 * mu.getRowVector(k).dotProduct(weights.getColumnVector(k));
            }
            return new Gaussians(weights.getData(), bias, false);
        }
    }
}
