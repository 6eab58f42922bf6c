package org.coop4j.graph.op;

import java.util.ArrayList;
import java.util.List;
import org.coop4j.graph.host.HostKernel;
import org.coop4j.graph.host.HostMatrix;
import org.coop4j.graph.host.Workers;
import org.nd4j.autodiff.samediff.SDVariable;
import org.nd4j.autodiff.samediff.SameDiff;
import org.nd4j.linalg.api.ndarray.INDArray;
import org.nd4j.linalg.factory.Nd4j;

/**
 * A 3×3 convolution with one pixel of zeros around the image.
 *
 * <p>Inputs: x [batch · height · width, in] with the pixels of {@link Grid}; kernel [9 · in, out],
 * row {@code (3 · ky + kx) · in + channel} (PyTorch's [out, in, ky, kx] with its axes in the order
 * 2, 3, 1, 0); and a bias [out] where there is one. Output: [batch · height/stride · width/stride,
 * out].
 *
 * <p>On the host a stride of 1 is computed by Winograd's algorithm, which needs 16 products where
 * the definition has 36 (Lavin and Gray, <i>Fast Algorithms for Convolutional Neural Networks</i>,
 * 2016), another stride by unfolding the neighbourhoods into rows. A frozen kernel gets no
 * gradient.
 */
public final class Convolution extends GraphOp {

    /** Pixels of the neighbourhood. */
    static final int TAPS = 9;

    public Convolution() {}

    /**
     * @param grid the pixels of each image of {@code x}
     * @param stride distance between the pixels that the kernel is centred on
     */
    public Convolution(SameDiff sd, SDVariable x, SDVariable kernel, Grid grid, int stride) {
        super(sd, x, kernel);
        addIArgument(new ConvolutionShape(grid, stride).toSettings());
    }

    public Convolution(
            SameDiff sd, SDVariable x, SDVariable kernel, SDVariable bias, Grid grid, int stride) {
        super(sd, x, kernel, bias);
        addIArgument(new ConvolutionShape(grid, stride).toSettings());
    }

    @Override
    public List<long[]> outputShapes(List<long[]> in) {
        long[] x = in.get(0);
        long[] kernel = in.get(1);
        if (kernel[0] != TAPS * x[1]) {
            throw new IllegalArgumentException(
                    "3x3 kernel of %s rows for %s channels: %s are needed"
                            .formatted(kernel[0], x[1], TAPS * x[1]));
        }
        return List.of(new long[] {ConvolutionShape.of(this).rowsOut(x[0]), kernel[1]});
    }

    @Override
    public void compute(INDArray[] in, INDArray[] out) {
        INDArray unfolded = ConvolutionMath.unfold(ConvolutionShape.of(this), in[0]);
        Nd4j.matmul(unfolded, in[1], out[0]);
        if (in.length == 3) {
            out[0].addi(in[2]);
        }
    }

    @Override
    public HostKernel hostKernel(HostMatrix[] in, HostMatrix[] out, Workers workers) {
        ConvolutionShape shape = ConvolutionShape.of(this);
        HostMatrix bias = in.length == 3 ? in[2] : null;
        return shape.stride() == 1
                ? WinogradKernel.forward(
                        shape.in(), in[0], in[1], arg(1).isConstant(), bias, out[0], workers)
                : UnfoldedKernels.forward(shape, in[0], in[1], bias, out[0], workers);
    }

    @Override
    public long flops(List<long[]> in) {
        return flops(ConvolutionShape.of(this), in.get(0)[0], in.get(1)[0], in.get(1)[1]);
    }

    /** As executed: Winograd's algorithm has 16 multiplications in place of 36. */
    private static long flops(ConvolutionShape shape, long rows, long kernelRows, long out) {
        return shape.stride() == 1
                ? 2 * 4 * shape.tiles(rows) * kernelRows * out * 4 / TAPS
                : 2 * shape.rowsOut(rows) * kernelRows * out;
    }

    @Override
    public List<SDVariable> doDiff(List<SDVariable> gradients) {
        SDVariable dy = gradients.get(0);
        ConvolutionShape shape = ConvolutionShape.of(this);
        List<SDVariable> result = new ArrayList<>();
        result.add(new InputGradient(sameDiff, shape, dy, arg(1)).outputVariable());
        if (!arg(1).isConstant()) {
            result.add(new KernelGradient(sameDiff, shape, dy, arg(0)).outputVariable());
            if (args().length == 3) {
                result.add(new Linear.BiasGradient(sameDiff, dy).outputVariable());
            }
        }
        return result;
    }

    /** dx: each pixel's sum over the neighbourhoods that it is in. */
    public static final class InputGradient extends GradientOp {

        public InputGradient() {}

        InputGradient(SameDiff sd, ConvolutionShape shape, SDVariable dy, SDVariable kernel) {
            super(sd, dy, kernel);
            addIArgument(shape.toSettings());
        }

        @Override
        public List<long[]> outputShapes(List<long[]> in) {
            long rows = ConvolutionShape.of(this).rowsIn(in.get(0)[0]);
            return List.of(new long[] {rows, in.get(1)[0] / TAPS});
        }

        @Override
        public void compute(INDArray[] in, INDArray[] out) {
            INDArray unfolded = Nd4j.matmul(in[0], in[1], false, true, false);
            ConvolutionMath.fold(ConvolutionShape.of(this), unfolded, out[0]);
        }

        @Override
        public HostKernel hostKernel(HostMatrix[] in, HostMatrix[] out, Workers workers) {
            ConvolutionShape shape = ConvolutionShape.of(this);
            return shape.stride() == 1
                    ? WinogradKernel.inputGradient(
                            shape.in(), in[0], in[1], arg(1).isConstant(), out[0], workers)
                    : UnfoldedKernels.inputGradient(shape, in[0], in[1], out[0], workers);
        }

        @Override
        public long flops(List<long[]> in) {
            ConvolutionShape shape = ConvolutionShape.of(this);
            long rows = shape.rowsIn(in.get(0)[0]);
            return Convolution.flops(shape, rows, in.get(1)[0], in.get(1)[1]);
        }
    }

    /** dkernel: the sum over pixels of neighbourhood ⊗ dy. */
    public static final class KernelGradient extends GradientOp {

        public KernelGradient() {}

        KernelGradient(SameDiff sd, ConvolutionShape shape, SDVariable dy, SDVariable x) {
            super(sd, dy, x);
            addIArgument(shape.toSettings());
        }

        @Override
        public List<long[]> outputShapes(List<long[]> in) {
            return List.of(new long[] {TAPS * in.get(1)[1], in.get(0)[1]});
        }

        @Override
        public void compute(INDArray[] in, INDArray[] out) {
            INDArray unfolded = ConvolutionMath.unfold(ConvolutionShape.of(this), in[1]);
            Nd4j.matmul(unfolded, in[0], out[0], true, false, false);
        }

        @Override
        public HostKernel hostKernel(HostMatrix[] in, HostMatrix[] out, Workers workers) {
            ConvolutionShape shape = ConvolutionShape.of(this);
            return shape.stride() == 1
                    ? new WinogradKernelGradient(shape.in(), in[0], in[1], out[0], workers)
                    : UnfoldedKernels.kernelGradient(shape, in[0], in[1], out[0], workers);
        }

        @Override
        public long flops(List<long[]> in) {
            long[] x = in.get(1);
            ConvolutionShape shape = ConvolutionShape.of(this);
            return Convolution.flops(shape, x[0], TAPS * x[1], in.get(0)[1]);
        }
    }
}
