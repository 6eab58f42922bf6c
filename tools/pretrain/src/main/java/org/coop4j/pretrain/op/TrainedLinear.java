package org.coop4j.pretrain.op;

import java.util.ArrayList;
import java.util.List;
import org.coop4j.graph.Graph;
import org.coop4j.graph.GraphOp;
import org.coop4j.graph.Linear;
import org.coop4j.graph.host.Gemm;
import org.coop4j.graph.host.HostKernel;
import org.coop4j.graph.host.HostMatrix;
import org.coop4j.graph.host.Precision;
import org.coop4j.graph.host.Workers;
import org.nd4j.autodiff.samediff.SDVariable;

/**
 * {@link Linear} whose weights are trained, by oneDNN: factors may be rounded in all three products.
 *
 * <p>The host alone rounds; the expression is exact.
 */
public final class TrainedLinear extends GraphOp {

    private final Gemm.Form form;
    private final Precision precision;

    /**
     * @param form NT for a weight stored [out, in], NN for one stored [in, out]
     */
    public TrainedLinear(Gemm.Form form, Precision precision) {
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
    protected SDVariable expression(Graph graph, SDVariable... in) {
        SDVariable y = in[0].getSameDiff().mmul(in[0], in[1], form == Gemm.Form.TN, form == Gemm.Form.NT, false);
        return in.length == 3 ? y.add(in[2]) : y;
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
        result.add(new TrainedLinear(other, precision).of(dy, arg(1))); // dx = dy · W
        SDVariable left = form == Gemm.Form.NT ? dy : arg(0); // dyᵀ · x [out, in], or xᵀ · dy [in, out]
        SDVariable right = form == Gemm.Form.NT ? arg(0) : dy;
        result.add(new TrainedLinear(Gemm.Form.TN, precision).of(left, right));
        if (args().length == 3) {
            result.add(Linear.biasGradient(dy, arg(2)));
        }
        return result;
    }
}
