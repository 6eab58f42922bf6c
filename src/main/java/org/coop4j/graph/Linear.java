package org.coop4j.graph;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.function.Supplier;
import org.coop4j.base.Require;
import org.coop4j.graph.host.Floats;
import org.coop4j.graph.host.Gemm;
import org.coop4j.graph.host.HostKernel;
import org.coop4j.graph.host.HostMatrix;
import org.coop4j.graph.host.Precision;
import org.coop4j.graph.host.Workers;
import org.nd4j.autodiff.samediff.SDVariable;

/**
 * y = x · Wᵀ + b (PyTorch's {@code nn.Linear}), or y = x · W + b for a weight stored [in, out].
 *
 * <p>Inputs: x [rows, in], W [out, in] or [in, out], and optionally b [out]. A frozen weight gets no gradient: only
 * dx = dy · W is built. If W is trained, so are dW, itself such a product of the form TN, and db.
 *
 * <p>The factors of products with a frozen weight may be rounded, forward and backward.
 */
public final class Linear extends GraphOp {

    /** Floating-point operations of each product of {@link #squares}. */
    public static final long SQUARE_FLOPS = 2L * 1536 * 1536 * 1536;

    private static final int SIDE = 1536;
    private static final int WARM_UP = 3;
    private static final int PRODUCTS = 9;

    private final Gemm.Form form;
    private final Precision precision;
    private final boolean fast;

    private final GraphOp next; // null for none

    /** Number of the layer's own inputs, which those of {@code next} follow; 0 without it. */
    private final int own;

    /**
     * @param form NT for a weight stored [out, in] as by {@code nn.Linear}, NN for one stored [in, out] as CLIP's
     *     {@code proj} and {@code text_projection}
     * @param precision of the products; anything but float32 needs a frozen weight
     * @param fast true for float32 products by oneDNN where it can be loaded, whose kernels know AVX-512
     */
    Linear(Gemm.Form form, Precision precision, boolean fast) {
        this(form, precision, fast, 0, null);
    }

    /** A layer of a plan, with the op that follows. */
    private Linear(Gemm.Form form, Precision precision, boolean fast, int own, GraphOp next) {
        this.form = form;
        this.precision = precision;
        this.fast = fast;
        this.own = own;
        this.next = next;
    }

    @Override
    public List<long[]> outputShapes(List<long[]> in) {
        long[] x = in.get(0);
        long[] w = in.get(1);
        int inAxis = form == Gemm.Form.TN ? 0 : 1;
        int outAxis = form == Gemm.Form.NT ? 0 : 1;
        Require.that(
                x[inAxis] == w[1 - outAxis],
                "linear layer: expected rows of %s, got rows of %s",
                w[1 - outAxis],
                x[inAxis]);
        return List.of(new long[] {x[1 - inAxis], w[outAxis]});
    }

    @Override
    protected SDVariable expression(Graph graph, SDVariable... in) {
        SDVariable y = in[0].getSameDiff().mmul(in[0], in[1], form == Gemm.Form.TN, form == Gemm.Form.NT, false);
        return in.length == 3 ? y.add(in[2]) : y;
    }

    @Override
    public HostKernel hostKernel(HostMatrix[] in, HostMatrix[] out, Workers workers) {
        int layer = next == null ? in.length : own;
        HostMatrix bias = layer == 3 ? in[2] : null;
        if (precision == Precision.FLOAT32) {
            return fast && Precision.hasOneDnn()
                    ? OneDnn.product(form, in[0], in[1], bias, out[0], workers)
                    : Gemm.kernel(form, in[0], in[1], bias, out[0], workers);
        }
        OneDnn.Function function = next instanceof Activation activation ? activation.function() : null;
        HostMatrix residual = next instanceof Add ? in[own] : null;
        return Bfloat16Product.kernel(form, in[0], in[1], bias, function, residual, out[0], workers);
    }

    @Override
    public boolean mayReadRounded(int input) {
        return input == 0 && precision == Precision.BFLOAT16;
    }

    @Override
    public boolean mayWriteRounded(boolean fromRounded) {
        return precision == Precision.BFLOAT16;
    }

    /**
     * Measures the speed of this machine: returns the seconds of nine products of square matrices of 1,536 rows, divided
     * among the workers as in the towers, in ascending order.
     */
    public static double[] squares(Workers workers, Precision precision) {
        HostMatrix[] xw = {HostMatrix.zeros(SIDE, SIDE), HostMatrix.zeros(SIDE, SIDE)};
        for (int i = 0; i < SIDE * SIDE; i++) {
            xw[0].buffer().put(i, i % 97 / 97f);
            xw[1].buffer().put(i, i % 97 / 97f);
        }
        double[] seconds = new double[PRODUCTS];
        Linear layer = new Linear(Gemm.Form.NT, precision, false);
        try (HostKernel product = layer.hostKernel(xw, new HostMatrix[] {HostMatrix.zeros(SIDE, SIDE)}, workers)) {
            for (int i = -WARM_UP; i < PRODUCTS; i++) {
                long start = System.nanoTime();
                Gemm.singleThreaded(product::run);
                seconds[Math.max(0, i)] = (System.nanoTime() - start) / 1e9;
            }
        }
        Arrays.sort(seconds);
        return seconds;
    }

    /** Includes an activation, or the residual sum at the end of the layer. */
    @Override
    public GraphOp followedBy(GraphOp other) {
        boolean known = other instanceof Activation || other instanceof Add;
        return known && next == null && precision == Precision.BFLOAT16
                ? new Linear(form, precision, fast, args().length, other)
                : null;
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
        result.add(new Linear(other, precision, fast).of(dy, arg(1))); // dx = dy · W
        if (!arg(1).isConstant()) {
            SDVariable left = form == Gemm.Form.NT ? dy : arg(0); // dyᵀ · x [out, in], or xᵀ · dy [in, out]
            SDVariable right = form == Gemm.Form.NT ? arg(0) : dy;
            result.add(new Linear(Gemm.Form.TN, Precision.FLOAT32, fast).of(left, right));
            if (args().length == 3) {
                result.add(biasGradient(dy, arg(2)));
            }
        }
        return result;
    }

    /** Returns db = the sum of dy over its rows. */
    public static SDVariable biasGradient(SDVariable dy, SDVariable bias) {
        return new Backward(new Linear(Gemm.Form.NT, Precision.FLOAT32, false), 1, 1, Linear::sumOfRows).of(dy, bias);
    }

    private static HostKernel sumOfRows(HostMatrix[] in, HostMatrix[] out, Workers workers) {
        HostMatrix dy = in[0];
        int n = dy.cols();
        Supplier<HostKernel.RowSum> functions = () -> {
            float[] dyRow = Workers.ownArray(n);
            return (r, sums) -> {
                dy.getRow(r, dyRow);
                Floats.add(sums, 0, dyRow, 0, n);
            };
        };
        return HostKernel.sums(dy.rows(), n, workers, functions, sums -> out[0].put(0, 0, sums, n));
    }
}
