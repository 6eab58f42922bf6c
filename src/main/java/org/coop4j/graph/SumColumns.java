package org.coop4j.graph;

import java.util.Arrays;
import java.util.List;
import org.coop4j.base.Require;
import org.coop4j.graph.host.HostKernel;
import org.coop4j.graph.host.HostMatrix;
import org.coop4j.graph.host.Workers;
import org.nd4j.autodiff.samediff.SDVariable;

/**
 * Sums of groups of columns: x · one-hot(groups), but without the product, which for the keys of 1,000 classes would
 * take a thousand times the additions. In the gradient, dx of a column is dy of its group.
 *
 * <p>x [rows, columns] → [rows, groups].
 */
final class SumColumns extends GraphOp {

    private final int[] groupOf;
    private final int groups;

    /**
     * @param groupOf the group of each column, from 0
     * @param groups number of groups
     */
    SumColumns(int[] groupOf, int groups) {
        this.groupOf = groupOf;
        this.groups = groups;
    }

    @Override
    public List<long[]> outputShapes(List<long[]> in) {
        Require.that(in.get(0)[1] == groupOf.length, "expected %d columns, got %d", groupOf.length, in.get(0)[1]);
        return List.of(new long[] {in.get(0)[0], groups});
    }

    @Override
    protected SDVariable expression(Graph graph, SDVariable... in) {
        double[] oneHot = new double[groupOf.length * groups];
        for (int column = 0; column < groupOf.length; column++) {
            oneHot[column * groups + groupOf[column]] = 1;
        }
        return in[0].mmul(constant(in[0], oneHot, groupOf.length, groups));
    }

    @Override
    public HostKernel hostKernel(HostMatrix[] in, HostMatrix[] out, Workers workers) {
        return kernel(in, out, workers, false);
    }

    private HostKernel kernel(HostMatrix[] in, HostMatrix[] out, Workers workers, boolean backward) {
        return HostKernel.eachRow(in[0].rows(), workers, () -> {
            float[] x = new float[in[0].cols()];
            float[] y = new float[out[0].cols()];
            return r -> {
                in[0].getRow(r, x);
                Arrays.fill(y, 0f);
                for (int column = 0; column < groupOf.length; column++) {
                    int group = groupOf[column];
                    y[backward ? column : group] += x[backward ? group : column];
                }
                out[0].putRow(r, y);
            };
        });
    }

    @Override
    public List<SDVariable> doDiff(List<SDVariable> gradients) {
        Backward backward = new Backward(this, 1, 1, (in, out, workers) -> kernel(in, out, workers, true));
        return List.of(backward.of(gradients.get(0), arg(0)));
    }
}
