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
 * Sums of groups of columns: x · one-hot(groups) without the product, which for the keys of 1,000
 * classes would take a thousand times the additions.
 *
 * <p>x [rows, columns] → [rows, groups].
 */
public final class SumColumns extends GraphOp {

    public SumColumns() {}

    /**
     * @param groupOf the group of each column, from 0
     * @param groups number of groups
     */
    public SumColumns(SameDiff sd, SDVariable x, int[] groupOf, int groups) {
        super(sd, x);
        addIArgument(groups);
        addIArgument(groupOf);
    }

    private static int[] groupOf(GraphOp op) {
        return op.intSettings(1, op.numIArguments());
    }

    /** [columns, groups]. */
    private static INDArray oneHot(GraphOp op, DataType type) {
        int[] groupOf = groupOf(op);
        INDArray result = Nd4j.createUninitialized(type, groupOf.length, op.intSetting(0));
        Nd4j.exec(new OneHot(Nd4j.createFromArray(groupOf), result, op.intSetting(0)));
        return result;
    }

    @Override
    public List<long[]> outputShapes(List<long[]> in) {
        if (in.get(0)[1] != numIArguments() - 1) {
            throw new IllegalArgumentException(
                    "groups of %d columns given %d columns"
                            .formatted(numIArguments() - 1, in.get(0)[1]));
        }
        return List.of(new long[] {in.get(0)[0], intSetting(0)});
    }

    @Override
    public void compute(INDArray[] in, INDArray[] out) {
        Nd4j.matmul(in[0], oneHot(this, in[0].dataType()), out[0], false, false, false);
    }

    @Override
    public HostKernel hostKernel(HostMatrix[] in, HostMatrix[] out, Workers workers) {
        int[] groupOf = groupOf(this);
        return RowwiseKernel.eachRow(
                in[0].rows(),
                workers,
                () -> {
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
        return List.of(
                new InputGradient(sameDiff, dy, groupOf(this), intSetting(0)).outputVariable());
    }

    /** dx of a column is dy of its group. */
    public static final class InputGradient extends GradientOp {

        public InputGradient() {}

        InputGradient(SameDiff sd, SDVariable dy, int[] groupOf, int groups) {
            super(sd, dy);
            addIArgument(groups);
            addIArgument(groupOf);
        }

        @Override
        public List<long[]> outputShapes(List<long[]> in) {
            return List.of(new long[] {in.get(0)[0], numIArguments() - 1});
        }

        @Override
        public void compute(INDArray[] in, INDArray[] out) {
            Nd4j.matmul(in[0], oneHot(this, in[0].dataType()), out[0], false, true, false);
        }

        @Override
        public HostKernel hostKernel(HostMatrix[] in, HostMatrix[] out, Workers workers) {
            int[] groupOf = groupOf(this);
            return RowwiseKernel.eachRow(
                    in[0].rows(),
                    workers,
                    () -> {
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
