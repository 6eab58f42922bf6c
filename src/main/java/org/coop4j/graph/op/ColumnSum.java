package org.coop4j.graph.op;

import org.coop4j.graph.host.HostKernel;
import org.coop4j.graph.host.HostMatrix;
import org.coop4j.graph.host.Workers;

/** The sum of a matrix over its rows; each worker sums a band of columns. */
final class ColumnSum implements HostKernel {

    private final HostMatrix matrix;
    private final HostMatrix sums;
    private final Workers workers;
    private final float[][] total;
    private final float[][] row;

    ColumnSum(HostMatrix matrix, HostMatrix sums, Workers workers) {
        this.matrix = matrix;
        this.sums = sums;
        this.workers = workers;
        this.total = new float[workers.count()][matrix.cols()];
        this.row = new float[workers.count()][matrix.cols()];
    }

    @Override
    public void run() {
        workers.rows(matrix.cols(), this::sumColumns);
    }

    private void sumColumns(int part, int from, int to) {
        int n = to - from;
        float[] t = total[part];
        float[] x = row[part];
        java.util.Arrays.fill(t, 0, n, 0f);
        for (int r = 0; r < matrix.rows(); r++) {
            matrix.get(r, from, x, n);
            for (int i = 0; i < n; i++) {
                t[i] += x[i];
            }
        }
        sums.put(0, from, t, n);
    }
}
