package org.coop4j.pretrain.op;

import java.util.Arrays;
import org.coop4j.graph.Graph.Grid;
import org.coop4j.graph.GraphOp;
import org.coop4j.graph.host.Gemm;
import org.coop4j.graph.host.HostKernel;
import org.coop4j.graph.host.HostMatrix;
import org.coop4j.graph.host.HostMatrix.Cursor;
import org.coop4j.graph.host.Workers;
import org.nd4j.linalg.api.ndarray.INDArray;
import org.nd4j.linalg.factory.Nd4j;

/** The 3×3 neighbourhoods of pixels as matrix rows, for one worker, a few lines at a time to stay in a core's cache. */
final class Unfolding implements AutoCloseable {

    /** Pixels of a neighbourhood. */
    public static final int TAPS = 9;

    /** Unfolded floats of a block: a quarter of a megabyte. */
    private static final int BLOCK = 1 << 16;

    /** Unfolded lines, [lines · out width, 9 · channels]. */
    public final HostMatrix unfolded;

    public final Cursor a = new Cursor();
    public final Cursor b = new Cursor();
    public final Cursor c = new Cursor();

    private final Shape shape;
    private final int channels;
    private final int linesEach;
    private final float[] rows;
    private final float[][] padded;

    /**
     * The images before a 3×3 convolution with one pixel of padding, and after it.
     *
     * @param in the pixels before
     * @param stride distance between the pixels that the kernel is centred on
     */
    public record Shape(Grid in, int stride) {

        public Shape {
            if (stride < 1) {
                throw new IllegalArgumentException("stride: expected 1 or more, got " + stride);
            }
        }

        /** Returns the pixels after. */
        public Grid out() {
            return new Grid((in.height() - 1) / stride + 1, (in.width() - 1) / stride + 1);
        }

        /** Returns the number of rows after a convolution of {@code rowsIn} rows. */
        public long rowsOut(long rowsIn) {
            return (long) in.images(rowsIn) * out().pixels();
        }

        /** Returns the number of rows before a convolution that gives {@code rowsOut} rows. */
        public long rowsIn(long rowsOut) {
            return (long) out().images(rowsOut) * in.pixels();
        }
    }

    /** A run of output lines, counted over all images. */
    @FunctionalInterface
    public interface Lines {
        void run(int first, int last);
    }

    /** Memory to unfold the images of this shape. */
    public Unfolding(Shape shape, int channels) {
        this.shape = shape;
        this.channels = channels;
        rows = new float[shape.out().width() * TAPS * channels];
        padded = new float[3][(shape.in().width() + 2) * channels];
        linesEach = Math.max(1, BLOCK / rows.length);
        unfolded = HostMatrix.allocate((long) linesEach * shape.out().width(), (long) TAPS * channels);
    }

    /** Makes one unfolding per worker. */
    public static Unfolding[] forEach(Workers workers, Shape shape, int channels) {
        Unfolding[] each = new Unfolding[workers.count()];
        Arrays.setAll(each, part -> new Unfolding(shape, channels));
        return each;
    }

    /** y = unfolded x · kernel + bias; the bias may be null. */
    static HostKernel convolution(
            Shape shape, HostMatrix x, HostMatrix kernel, HostMatrix bias, HostMatrix y, Workers workers) {
        Unfolding[] unfoldings = forEach(workers, shape, x.cols());
        int width = shape.out().width();
        int n = y.cols();
        int k = kernel.rows();
        float beta = bias == null ? 0f : 1f;
        float[] biasRow = new float[n];
        Workers.RowRange range = (part, from, to) -> {
            Unfolding s = unfoldings[part];
            s.blocks(from, to, (first, last) -> {
                s.unfold(x, first, last);
                int rows = (last - first) * width;
                if (bias != null) {
                    for (int r = 0; r < rows; r++) {
                        y.putRow(first * width + r, biasRow);
                    }
                }
                s.a.at(s.unfolded, 0, 0);
                s.b.at(kernel, 0, 0);
                s.c.at(y, (long) first * width, 0);
                Gemm.multiply(Gemm.Form.NN, rows, n, k, s.a, k, s.b, n, beta, s.c, n);
            });
        };
        Runnable work = () -> {
            if (bias != null) {
                bias.getRow(0, biasRow);
            }
            workers.rows(y.rows() / width, range);
        };
        return HostKernel.owning(work, () -> Arrays.stream(unfoldings).forEach(Unfolding::close));
    }

    /** Runs through output lines {@code from} to {@code to}, as many at a time as the memory holds. */
    public void blocks(int from, int to, Lines lines) {
        for (int first = from; first < to; first += linesEach) {
            lines.run(first, Math.min(to, first + linesEach));
        }
    }

    /** Unfolds output lines {@code first} to {@code last}, counted over all images. */
    public void unfold(HostMatrix x, int first, int last) {
        Grid in = shape.in();
        Grid out = shape.out();
        int pixels = in.width() * channels;
        int taps = 3 * channels;
        for (int line = first; line < last; line++) {
            int image = line / out.height();
            int top = line % out.height() * shape.stride() - 1;
            for (int ky = 0; ky < 3; ky++) {
                int y = top + ky;
                if (y < 0 || y >= in.height()) {
                    Arrays.fill(padded[ky], 0f);
                } else {
                    x.get((image * in.height() + y) * in.width(), 0, rows, pixels);
                    System.arraycopy(rows, 0, padded[ky], channels, pixels);
                }
            }
            for (int i = 0; i < out.width(); i++) {
                for (int ky = 0; ky < 3; ky++) {
                    System.arraycopy(padded[ky], i * shape.stride() * channels, rows, (3 * i + ky) * taps, taps);
                }
            }
            unfolded.put((line - first) * out.width(), 0, rows, rows.length);
        }
    }

    @Override
    public void close() {
        unfolded.close();
    }

    /**
     * Returns each pixel's neighbourhood as a row, in ND4J calls.
     *
     * @param x [batch · height · width, channels]
     * @return [batch · out height · out width, 9 · channels], ordered line, pixel, channel
     */
    public static INDArray unfold(Shape shape, INDArray x) {
        INDArray padded = padded(shape, x);
        window(padded, 1, 1, 1, shape.in()).assign(images(x.dup('c'), shape.in()));
        INDArray unfolded = Nd4j.create(x.dataType(), shape.rowsOut(x.rows()), TAPS * (long) x.columns());
        for (int tap = 0; tap < TAPS; tap++) {
            columns(unfolded, tap, shape).assign(window(padded, tap / 3, tap % 3, shape.stride(), shape.out()));
        }
        return unfolded;
    }

    /** Returns zeros for the images of {@code x} with one pixel around, [batch, height + 2, width + 2, channels]. */
    public static INDArray padded(Shape shape, INDArray x) {
        Grid in = shape.in();
        return Nd4j.create(x.dataType(), in.images(x.rows()), in.height() + 2L, in.width() + 2L, x.columns());
    }

    /** Returns rows as [batch, height, width, channels]. */
    public static INDArray images(INDArray rows, Grid grid) {
        return rows.reshape('c', grid.images(rows.rows()), grid.height(), grid.width(), rows.columns());
    }

    /** Returns the pixels (y + i · stride, x + j · stride) of padded images, [batch, i, j, channels]. */
    public static INDArray window(INDArray padded, int y, int x, int stride, Grid grid) {
        long[] s = padded.stride();
        long[] shape = {padded.size(0), grid.height(), grid.width(), padded.size(3)};
        return GraphOp.view(padded, y * s[1] + x * s[2], shape, s[0], stride * s[1], stride * s[2], s[3]);
    }

    /** Returns the columns of one tap as [batch, height, width, channels]. */
    public static INDArray columns(INDArray unfolded, int tap, Shape shape) {
        Grid grid = shape.out();
        long row = unfolded.columns();
        long[] sizes = {grid.images(unfolded.rows()), grid.height(), grid.width(), row / TAPS};
        return GraphOp.view(unfolded, tap * row / TAPS, sizes, grid.pixels() * row, grid.width() * row, row, 1);
    }
}
