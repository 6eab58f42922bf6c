package org.coop4j.graph;

import static org.bytedeco.dnnl.global.dnnl.dnnl_eltwise_exp;
import static org.bytedeco.dnnl.global.dnnl.dnnl_eltwise_gelu_erf;
import static org.bytedeco.dnnl.global.dnnl.dnnl_eltwise_gelu_tanh;
import static org.bytedeco.dnnl.global.dnnl.dnnl_eltwise_relu;
import static org.bytedeco.dnnl.global.dnnl.dnnl_eltwise_swish;

import java.util.List;
import org.coop4j.graph.host.Floats;
import org.coop4j.graph.host.HostKernel;
import org.coop4j.graph.host.HostKernel.BlockFunction;
import org.coop4j.graph.host.HostMatrix;
import org.coop4j.graph.host.Precision;
import org.coop4j.graph.host.Workers;
import org.nd4j.autodiff.samediff.SDVariable;
import org.nd4j.autodiff.samediff.SameDiff;

/** An activation function applied to each element, in large towers by oneDNN. */
public final class Activation extends GraphOp {

    private static final double QUICK_GELU_FACTOR = 1.702;
    private static final float FACTOR = (float) QUICK_GELU_FACTOR;

    /** √(2/π), and the factor of the cube, of the approximate GELU. */
    private static final double ROOT = Math.sqrt(2 / Math.PI);

    private static final double CUBIC = 0.044715;
    private static final float TWICE_ROOT = (float) (2 * ROOT);
    private static final float CUBE = (float) CUBIC;

    /** The functions that CLIP's towers and methods' losses use. */
    public enum Kind {
        /** x · sigmoid(1.702 x): OpenAI's models. */
        QUICK_GELU(dnnl_eltwise_swish, FACTOR),
        /** x · Φ(x) with the exact normal distribution function: LAION's open_clip models. */
        GELU(dnnl_eltwise_gelu_erf, 0),
        /** x/2 · (1 + tanh(√(2/π) · (x + 0.044715 x³))): SigLIP. */
        GELU_TANH(dnnl_eltwise_gelu_tanh, 0),
        /** x · sigmoid(x): one half of SwiGLU. */
        SWISH(dnnl_eltwise_swish, 1),
        /** max(x, 0): ModifiedResNet. */
        RELU(dnnl_eltwise_relu, 0),
        /** e^x. */
        EXP(dnnl_eltwise_exp, 0);

        private final int algorithm;
        private final float alpha;

        Kind(int algorithm, float alpha) {
            this.algorithm = algorithm;
            this.alpha = alpha;
        }

        private OneDnn.Function function() {
            return new OneDnn.Function(algorithm, alpha);
        }

        /** Returns the function in float32, for one worker. */
        private BlockFunction host() {
            Exponential exponential = new Exponential(HostKernel.BLOCK);
            NormalDistribution normal = new NormalDistribution(HostKernel.BLOCK);
            float[] e = new float[HostKernel.BLOCK];
            return switch (this) {
                case QUICK_GELU, SWISH -> (in, n) -> quickGelu(in[0], decay(in[0], n, e, exponential), n);
                case GELU -> (in, n) -> gelu(in[0], normal.cdf(in[0], n), n);
                case GELU_TANH -> (in, n) -> quickGelu(in[0], tanhDecay(in[0], n, e, exponential), n);
                case RELU -> (in, n) -> relu(in[0], n);
                case EXP -> (in, n) -> exponential.apply(in[0], n);
            };
        }

        /** Returns dy · f′(x) of dy and x in float32, for one worker. */
        private BlockFunction hostGradient() {
            Exponential exponential = new Exponential(HostKernel.BLOCK);
            NormalDistribution normal = new NormalDistribution(HostKernel.BLOCK);
            float[] e = new float[HostKernel.BLOCK];
            return switch (this) {
                case QUICK_GELU, SWISH ->
                    (in, n) -> quickGeluGradient(in[0], in[1], decay(in[1], n, e, exponential), n);
                case GELU -> (in, n) -> geluGradient(in[0], in[1], normal.cdf(in[1], n), normal.density(n), n);
                case GELU_TANH -> (in, n) -> geluTanhGradient(in[0], in[1], tanhDecay(in[1], n, e, exponential), n);
                case RELU -> (in, n) -> reluGradient(in[0], in[1], n);
                case EXP -> (in, n) -> expGradient(in[0], in[1], n);
            };
        }

        /** Returns e^(-alpha x), the part of the sigmoid that both directions need. */
        private float[] decay(float[] x, int n, float[] e, Exponential exponential) {
            for (int i = 0; i < n; i++) {
                e[i] = -alpha * x[i];
            }
            exponential.apply(e, n);
            return e;
        }

        private void quickGeluGradient(float[] dy, float[] x, float[] decay, int n) {
            for (int i = 0; i < n; i++) {
                float s = 1f / (1f + decay[i]);
                dy[i] *= s * (1f + alpha * x[i] * (1f - s));
            }
        }
    }

    /** Columns of an MLP's hidden layer for each column of its tower. */
    private static final int HIDDEN = 4;

    private final Precision precision;
    private final Kind kind;

    /**
     * @param precision of the products around it
     */
    Activation(Precision precision, Kind kind) {
        this.precision = precision;
        this.kind = kind;
    }

    /** Returns the function in oneDNN's terms. */
    OneDnn.Function function() {
        return kind.function();
    }

    @Override
    public boolean mayOverwrite(int input) {
        return true;
    }

    @Override
    public boolean isOfOneType() {
        return precision == Precision.BFLOAT16;
    }

    @Override
    protected SDVariable expression(Graph graph, SDVariable... in) {
        SDVariable x = in[0];
        SameDiff sd = x.getSameDiff();
        return switch (kind) {
            case QUICK_GELU -> x.mul(sd.nn().sigmoid(x.mul(QUICK_GELU_FACTOR)));
            case SWISH -> x.mul(sd.nn().sigmoid(x));
            case GELU -> x.mul(sd.math().erf(x.mul(Math.sqrt(0.5))).add(1).mul(0.5)); // x · Φ(x)
            case GELU_TANH ->
                x.mul(sd.nn().sigmoid(x.add(x.mul(x).mul(x).mul(CUBIC)).mul(2 * ROOT)));
            case RELU -> sd.nn().relu(x, 0);
            case EXP -> sd.math().exp(x);
        };
    }

    @Override
    public HostKernel hostKernel(HostMatrix[] in, HostMatrix[] out, Workers workers) {
        if (precision.isByOneDnn(in[0].cols() / HIDDEN)) {
            return OneDnn.byRows(
                    in[0].rows(),
                    workers,
                    (oneDnn, from, count) -> oneDnn.function(kind.function(), in[0], out[0], from, count));
        }
        return HostKernel.elementwise(in, out[0], workers, kind::host);
    }

    /** Returns e^(-2u) with u the argument of the approximate GELU's tanh, whose (1 + tanh u)/2 is 1/(1 + e^(-2u)). */
    private static float[] tanhDecay(float[] x, int n, float[] e, Exponential exponential) {
        for (int i = 0; i < n; i++) {
            e[i] = -TWICE_ROOT * (x[i] + CUBE * x[i] * x[i] * x[i]);
        }
        exponential.apply(e, n);
        return e;
    }

    private static void quickGelu(float[] x, float[] decay, int n) {
        for (int i = 0; i < n; i++) {
            x[i] = x[i] / (1f + decay[i]);
        }
    }

    private static void gelu(float[] x, float[] cdf, int n) {
        for (int i = 0; i < n; i++) {
            x[i] *= cdf[i];
        }
    }

    private static void relu(float[] x, int n) {
        for (int i = 0; i < n; i++) {
            x[i] = Math.max(x[i], 0f);
        }
    }

    private static void geluTanhGradient(float[] dy, float[] x, float[] decay, int n) {
        for (int i = 0; i < n; i++) {
            float s = 1f / (1f + decay[i]);
            dy[i] *= s * (1f + TWICE_ROOT * x[i] * (1f + 3f * CUBE * x[i] * x[i]) * (1f - s));
        }
    }

    private static void geluGradient(float[] dy, float[] x, float[] cdf, float[] density, int n) {
        for (int i = 0; i < n; i++) {
            dy[i] *= cdf[i] + x[i] * density[i];
        }
    }

    private static void reluGradient(float[] dy, float[] x, int n) {
        for (int i = 0; i < n; i++) {
            dy[i] *= Floats.step(x[i], 0f);
        }
    }

    private static void expGradient(float[] dy, float[] y, int n) {
        for (int i = 0; i < n; i++) {
            dy[i] *= y[i];
        }
    }

    /**
     * Returns true if the gradient reads the result: a rectifier's shows where the input was positive, and an
     * exponential's is its derivative. Both are kept anyway.
     */
    private boolean isDerivedFromResult() {
        return kind == Kind.RELU || kind == Kind.EXP;
    }

    /** dx = dy · f′(x). */
    @Override
    public List<SDVariable> doDiff(List<SDVariable> gradients) {
        Backward backward = new Backward(this, 0, 1, this::gradient) {
            @Override
            public boolean mayOverwrite(int input) {
                return true;
            }

            @Override
            public boolean isOfOneType() {
                return precision == Precision.BFLOAT16 && !isDerivedFromResult();
            }
        };
        return List.of(backward.of(gradients.get(0), isDerivedFromResult() ? outputVariables()[0] : arg(0)));
    }

    private HostKernel gradient(HostMatrix[] in, HostMatrix[] out, Workers workers) {
        if (!isDerivedFromResult() && precision.isByOneDnn(in[0].cols() / HIDDEN)) {
            return OneDnn.byRows(
                    in[0].rows(),
                    workers,
                    (oneDnn, from, count) -> oneDnn.derivative(kind.function(), in[0], in[1], out[0], from, count));
        }
        return HostKernel.elementwise(in, out[0], workers, kind::hostGradient);
    }
}
