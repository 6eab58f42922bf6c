package org.coop4j.pretrain.op;

import org.coop4j.clip.Parameters.BatchNormFolding;
import org.coop4j.graph.host.Floats;
import org.coop4j.graph.host.HostKernel;
import org.coop4j.graph.host.HostMatrix;
import org.coop4j.graph.host.Workers;
import org.coop4j.pretrain.op.BatchNorm.Then;

/**
 * The gradient of {@link BatchNormKernel} in two passes: the sums of g and g · (x − mean), then dx
 * = g · s + x · p + q with one s, p and q a channel.
 */
final class BatchNormGradientKernel implements HostKernel {

    private final HostMatrix dy;
    private final HostMatrix x;
    private final HostMatrix[] channelInputs;
    private final HostMatrix dx;
    private final HostMatrix dGain;
    private final HostMatrix dBias;
    private final Workers workers;
    private final WideRows wide;

    /** 0 where the rectifier decides what passes, 1 where everything does. */
    private final float least;

    private final float[] gain;
    private final float[] bias;
    private final float[] mean;
    private final float[] variance;
    private final float[] scale;
    private final float[] offset;
    private final float[] ofX;
    private final float[] constant;
    private final double[] sum;
    private final double[] products;
    private final ColumnSums[] sums;
    private final float[][] dyRows;
    private final float[][] xRows;

    BatchNormGradientKernel(Then then, HostMatrix[] in, HostMatrix[] out, Workers workers) {
        this.dy = in[0];
        this.x = in[1];
        this.channelInputs = java.util.Arrays.copyOfRange(in, 2, 6);
        this.dx = out[0];
        this.dGain = out[1];
        this.dBias = out[2];
        this.workers = workers;
        this.wide = WideRows.of(x);
        this.least = then == Then.RELU ? 0f : 1f;
        int width = wide.width();
        this.gain = new float[x.cols()];
        this.bias = new float[x.cols()];
        this.variance = new float[x.cols()];
        this.mean = new float[width];
        this.scale = new float[width];
        this.offset = new float[width];
        this.ofX = new float[width];
        this.constant = new float[width];
        this.sum = new double[x.cols()];
        this.products = new double[x.cols()];
        this.sums = new ColumnSums[workers.count()];
        java.util.Arrays.setAll(sums, part -> new ColumnSums(width));
        this.dyRows = new float[workers.count()][];
        java.util.Arrays.setAll(dyRows, part -> Workers.ownArray(width));
        this.xRows = new float[workers.count()][];
        java.util.Arrays.setAll(xRows, part -> Workers.ownArray(width));
    }

    @Override
    public void run() {
        readChannels();
        workers.rows(wide.count(), this::sumRows);
        coefficients();
        workers.rows(wide.count(), this::differentiateRows);
    }

    /** Scale and offset as the forward pass had them, so that the rectifier decides alike. */
    private void readChannels() {
        int channels = x.cols();
        channelInputs[0].getRow(0, gain);
        channelInputs[1].getRow(0, bias);
        channelInputs[2].get(0, 0, mean, channels);
        channelInputs[3].getRow(0, variance);
        for (int c = 0; c < channels; c++) {
            double factor = gain[c] / Math.sqrt(variance[c] + BatchNormFolding.EPSILON);
            scale[c] = (float) factor;
            offset[c] = (float) (bias[c] - mean[c] * factor);
        }
        wide.repeat(mean);
        wide.repeat(scale);
        wide.repeat(offset);
        for (ColumnSums s : sums) {
            s.clear();
        }
    }

    private void sumRows(int part, int from, int to) {
        float[] g = dyRows[part];
        float[] row = xRows[part];
        ColumnSums s = sums[part];
        for (int r = from; r < to; r++) {
            wide.get(dy, r, g);
            wide.get(x, r, row);
            addRow(g, row, s.first, s.second);
            s.rowAdded();
        }
    }

    private void addRow(float[] g, float[] row, float[] sum, float[] products) {
        float[] s = scale;
        float[] o = offset;
        float[] m = mean;
        float floor = least;
        for (int i = 0; i < s.length; i++) {
            float passed = g[i] * Floats.step(row[i] * s[i] + o[i], floor);
            sum[i] += passed;
            products[i] += passed * (row[i] - m[i]);
        }
    }

    private void coefficients() {
        java.util.Arrays.fill(sum, 0);
        java.util.Arrays.fill(products, 0);
        for (ColumnSums s : sums) {
            s.addTo(sum, products);
        }
        double n = x.rows();
        for (int c = 0; c < x.cols(); c++) {
            double inverse = 1 / Math.sqrt(variance[c] + BatchNormFolding.EPSILON);
            double s = gain[c] * inverse;
            double p = -s * inverse * inverse * products[c] / n;
            ofX[c] = (float) p;
            constant[c] = (float) (-s * sum[c] / n - mean[c] * p);
            gain[c] = (float) (products[c] * inverse);
            bias[c] = (float) sum[c];
        }
        wide.repeat(ofX);
        wide.repeat(constant);
        dGain.putRow(0, gain);
        dBias.putRow(0, bias);
    }

    private void differentiateRows(int part, int from, int to) {
        float[] g = dyRows[part];
        float[] row = xRows[part];
        for (int r = from; r < to; r++) {
            wide.get(dy, r, g);
            wide.get(x, r, row);
            differentiateRow(g, row);
            wide.put(dx, r, g);
        }
    }

    private void differentiateRow(float[] g, float[] row) {
        float[] s = scale;
        float[] o = offset;
        float[] p = ofX;
        float[] q = constant;
        float floor = least;
        for (int i = 0; i < s.length; i++) {
            float passed = g[i] * Floats.step(row[i] * s[i] + o[i], floor);
            g[i] = passed * s[i] + (row[i] * p[i] + q[i]);
        }
    }
}
