package org.coop4j.graph.op;

import java.util.Arrays;
import java.util.List;
import org.coop4j.graph.host.HostKernel;
import org.coop4j.graph.host.HostMatrix;
import org.coop4j.graph.host.Workers;
import org.nd4j.autodiff.samediff.SDVariable;
import org.nd4j.autodiff.samediff.SameDiff;
import org.nd4j.linalg.api.buffer.DataType;
import org.nd4j.linalg.api.ndarray.INDArray;
import org.nd4j.linalg.api.ops.impl.shape.OneHot;
import org.nd4j.linalg.factory.Nd4j;

/**
 * Sums of groups of columns: x · one-hot(groups), but without the product, which for the keys of 1,000 classes would
 * take a thousand times the additions.
 *
 * <p>x [rows, columns] → [rows, groups].
 */
public final class SumColumns extends GraphOp {

    private final int[] groupOf;
    private final int groups;

    /**
     * @param groupOf the group of each column, from 0
     * @param groups number of groups
     */
    public SumColumns(SameDiff sd, SDVariable x, int[] groupOf, int groups) {
        super(sd, x);
        this.groupOf = groupOf.clone();
        this.groups = groups;
    }

    /** [columns, groups]. */
    private static INDArray oneHot(int[] groupOf, int groups, DataType type) {
        INDArray result = Nd4j.createUninitialized(type, groupOf.length, groups);
        Nd4j.exec(new OneHot(Nd4j.createFromArray(groupOf), result, groups));
        return result;
    }

    @Override
    public List<long[]> outputShapes(List<long[]> in) {
        if (in.get(0)[1] != groupOf.length) {
            throw new IllegalArgumentException(
                    "groups of %d columns given %d columns".formatted(groupOf.length, in.get(0)[1]));
        }
        return List.of(new long[] {in.get(0)[0], groups});
    }

    @Override
    public void compute(INDArray[] in, INDArray[] out) {
        Nd4j.matmul(in[0], oneHot(groupOf, groups, in[0].dataType()), out[0], false, false, false);
    }

    @Override
    public HostKernel hostKernel(HostMatrix[] in, HostMatrix[] out, Workers workers) {
        return HostKernel.eachRow(in[0].rows(), workers, () -> {
            float[] x = new float[groupOf.length];
            float[] sums = new float[out[0].cols()];
            return r -> {
                in[0].getRow(r, x);
                Arrays.fill(sums, 0f);
                for (int column = 0; column < x.length; column++) {
                    sums[groupOf[column]] += x[column];
                }
                out[0].putRow(r, sums);
            };
        });
    }

    @Override
    public List<SDVariable> doDiff(List<SDVariable> gradients) {
        SDVariable dy = gradients.get(0);
        return List.of(new InputGradient(sameDiff, dy, groupOf, groups).outputVariable());
    }

    /** dx of a column is dy of its group. */
    private static final class InputGradient extends GraphOp {

        private final int[] groupOf;
        private final int groups;

        InputGradient(SameDiff sd, SDVariable dy, int[] groupOf, int groups) {
            super(sd, dy);
            this.groupOf = groupOf;
            this.groups = groups;
        }

        @Override
        public List<long[]> outputShapes(List<long[]> in) {
            return List.of(new long[] {in.get(0)[0], groupOf.length});
        }

        @Override
        public void compute(INDArray[] in, INDArray[] out) {
            Nd4j.matmul(in[0], oneHot(groupOf, groups, in[0].dataType()), out[0], false, true, false);
        }

        @Override
        public HostKernel hostKernel(HostMatrix[] in, HostMatrix[] out, Workers workers) {
            return HostKernel.eachRow(in[0].rows(), workers, () -> {
                float[] dy = new float[in[0].cols()];
                float[] dx = new float[groupOf.length];
                return r -> {
                    in[0].getRow(r, dy);
                    for (int column = 0; column < dx.length; column++) {
                        dx[column] = dy[groupOf[column]];
                    }
                    out[0].putRow(r, dx);
                };
            });
        }
    }
}
