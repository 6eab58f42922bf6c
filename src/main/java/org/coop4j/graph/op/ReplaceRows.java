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
 * Rows of x with some of them replaced by other vectors.
 *
 * <p>Inputs: x [n, width] and vectors [m, width]. Row r of the result is x[s] for the source s of r
 * where s is below n, and otherwise vectors[s − n]. A row may be the source of many, and of none:
 * its gradient is the sum over those that it is the source of.
 */
public final class ReplaceRows extends GraphOp {

    public ReplaceRows() {}

    /**
     * @param sources the source of each row of the result
     */
    public ReplaceRows(SameDiff sd, SDVariable x, SDVariable vectors, int[] sources) {
        super(sd, x, vectors);
        addIArgument(sources);
    }

    private static int[] sources(GraphOp op) {
        int[] sources = new int[op.numIArguments()];
        for (int r = 0; r < sources.length; r++) {
            sources[r] = op.intSetting(r);
        }
        return sources;
    }

    @Override
    public List<long[]> outputShapes(List<long[]> in) {
        return List.of(new long[] {numIArguments(), in.get(0)[1]});
    }

    @Override
    public void compute(INDArray[] in, INDArray[] out) {
        RowMoves.take(Nd4j.concat(0, in[0], in[1]), sources(this), out[0]);
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
        return List.of(
                new InputGradient(sameDiff, gradients.get(0), arg(0), arg(1), sources(this))
                        .outputVariables());
    }

    /** dx and dvectors: for each row the sum of dy over the rows that it is the source of. */
    public static final class InputGradient extends GraphOp {

        public InputGradient() {}

        /** x and the vectors give the shapes alone. */
        InputGradient(SameDiff sd, SDVariable dy, SDVariable x, SDVariable vectors, int[] sources) {
            super(sd, dy, x, vectors);
            addIArgument(sources);
        }

        @Override
        public int getNumOutputs() {
            return 2;
        }

        @Override
        public List<long[]> outputShapes(List<long[]> in) {
            return in.subList(1, 3);
        }

        @Override
        public void compute(INDArray[] in, INDArray[] out) {
            int n = out[0].rows();
            int[] sources = sources(this);
            int[] rows = Arrays.stream(sources).map(s -> s < n ? s : RowMoves.NONE).toArray();
            int[] vectors =
                    Arrays.stream(sources).map(s -> s < n ? RowMoves.NONE : s - n).toArray();
            RowMoves.sum(in[0], rows, out[0]);
            RowMoves.sum(in[0], vectors, out[1]);
        }

        @Override
        public HostKernel hostKernel(HostMatrix[] in, HostMatrix[] out, Workers workers) {
            int n = out[0].rows();
            int[] sources = sources(this);
            float[] row = new float[in[0].cols()];
            float[] sum = new float[in[0].cols()];
            boolean[] written = new boolean[n + out[1].rows()];
            return () -> {
                Arrays.fill(written, false);
                for (int r = 0; r < sources.length; r++) {
                    HostMatrix target = sources[r] < n ? out[0] : out[1];
                    int at = sources[r] < n ? sources[r] : sources[r] - n;
                    in[0].getRow(r, row);
                    if (written[sources[r]]) {
                        target.getRow(at, sum);
                        for (int i = 0; i < row.length; i++) {
                            row[i] += sum[i];
                        }
                    }
                    target.putRow(at, row);
                    written[sources[r]] = true;
                }
                Arrays.fill(sum, 0f);
                for (int s = 0; s < written.length; s++) {
                    if (!written[s]) {
                        (s < n ? out[0] : out[1]).putRow(s < n ? s : s - n, sum);
                    }
                }
            };
        }
    }
}
