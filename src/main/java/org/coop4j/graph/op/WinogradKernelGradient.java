package org.coop4j.graph.op;

import org.coop4j.graph.host.Gemm;
import org.coop4j.graph.host.HostKernel;
import org.coop4j.graph.host.HostMatrix;
import org.coop4j.graph.host.Workers;

/**
 * The gradient of the kernel of a 3×3 convolution of stride 1: dU = Vᵀ · dM plane by plane, summed
 * over all tiles, then taken back through the kernel's transform.
 *
 * <p>Each worker sums over its own share of the images; the shares are added in order, so that the
 * result depends on the number of workers alone.
 */
final class WinogradKernelGradient implements HostKernel {

    private static final int PLANES = WinogradTiles.PLANES;

    private final HostMatrix dy;
    private final HostMatrix x;
    private final HostMatrix dKernel;
    private final Workers workers;
    private final WinogradWeights weights;
    private final WinogradKernel.Blocks blocks;
    private final int across;
    private final WinogradKernel.Scratch[] scratch;
    private final HostMatrix[] sums;

    WinogradKernelGradient(
            Grid grid, HostMatrix dy, HostMatrix x, HostMatrix dKernel, Workers workers) {
        this.dy = dy;
        this.x = x;
        this.dKernel = dKernel;
        this.workers = workers;
        this.weights = new WinogradWeights(workers);
        this.across = WinogradTiles.across(grid);
        int parts = workers.count();
        this.blocks = WinogradKernel.Blocks.of(grid, x.rows(), x.cols() + dy.cols(), parts);
        int tiles = blocks.largest() * across;
        int used = Math.min(parts, blocks.count());
        this.scratch = new WinogradKernel.Scratch[used];
        this.sums = new HostMatrix[used];
        for (int i = 0; i < used; i++) {
            scratch[i] = new WinogradKernel.Scratch(grid, tiles, x.cols(), dy.cols());
            sums[i] = HostMatrix.allocate((long) PLANES * x.cols(), dy.cols());
        }
    }

    @Override
    public void run() {
        workers.run((part, parts) -> sumShare(part));
        weights.gradient(sums, dKernel);
    }

    @Override
    public void close() {
        for (int i = 0; i < scratch.length; i++) {
            scratch[i].close();
            sums[i].close();
        }
    }

    private void sumShare(int part) {
        if (part >= scratch.length) {
            return;
        }
        int first = blocks.count() * part / scratch.length;
        int last = blocks.count() * (part + 1) / scratch.length;
        for (int block = first; block < last; block++) {
            float beta = block == first ? 0f : 1f;
            add(blocks.first(block), blocks.first(block + 1), beta, part);
        }
    }

    private void add(int from, int to, float beta, int part) {
        WinogradKernel.Scratch s = scratch[part];
        int rows = (to - from) * across;
        for (int line = from; line < to; line++) {
            int row = (line - from) * across;
            s.in.input(x, line, s.before, rows, row, line > from);
            s.out.outputGradient(dy, line, s.after, rows, row);
        }
        int in = x.cols();
        int out = dy.cols();
        for (int plane = 0; plane < PLANES; plane++) {
            s.a.at(s.before, (long) plane * rows, 0);
            s.b.at(s.after, (long) plane * rows, 0);
            s.c.at(sums[part], (long) plane * in, 0);
            Gemm.tn(in, out, rows, s.a, in, s.b, out, beta, s.c, out);
        }
    }
}
