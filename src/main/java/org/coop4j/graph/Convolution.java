package org.coop4j.graph;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import org.bytedeco.dnnl.memory;
import org.bytedeco.dnnl.memory.data_type;
import org.coop4j.base.Require;
import org.coop4j.graph.Graph.Grid;
import org.coop4j.graph.host.HostKernel;
import org.coop4j.graph.host.HostMatrix;
import org.coop4j.graph.host.NativeMemory;
import org.coop4j.graph.host.Precision;
import org.coop4j.graph.host.Workers;
import org.nd4j.autodiff.samediff.SDVariable;
import org.nd4j.linalg.api.ndarray.INDArray;
import org.nd4j.linalg.api.ops.impl.layers.convolution.Conv2D;
import org.nd4j.linalg.api.ops.impl.layers.convolution.config.Conv2DConfig;
import org.nd4j.linalg.factory.Nd4j;

/**
 * A 3×3 convolution with one pixel of zeros around the image.
 *
 * <p>Inputs: x [batch · height · width, in] with the pixels of {@link Grid}; kernel [9 · in, out], row {@code (3 · ky +
 * kx) · in + channel} (PyTorch's [out, in, ky, kx] with its axes in the order 2, 3, 1, 0); and optionally a bias [out].
 * Output: [batch · height/stride · width/stride, out]. It has no gradient.
 *
 * <p>On the host, oneDNN convolves with a frozen kernel if it is available; else ND4J does, some images per worker.
 */
final class Convolution extends GraphOp {

    private static final int TAPS = 9;

    private final Grid grid;
    private final Grid centres;
    private final int stride;

    /**
     * @param grid the pixels of each image of {@code x}
     * @param stride distance between the pixels that the kernel is centred on
     */
    public Convolution(Grid grid, int stride) {
        this.grid = grid;
        this.stride = stride;
        this.centres = new Grid((grid.height() - 1) / stride + 1, (grid.width() - 1) / stride + 1);
    }

    @Override
    public List<long[]> outputShapes(List<long[]> in) {
        long[] x = in.get(0);
        long[] kernel = in.get(1);
        Require.that(
                kernel[0] == TAPS * x[1],
                "3x3 kernel for %s channels: expected %s rows, got %s",
                x[1],
                TAPS * x[1],
                kernel[0]);
        return List.of(new long[] {(long) grid.images(x[0]) * centres.pixels(), kernel[1]});
    }

    @Override
    protected SDVariable expression(Graph graph, SDVariable... in) {
        long[] kernel = graph.shape(in[1]);
        SDVariable x = in[0].reshape(-1, grid.height(), grid.width(), kernel[0] / TAPS);
        SDVariable y = x.getSameDiff().cnn().conv2d(x, in[1].reshape(3, 3, kernel[0] / TAPS, kernel[1]), config());
        y = y.reshape(-1, kernel[1]);
        return in.length == 3 ? y.add(in[2]) : y;
    }

    private Conv2DConfig config() {
        return Conv2DConfig.builder()
                .kH(3)
                .kW(3)
                .sH(stride)
                .sW(stride)
                .pH(1)
                .pW(1)
                .dataFormat(Conv2DConfig.NHWC)
                .build();
    }

    /** Convolves images {@code from} to {@code to} without oneDNN. */
    private void convolve(INDArray[] in, INDArray out, int from, int to) {
        INDArray kernel = in[1].reshape('c', 3, 3, in[0].columns(), out.columns());
        INDArray bias = in.length == 3 ? in[2] : null;
        Nd4j.exec(new Conv2D(images(grid, in[0], from, to), kernel, bias, images(centres, out, from, to), config()));
    }

    /** Returns images {@code from} to {@code to} of dense rows, a view [images, height, width, channels]. */
    private static INDArray images(Grid grid, INDArray rows, long from, long to) {
        long channels = rows.columns();
        long line = grid.width() * channels;
        long image = grid.height() * line;
        long[] shape = {to - from, grid.height(), grid.width(), channels};
        return NativeMemory.view(rows, from * image, shape, image, line, channels, 1);
    }

    @Override
    public HostKernel hostKernel(HostMatrix[] in, HostMatrix[] out, Workers workers) {
        HostMatrix bias = in.length == 3 ? in[2] : null;
        if (arg(1).isConstant() && Precision.hasOneDnn()) {
            return frozen(in[0], in[1], bias, out[0], workers);
        }
        INDArray[] arrays = Arrays.stream(in).map(HostMatrix::owner).toArray(INDArray[]::new);
        Workers.RowRange range = (part, from, to) -> convolve(arrays, out[0].owner(), from, to);
        return () -> workers.rows(grid.images(in[0].rows()), range);
    }

    @Override
    public long flops(List<long[]> in) {
        return 2 * outputShapes(in).get(0)[0] * in.get(1)[0] * in.get(1)[1];
    }

    /**
     * Plans y = x ∗ kernel + bias in float32 by oneDNN, split among workers.
     *
     * <p>A worker convolves some images, or some lines of an image if there are fewer images than workers. The kernel is
     * frozen: it is packed once, for all convolutions of the workers that want it in the same layout.
     *
     * @param bias [1, out], null for none
     */
    private HostKernel frozen(HostMatrix x, HostMatrix kernel, HostMatrix bias, HostMatrix y, Workers workers) {
        OneDnn oneDnn = new OneDnn();
        int images = grid.images(x.rows());
        int groups = Math.min(images, workers.count());
        int bands = Math.min(centres.height(), (workers.count() + groups - 1) / groups);
        int in = x.cols();
        int out = y.cols();
        long[] plain = {1, out, 3L * in * out, (long) in * out};
        long[] taps = {out, in, 3, 3};
        int right = Math.max(0, (centres.width() - 1) * stride + 2 - grid.width());
        List<OneDnn.Call> calls = new ArrayList<>();
        for (int i = 0; i < groups * bands; i++) {
            int image = Workers.start(images, i / bands, groups);
            int count = Workers.start(images, i / bands + 1, groups) - image;
            int from = Workers.start(centres.height(), i % bands, bands);
            int to = Workers.start(centres.height(), i % bands + 1, bands);
            int top = Math.max(0, from * stride - 1); // the first and the last line that are read
            int bottom = (to - 1) * stride + 1;
            calls.add(oneDnn.convolution(
                    lines(oneDnn, x, grid, count, image, top, Math.min(grid.height() - 1, bottom) + 1),
                    oneDnn.array(data_type.f32, kernel.pointer(0, 0), taps, plain),
                    workers,
                    oneDnn.vector(bias),
                    lines(oneDnn, y, centres, count, image, from, to),
                    stride,
                    new long[] {from == 0 ? 1 : 0, 1},
                    new long[] {Math.max(0, bottom - (grid.height() - 1)), right}));
        }
        Workers.Task task = (part, i) -> {
            OneDnn.Call call = calls.get(i);
            OneDnn.singleThreaded(() -> call.run(workers.scratch(part, call.scratchBytes)));
        };
        return HostKernel.owning(() -> workers.each(calls.size(), task), oneDnn::close);
    }

    /** Returns lines {@code from} to {@code to} of some images of a matrix. */
    private static memory lines(OneDnn oneDnn, HostMatrix pixels, Grid grid, int images, int image, int from, int to) {
        int channels = pixels.cols();
        long[] sizes = {images, channels, to - from, grid.width()};
        long[] strides = {(long) grid.pixels() * channels, 1, (long) grid.width() * channels, channels};
        long row = ((long) image * grid.height() + from) * grid.width();
        return oneDnn.array(data_type.f32, pixels.pointer(row, 0), sizes, strides);
    }
}
