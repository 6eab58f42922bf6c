package org.coop4j.pretrain.op;

import java.util.List;
import org.coop4j.clip.Parameters.BatchNormFolding;
import org.coop4j.graph.Graph;
import org.coop4j.graph.GraphOp;
import org.coop4j.graph.LayerNorm;
import org.coop4j.graph.host.HostKernel;
import org.coop4j.graph.host.HostMatrix;
import org.coop4j.graph.host.Workers;
import org.nd4j.autodiff.samediff.SDVariable;

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

    public BatchNorm(Then then) {
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
    protected SDVariable[] expressions(Graph graph, SDVariable... in) {
        SDVariable y = LayerNorm.normalised(in[0], BatchNormFolding.EPSILON, 0)
                .mul(in[1])
                .add(in[2]);
        SDVariable mean = in[0].mean(0);
        SDVariable centred = in[0].sub(mean);
        SDVariable variance = centred.mul(centred).mean(0);
        return new SDVariable[] {then == Then.RELU ? y.getSameDiff().nn().relu(y, 0) : y, mean, variance};
    }

    @Override
    public HostKernel hostKernel(HostMatrix[] in, HostMatrix[] out, Workers workers) {
        return new BatchNormKernel(then, in, out, workers);
    }

    @Override
    public List<SDVariable> doDiff(List<SDVariable> gradients) {
        SDVariable[] outputs = outputVariables();
        return List.of(new Gradient(then).outputsOf(gradients.get(0), arg(0), arg(1), arg(2), outputs[1], outputs[2]));
    }

    /**
     * With g = dy where the rectifier lets it through and x̂ the normalised rows: dx = (g − mean(g)
     * − x̂ · mean(g · x̂)) · gain / √(variance + epsilon), dgain = Σ g · x̂, dbias = Σ g.
     */
    private static final class Gradient extends GraphOp {

        private final Then then;

        /** The inputs are dy, the forward op's inputs, then its mean and variance. */
        Gradient(Then then) {
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
        public HostKernel hostKernel(HostMatrix[] in, HostMatrix[] out, Workers workers) {
            return new BatchNormGradientKernel(then, in, out, workers);
        }
    }
}
