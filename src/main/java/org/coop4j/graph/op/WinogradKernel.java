package org.coop4j.graph.op;

import org.coop4j.graph.host.Cursor;
import org.coop4j.graph.host.Gemm;
import org.coop4j.graph.host.HostKernel;
import org.coop4j.graph.host.HostMatrix;
import org.coop4j.graph.host.WeightForms;
import org.coop4j.graph.host.Workers;
import org.coop4j.graph.op.WinogradWeights.Turn;

/**
 * A 3×3 convolution of stride 1 by Winograd's F(2×2, 3×3), and the gradient of its input, which is
 * the convolution of dy with the kernel turned by 180 degrees.
 *
 * <p>Some lines of tiles at a time are transformed, multiplied plane by plane and transformed back,
 * so that the transformed pixels stay in a core's cache and never reach memory.
 */
final class WinogradKernel implements HostKernel {

    /** Floats of a block's planes before and after the products: about a megabyte. */
    private static final int BLOCK = 1 << 18;

    /** Tiles of a block at least, so that the products are worth a call. */
    private static final int MIN_TILES = 64;

    private static final int PLANES = WinogradTiles.PLANES;

    private final HostMatrix x;
    private final HostMatrix kernel;
    private final HostMatrix bias;
    private final HostMatrix y;
    private final Turn turn;
    private final Workers workers;
    private final WinogradWeights weights;
    private final HostMatrix transformed;
    private final WeightForms.Lease<HostMatrix> shared; // null if the kernel changes
    private final float[] biasLine;
    private final int across;
    private final Blocks blocks;
    private final Scratch[] scratch;

    /**
     * Lines of tiles cut into blocks of nearly equal size.
     *
     * @param lines lines of tiles of all images
     * @param count number of blocks
     */
    record Blocks(int lines, int count) {

        static Blocks of(Grid grid, int rows, int channels, int parts) {
            int lines = grid.images(rows) * WinogradTiles.down(grid);
            int across = WinogradTiles.across(grid);
            int tiles = Math.max(MIN_TILES, BLOCK / (PLANES * channels));
            int each = Math.max(1, tiles / across);
            int count = Math.max(1, (lines + each - 1) / each);
            // A multiple of the workers, so that they end together.
            int even = (count + parts - 1) / parts * parts;
            return new Blocks(lines, Math.min(even, lines));
        }

        int first(int block) {
            return (int) ((long) lines * block / count);
        }

        int largest() {
            return (lines + count - 1) / count;
        }
    }

    /** What a worker needs for itself. */
    static final class Scratch implements AutoCloseable {
        final WinogradTiles in;
        final WinogradTiles out;
        final HostMatrix before;
        final HostMatrix after;
        final Cursor a = new Cursor();
        final Cursor b = new Cursor();
        final Cursor c = new Cursor();

        Scratch(Grid grid, int tiles, int channelsIn, int channelsOut) {
            in = new WinogradTiles(grid, channelsIn);
            out = new WinogradTiles(grid, channelsOut);
            before = HostMatrix.allocate((long) PLANES * tiles, channelsIn);
            after = HostMatrix.allocate((long) PLANES * tiles, channelsOut);
        }

        @Override
        public void close() {
            before.close();
            after.close();
        }
    }

    private WinogradKernel(
            Grid grid,
            HostMatrix x,
            HostMatrix kernel,
            boolean fixed,
            HostMatrix bias,
            HostMatrix y,
            Turn turn,
            Workers workers) {
        this.x = x;
        this.kernel = kernel;
        this.bias = bias;
        this.y = y;
        this.turn = turn;
        this.workers = workers;
        this.weights = new WinogradWeights(workers);
        this.shared =
                fixed
                        ? workers.weightForms()
                                .lease(
                                        kernel,
                                        new Form(turn, kernel.rows(), kernel.cols()),
                                        HostMatrix.class,
                                        this::transformedOnce,
                                        HostMatrix::close)
                        : null;
        this.transformed = fixed ? shared.memory() : forTransformed();
        this.across = WinogradTiles.across(grid);
        this.biasLine = bias == null ? null : new float[across * y.cols()];
        this.blocks = Blocks.of(grid, x.rows(), x.cols() + y.cols(), workers.count());
        this.scratch = new Scratch[workers.count()];
        int tiles = blocks.largest() * across;
        java.util.Arrays.setAll(scratch, part -> new Scratch(grid, tiles, x.cols(), y.cols()));
    }

    /** The transformed kernel, which does not change; its rows and columns are the kernel's. */
    private record Form(Turn turn, int rows, int cols) {}

    private HostMatrix forTransformed() {
        return HostMatrix.allocate((long) kernel.rows() / Convolution.TAPS * PLANES, kernel.cols());
    }

    private HostMatrix transformedOnce() {
        HostMatrix once = forTransformed();
        weights.transform(kernel, turn, once);
        return once;
    }

    /**
     * y = x ∗ kernel + bias.
     *
     * @param fixed whether the kernel never changes, so that it is transformed once
     * @param bias [1, out], or null
     */
    static HostKernel forward(
            Grid grid,
            HostMatrix x,
            HostMatrix kernel,
            boolean fixed,
            HostMatrix bias,
            HostMatrix y,
            Workers workers) {
        return new WinogradKernel(grid, x, kernel, fixed, bias, y, Turn.NONE, workers);
    }

    /** dx from dy; {@code fixed} as in {@link #forward}. */
    static HostKernel inputGradient(
            Grid grid,
            HostMatrix dy,
            HostMatrix kernel,
            boolean fixed,
            HostMatrix dx,
            Workers workers) {
        return new WinogradKernel(grid, dy, kernel, fixed, null, dx, Turn.HALF, workers);
    }

    @Override
    public void run() {
        if (shared == null) {
            weights.transform(kernel, turn, transformed);
        }
        if (bias != null) {
            int n = y.cols();
            bias.getRow(0, biasLine);
            for (int tile = 1; tile < across; tile++) {
                System.arraycopy(biasLine, 0, biasLine, tile * n, n);
            }
        }
        workers.each(
                blocks.count(),
                (part, block) ->
                        convolve(blocks.first(block), blocks.first(block + 1), scratch[part]));
    }

    @Override
    public void close() {
        if (shared == null) {
            transformed.close();
        } else {
            shared.close();
        }
        for (Scratch s : scratch) {
            s.close();
        }
    }

    private void convolve(int from, int to, Scratch s) {
        int rows = (to - from) * across;
        for (int line = from; line < to; line++) {
            s.in.input(x, line, s.before, rows, (line - from) * across, line > from);
        }
        for (int plane = 0; plane < PLANES; plane++) {
            multiply(plane, rows, s);
        }
        for (int line = from; line < to; line++) {
            s.out.output(s.after, rows, (line - from) * across, biasLine, y, line);
        }
    }

    private void multiply(int plane, int rows, Scratch s) {
        int in = x.cols();
        int out = y.cols();
        int each = transformed.rows() / PLANES;
        s.a.at(s.before, (long) plane * rows, 0);
        s.b.at(transformed, (long) plane * each, 0);
        s.c.at(s.after, (long) plane * rows, 0);
        if (turn == Turn.NONE) {
            Gemm.nn(rows, out, in, s.a, in, s.b, out, 0f, s.c, out);
        } else {
            Gemm.nt(rows, out, in, s.a, in, s.b, in, 0f, s.c, out);
        }
    }
}
