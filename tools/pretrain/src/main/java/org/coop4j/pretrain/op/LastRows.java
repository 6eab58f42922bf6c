package org.coop4j.pretrain.op;

import java.util.List;
import org.coop4j.graph.Graph;
import org.coop4j.graph.GraphOp;
import org.coop4j.graph.host.HostKernel;
import org.coop4j.graph.host.HostMatrix;
import org.coop4j.graph.host.Workers;
import org.nd4j.autodiff.samediff.SDVariable;

/**
 * The last row of each sequence: a caption's end token.
 *
 * <p>Inputs: x [rows, width] and starts [sequences + 1] as {@link RaggedAttention} has them, given
 * at each run. Output: [sequences, width].
 */
public final class LastRows extends GraphOp {

    @Override
    public List<long[]> outputShapes(List<long[]> in) {
        return List.of(new long[] {in.get(1)[0] - 1, in.get(0)[1]});
    }

    @Override
    protected SDVariable expression(Graph graph, SDVariable... in) {
        return EmbedTokens.oneHot(RaggedAttention.ends(graph, in[1]).sub(1), graph.shape(in[0])[0])
                .mmul(in[0]);
    }

    @Override
    public HostKernel hostKernel(HostMatrix[] in, HostMatrix[] out, Workers workers) {
        float[] row = new float[in[0].cols()];
        return () -> {
            for (int s = 0; s < out[0].rows(); s++) {
                in[0].getRow((int) in[1].buffer().get(s + 1) - 1, row);
                out[0].putRow(s, row);
            }
        };
    }

    @Override
    public List<SDVariable> doDiff(List<SDVariable> gradients) {
        return List.of(new InputGradient().of(gradients.get(0), arg(0), arg(1)));
    }

    /** dx is dy in the last rows and zero in the others; of x only the shape is read. */
    private static final class InputGradient extends GraphOp {

        @Override
        public List<long[]> outputShapes(List<long[]> in) {
            return in.subList(1, 2);
        }

        @Override
        public HostKernel hostKernel(HostMatrix[] in, HostMatrix[] out, Workers workers) {
            float[] row = new float[in[0].cols()];
            return () -> {
                out[0].clear(0);
                for (int s = 0; s < in[0].rows(); s++) {
                    in[0].getRow(s, row);
                    out[0].putRow((int) in[2].buffer().get(s + 1) - 1, row);
                }
            };
        }
    }
}
