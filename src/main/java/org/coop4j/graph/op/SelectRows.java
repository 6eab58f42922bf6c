package org.coop4j.graph.op;

import java.util.List;
import org.coop4j.graph.host.HostKernel;
import org.coop4j.graph.host.HostMatrix;
import org.coop4j.graph.host.Workers;
import org.nd4j.autodiff.samediff.SDVariable;
import org.nd4j.autodiff.samediff.SameDiff;
import org.nd4j.linalg.api.ndarray.INDArray;

/**
 * Chosen rows of a matrix, each at most once (ND4J's {@code gather} loses repeated rows'
 * gradients).
 *
 * <p>x [rows, width] → [chosen, width].
 */
public final class SelectRows extends GraphOp {

    public SelectRows() {}

    /**
     * @param rows the rows to take, strictly ascending
     */
    public SelectRows(SameDiff sd, SDVariable x, int[] rows) {
        super(sd, x);
        for (int i = 1; i < rows.length; i++) {
            if (rows[i] <= rows[i - 1]) {
                throw new IllegalArgumentException(
                        "row " + rows[i] + " after row " + rows[i - 1] + " is not ascending");
            }
        }
        addIArgument(rows);
    }

    @Override
    public List<long[]> outputShapes(List<long[]> in) {
        return List.of(new long[] {numIArguments(), in.get(0)[1]});
    }

    private static int[] rowsOf(GraphOp op, int skip) {
        int[] rows = new int[op.numIArguments() - skip];
        for (int i = 0; i < rows.length; i++) {
            rows[i] = op.intSetting(i + skip);
        }
        return rows;
    }

    @Override
    public void compute(INDArray[] in, INDArray[] out) {
        RowMoves.take(in[0], rowsOf(this, 0), out[0]);
    }

    @Override
    public HostKernel hostKernel(HostMatrix[] in, HostMatrix[] out, Workers workers) {
        int[] rows = rowsOf(this, 0);
        float[] row = new float[in[0].cols()];
        return () -> {
            for (int i = 0; i < rows.length; i++) {
                in[0].getRow(rows[i], row);
                out[0].putRow(i, row);
            }
        };
    }

    @Override
    public List<SDVariable> doDiff(List<SDVariable> gradients) {
        return List.of(
                new InputGradient(sameDiff, gradients.get(0), arg(0), rowsOf(this, 0))
                        .outputVariable());
    }

    /** dx is dy in the chosen rows and zero in the others. */
    public static final class InputGradient extends GraphOp {

        public InputGradient() {}

        /** x gives the shape alone. */
        InputGradient(SameDiff sd, SDVariable dy, SDVariable x, int[] rows) {
            super(sd, dy, x);
            addIArgument(rows);
        }

        @Override
        public List<long[]> outputShapes(List<long[]> in) {
            return List.of(in.get(1));
        }

        @Override
        public void compute(INDArray[] in, INDArray[] out) {
            RowMoves.sum(in[0], rowsOf(this, 0), out[0]);
        }

        @Override
        public HostKernel hostKernel(HostMatrix[] in, HostMatrix[] out, Workers workers) {
            int[] rows = rowsOf(this, 0);
            float[] row = new float[in[0].cols()];
            float[] zeros = new float[in[0].cols()];
            return () -> {
                int next = 0;
                for (int r = 0; r < out[0].rows(); r++) {
                    if (next < rows.length && rows[next] == r) {
                        in[0].getRow(next, row);
                        out[0].putRow(r, row);
                        next++;
                    } else {
                        out[0].putRow(r, zeros);
                    }
                }
            };
        }
    }
}
