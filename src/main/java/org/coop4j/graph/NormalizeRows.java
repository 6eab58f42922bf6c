package org.coop4j.graph;

import java.util.List;
import org.coop4j.graph.host.Floats;
import org.coop4j.graph.host.HostKernel;
import org.coop4j.graph.host.HostMatrix;
import org.coop4j.graph.host.Workers;
import org.nd4j.autodiff.samediff.SDVariable;
import org.nd4j.autodiff.samediff.SameDiff;
import org.nd4j.linalg.api.ndarray.INDArray;

/** y = x / ‖x‖ for each row; no epsilon, as CLIP normalises its features. */
final class NormalizeRows extends GraphOp {

    public NormalizeRows(SameDiff sd, SDVariable x) {
        super(sd, x);
    }

    @Override
    public void compute(INDArray[] in, INDArray[] out) {
        in[0].divi(in[0].norm2(true, 1), out[0]);
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

    @Override
    public List<SDVariable> doDiff(List<SDVariable> gradients) {
        return List.of(new InputGradient(sameDiff, gradients.get(0), arg(0)).outputVariable());
    }

    /** dx = (dy − y (y · dy)) / ‖x‖. */
    private static final class InputGradient extends GraphOp {

        InputGradient(SameDiff sd, SDVariable dy, SDVariable x) {
            super(sd, dy, x);
        }

        @Override
        public void compute(INDArray[] in, INDArray[] out) {
            INDArray norm = in[1].norm2(true, 1);
            INDArray y = in[1].div(norm);
            INDArray along = y.mul(in[0]).sum(true, 1);
            in[0].subi(y.muli(along), out[0]).divi(norm);
        }

        @Override
        public HostKernel hostKernel(HostMatrix[] in, HostMatrix[] out, Workers workers) {
            return HostKernel.rowwise(in, out[0], workers, () -> InputGradient::gradient);
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
}
