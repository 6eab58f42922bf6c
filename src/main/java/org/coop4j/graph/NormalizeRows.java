package org.coop4j.graph;

import java.util.List;
import org.coop4j.graph.host.Floats;
import org.coop4j.graph.host.HostKernel;
import org.coop4j.graph.host.HostMatrix;
import org.coop4j.graph.host.Workers;
import org.nd4j.autodiff.samediff.SDVariable;

/** y = x / ‖x‖ for each row; no epsilon, as CLIP normalises its features. */
final class NormalizeRows extends GraphOp {

    @Override
    protected SDVariable expression(Graph graph, SDVariable... in) {
        return in[0].mul(in[0].getSameDiff().math().pow(in[0].norm2(true, 1), -1)); // see LayerNorm
    }

    @Override
    public HostKernel hostKernel(HostMatrix[] in, HostMatrix[] out, Workers workers) {
        return HostKernel.rowwise(in, out[0], workers, () -> NormalizeRows::normalise);
    }

    private static void normalise(float[][] in, int n) {
        float[] x = in[0];
        float inverse = inverseNorm(x, n);
        for (int i = 0; i < n; i++) {
            x[i] *= inverse;
        }
    }

    private static float inverseNorm(float[] x, int n) {
        return (float) (1 / Math.sqrt(Floats.dot(x, x, n)));
    }

    /** dx = (dy − y (y · dy)) / ‖x‖. */
    @Override
    public List<SDVariable> doDiff(List<SDVariable> gradients) {
        Backward backward = new Backward(
                this,
                0,
                1,
                (in, out, workers) -> HostKernel.rowwise(in, out[0], workers, () -> NormalizeRows::gradient));
        return List.of(backward.of(gradients.get(0), arg(0)));
    }

    private static void gradient(float[][] in, int n) {
        float[] g = in[0];
        float[] x = in[1];
        float inverse = inverseNorm(x, n);
        float along = Floats.dot(g, x, n) * inverse * inverse;
        for (int i = 0; i < n; i++) {
            g[i] = (g[i] - x[i] * along) * inverse;
        }
    }
}
