package org.coop4j.graph;

import java.util.Arrays;
import java.util.List;
import org.coop4j.base.Require;
import org.coop4j.graph.host.Floats;
import org.coop4j.graph.host.HostKernel;
import org.coop4j.graph.host.HostMatrix;
import org.coop4j.graph.host.Workers;
import org.nd4j.autodiff.samediff.SDVariable;
import org.nd4j.autodiff.samediff.SameDiff;
import org.nd4j.linalg.factory.Nd4j;

/** x [rows, columns] with y [rows, n] added to its columns from {@code from} on; dy are those columns of the gradient. */
final class AddColumns extends GraphOp {

    private final int from;
    private final int count;

    /**
     * @param count columns of y
     */
    AddColumns(int from, int count) {
        this.from = from;
        this.count = count;
    }

    @Override
    public List<long[]> outputShapes(List<long[]> in) {
        long[] x = in.get(0);
        long[] y = in.get(1);
        Require.that(
                x[0] == y[0] && y[1] == count && from + count <= x[1],
                "columns of shape %s from %s on do not fit into %s",
                Arrays.toString(y),
                from,
                Arrays.toString(x));
        return in.subList(0, 1);
    }

    @Override
    protected SDVariable expression(Graph graph, SDVariable... in) {
        SameDiff sd = in[0].getSameDiff();
        long right = graph.shape(in[0])[1] - from - count;
        SDVariable margins = sd.constant(Nd4j.createFromArray(new int[][] {{0, 0}, {from, (int) right}}));
        return in[0].add(sd.nn().pad(in[1], margins, 0));
    }

    @Override
    public boolean mayOverwrite(int input) {
        return input == 0;
    }

    @Override
    public HostKernel hostKernel(HostMatrix[] in, HostMatrix[] out, Workers workers) {
        return HostKernel.eachRow(in[0].rows(), workers, () -> {
            float[] x = new float[in[0].cols()];
            float[] y = new float[count];
            return r -> {
                in[0].getRow(r, x);
                in[1].getRow(r, y);
                Floats.add(x, from, y, 0, count);
                out[0].putRow(r, x);
            };
        });
    }

    @Override
    public List<SDVariable> doDiff(List<SDVariable> gradients) {
        SDVariable dy = gradients.get(0);
        return List.of(dy, new Columns().of(dy));
    }

    /** The columns of dy to which y was added. */
    private final class Columns extends GraphOp {

        @Override
        public List<long[]> outputShapes(List<long[]> in) {
            return List.of(new long[] {in.get(0)[0], count});
        }

        @Override
        public HostKernel hostKernel(HostMatrix[] in, HostMatrix[] out, Workers workers) {
            return HostKernel.eachRow(in[0].rows(), workers, () -> {
                float[] row = new float[count];
                return r -> {
                    in[0].get(r, from, row, count);
                    out[0].putRow(r, row);
                };
            });
        }
    }
}
