package org.coop4j.graph.op;

import java.util.List;
import org.coop4j.graph.host.HostKernel;
import org.coop4j.graph.host.HostMatrix;
import org.coop4j.graph.host.Workers;
import org.nd4j.autodiff.samediff.SDVariable;
import org.nd4j.autodiff.samediff.SameDiff;
import org.nd4j.linalg.api.ndarray.INDArray;

/**
 * Σ x · y over all elements, a scalar. With an upstream gradient y that is known from elsewhere it is the start of a
 * vector-Jacobian product with x.
 */
public final class InnerProduct extends GraphOp {

    public InnerProduct(SameDiff sd, SDVariable x, SDVariable y) {
        super(sd, x, y);
    }

    @Override
    public List<long[]> outputShapes(List<long[]> in) {
        return List.of(new long[0]);
    }

    @Override
    public void compute(INDArray[] in, INDArray[] out) {
        out[0].assign(in[0].mul(in[1]).sum());
    }

    @Override
    public HostKernel hostKernel(HostMatrix[] in, HostMatrix[] out, Workers workers) {
        int n = Math.multiplyExact(in[0].rows(), in[0].cols());
        return () -> {
            double sum = 0;
            for (int i = 0; i < n; i++) {
                sum += (double) in[0].buffer().get(i) * in[1].buffer().get(i);
            }
            out[0].buffer().put(0, (float) sum);
        };
    }

    @Override
    public List<SDVariable> doDiff(List<SDVariable> gradients) {
        SDVariable d = gradients.get(0);
        return List.of(
                new Scaled(sameDiff, d, arg(1)).outputVariable(), new Scaled(sameDiff, d, arg(0)).outputVariable());
    }

    /** A scalar times an array. */
    private static final class Scaled extends GraphOp {

        Scaled(SameDiff sd, SDVariable factor, SDVariable x) {
            super(sd, factor, x);
        }

        @Override
        public List<long[]> outputShapes(List<long[]> in) {
            return in.subList(1, 2);
        }

        @Override
        public void compute(INDArray[] in, INDArray[] out) {
            in[1].muli(in[0], out[0]);
        }

        @Override
        public HostKernel hostKernel(HostMatrix[] in, HostMatrix[] out, Workers workers) {
            float[] row = new float[in[1].cols()];
            return () -> {
                float factor = in[0].buffer().get(0);
                for (int r = 0; r < in[1].rows(); r++) {
                    in[1].getRow(r, row);
                    for (int i = 0; i < row.length; i++) {
                        row[i] *= factor;
                    }
                    out[0].putRow(r, row);
                }
            };
        }
    }
}
