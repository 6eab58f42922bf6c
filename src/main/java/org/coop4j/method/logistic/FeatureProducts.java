package org.coop4j.method.logistic;

import java.util.ArrayList;
import java.util.List;
import org.coop4j.graph.host.Gemm;
import org.coop4j.graph.host.HostMatrix;
import org.coop4j.graph.host.Workers;

/**
 * Products with the curvature of a loss on logits X W: Xᵀ D X V, in single precision, where D
 * changes the logits of each image by themselves.
 *
 * <p>Each worker takes its images through both products in blocks of {@value #BLOCK}, whose logits
 * stay in its cache, and sums into a matrix of its own.
 */
final class FeatureProducts implements AutoCloseable {
    private static final int BLOCK = 256;

    private final Workers workers = Workers.standard();
    private final HostMatrix features; // [n, d + 1]
    private final HostMatrix vector; // [d + 1, k]
    private final List<HostMatrix> logits = new ArrayList<>(); // [BLOCK, k] of each worker
    private final List<HostMatrix> sums = new ArrayList<>(); // [d + 1, k] of each worker
    private final float[] values; // [(d + 1) · k]

    /** What D does to the logits of an image, [k]. */
    @FunctionalInterface
    interface RowMap {
        void apply(int image, float[] logits);
    }

    /**
     * @param features [n, d], copied in single precision
     * @param n number of images
     * @param k number of classes
     * @param constant one feature more, the same for all images
     */
    FeatureProducts(double[] features, int n, int k, double constant) {
        int d = features.length / n;
        this.features = HostMatrix.zeros(n, d + 1);
        vector = HostMatrix.zeros(d + 1, k);
        for (int worker = 0; worker < workers.count(); worker++) {
            logits.add(HostMatrix.zeros(BLOCK, k));
            sums.add(HostMatrix.zeros(d + 1, k));
        }
        values = new float[(d + 1) * k];
        float[] row = new float[d + 1];
        row[d] = (float) constant;
        for (int image = 0; image < n; image++) {
            for (int j = 0; j < d; j++) {
                row[j] = (float) features[image * d + j];
            }
            this.features.putRow(image, row);
        }
    }

    /** Writes Xᵀ · map(X · V) to {@code product}; V and the product are [d + 1, k]. */
    void apply(double[] v, RowMap map, double[] product) {
        for (int i = 0; i < values.length; i++) {
            values[i] = (float) v[i];
            product[i] = 0;
        }
        vector.put(0, 0, values, values.length);
        workers.run(
                (part, parts) -> {
                    int n = features.rows();
                    int from = (int) ((long) n * part / parts);
                    int to = (int) ((long) n * (part + 1) / parts);
                    for (int first = from; first < to; first += BLOCK) {
                        addBlock(part, first, Math.min(BLOCK, to - first), first == from, map);
                    }
                });
        for (int part = 0; part < Math.min(workers.count(), features.rows()); part++) {
            sums.get(part).buffer().get(0, values);
            for (int i = 0; i < values.length; i++) {
                product[i] += values[i];
            }
        }
    }

    private void addBlock(int worker, int first, int count, boolean begins, RowMap map) {
        int width = features.cols();
        int k = vector.cols();
        HostMatrix z = logits.get(worker);
        var x = features.pointer(first, 0);
        Gemm.nn(count, k, width, x, width, vector.pointer(0, 0), k, 0, z.pointer(0, 0), k);
        float[] row = new float[k];
        for (int i = 0; i < count; i++) {
            z.getRow(i, row);
            map.apply(first + i, row);
            z.putRow(i, row);
        }
        float beta = begins ? 0 : 1;
        var sum = sums.get(worker).pointer(0, 0);
        Gemm.tn(width, k, count, x, width, z.pointer(0, 0), k, beta, sum, k);
    }

    @Override
    public void close() {
        workers.close();
        features.close();
        vector.close();
        logits.forEach(HostMatrix::close);
        sums.forEach(HostMatrix::close);
    }
}
