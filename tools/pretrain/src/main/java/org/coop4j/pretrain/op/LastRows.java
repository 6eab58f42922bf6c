package org.coop4j.pretrain.op;

import java.util.List;
import java.util.stream.IntStream;
import org.coop4j.graph.GraphOp;
import org.coop4j.graph.host.ArrayValues;
import org.coop4j.graph.host.HostKernel;
import org.coop4j.graph.host.HostMatrix;
import org.coop4j.graph.host.Workers;
import org.nd4j.autodiff.samediff.SDVariable;
import org.nd4j.autodiff.samediff.SameDiff;
import org.nd4j.linalg.api.ndarray.INDArray;
import org.nd4j.linalg.factory.Nd4j;

/**
 * The last row of each sequence: a caption's end token.
 *
 * <p>Inputs: x [rows, width] and starts [sequences + 1] as {@link RaggedAttention} has them, given
 * at each run. Output: [sequences, width].
 */
public final class LastRows extends GraphOp {

    public LastRows(SameDiff sd, SDVariable x, SDVariable starts) {
        super(sd, x, starts);
    }

    @Override
    public List<long[]> outputShapes(List<long[]> in) {
        return List.of(new long[] {in.get(1)[0] - 1, in.get(0)[1]});
    }

    @Override
    public void compute(INDArray[] in, INDArray[] out) {
        Nd4j.pullRows(in[0], out[0], 1, last(in[1]));
    }

    /** Returns the number of each sequence's last row. */
    private static int[] last(INDArray starts) {
        float[] from = ArrayValues.of(starts).toArray();
        return IntStream.range(1, from.length).map(s -> (int) from[s] - 1).toArray();
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
        return List.of(new InputGradient(sameDiff, gradients.get(0), arg(0), arg(1)).outputVariable());
    }

    /** dx is dy in the last rows and zero in the others. */
    private static final class InputGradient extends GraphOp {

        /** x gives the shape alone. */
        InputGradient(SameDiff sd, SDVariable dy, SDVariable x, SDVariable starts) {
            super(sd, dy, x, starts);
        }

        @Override
        public List<long[]> outputShapes(List<long[]> in) {
            return in.subList(1, 2);
        }

        @Override
        public void compute(INDArray[] in, INDArray[] out) {
            int[] last = last(in[2]);
            out[0].assign(0);
            for (int s = 0; s < last.length; s++) {
                out[0].getRow(last[s]).assign(in[0].getRow(s));
            }
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
