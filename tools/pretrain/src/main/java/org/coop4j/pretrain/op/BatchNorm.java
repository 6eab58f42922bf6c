package org.coop4j.pretrain.op;

import java.util.List;
import org.coop4j.clip.Parameters.BatchNormFolding;
import org.coop4j.graph.GraphOp;
import org.coop4j.graph.host.HostKernel;
import org.coop4j.graph.host.HostMatrix;
import org.coop4j.graph.host.Workers;
import org.nd4j.autodiff.samediff.SDVariable;
import org.nd4j.autodiff.samediff.SameDiff;
import org.nd4j.linalg.api.ndarray.INDArray;
import org.nd4j.linalg.ops.transforms.Transforms;

/**
 * y = (x − mean) / √(variance + 1e-5) · gain + bias over each column with the batch's own
 * statistics: batch norm in training (PyTorch's {@code BatchNorm2d}), with the rectifier that
 * follows it where there is one.
 *
 * <p>Inputs: x [rows, channels], gain [channels], bias [channels]. Outputs: y, and the batch's mean
 * and biased variance [channels], which the caller's running averages and the gradient need.
 */
public final class BatchNorm extends GraphOp {

    /** What follows the norm. */
    public enum Then {
        /** Nothing. */
        NOTHING,
        /** max(y, 0). */
        RELU
    }

    private final Then then;

    public BatchNorm(SameDiff sd, Then then, SDVariable x, SDVariable gain, SDVariable bias) {
        super(sd, x, gain, bias);
        this.then = then;
    }

    @Override
    public int getNumOutputs() {
        return 3;
    }

    @Override
    public List<long[]> outputShapes(List<long[]> in) {
        long[] x = in.get(0);
        return List.of(x, new long[] {x[1]}, new long[] {x[1]});
    }

    @Override
    public void compute(INDArray[] in, INDArray[] out) {
        INDArray centred = in[0].sub(in[0].mean(out[1], 0));
        INDArray variance = centred.mul(centred).mean(out[2], 0);
        centred.muli(inverseDeviation(variance).muli(in[1])).addi(in[2], out[0]);
        if (then == Then.RELU) {
            Transforms.max(out[0], 0.0, false);
        }
    }

    private static INDArray inverseDeviation(INDArray variance) {
        return Transforms.pow(variance.add(BatchNormFolding.EPSILON), -0.5, false);
    }

    @Override
    public HostKernel hostKernel(HostMatrix[] in, HostMatrix[] out, Workers workers) {
        return new BatchNormKernel(then, in, out, workers);
    }

    @Override
    public List<SDVariable> doDiff(List<SDVariable> gradients) {
        SDVariable[] outputs = outputVariables();
        SDVariable[] gradient = new Gradient(
                        sameDiff, then, gradients.get(0), arg(0), arg(1), arg(2), outputs[1], outputs[2])
                .outputVariables();
        return List.of(gradient);
    }

    /**
     * With g = dy where the rectifier lets it through and x̂ the normalised rows: dx = (g − mean(g)
     * − x̂ · mean(g · x̂)) · gain / √(variance + epsilon), dgain = Σ g · x̂, dbias = Σ g.
     */
    private static final class Gradient extends GraphOp {

        private final Then then;

        /**
         * @param inputs dy, the forward op's inputs, then its mean and variance
         */
        Gradient(SameDiff sd, Then then, SDVariable... inputs) {
            super(sd, inputs);
            this.then = then;
        }

        @Override
        public int getNumOutputs() {
            return 3;
        }

        @Override
        public List<long[]> outputShapes(List<long[]> in) {
            return in.subList(1, 4);
        }

        @Override
        public boolean mayOverwrite(int input) {
            return input == 0;
        }

        @Override
        public void compute(INDArray[] in, INDArray[] out) {
            INDArray inverse = inverseDeviation(in[5]);
            INDArray normalised = in[1].sub(in[4]).muli(inverse);
            INDArray g = in[0];
            if (then == Then.RELU) {
                INDArray y = normalised.mul(in[2]).addi(in[3]);
                g = y.gt(0).castTo(g.dataType()).muli(g);
            }
            INDArray dGain = g.mul(normalised).sum(out[1], 0);
            INDArray dBias = g.sum(out[2], 0);
            long n = g.rows();
            g.sub(dBias.div(n)).subi(normalised.muli(dGain.div(n))).muli(inverse.muli(in[2]), out[0]);
        }

        @Override
        public HostKernel hostKernel(HostMatrix[] in, HostMatrix[] out, Workers workers) {
            return new BatchNormGradientKernel(then, in, out, workers);
        }
    }
}
