package org.coop4j.graph;

import java.util.List;
import org.coop4j.graph.host.HostKernel;
import org.coop4j.graph.host.HostMatrix;
import org.coop4j.graph.host.Workers;
import org.nd4j.autodiff.samediff.SDVariable;

/** y = s · x, or y = exp(s) · x, for a scalar s: CLIP's {@code logit_scale} is stored as a logarithm. */
final class Scale extends GraphOp {

    private final boolean logarithm;

    /**
     * @param logarithm true if the factor is exp(s)
     */
    Scale(boolean logarithm) {
        this.logarithm = logarithm;
    }

    @Override
    protected SDVariable expression(Graph graph, SDVariable... in) {
        return in[0].mul(logarithm ? in[1].getSameDiff().math().exp(in[1]) : in[1]);
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
        SDVariable dx = new Scale(logarithm).of(dy, arg(1));
        SDVariable sum = new InnerProduct().of(dy, arg(0));
        return List.of(dx, logarithm ? new Scale(true).of(sum, arg(1)) : sum);
    }
}
