package org.coop4j.graph.op;

import java.util.ArrayList;
import java.util.List;
import org.coop4j.graph.host.Floats;
import org.coop4j.graph.host.HostKernel;
import org.coop4j.graph.host.HostMatrix;
import org.coop4j.graph.host.Workers;
import org.nd4j.autodiff.samediff.SDVariable;
import org.nd4j.autodiff.samediff.SameDiff;
import org.nd4j.linalg.api.ndarray.INDArray;
import org.nd4j.linalg.ops.transforms.Transforms;

/**
 * y = (x − mean) / √(variance + 1e-5) · gain + bias over each row, the variance biased (PyTorch's
 * {@code LayerNorm}; ND4J's own has no epsilon).
 *
 * <p>Inputs: x [rows, width], gain [width], bias [width]. With frozen gain and bias only dx is
 * built; the statistics are computed again from x, which is cheaper than keeping the normalised
 * rows.
 */
public final class LayerNorm extends GraphOp {

    /** Added to the variance (CLIP's {@code LayerNorm}). */
    public static final double EPSILON = 1e-5;

    public LayerNorm() {}

    public LayerNorm(SameDiff sd, SDVariable x, SDVariable gain, SDVariable bias) {
        super(sd, x, gain, bias);
    }

    @Override
    public void compute(INDArray[] in, INDArray[] out) {
        normalise(in[0], inverseDeviation(in[0])).muli(in[1]).addi(in[2], out[0]);
    }

    private static INDArray normalise(INDArray x, INDArray inverse) {
        return x.sub(x.mean(true, 1)).muli(inverse);
    }

    /** 1 / √(variance + epsilon), [rows, 1]. */
    private static INDArray inverseDeviation(INDArray x) {
        INDArray variance = x.var(false, 1).reshape('c', x.rows(), 1);
        return Transforms.pow(variance.addi(EPSILON), -0.5, false);
    }

    @Override
    public boolean mayOverwrite(int input) {
        return input == 0;
    }

    @Override
    public HostKernel hostKernel(HostMatrix[] in, HostMatrix[] out, Workers workers) {
        HostMatrix x = in[0];
        int n = x.cols();
        float[] gain = new float[n];
        float[] bias = new float[n];
        float[][] rows = new float[workers.count()][n];
        Workers.RowRange range =
                (part, from, to) -> {
                    float[] row = rows[part];
                    for (int r = from; r < to; r++) {
                        x.getRow(r, row);
                        scale(row, centre(row, n), gain, bias, n);
                        out[0].putRow(r, row);
                    }
                };
        return () -> {
            in[1].getRow(0, gain);
            in[2].getRow(0, bias);
            workers.rows(x.rows(), range);
        };
    }

    @Override
    public List<SDVariable> doDiff(List<SDVariable> gradients) {
        SDVariable dy = gradients.get(0);
        List<SDVariable> result = new ArrayList<>();
        result.add(new InputGradient(sameDiff, dy, arg(0), arg(1)).outputVariable());
        if (!arg(1).isConstant()) {
            SDVariable[] weights = new WeightGradient(sameDiff, dy, arg(0)).outputVariables();
            result.add(weights[0]);
            result.add(weights[1]);
        }
        return result;
    }

    /** Mean and 1/√(variance + epsilon) of one row, and the row centred in place. */
    private static float centre(float[] x, int n) {
        float mean = Floats.sum(x, n) / n;
        for (int i = 0; i < n; i++) {
            x[i] -= mean;
        }
        float variance = Floats.dot(x, x, n) / n;
        return (float) (1 / Math.sqrt(variance + EPSILON));
    }

    private static void scale(float[] row, float inverse, float[] gain, float[] bias, int n) {
        for (int i = 0; i < n; i++) {
            row[i] = row[i] * inverse * gain[i] + bias[i];
        }
    }

    /** dx = (g − mean(g) − x̂ · mean(g · x̂)) / √(variance + epsilon), with g = dy · gain. */
    public static final class InputGradient extends GradientOp {

        public InputGradient() {}

        InputGradient(SameDiff sd, SDVariable dy, SDVariable x, SDVariable gain) {
            super(sd, dy, x, gain);
        }

        @Override
        public void compute(INDArray[] in, INDArray[] out) {
            INDArray inverse = inverseDeviation(in[1]);
            INDArray normalised = normalise(in[1], inverse);
            INDArray g = in[0].mul(in[2]);
            INDArray projection = g.mul(normalised).mean(true, 1);
            g.subi(g.mean(true, 1)).subi(normalised.muli(projection)).muli(inverse, out[0]);
        }

        @Override
        public boolean mayOverwrite(int input) {
            return input == 0;
        }

        @Override
        public HostKernel hostKernel(HostMatrix[] in, HostMatrix[] out, Workers workers) {
            HostMatrix dy = in[0];
            HostMatrix x = in[1];
            int n = x.cols();
            float[] gain = new float[n];
            float[][] gRows = new float[workers.count()][n];
            float[][] xRows = new float[workers.count()][n];
            Workers.RowRange range =
                    (part, from, to) -> {
                        float[] g = gRows[part];
                        float[] centred = xRows[part];
                        for (int r = from; r < to; r++) {
                            dy.getRow(r, g);
                            x.getRow(r, centred);
                            float inverse = centre(centred, n);
                            gradientOfRow(g, centred, gain, inverse, n);
                            out[0].putRow(r, g);
                        }
                    };
            return () -> {
                in[2].getRow(0, gain);
                workers.rows(x.rows(), range);
            };
        }

        /** Turns dy (in {@code g}) into dx in place. */
        private static void gradientOfRow(
                float[] g, float[] centred, float[] gain, float inverse, int n) {
            for (int i = 0; i < n; i++) {
                g[i] *= gain[i];
            }
            float mean = Floats.sum(g, n) / n;
            float projection = Floats.dot(g, centred, n) / n * inverse * inverse;
            for (int i = 0; i < n; i++) {
                g[i] = (g[i] - mean - centred[i] * projection) * inverse;
            }
        }
    }

    /** dgain = Σ dy · x̂ and dbias = Σ dy over the rows. */
    public static final class WeightGradient extends GradientOp {

        public WeightGradient() {}

        WeightGradient(SameDiff sd, SDVariable dy, SDVariable x) {
            super(sd, dy, x);
        }

        @Override
        public int getNumOutputs() {
            return 2;
        }

        @Override
        public List<long[]> outputShapes(List<long[]> in) {
            long[] width = {in.get(0)[1]};
            return List.of(width, width.clone());
        }

        @Override
        public void compute(INDArray[] in, INDArray[] out) {
            in[0].mul(normalise(in[1], inverseDeviation(in[1]))).sum(out[0], 0);
            in[0].sum(out[1], 0);
        }

        @Override
        public HostKernel hostKernel(HostMatrix[] in, HostMatrix[] out, Workers workers) {
            HostMatrix dy = in[0];
            HostMatrix x = in[1];
            int n = x.cols();
            int parts = workers.count();
            float[][] dyRows = new float[parts][n];
            float[][] xRows = new float[parts][n];
            float[][] gains = new float[parts][n];
            float[][] biases = new float[parts][n];
            Workers.RowRange range =
                    (part, from, to) -> {
                        float[] centred = xRows[part];
                        float[] gain = gains[part];
                        float[] bias = biases[part];
                        for (int r = from; r < to; r++) {
                            dy.getRow(r, dyRows[part]);
                            x.getRow(r, centred);
                            float inverse = centre(centred, n);
                            addRow(dyRows[part], centred, inverse, gain, bias, n);
                        }
                    };
            return () -> {
                for (int part = 0; part < parts; part++) {
                    java.util.Arrays.fill(gains[part], 0f);
                    java.util.Arrays.fill(biases[part], 0f);
                }
                workers.rows(x.rows(), range);
                for (int part = 1; part < parts; part++) {
                    for (int i = 0; i < n; i++) {
                        gains[0][i] += gains[part][i];
                        biases[0][i] += biases[part][i];
                    }
                }
                out[0].putRow(0, gains[0]);
                out[1].putRow(0, biases[0]);
            };
        }

        private static void addRow(
                float[] dy, float[] centred, float inverse, float[] gain, float[] bias, int n) {
            for (int i = 0; i < n; i++) {
                gain[i] += dy[i] * centred[i] * inverse;
                bias[i] += dy[i];
            }
        }
    }
}
