package org.coop4j.pool;

import java.util.Arrays;
import java.util.function.IntFunction;
import java.util.stream.IntStream;
import org.coop4j.clip.FeatureMatrix;
import org.coop4j.graph.host.DoubleRows;
import org.coop4j.graph.host.Gemm;

/**
 * Features less their mean, in double precision, and sums over them.
 *
 * <p>Sums are made in blocks of fixed size and added in the order of the blocks, so that the number of threads does not change a bit.
 */
final class Centred implements AutoCloseable {

    /** Pictures whose sums one thread makes at a time. */
    private static final int BLOCK = 512;

    /** Blocks whose sums are in memory at once. */
    private static final int AT_ONCE = 16;

    private final int n;
    private final int width;
    private final DoubleRows rows;

    final double[] mean;

    Centred(FeatureMatrix units) {
        n = units.rows();
        width = units.width();
        mean = mean(units);
        rows = DoubleRows.allocate(n, width);
        IntStream.range(0, n).parallel().forEach(i -> {
            double[] row = new double[width];
            Arrays.setAll(row, d -> units.get(i, d) - mean[d]);
            rows.put(i, row, 0);
        });
    }

    static double[] mean(FeatureMatrix units) {
        double[] mean = new double[units.width()];
        for (int i = 0; i < units.rows(); i++) {
            for (int d = 0; d < mean.length; d++) {
                mean[d] += units.get(i, d);
            }
        }
        Arrays.setAll(mean, d -> mean[d] / units.rows());
        return mean;
    }

    private int count(int first) {
        return Math.min(BLOCK, n - first);
    }

    private double[] sum(int size, IntFunction<double[]> ofBlock) {
        double[] sum = new double[size];
        int blocks = (n + BLOCK - 1) / BLOCK;
        for (int first = 0; first < blocks; first += AT_ONCE) {
            double[][] parts = new double[Math.min(AT_ONCE, blocks - first)][];
            int from = first;
            Gemm.singleThreaded(() -> IntStream.range(0, parts.length)
                    .parallel()
                    .forEach(part -> parts[part] = ofBlock.apply((from + part) * BLOCK)));
            for (double[] part : parts) {
                for (int i = 0; i < size; i++) {
                    sum[i] += part[i];
                }
            }
        }
        return sum;
    }

    /** Returns Σ x xᵀ, [width, width], the upper triangle alone. */
    double[] squares() {
        return sum(width * width, first -> {
            double[] x = new double[count(first) * width];
            for (int i = 0; i < count(first); i++) {
                rows.get(first + i, x, i * width);
            }
            double[] upper = new double[width * width];
            DoubleRows.addSquares(1, x, count(first), width, upper);
            return upper;
        });
    }

    /** Returns weightsᵀ · x, [columns, width], of weights [n, columns]. */
    double[] weighted(float[] weights, int columns) {
        return sum(columns * width, first -> {
            try (DoubleRows left = DoubleRows.of(weights, columns, first, count(first));
                    DoubleRows product = DoubleRows.allocate(columns, width)) {
                product.product(Gemm.Form.TN, 0, columns, left, rows.from(first), count(first));
                return product.toArray(columns);
            }
        });
    }

    /** Takes a row of x · matrix. */
    interface RowSink {
        void take(int picture, double[] row);
    }

    /** Computes x · matrix of a matrix [width, columns]; rows are taken by several threads. */
    void times(double[] matrix, int columns, RowSink sink) {
        int blocks = (n + BLOCK - 1) / BLOCK;
        try (DoubleRows right = DoubleRows.of(matrix, columns)) {
            Gemm.singleThreaded(() -> IntStream.range(0, blocks).parallel().forEach(block -> {
                int first = block * BLOCK;
                double[] row = new double[columns];
                try (DoubleRows products = DoubleRows.allocate(count(first), columns)) {
                    products.product(Gemm.Form.NN, 0, count(first), rows.from(first), right, width);
                    for (int i = 0; i < count(first); i++) {
                        products.get(i, row, 0);
                        sink.take(first + i, row);
                    }
                }
            }));
        }
    }

    @Override
    public void close() {
        rows.close();
    }
}
