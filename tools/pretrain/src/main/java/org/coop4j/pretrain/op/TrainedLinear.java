package org.coop4j.pretrain.op;

import java.util.ArrayList;
import java.util.List;
import org.coop4j.graph.GraphOp;
import org.coop4j.graph.Linear;
import org.coop4j.graph.host.Gemm;
import org.coop4j.graph.host.HostKernel;
import org.coop4j.graph.host.HostMatrix;
import org.coop4j.graph.host.Precision;
import org.coop4j.graph.host.Workers;
import org.nd4j.autodiff.samediff.SDVariable;
import org.nd4j.autodiff.samediff.SameDiff;
import org.nd4j.linalg.api.ndarray.INDArray;
import org.nd4j.linalg.factory.Nd4j;

/**
 * {@link Linear} whose weights are trained, by oneDNN: factors may be rounded in all three products.
 *
 * <p>The host alone rounds; the portable form is exact.
 */
public final class TrainedLinear extends GraphOp {

    private final Gemm.Form form;
    private final Precision precision;

    /**
     * @param form NT for a weight stored [out, in], NN for one stored [in, out]
     * @param inputs x, W, and optionally b
     */
    public TrainedLinear(SameDiff sd, Gemm.Form form, Precision precision, SDVariable... inputs) {
        super(sd, inputs);
        this.form = form;
        this.precision = precision;
    }

    @Override
    public List<long[]> outputShapes(List<long[]> in) {
        long[] x = in.get(0);
        long[] w = in.get(1);
        return List.of(new long[] {x[form == Gemm.Form.TN ? 1 : 0], w[form == Gemm.Form.NT ? 0 : 1]});
    }

    @Override
    public void compute(INDArray[] in, INDArray[] out) {
        Nd4j.matmul(in[0], in[1], out[0], form == Gemm.Form.TN, form == Gemm.Form.NT, false);
        if (in.length == 3) {
            out[0].addi(in[2]);
        }
    }

    @Override
    public HostKernel hostKernel(HostMatrix[] in, HostMatrix[] out, Workers workers) {
        HostMatrix bias = in.length == 3 ? in[2] : null;
        Gemm.requireFit(form, in[0], in[1], out[0]);
        return Precision.hasOneDnn()
                ? Primitives.product(form, precision, in[0], in[1], bias, out[0], workers)
                : Gemm.kernel(form, in[0], in[1], bias, out[0], workers);
    }

    @Override
    public long flops(List<long[]> in) {
        return 2 * in.get(0)[0] * in.get(0)[1] * outputShapes(in).get(0)[1];
    }

    @Override
    public List<SDVariable> doDiff(List<SDVariable> gradients) {
        SDVariable dy = gradients.get(0);
        Gemm.Form other = form == Gemm.Form.NT ? Gemm.Form.NN : Gemm.Form.NT;
        List<SDVariable> result = new ArrayList<>();
        result.add(new TrainedLinear(sameDiff, other, precision, dy, arg(1)).outputVariable()); // dx = dy · W
        SDVariable left = form == Gemm.Form.NT ? dy : arg(0); // dyᵀ · x [out, in], or xᵀ · dy [in, out]
        SDVariable right = form == Gemm.Form.NT ? arg(0) : dy;
        result.add(new TrainedLinear(sameDiff, Gemm.Form.TN, precision, left, right).outputVariable());
        if (args().length == 3) {
            result.add(new Linear.BiasGradient(sameDiff, dy).outputVariable());
        }
        return result;
    }
}
