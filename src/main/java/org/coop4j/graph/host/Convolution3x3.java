package org.coop4j.graph.host;

import java.util.ArrayList;
import java.util.List;
import org.bytedeco.dnnl.memory;
import org.bytedeco.dnnl.memory.data_type;

/**
 * A 3×3 convolution in float32 by oneDNN, with one pixel of zeros around the image, split among workers.
 *
 * <p>A worker convolves some images, or some lines of an image if there are fewer images than workers. The kernel is
 * frozen: it is packed once, for all convolutions of the workers that want it in the same layout.
 *
 * @param height lines of an image
 * @param width pixels of a line
 * @param stride distance between the pixels that the kernel is centred on
 * @param x [images · height · width, in]
 * @param kernel frozen, [9 · in, out], row (3 · ky + kx) · in + channel
 * @param bias [1, out], null for none
 * @param y [images · ⌈height / stride⌉ · ⌈width / stride⌉, out]
 */
public record Convolution3x3(
        int height, int width, int stride, HostMatrix x, HostMatrix kernel, HostMatrix bias, HostMatrix y) {

    /** Plans y = x ∗ kernel + bias, and packs the kernel. */
    public HostKernel kernel(Workers workers) {
        OneDnn oneDnn = new OneDnn();
        int images = x.rows() / (height * width);
        int lines = linesOut();
        int groups = Math.min(images, workers.count());
        int bands = Math.min(lines, (workers.count() + groups - 1) / groups);
        List<OneDnn.Call> calls = new ArrayList<>();
        for (int i = 0; i < groups * bands; i++) {
            int image = Workers.start(images, i / bands, groups);
            int last = Workers.start(images, i / bands + 1, groups);
            int from = Workers.start(lines, i % bands, bands);
            int to = Workers.start(lines, i % bands + 1, bands);
            calls.add(call(oneDnn, workers, image, last - image, from, to));
        }
        Workers.Task task = (part, i) -> {
            OneDnn.Call call = calls.get(i);
            OneDnn.singleThreaded(() -> call.run(workers.scratch(part, call.scratchBytes)));
        };
        return HostKernel.owning(() -> workers.each(calls.size(), task), oneDnn::close);
    }

    private int linesOut() {
        return (height - 1) / stride + 1;
    }

    /** Returns the convolution that gives output lines {@code from} to {@code to} of some images. */
    private OneDnn.Call call(OneDnn oneDnn, Workers workers, int image, int images, int from, int to) {
        int in = x.cols();
        int out = y.cols();
        int widthOut = (width - 1) / stride + 1;
        int top = Math.max(0, from * stride - 1); // the first and the last line that are read
        int bottom = (to - 1) * stride + 1;
        long[] before = {from == 0 ? 1 : 0, 1};
        long[] after = {Math.max(0, bottom - (height - 1)), Math.max(0, (widthOut - 1) * stride + 2 - width)};
        long[] plain = {1, out, 3L * in * out, (long) in * out};
        return oneDnn.convolution(
                lines(oneDnn, x, height, width, images, image, top, Math.min(height - 1, bottom) + 1),
                oneDnn.array(data_type.f32, kernel.pointer(0, 0), new long[] {out, in, 3, 3}, plain),
                workers,
                oneDnn.vector(bias),
                lines(oneDnn, y, linesOut(), widthOut, images, image, from, to),
                stride,
                before,
                after);
    }

    /** Returns lines {@code from} to {@code to} of some images of a matrix. */
    private static memory lines(
            OneDnn oneDnn, HostMatrix pixels, int height, int width, int images, int image, int from, int to) {
        int channels = pixels.cols();
        int lines = to - from;
        long[] strides = {(long) height * width * channels, 1, (long) width * channels, channels};
        long row = ((long) image * height + from) * width;
        return oneDnn.array(
                data_type.f32, pixels.pointer(row, 0), new long[] {images, channels, lines, width}, strides);
    }
}
