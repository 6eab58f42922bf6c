package org.coop4j.pretrain.op;

import java.util.ArrayList;
import java.util.List;
import org.coop4j.graph.Convolution;
import org.coop4j.graph.Graph;
import org.coop4j.graph.Graph.Grid;
import org.coop4j.graph.GraphOp;
import org.coop4j.graph.Linear;
import org.coop4j.graph.host.HostKernel;
import org.coop4j.graph.host.HostMatrix;
import org.coop4j.graph.host.Precision;
import org.coop4j.graph.host.Workers;
import org.nd4j.autodiff.samediff.SDVariable;

/**
 * A 3×3 convolution with gradients, by oneDNN: factors may be rounded in all three convolutions.
 *
 * <p>The host alone rounds; the expression, which also computes where there is no oneDNN, is exact.
 */
public final class TrainedConvolution extends Convolution {

    /** Pixels of a neighbourhood. */
    private static final int TAPS = 9;

    private final Primitives.Convolution shape;

    public TrainedConvolution(Precision precision, Grid grid, int stride) {
        super(grid, stride);
        Grid centres = new Grid((grid.height() - 1) / stride + 1, (grid.width() - 1) / stride + 1);
        this.shape = new Primitives.Convolution(precision, grid, centres, stride);
    }

    @Override
    public SDVariable expression(Graph graph, SDVariable... in) {
        return super.expression(graph, in);
    }

    @Override
    public HostKernel hostKernel(HostMatrix[] in, HostMatrix[] out, Workers workers) {
        return shape.forward(in[0], in[1], in.length == 3 ? in[2] : null, out[0], workers);
    }

    @Override
    public List<SDVariable> doDiff(List<SDVariable> gradients) {
        SDVariable dy = gradients.get(0);
        List<SDVariable> result = new ArrayList<>();
        result.add(new InputGradient(shape).of(dy, arg(1)));
        result.add(new KernelGradient(shape).of(dy, arg(0)));
        if (args().length == 3) {
            result.add(new Linear.BiasGradient().of(dy));
        }
        return result;
    }

    /** dx: each pixel's sum over the neighbourhoods that it is in. */
    private static final class InputGradient extends GraphOp {

        private final Primitives.Convolution shape;

        InputGradient(Primitives.Convolution shape) {
            this.shape = shape;
        }

        @Override
        public List<long[]> outputShapes(List<long[]> in) {
            long images = shape.out().images(in.get(0)[0]);
            return List.of(new long[] {images * shape.in().pixels(), in.get(1)[0] / TAPS});
        }

        @Override
        public HostKernel hostKernel(HostMatrix[] in, HostMatrix[] out, Workers workers) {
            return shape.inputGradient(in[0], in[1], out[0], workers);
        }

        @Override
        public long flops(List<long[]> in) {
            return 2 * in.get(0)[0] * in.get(1)[0] * in.get(1)[1];
        }
    }

    /** dkernel: the sum over pixels of neighbourhood ⊗ dy. */
    private static final class KernelGradient extends GraphOp {

        private final Primitives.Convolution shape;

        KernelGradient(Primitives.Convolution shape) {
            this.shape = shape;
        }

        @Override
        public List<long[]> outputShapes(List<long[]> in) {
            return List.of(new long[] {TAPS * in.get(1)[1], in.get(0)[1]});
        }

        @Override
        public HostKernel hostKernel(HostMatrix[] in, HostMatrix[] out, Workers workers) {
            return shape.kernelGradient(in[0], in[1], out[0], workers);
        }

        @Override
        public long flops(List<long[]> in) {
            return 2 * in.get(0)[0] * in.get(0)[1] * TAPS * in.get(1)[1];
        }
    }
}
