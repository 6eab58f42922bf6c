package org.coop4j.graph;

import java.util.List;
import org.coop4j.graph.host.HostKernel;
import org.coop4j.graph.host.HostMatrix;
import org.coop4j.graph.host.Workers;
import org.nd4j.autodiff.samediff.SDVariable;
import org.nd4j.autodiff.samediff.SameDiff;
import org.nd4j.linalg.api.ndarray.INDArray;
import org.nd4j.linalg.ops.transforms.Transforms;

/** y = s · x, or y = exp(s) · x, for a scalar s: CLIP's {@code logit_scale} is stored as a logarithm. */
final class Scale extends GraphOp {

    private final boolean logarithm;

    /**
     * @param logarithm true if the factor is exp(s)
     */
    private Scale(SameDiff sd, SDVariable x, SDVariable s, boolean logarithm) {
        super(sd, x, s);
        this.logarithm = logarithm;
    }

    /** Returns s · x. */
    static SDVariable by(SDVariable s, SDVariable x) {
        return new Scale(x.getSameDiff(), x, s, false).outputVariable();
    }

    /** Returns exp(s) · x. */
    public static SDVariable byExp(SDVariable s, SDVariable x) {
        return new Scale(x.getSameDiff(), x, s, true).outputVariable();
    }

    @Override
    public void compute(INDArray[] in, INDArray[] out) {
        in[0].muli(logarithm ? Transforms.exp(in[1], true) : in[1], out[0]);
    }

    @Override
    public boolean mayOverwrite(int input) {
        return input == 0;
    }

    @Override
    public HostKernel hostKernel(HostMatrix[] in, HostMatrix[] out, Workers workers) {
        HostMatrix[] x = {in[0]};
        return HostKernel.elementwise(x, out[0], workers, () -> (inputs, n) -> {
            float s = in[1].buffer().get(0);
            scale(inputs[0], n, logarithm ? (float) Math.exp(s) : s);
        });
    }

    /** Multiplies the first {@code n} elements, also for ND4J's op behind {@code x.mul(2)}. */
    public static void scale(float[] x, int n, float factor) {
        for (int i = 0; i < n; i++) {
            x[i] *= factor;
        }
    }

    /** dx = exp(s) · dy, ds = exp(s) · Σ dy · x; without exp, ds = Σ dy · x. */
    @Override
    public List<SDVariable> doDiff(List<SDVariable> gradients) {
        SDVariable dy = gradients.get(0);
        SDVariable dx = new Scale(sameDiff, dy, arg(1), logarithm).outputVariable();
        SDVariable sum = new InnerProduct(sameDiff, dy, arg(0)).outputVariable();
        return List.of(dx, logarithm ? byExp(arg(1), sum) : sum);
    }
}
