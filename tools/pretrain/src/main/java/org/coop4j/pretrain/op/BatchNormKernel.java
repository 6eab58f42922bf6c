package org.coop4j.pretrain.op;

import org.coop4j.clip.Parameters.BatchNormFolding;
import org.coop4j.graph.host.HostKernel;
import org.coop4j.graph.host.HostMatrix;
import org.coop4j.graph.host.Workers;
import org.coop4j.pretrain.op.BatchNorm.Then;

/**
 * Batch norm in two passes: the statistics, then the rows.
 *
 * <p>The statistics are those of x minus its first row, which keeps the difference of the mean
 * square and the squared mean exact enough in float.
 */
final class BatchNormKernel implements HostKernel {

    private final HostMatrix x;
    private final HostMatrix gain;
    private final HostMatrix bias;
    private final HostMatrix y;
    private final HostMatrix meanOut;
    private final HostMatrix varianceOut;
    private final Workers workers;
    private final WideRows wide;
    private final float floor;
    private final float[] shift;
    private final float[] scale;
    private final float[] offset;
    private final double[] sum;
    private final double[] squares;
    private final float[] mean;
    private final float[] variance;
    private final ColumnSums[] sums;
    private final float[][] rows;

    BatchNormKernel(Then then, HostMatrix[] in, HostMatrix[] out, Workers workers) {
        this.x = in[0];
        this.gain = in[1];
        this.bias = in[2];
        this.y = out[0];
        this.meanOut = out[1];
        this.varianceOut = out[2];
        this.workers = workers;
        this.wide = WideRows.of(x);
        this.floor = then == Then.RELU ? 0f : Float.NEGATIVE_INFINITY;
        this.shift = new float[wide.width()];
        this.scale = new float[wide.width()];
        this.offset = new float[wide.width()];
        this.sum = new double[x.cols()];
        this.squares = new double[x.cols()];
        this.mean = new float[x.cols()];
        this.variance = new float[x.cols()];
        this.sums = new ColumnSums[workers.count()];
        java.util.Arrays.setAll(sums, part -> new ColumnSums(wide.width()));
        this.rows = new float[workers.count()][];
        java.util.Arrays.setAll(rows, part -> Workers.ownArray(wide.width()));
    }

    @Override
    public void run() {
        x.get(0, 0, shift, x.cols());
        wide.repeat(shift);
        for (ColumnSums s : sums) {
            s.clear();
        }
        workers.rows(wide.count(), this::sumRows);
        statistics();
        workers.rows(wide.count(), this::normaliseRows);
    }

    private void sumRows(int part, int from, int to) {
        float[] row = rows[part];
        ColumnSums s = sums[part];
        for (int r = from; r < to; r++) {
            wide.get(x, r, row);
            addRow(row, shift, s.first, s.second);
            s.rowAdded();
        }
    }

    private static void addRow(float[] x, float[] shift, float[] sum, float[] squares) {
        for (int i = 0; i < shift.length; i++) {
            float d = x[i] - shift[i];
            sum[i] += d;
            squares[i] += d * d;
        }
    }

    private void statistics() {
        java.util.Arrays.fill(sum, 0);
        java.util.Arrays.fill(squares, 0);
        for (ColumnSums s : sums) {
            s.addTo(sum, squares);
        }
        int channels = x.cols();
        gain.get(0, 0, scale, channels);
        bias.get(0, 0, offset, channels);
        double n = x.rows();
        for (int c = 0; c < channels; c++) {
            double fromShift = sum[c] / n;
            double m = shift[c] + fromShift;
            double v = Math.max(0, squares[c] / n - fromShift * fromShift);
            double factor = scale[c] / Math.sqrt(v + BatchNormFolding.EPSILON);
            mean[c] = (float) m;
            variance[c] = (float) v;
            scale[c] = (float) factor;
            offset[c] = (float) (offset[c] - m * factor);
        }
        meanOut.putRow(0, mean);
        varianceOut.putRow(0, variance);
        wide.repeat(scale);
        wide.repeat(offset);
    }

    private void normaliseRows(int part, int from, int to) {
        float[] row = rows[part];
        for (int r = from; r < to; r++) {
            wide.get(x, r, row);
            scaleRow(row, scale, offset, floor);
            wide.put(y, r, row);
        }
    }

    private static void scaleRow(float[] x, float[] scale, float[] offset, float floor) {
        for (int i = 0; i < scale.length; i++) {
            x[i] = Math.max(x[i] * scale[i] + offset[i], floor);
        }
    }
}
