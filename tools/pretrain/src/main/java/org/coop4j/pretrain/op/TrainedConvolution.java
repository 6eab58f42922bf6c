package org.coop4j.pretrain.op;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import org.coop4j.graph.Convolution;
import org.coop4j.graph.Graph.Grid;
import org.coop4j.graph.GraphOp;
import org.coop4j.graph.Linear;
import org.coop4j.graph.host.HostKernel;
import org.coop4j.graph.host.HostMatrix;
import org.coop4j.graph.host.Precision;
import org.coop4j.graph.host.Workers;
import org.nd4j.autodiff.samediff.SDVariable;
import org.nd4j.autodiff.samediff.SameDiff;
import org.nd4j.linalg.api.ndarray.INDArray;
import org.nd4j.linalg.factory.Nd4j;

/**
 * A 3×3 convolution with gradients, by oneDNN: factors may be rounded in all three convolutions.
 *
 * <p>The host alone rounds; the portable form, which also computes where there is no oneDNN, is exact.
 */
public final class TrainedConvolution extends Convolution {

    /** Pixels of a neighbourhood. */
    private static final int TAPS = 9;

    private final Primitives.Convolution shape;

    public TrainedConvolution(SameDiff sd, Precision precision, Grid grid, int stride, SDVariable... inputs) {
        super(sd, grid, stride, inputs);
        Grid centres = new Grid((grid.height() - 1) / stride + 1, (grid.width() - 1) / stride + 1);
        this.shape = new Primitives.Convolution(precision, grid, centres, stride);
    }

    @Override
    public HostKernel hostKernel(HostMatrix[] in, HostMatrix[] out, Workers workers) {
        HostMatrix bias = in.length == 3 ? in[2] : null;
        return Precision.hasOneDnn()
                ? shape.forward(in[0], in[1], bias, out[0], workers)
                : super.hostKernel(in, out, workers);
    }

    @Override
    public List<SDVariable> doDiff(List<SDVariable> gradients) {
        SDVariable dy = gradients.get(0);
        List<SDVariable> result = new ArrayList<>();
        result.add(new InputGradient(sameDiff, shape, dy, arg(1)).outputVariable());
        result.add(new KernelGradient(sameDiff, shape, dy, arg(0)).outputVariable());
        if (args().length == 3) {
            result.add(new Linear.BiasGradient(sameDiff, dy).outputVariable());
        }
        return result;
    }

    /** dx: each pixel's sum over the neighbourhoods that it is in. */
    private static final class InputGradient extends GraphOp {

        private final Primitives.Convolution shape;

        InputGradient(SameDiff sd, Primitives.Convolution shape, SDVariable dy, SDVariable kernel) {
            super(sd, dy, kernel);
            this.shape = shape;
        }

        @Override
        public List<long[]> outputShapes(List<long[]> in) {
            long images = shape.out().images(in.get(0)[0]);
            return List.of(new long[] {images * shape.in().pixels(), in.get(1)[0] / TAPS});
        }

        /** The adjoint of {@link #unfold}: every entry is added to the pixel that it came from. */
        @Override
        public void compute(INDArray[] in, INDArray[] out) {
            INDArray unfolded = Nd4j.matmul(in[0], in[1], false, true, false).dup('c');
            INDArray padded = padded(shape, out[0]);
            for (int tap = 0; tap < TAPS; tap++) {
                window(padded, tap / 3, tap % 3, shape.stride(), shape.out()).addi(columns(unfolded, tap, shape.out()));
            }
            images(out[0], shape.in()).assign(window(padded, 1, 1, 1, shape.in()));
        }

        @Override
        public HostKernel hostKernel(HostMatrix[] in, HostMatrix[] out, Workers workers) {
            return Precision.hasOneDnn() ? shape.inputGradient(in[0], in[1], out[0], workers) : portable(this, in, out);
        }

        @Override
        public long flops(List<long[]> in) {
            return 2 * in.get(0)[0] * in.get(1)[0] * in.get(1)[1];
        }
    }

    /** dkernel: the sum over pixels of neighbourhood ⊗ dy. */
    private static final class KernelGradient extends GraphOp {

        private final Primitives.Convolution shape;

        KernelGradient(SameDiff sd, Primitives.Convolution shape, SDVariable dy, SDVariable x) {
            super(sd, dy, x);
            this.shape = shape;
        }

        @Override
        public List<long[]> outputShapes(List<long[]> in) {
            return List.of(new long[] {TAPS * in.get(1)[1], in.get(0)[1]});
        }

        @Override
        public void compute(INDArray[] in, INDArray[] out) {
            Nd4j.matmul(unfold(shape, in[1]), in[0], out[0], true, false, false);
        }

        @Override
        public HostKernel hostKernel(HostMatrix[] in, HostMatrix[] out, Workers workers) {
            return Precision.hasOneDnn()
                    ? shape.kernelGradient(in[0], in[1], out[0], workers)
                    : portable(this, in, out);
        }

        @Override
        public long flops(List<long[]> in) {
            return 2 * in.get(0)[0] * in.get(0)[1] * TAPS * in.get(1)[1];
        }
    }

    private static HostKernel portable(GraphOp op, HostMatrix[] in, HostMatrix[] out) {
        return () -> op.compute(owners(in), owners(out));
    }

    private static INDArray[] owners(HostMatrix[] matrices) {
        return Arrays.stream(matrices).map(HostMatrix::owner).toArray(INDArray[]::new);
    }

    /**
     * Returns each pixel's neighbourhood as a row.
     *
     * @param x [batch · height · width, channels]
     * @return [batch · out height · out width, 9 · channels], ordered line, pixel, channel
     */
    private static INDArray unfold(Primitives.Convolution shape, INDArray x) {
        INDArray padded = padded(shape, x);
        window(padded, 1, 1, 1, shape.in()).assign(images(x.dup('c'), shape.in()));
        long rows = (long) shape.in().images(x.rows()) * shape.out().pixels();
        INDArray unfolded = Nd4j.create(x.dataType(), rows, TAPS * (long) x.columns());
        for (int tap = 0; tap < TAPS; tap++) {
            columns(unfolded, tap, shape.out()).assign(window(padded, tap / 3, tap % 3, shape.stride(), shape.out()));
        }
        return unfolded;
    }

    /** Returns zeros for the images of {@code x} with one pixel around, [batch, height + 2, width + 2, channels]. */
    private static INDArray padded(Primitives.Convolution shape, INDArray x) {
        Grid in = shape.in();
        return Nd4j.create(x.dataType(), in.images(x.rows()), in.height() + 2L, in.width() + 2L, x.columns());
    }

    /** Returns rows as [batch, height, width, channels]. */
    private static INDArray images(INDArray rows, Grid grid) {
        return rows.reshape('c', grid.images(rows.rows()), grid.height(), grid.width(), rows.columns());
    }

    /** Returns the pixels (y + i · stride, x + j · stride) of padded images, [batch, i, j, channels]. */
    private static INDArray window(INDArray padded, int y, int x, int stride, Grid grid) {
        long[] s = padded.stride();
        long[] sizes = {padded.size(0), grid.height(), grid.width(), padded.size(3)};
        return GraphOp.view(padded, y * s[1] + x * s[2], sizes, s[0], stride * s[1], stride * s[2], s[3]);
    }

    /** Returns the columns of one tap as [batch, height, width, channels]. */
    private static INDArray columns(INDArray unfolded, int tap, Grid grid) {
        long row = unfolded.columns();
        long[] sizes = {grid.images(unfolded.rows()), grid.height(), grid.width(), row / TAPS};
        return GraphOp.view(unfolded, tap * row / TAPS, sizes, grid.pixels() * row, grid.width() * row, row, 1);
    }
}
