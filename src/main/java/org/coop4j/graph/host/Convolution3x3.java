package org.coop4j.graph.host;

import static org.bytedeco.dnnl.global.dnnl.dnnl_f32;
import static org.bytedeco.dnnl.global.dnnl.dnnl_primitive_desc_query_md;
import static org.bytedeco.dnnl.global.dnnl.dnnl_query_weights_md;

import java.util.ArrayList;
import java.util.List;
import org.bytedeco.dnnl.dnnl_memory;
import org.bytedeco.dnnl.dnnl_memory_desc;
import org.bytedeco.dnnl.dnnl_primitive_desc;

/**
 * A 3×3 convolution in float32 by oneDNN, with one pixel of zeros around the image, bound to its matrices and split
 * among workers.
 *
 * <p>A worker convolves some images, or some lines of an image if there are fewer images than workers. The kernel is
 * frozen: it is packed once, for all convolutions of the workers that want it in the same layout.
 */
public final class Convolution3x3 implements HostKernel {

    private final OneDnn oneDnn = new OneDnn();
    private final Workers workers;
    private final int height;
    private final int width;
    private final int stride;
    private final int linesOut;
    private final int widthOut;

    /** These stay reachable, as their memory is read and written. */
    private final HostMatrix x;

    private final HostMatrix bias;
    private final HostMatrix y;
    private final List<OneDnn.Call> calls = new ArrayList<>();

    /**
     * Plans y = x ∗ kernel + bias, and packs the kernel.
     *
     * @param x [images · height · width, in]
     * @param kernel frozen, [9 · in, out], row (3 · ky + kx) · in + channel
     * @param bias [1, out], null for none
     * @param y [images · ⌈height / stride⌉ · ⌈width / stride⌉, out]
     */
    public Convolution3x3(
            int height,
            int width,
            int stride,
            HostMatrix x,
            HostMatrix kernel,
            HostMatrix bias,
            HostMatrix y,
            Workers workers) {
        this.workers = workers;
        this.height = height;
        this.width = width;
        this.stride = stride;
        this.linesOut = (height - 1) / stride + 1;
        this.widthOut = (width - 1) / stride + 1;
        this.x = x;
        this.bias = bias;
        this.y = y;
        int images = x.rows() / (height * width);
        int parts = workers.count();
        long[] weights = {y.cols(), x.cols(), 3, 3};
        long[] plain = {1, y.cols(), 3L * x.cols() * y.cols(), (long) x.cols() * y.cols()};
        dnnl_memory_desc any = oneDnn.anyLayout(dnnl_f32, weights);
        dnnl_memory_desc layout = dnnl_primitive_desc_query_md(
                description(Math.max(1, images / parts), 0, linesOut, any), dnnl_query_weights_md, 0);
        dnnl_memory packed = oneDnn.packed(oneDnn.strided(dnnl_f32, weights, plain), kernel, layout, workers);
        if (images >= parts) {
            for (int part = 0; part < parts; part++) {
                int from = Workers.start(images, part, parts);
                int to = Workers.start(images, part + 1, parts);
                calls.add(call(from, to - from, 0, linesOut, layout, packed));
            }
        } else {
            int bands = Math.min(linesOut, (parts + images - 1) / images);
            for (int i = 0; i < images * bands; i++) {
                int from = Workers.start(linesOut, i % bands, bands);
                int to = Workers.start(linesOut, i % bands + 1, bands);
                calls.add(call(i / bands, 1, from, to, layout, packed));
            }
        }
    }

    /** Returns the first line of the image that output lines from {@code from} on read. */
    private int top(int from) {
        return Math.max(0, from * stride - 1);
    }

    /** Returns the convolution that gives output lines {@code from} to {@code to} of each image. */
    private dnnl_primitive_desc description(int images, int from, int to, dnnl_memory_desc weights) {
        int bottom = (to - 1) * stride + 1; // the last line that is read
        long[] before = {from == 0 ? 1 : 0, 1};
        long[] after = {Math.max(0, bottom - (height - 1)), Math.max(0, (widthOut - 1) * stride + 2 - width)};
        return oneDnn.convolution(
                source(images, from, to),
                weights,
                bias == null ? null : vector(),
                target(images, from, to),
                stride,
                before,
                after);
    }

    private dnnl_memory_desc source(int images, int from, int to) {
        int lines = Math.min(height - 1, (to - 1) * stride + 1) - top(from) + 1;
        return oneDnn.images(images, x.cols(), lines, width);
    }

    private dnnl_memory_desc target(int images, int from, int to) {
        return oneDnn.images(images, y.cols(), to - from, widthOut);
    }

    private dnnl_memory_desc vector() {
        return oneDnn.strided(dnnl_f32, new long[] {y.cols()}, new long[] {1});
    }

    private OneDnn.Call call(int image, int images, int from, int to, dnnl_memory_desc layout, dnnl_memory weights) {
        long rowIn = ((long) image * height + top(from)) * width;
        long rowOut = ((long) image * linesOut + from) * widthOut;
        return oneDnn.layer(
                description(images, from, to, layout),
                oneDnn.memory(source(images, from, to), x.pointer(rowIn, 0)),
                weights,
                bias == null ? null : oneDnn.memory(vector(), bias.pointer(0, 0)),
                oneDnn.memory(target(images, from, to), y.pointer(rowOut, 0)));
    }

    @Override
    public void run() {
        workers.each(calls.size(), (part, i) -> {
            OneDnn.Call call = calls.get(i);
            OneDnn.singleThreaded(() -> call.run(workers.scratch(part, call.scratchBytes())));
        });
    }

    @Override
    public void close() {
        oneDnn.close();
    }
}
