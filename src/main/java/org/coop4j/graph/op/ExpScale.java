package org.coop4j.graph.op;

import java.util.List;
import org.coop4j.graph.host.HostKernel;
import org.coop4j.graph.host.HostMatrix;
import org.coop4j.graph.host.Workers;
import org.nd4j.autodiff.samediff.SDVariable;
import org.nd4j.autodiff.samediff.SameDiff;
import org.nd4j.linalg.api.ndarray.INDArray;
import org.nd4j.linalg.ops.transforms.Transforms;

/** y = exp(s) · x for a scalar s: CLIP's {@code logit_scale}, which is stored as a logarithm. */
public final class ExpScale extends GraphOp {

    public ExpScale(SameDiff sd, SDVariable x, SDVariable s) {
        super(sd, x, s);
    }

    @Override
    public void compute(INDArray[] in, INDArray[] out) {
        in[0].muli(Transforms.exp(in[1], true), out[0]);
    }

    @Override
    public boolean mayOverwrite(int input) {
        return input == 0;
    }

    @Override
    public HostKernel hostKernel(HostMatrix[] in, HostMatrix[] out, Workers workers) {
        return RowwiseKernel.eachRow(in[0].rows(), workers, () -> {
            float[] row = new float[in[0].cols()];
            return r -> {
                float factor = (float) Math.exp(in[1].buffer().get(0));
                in[0].getRow(r, row);
                for (int i = 0; i < row.length; i++) {
                    row[i] *= factor;
                }
                out[0].putRow(r, row);
            };
        });
    }

    /** dx = exp(s) · dy, ds = exp(s) · Σ dy · x. */
    @Override
    public List<SDVariable> doDiff(List<SDVariable> gradients) {
        SDVariable dy = gradients.get(0);
        SDVariable sum = new InnerProduct(sameDiff, dy, arg(0)).outputVariable();
        return List.of(
                new ExpScale(sameDiff, dy, arg(1)).outputVariable(),
                new ExpScale(sameDiff, sum, arg(1)).outputVariable());
    }
}
