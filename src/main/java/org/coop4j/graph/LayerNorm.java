package org.coop4j.graph;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import org.coop4j.graph.host.Floats;
import org.coop4j.graph.host.HostKernel;
import org.coop4j.graph.host.HostMatrix;
import org.coop4j.graph.host.Precision;
import org.coop4j.graph.host.Workers;
import org.nd4j.autodiff.samediff.SDVariable;

/**
 * y = (x − mean) / √(variance + epsilon) · gain + bias for each row, the variance biased (PyTorch's {@code LayerNorm};
 * ND4J's own has no epsilon).
 *
 * <p>Inputs: x [rows, width], gain [width] and bias [width]. Frozen gain and bias have no gradient. In large towers
 * oneDNN computes it: a second output has the mean and the variance of each row, [2, rows], for the gradient. Otherwise the
 * gradient computes them again from x, which is as fast.
 */
final class LayerNorm extends GraphOp {

    private final Precision precision;
    private final double epsilon;
    private final boolean oneDnn;

    /**
     * @param precision of the products around it; with bfloat16 it may write rounded numbers
     * @param epsilon added to the variance
     * @param width of a row
     */
    LayerNorm(Precision precision, double epsilon, long width) {
        this.precision = precision;
        this.epsilon = epsilon;
        this.oneDnn = precision.isByOneDnn(width);
    }

    @Override
    public boolean mayWriteRounded(boolean fromRounded) {
        return precision == Precision.BFLOAT16;
    }

    @Override
    public int getNumOutputs() {
        return oneDnn ? 2 : 1;
    }

    @Override
    public List<long[]> outputShapes(List<long[]> in) {
        long[] x = in.get(0);
        return List.of(x, new long[] {2, x[0]}).subList(0, getNumOutputs());
    }

    @Override
    protected SDVariable expression(Graph graph, SDVariable... in) {
        SDVariable centred = in[0].sub(in[0].mean(true, 1));
        SDVariable variance = centred.mul(centred).mean(true, 1);
        // ND4J's gradient of a division is wrong where the divisor has one element.
        SDVariable normalised = centred.mul(in[0].getSameDiff().math().pow(variance.add(epsilon), -0.5));
        return normalised.mul(in[1]).add(in[2]);
    }

    @Override
    public boolean mayOverwrite(int input) {
        return input == 0;
    }

    @Override
    public HostKernel hostKernel(HostMatrix[] in, HostMatrix[] out, Workers workers) {
        if (oneDnn) {
            return OneDnn.byRows(
                    in[0].rows(),
                    workers,
                    (primitives, from, count) ->
                            primitives.layerNorm(in[0], in[1], in[2], (float) epsilon, out[0], out[1], from, count));
        }
        float[] gain = new float[out[0].cols()];
        float[] bias = new float[out[0].cols()];
        HostMatrix[] x = {in[0]};
        HostKernel rows = HostKernel.rowwise(
                x, out[0], workers, () -> (row, n) -> scale(row[0], centre(row[0], n, epsilon), gain, bias, n));
        return () -> {
            in[1].getRow(0, gain);
            in[2].getRow(0, bias);
            rows.run();
        };
    }

    /**
     * dx = (g − mean(g) − x̂ · mean(g · x̂)) / √(variance + epsilon), with g = dy · gain; dgain = Σ dy · x̂ and dbias = Σ dy
     * over the rows.
     */
    @Override
    public List<SDVariable> doDiff(List<SDVariable> gradients) {
        SDVariable[] in = beforeInputs(gradients.get(0));
        if (oneDnn) {
            in = Arrays.copyOf(in, 5);
            in[4] = outputVariables()[1];
        }
        Backward input = new Backward(this, 0, 1, this::inputGradient) {
            @Override
            public boolean mayOverwrite(int input) {
                return input == 0 && !oneDnn;
            }

            @Override
            public boolean mayReadRounded(int input) {
                return input == 0 && precision == Precision.BFLOAT16;
            }
        };
        List<SDVariable> result = new ArrayList<>(List.of(input.of(in)));
        if (!arg(1).isConstant() || !arg(2).isConstant()) {
            result.addAll(List.of(new Backward(this, 2, 2, this::weightGradient).outputsOf(in)));
        }
        return result;
    }

    /** Centres a row in place and returns its 1/√(variance + epsilon). */
    private static float centre(float[] x, int n, double epsilon) {
        float mean = Floats.sum(x, n) / n;
        for (int i = 0; i < n; i++) {
            x[i] -= mean;
        }
        float variance = Floats.dot(x, x, n) / n;
        return (float) (1 / Math.sqrt(variance + epsilon));
    }

    /** Does the same with the statistics of all rows. */
    private static float centre(float[] x, int n, double epsilon, HostMatrix statistics, int row) {
        float mean = statistics.buffer().get(row);
        for (int i = 0; i < n; i++) {
            x[i] -= mean;
        }
        return (float) (1 / Math.sqrt(statistics.buffer().get(statistics.cols() + row) + epsilon));
    }

    private static void scale(float[] row, float inverse, float[] gain, float[] bias, int n) {
        for (int i = 0; i < n; i++) {
            row[i] = row[i] * inverse * gain[i] + bias[i];
        }
    }

    private HostKernel inputGradient(HostMatrix[] in, HostMatrix[] out, Workers workers) {
        if (oneDnn) {
            return OneDnn.byRows(
                    in[0].rows(),
                    workers,
                    (primitives, from, count) ->
                            primitives.layerNormGradient(in, (float) epsilon, out[0], from, count));
        }
        float[] gain = new float[out[0].cols()];
        HostMatrix[] dyAndX = {in[0], in[1]};
        HostKernel rows = HostKernel.rowwise(
                dyAndX, out[0], workers, () -> (row, n) -> gradientOfRow(row[0], row[1], gain, n, epsilon));
        return () -> {
            in[2].getRow(0, gain);
            rows.run();
        };
    }

    /** Turns dy (in {@code g}) into dx in place, and centres x. */
    private static void gradientOfRow(float[] g, float[] x, float[] gain, int n, double epsilon) {
        float inverse = centre(x, n, epsilon);
        for (int i = 0; i < n; i++) {
            g[i] *= gain[i];
        }
        float mean = Floats.sum(g, n) / n;
        float projection = Floats.dot(g, x, n) / n * inverse * inverse;
        for (int i = 0; i < n; i++) {
            g[i] = (g[i] - mean - x[i] * projection) * inverse;
        }
    }

    private HostKernel weightGradient(HostMatrix[] in, HostMatrix[] out, Workers workers) {
        int n = in[1].cols();
        return HostKernel.sums(in[1].rows(), 2 * n, workers, () -> rowSum(in), sums -> {
            out[0].buffer().put(0, sums, 0, n);
            out[1].buffer().put(0, sums, n, n);
        });
    }

    /** Returns the function that adds a row's products to the first half of the sums, its dy to the second. */
    private HostKernel.RowSum rowSum(HostMatrix[] in) {
        int n = in[1].cols();
        float[] dy = Workers.ownArray(n);
        float[] x = Workers.ownArray(n);
        return (r, sums) -> {
            in[0].getRow(r, dy);
            in[1].getRow(r, x);
            float inverse = oneDnn ? centre(x, n, epsilon, in[4], r) : centre(x, n, epsilon);
            addProducts(sums, dy, x, inverse, n);
            Floats.add(sums, n, dy, 0, n);
        };
    }

    private static void addProducts(float[] sums, float[] dy, float[] centred, float inverse, int n) {
        for (int i = 0; i < n; i++) {
            sums[i] += dy[i] * centred[i] * inverse;
        }
    }
}
