package org.coop4j.method;

import java.util.function.DoubleUnaryOperator;
import org.coop4j.clip.FeatureMatrix;

/**
 * The operations of logits on matrices with one row per image, in some format; {@link Classifier#logits(LogitGraph,
 * Object)} calls them.
 *
 * @param <T> a matrix in that format
 */
public interface LogitGraph<T> {

    /** Returns each row divided by its Euclidean norm. */
    T unit(T x);

    /** Returns x · weightsᵀ; x [n, width], weights [m, width] → [n, m]. */
    T product(T x, FeatureMatrix weights);

    /** Returns each element times a factor. */
    T times(T x, double factor);

    /** Returns each row plus a row of numbers. */
    T plus(T x, float[] row);

    /** Returns the sum of two matrices. */
    T plus(T x, T y);

    /** Returns max(0, x). */
    T rectified(T x);

    /** Returns e to the power of each element. */
    T exp(T x);

    /** Computes the logits immediately. */
    final class Matrices implements LogitGraph<FeatureMatrix> {

        @Override
        public FeatureMatrix unit(FeatureMatrix x) {
            return x.normalized();
        }

        @Override
        public FeatureMatrix product(FeatureMatrix x, FeatureMatrix weights) {
            return x.products(weights);
        }

        @Override
        public FeatureMatrix times(FeatureMatrix x, double factor) {
            return factor == 1 ? x : x.times(factor);
        }

        @Override
        public FeatureMatrix plus(FeatureMatrix x, float[] row) {
            float[] sum = x.toArray();
            for (int i = 0; i < sum.length; i += row.length) {
                for (int j = 0; j < row.length; j++) {
                    sum[i + j] += row[j];
                }
            }
            return FeatureMatrix.of(x.rows(), x.width(), sum);
        }

        @Override
        public FeatureMatrix plus(FeatureMatrix x, FeatureMatrix y) {
            return x.plus(y, 1);
        }

        @Override
        public FeatureMatrix rectified(FeatureMatrix x) {
            return mapped(x, value -> Math.max(0, value));
        }

        @Override
        public FeatureMatrix exp(FeatureMatrix x) {
            return mapped(x, Math::exp);
        }

        private static FeatureMatrix mapped(FeatureMatrix x, DoubleUnaryOperator function) {
            float[] values = x.toArray();
            for (int i = 0; i < values.length; i++) {
                values[i] = (float) function.applyAsDouble(values[i]);
            }
            return FeatureMatrix.of(x.rows(), x.width(), values);
        }
    }
}
