package org.coop4j.graph.op;

import org.coop4j.graph.host.Cursor;
import org.coop4j.graph.host.Gemm;
import org.coop4j.graph.host.HostKernel;
import org.coop4j.graph.host.HostMatrix;
import org.coop4j.graph.host.Workers;

/**
 * A 3×3 convolution of any stride by unfolding neighbourhoods into rows, some lines at a time, so
 * that the unfolded rows stay in a core's cache.
 *
 * <p>ModifiedResNet has one such convolution, its first, whose few input channels make the unfolded
 * rows short.
 */
final class UnfoldedKernels {

    /** Unfolded floats of a block: a quarter of a megabyte. */
    private static final int BLOCK = 1 << 16;

    private final ConvolutionShape shape;
    private final int channels;
    private final int linesEach;
    private final int lines;
    private final Scratch[] scratch;

    /** What a worker needs for itself. */
    private final class Scratch {
        /** A line's rows, and three padded lines of pixels. */
        final float[] rows = new float[shape.out().width() * Convolution.TAPS * channels];

        final float[][] padded = new float[3][(shape.in().width() + 2) * channels];
        final HostMatrix unfolded =
                HostMatrix.allocate(
                        (long) linesEach * shape.out().width(), (long) Convolution.TAPS * channels);
        final Cursor b = new Cursor();
        final Cursor c = new Cursor();
        final Cursor a = new Cursor();
    }

    private UnfoldedKernels(ConvolutionShape shape, HostMatrix x, Workers workers) {
        this.shape = shape;
        this.channels = x.cols();
        this.lines = shape.in().images(x.rows()) * shape.out().height();
        int lineLength = shape.out().width() * Convolution.TAPS * channels;
        this.linesEach = Math.max(1, Math.min(lines, BLOCK / lineLength));
        this.scratch = new Scratch[workers.count()];
        java.util.Arrays.setAll(scratch, part -> new Scratch());
    }

    /** y = unfolded x · kernel + bias; the bias may be null. */
    static HostKernel forward(
            ConvolutionShape shape,
            HostMatrix x,
            HostMatrix kernel,
            HostMatrix bias,
            HostMatrix y,
            Workers workers) {
        UnfoldedKernels unfold = new UnfoldedKernels(shape, x, workers);
        int width = shape.out().width();
        int n = y.cols();
        int k = kernel.rows();
        float beta = bias == null ? 0f : 1f;
        float[] biasRow = new float[n];
        Workers.RowRange range =
                (part, from, to) ->
                        unfold.blocks(
                                from,
                                to,
                                (first, last) -> {
                                    Scratch s = unfold.scratch[part];
                                    for (int line = first; line < last; line++) {
                                        unfold.unfold(x, line, line - first, s);
                                    }
                                    int rows = (last - first) * width;
                                    if (bias != null) {
                                        for (int r = 0; r < rows; r++) {
                                            y.putRow(first * width + r, biasRow);
                                        }
                                    }
                                    s.a.at(s.unfolded, 0, 0);
                                    s.b.at(kernel, 0, 0);
                                    s.c.at(y, (long) first * width, 0);
                                    Gemm.nn(rows, n, k, s.a, k, s.b, n, beta, s.c, n);
                                });
        return unfold.kernel(
                () -> {
                    if (bias != null) {
                        bias.getRow(0, biasRow);
                    }
                    workers.rows(unfold.lines, range);
                });
    }

    /** dkernel = unfolded xᵀ · dy; every worker sums its lines, the sums are added in order. */
    static HostKernel kernelGradient(
            ConvolutionShape shape,
            HostMatrix dy,
            HostMatrix x,
            HostMatrix dKernel,
            Workers workers) {
        UnfoldedKernels unfold = new UnfoldedKernels(shape, x, workers);
        int width = shape.out().width();
        int k = dKernel.rows();
        int n = dKernel.cols();
        HostMatrix[] sums = new HostMatrix[workers.count()];
        java.util.Arrays.setAll(sums, part -> HostMatrix.allocate(k, n));
        Workers.Share share =
                (part, parts) -> {
                    Scratch s = unfold.scratch[part];
                    sums[part].clear(0);
                    int from = (int) ((long) unfold.lines * part / parts);
                    int to = (int) ((long) unfold.lines * (part + 1) / parts);
                    unfold.blocks(
                            from,
                            to,
                            (first, last) -> {
                                for (int line = first; line < last; line++) {
                                    unfold.unfold(x, line, line - first, s);
                                }
                                s.a.at(s.unfolded, 0, 0);
                                s.b.at(dy, (long) first * width, 0);
                                s.c.at(sums[part], 0, 0);
                                int rows = (last - first) * width;
                                Gemm.tn(k, n, rows, s.a, k, s.b, n, 1f, s.c, n);
                            });
                };
        float[] total = new float[n];
        float[] addend = new float[n];
        return unfold.kernel(
                () -> {
                    workers.run(share);
                    for (int r = 0; r < k; r++) {
                        sums[0].getRow(r, total);
                        for (int part = 1; part < sums.length; part++) {
                            sums[part].getRow(r, addend);
                            add(addend, 0, total, 0, total.length);
                        }
                        dKernel.putRow(r, total);
                    }
                },
                sums);
    }

    /** dx: unfolded rows dy · kernelᵀ folded back, image by image. */
    static HostKernel inputGradient(
            ConvolutionShape shape,
            HostMatrix dy,
            HostMatrix kernel,
            HostMatrix dx,
            Workers workers) {
        UnfoldedKernels fold = new UnfoldedKernels(shape, dx, workers);
        Grid in = shape.in();
        Grid out = shape.out();
        int k = kernel.rows();
        int n = dy.cols();
        int width = in.width() * dx.cols();
        float[][][] images = new float[workers.count()][in.height() + 2][width + 2 * dx.cols()];
        Workers.RowRange range =
                (part, from, to) -> {
                    Scratch s = fold.scratch[part];
                    float[][] image = images[part];
                    for (int i = from; i < to; i++) {
                        for (float[] line : image) {
                            java.util.Arrays.fill(line, 0f);
                        }
                        int start = i * out.height();
                        fold.blocks(
                                start,
                                start + out.height(),
                                (first, last) -> {
                                    s.a.at(dy, (long) first * out.width(), 0);
                                    s.b.at(kernel, 0, 0);
                                    s.c.at(s.unfolded, 0, 0);
                                    int rows = (last - first) * out.width();
                                    Gemm.nt(rows, k, n, s.a, n, s.b, n, 0f, s.c, k);
                                    for (int line = first; line < last; line++) {
                                        fold.fold(line - first, line % out.height(), image, s);
                                    }
                                });
                        for (int y = 0; y < in.height(); y++) {
                            int row = (i * in.height() + y) * in.width();
                            System.arraycopy(image[y + 1], dx.cols(), image[y + 1], 0, width);
                            dx.put(row, 0, image[y + 1], width);
                        }
                    }
                };
        return fold.kernel(() -> workers.rows(in.images(dx.rows()), range));
    }

    /** A kernel that owns the scratch, and {@code more}. */
    private HostKernel kernel(Runnable work, HostMatrix... more) {
        return new HostKernel() {
            @Override
            public void run() {
                work.run();
            }

            @Override
            public void close() {
                for (Scratch s : scratch) {
                    s.unfolded.close();
                }
                for (HostMatrix matrix : more) {
                    matrix.close();
                }
            }
        };
    }

    /** A run of output lines. */
    private interface Block {
        void run(int first, int last);
    }

    private void blocks(int from, int to, Block block) {
        for (int first = from; first < to; first += linesEach) {
            block.run(first, Math.min(to, first + linesEach));
        }
    }

    /** Unfolds output line {@code line}, counted over all images, to line {@code to} of scratch. */
    private void unfold(HostMatrix x, int line, int to, Scratch s) {
        Grid in = shape.in();
        Grid out = shape.out();
        int image = line / out.height();
        int top = line % out.height() * shape.stride() - 1;
        int pixels = in.width() * channels;
        for (int ky = 0; ky < 3; ky++) {
            int y = top + ky;
            if (y < 0 || y >= in.height()) {
                java.util.Arrays.fill(s.padded[ky], 0f);
            } else {
                x.get((image * in.height() + y) * in.width(), 0, s.rows, pixels);
                System.arraycopy(s.rows, 0, s.padded[ky], channels, pixels);
            }
        }
        int taps = 3 * channels;
        for (int i = 0; i < out.width(); i++) {
            int from = i * shape.stride() * channels;
            for (int ky = 0; ky < 3; ky++) {
                System.arraycopy(s.padded[ky], from, s.rows, (3 * i + ky) * taps, taps);
            }
        }
        s.unfolded.put(to * out.width(), 0, s.rows, s.rows.length);
    }

    /** Adds unfolded line {@code from} of scratch, output line {@code y}, to a padded image. */
    private void fold(int from, int y, float[][] image, Scratch s) {
        Grid out = shape.out();
        s.unfolded.get(from * out.width(), 0, s.rows, s.rows.length);
        int taps = 3 * channels;
        for (int i = 0; i < out.width(); i++) {
            int to = i * shape.stride() * channels;
            for (int ky = 0; ky < 3; ky++) {
                float[] line = image[y * shape.stride() + ky];
                add(s.rows, (3 * i + ky) * taps, line, to, taps);
            }
        }
    }

    private static void add(float[] a, int fromA, float[] to, int at, int n) {
        for (int i = 0; i < n; i++) {
            to[at + i] += a[fromA + i];
        }
    }
}
