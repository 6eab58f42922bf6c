package org.coop4j.graph.op;

import java.util.List;
import org.coop4j.graph.host.HostKernel;
import org.coop4j.graph.host.HostMatrix;
import org.coop4j.graph.host.Workers;
import org.nd4j.autodiff.samediff.SDVariable;
import org.nd4j.autodiff.samediff.SameDiff;
import org.nd4j.linalg.api.ndarray.INDArray;

/** Σ x² over all elements, a scalar. */
public final class SumOfSquares extends GraphOp {

    public SumOfSquares() {}

    public SumOfSquares(SameDiff sd, SDVariable x) {
        super(sd, x);
    }

    @Override
    public List<long[]> outputShapes(List<long[]> in) {
        return List.of(new long[0]);
    }

    @Override
    public void compute(INDArray[] in, INDArray[] out) {
        out[0].assign(in[0].mul(in[0]).sum());
    }

    @Override
    public HostKernel hostKernel(HostMatrix[] in, HostMatrix[] out, Workers workers) {
        float[] row = new float[in[0].cols()];
        return () -> {
            double sum = 0;
            for (int r = 0; r < in[0].rows(); r++) {
                in[0].getRow(r, row);
                for (float x : row) {
                    sum += (double) x * x;
                }
            }
            out[0].buffer().put(0, (float) sum);
        };
    }

    @Override
    public List<SDVariable> doDiff(List<SDVariable> gradients) {
        SDVariable twice = gradients.get(0).mul(2);
        return List.of(new InnerProduct.Pulled(sameDiff, twice, arg(0)).outputVariable());
    }
}
