package org.coop4j.graph.op;

import java.util.List;
import org.coop4j.graph.host.Convolution3x3;
import org.coop4j.graph.host.HostKernel;
import org.coop4j.graph.host.HostMatrix;
import org.coop4j.graph.host.OneDnn;
import org.coop4j.graph.host.Workers;
import org.nd4j.autodiff.samediff.SDVariable;
import org.nd4j.autodiff.samediff.SameDiff;
import org.nd4j.linalg.api.ndarray.INDArray;
import org.nd4j.linalg.factory.Nd4j;

/**
 * A 3×3 convolution with one pixel of zeros around the image.
 *
 * <p>Inputs: x [batch · height · width, in] with the pixels of {@link Grid}; kernel [9 · in, out], row {@code (3 · ky +
 * kx) · in + channel} (PyTorch's [out, in, ky, kx] with its axes in the order 2, 3, 1, 0); and optionally a bias [out].
 * Output: [batch · height/stride · width/stride, out]. It has no gradient.
 *
 * <p>On the host, oneDNN convolves with a frozen kernel if it is available; otherwise the neighbourhoods are unfolded
 * into rows.
 */
public class Convolution extends GraphOp {

    private final Unfolding.Shape shape;

    /**
     * @param grid the pixels of each image of {@code x}
     * @param stride distance between the pixels that the kernel is centred on
     * @param inputs x, the kernel, and optionally the bias
     */
    public Convolution(SameDiff sd, Grid grid, int stride, SDVariable... inputs) {
        super(sd, inputs);
        this.shape = new Unfolding.Shape(grid, stride);
    }

    /** Returns the images before and after. */
    protected final Unfolding.Shape shape() {
        return shape;
    }

    @Override
    public final List<long[]> outputShapes(List<long[]> in) {
        long[] x = in.get(0);
        long[] kernel = in.get(1);
        long needed = Unfolding.TAPS * x[1];
        if (kernel[0] != needed) {
            throw new IllegalArgumentException(
                    "3x3 kernel for %s channels: expected %s rows, got %s".formatted(x[1], needed, kernel[0]));
        }
        return List.of(new long[] {shape.rowsOut(x[0]), kernel[1]});
    }

    @Override
    public final void compute(INDArray[] in, INDArray[] out) {
        Nd4j.matmul(Unfolding.unfold(shape, in[0]), in[1], out[0]);
        if (in.length == 3) {
            out[0].addi(in[2]);
        }
    }

    @Override
    public final HostKernel hostKernel(HostMatrix[] in, HostMatrix[] out, Workers workers) {
        HostMatrix bias = in.length == 3 ? in[2] : null;
        if (arg(1).isConstant() && OneDnn.isAvailable()) {
            Grid grid = shape.in();
            return new Convolution3x3(grid.height(), grid.width(), shape.stride(), in[0], in[1], bias, out[0])
                    .kernel(workers);
        }
        return Unfolding.convolution(shape, in[0], in[1], bias, out[0], workers);
    }

    @Override
    public final long flops(List<long[]> in) {
        return 2 * shape.rowsOut(in.get(0)[0]) * in.get(1)[0] * in.get(1)[1];
    }
}
