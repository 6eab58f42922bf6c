package org.coop4j.graph.op;

import java.util.Arrays;
import java.util.List;
import org.coop4j.graph.host.HostKernel;
import org.coop4j.graph.host.HostMatrix;
import org.coop4j.graph.host.Workers;
import org.nd4j.autodiff.samediff.SDVariable;
import org.nd4j.autodiff.samediff.SameDiff;
import org.nd4j.linalg.api.ndarray.INDArray;
import org.nd4j.linalg.factory.Nd4j;

/**
 * Chosen rows of one matrix, or of two whose rows count on (ND4J's {@code gather} loses repeated
 * rows' gradients).
 *
 * <p>Inputs: x [n, width] and, where there are any, vectors [m, width]. Row r of the result is x[s]
 * for the source s of r where s is below n, and otherwise vectors[s − n]. A row may be the source
 * of many, and of none: its gradient is the sum over those that it is the source of.
 */
public final class GatherRows extends GraphOp {

    public GatherRows() {}

    /**
     * @param sources the source of each row of the result
     * @param matrices x, or x and the vectors
     */
    public GatherRows(SameDiff sd, int[] sources, SDVariable... matrices) {
        super(sd, matrices);
        addIArgument(matrices.length);
        addIArgument(sources);
    }

    private static int[] sources(GraphOp op) {
        return op.intSettings(1, op.numIArguments());
    }

    @Override
    public List<long[]> outputShapes(List<long[]> in) {
        return List.of(new long[] {numIArguments() - 1, in.get(0)[1]});
    }

    @Override
    public void compute(INDArray[] in, INDArray[] out) {
        RowMoves.take(in.length == 1 ? in[0] : Nd4j.concat(0, in), sources(this), out[0]);
    }

    @Override
    public HostKernel hostKernel(HostMatrix[] in, HostMatrix[] out, Workers workers) {
        int n = in[0].rows();
        int[] sources = sources(this);
        float[] row = new float[out[0].cols()];
        return () -> {
            for (int r = 0; r < sources.length; r++) {
                if (sources[r] < n) {
                    in[0].getRow(sources[r], row);
                } else {
                    in[1].getRow(sources[r] - n, row);
                }
                out[0].putRow(r, row);
            }
        };
    }

    @Override
    public List<SDVariable> doDiff(List<SDVariable> gradients) {
        SDVariable[] inputs = beforeInputs(gradients.get(0));
        return List.of(new InputGradient(sameDiff, sources(this), inputs).outputVariables());
    }

    /** dx and dvectors: for each row the sum of dy over the rows that it is the source of. */
    public static final class InputGradient extends GradientOp {

        public InputGradient() {}

        /** x and the vectors give the shapes alone. */
        InputGradient(SameDiff sd, int[] sources, SDVariable... inputs) {
            super(sd, inputs);
            addIArgument(inputs.length - 1);
            addIArgument(sources);
        }

        @Override
        public int getNumOutputs() {
            return intSetting(0);
        }

        @Override
        public void compute(INDArray[] in, INDArray[] out) {
            int first = 0;
            for (INDArray gradient : out) {
                RowMoves.sum(in[0], targets(first, gradient.rows()), gradient);
                first += gradient.rows();
            }
        }

        @Override
        public HostKernel hostKernel(HostMatrix[] in, HostMatrix[] out, Workers workers) {
            HostKernel[] sums = new HostKernel[out.length];
            int first = 0;
            for (int i = 0; i < out.length; i++) {
                sums[i] = RowMoves.sum(in[0], targets(first, out[i].rows()), out[i]);
                first += out[i].rows();
            }
            return () -> {
                for (HostKernel sum : sums) {
                    sum.run();
                }
            };
        }

        /** Where each row of dy goes in the matrix whose rows begin at {@code first}. */
        private int[] targets(int first, int rows) {
            return Arrays.stream(sources(this))
                    .map(s -> s >= first && s < first + rows ? s - first : RowMoves.NONE)
                    .toArray();
        }
    }
}
