package org.coop4j.pretrain.op;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.function.IntConsumer;
import org.coop4j.graph.Convolution;
import org.coop4j.graph.Graph.Grid;
import org.coop4j.graph.GraphOp;
import org.coop4j.graph.Linear;
import org.coop4j.graph.host.Gemm;
import org.coop4j.graph.host.HostKernel;
import org.coop4j.graph.host.HostMatrix;
import org.coop4j.graph.host.Workers;
import org.coop4j.pretrain.op.Unfolding.Shape;
import org.nd4j.autodiff.samediff.SDVariable;
import org.nd4j.autodiff.samediff.SameDiff;
import org.nd4j.linalg.api.ndarray.INDArray;
import org.nd4j.linalg.factory.Nd4j;

/** A 3×3 convolution with gradients, computed by unfolding neighbourhoods into rows. */
public final class TrainedConvolution extends Convolution {

    private final Shape shape;

    public TrainedConvolution(SameDiff sd, Grid grid, int stride, SDVariable... inputs) {
        super(sd, grid, stride, inputs);
        this.shape = new Shape(grid, stride);
    }

    @Override
    public HostKernel hostKernel(HostMatrix[] in, HostMatrix[] out, Workers workers) {
        return Unfolding.convolution(shape, in[0], in[1], in.length == 3 ? in[2] : null, out[0], workers);
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

        private final Shape shape;

        InputGradient(SameDiff sd, Shape shape, SDVariable dy, SDVariable kernel) {
            super(sd, dy, kernel);
            this.shape = shape;
        }

        @Override
        public List<long[]> outputShapes(List<long[]> in) {
            return List.of(new long[] {shape.rowsIn(in.get(0)[0]), in.get(1)[0] / Unfolding.TAPS});
        }

        /** The adjoint of {@link Unfolding#unfold}: every entry is added to the pixel that it came from. */
        @Override
        public void compute(INDArray[] in, INDArray[] out) {
            INDArray unfolded = Nd4j.matmul(in[0], in[1], false, true, false).dup('c');
            INDArray padded = Unfolding.padded(shape, out[0]);
            for (int tap = 0; tap < Unfolding.TAPS; tap++) {
                Unfolding.window(padded, tap / 3, tap % 3, shape.stride(), shape.out())
                        .addi(Unfolding.columns(unfolded, tap, shape));
            }
            Unfolding.images(out[0], shape.in()).assign(Unfolding.window(padded, 1, 1, 1, shape.in()));
        }

        /** Unfolded rows dy · kernelᵀ folded back, image by image. */
        @Override
        public HostKernel hostKernel(HostMatrix[] in, HostMatrix[] out, Workers workers) {
            HostMatrix dy = in[0];
            HostMatrix kernel = in[1];
            HostMatrix dx = out[0];
            Unfolding[] unfoldings = Unfolding.forEach(workers, shape, dx.cols());
            int height = shape.in().height();
            int lines = shape.out().height();
            int pixels = shape.out().width();
            int k = kernel.rows();
            int n = dy.cols();
            int width = shape.in().width() * dx.cols();
            float[][][] images = new float[workers.count()][height + 2][width + 2 * dx.cols()];
            float[][] rows = new float[workers.count()][pixels * k];
            Workers.RowRange range = (part, from, to) -> {
                Unfolding s = unfoldings[part];
                float[][] image = images[part];
                for (int i = from; i < to; i++) {
                    for (float[] line : image) {
                        Arrays.fill(line, 0f);
                    }
                    s.blocks(i * lines, (i + 1) * lines, (first, last) -> {
                        s.a.at(dy, (long) first * pixels, 0);
                        s.b.at(kernel, 0, 0);
                        s.c.at(s.unfolded, 0, 0);
                        Gemm.multiply(Gemm.Form.NT, (last - first) * pixels, k, n, s.a, n, s.b, n, 0f, s.c, k);
                        for (int line = first; line < last; line++) {
                            s.unfolded.get((line - first) * pixels, 0, rows[part], rows[part].length);
                            fold(rows[part], image, line % lines * shape.stride(), dx.cols());
                        }
                    });
                    for (int y = 0; y < height; y++) {
                        System.arraycopy(image[y + 1], dx.cols(), image[y + 1], 0, width);
                        dx.put((i * height + y) * shape.in().width(), 0, image[y + 1], width);
                    }
                }
            };
            return HostKernel.owning(
                    () -> workers.rows(shape.in().images(dx.rows()), range),
                    () -> Arrays.stream(unfoldings).forEach(Unfolding::close));
        }

        /** Adds an unfolded line to a padded image from line {@code top} on. */
        private void fold(float[] rows, float[][] image, int top, int channels) {
            int taps = 3 * channels;
            for (int i = 0; i < shape.out().width(); i++) {
                for (int ky = 0; ky < 3; ky++) {
                    add(rows, (3 * i + ky) * taps, image[top + ky], i * shape.stride() * channels, taps);
                }
            }
        }

        @Override
        public long flops(List<long[]> in) {
            return 2 * in.get(0)[0] * in.get(1)[0] * in.get(1)[1];
        }
    }

    /** dkernel: the sum over pixels of neighbourhood ⊗ dy. */
    private static final class KernelGradient extends GraphOp {

        private final Shape shape;

        KernelGradient(SameDiff sd, Shape shape, SDVariable dy, SDVariable x) {
            super(sd, dy, x);
            this.shape = shape;
        }

        @Override
        public List<long[]> outputShapes(List<long[]> in) {
            return List.of(new long[] {Unfolding.TAPS * in.get(1)[1], in.get(0)[1]});
        }

        @Override
        public void compute(INDArray[] in, INDArray[] out) {
            Nd4j.matmul(Unfolding.unfold(shape, in[1]), in[0], out[0], true, false, false);
        }

        /** Every worker sums over its lines; the sums are added in order. */
        @Override
        public HostKernel hostKernel(HostMatrix[] in, HostMatrix[] out, Workers workers) {
            HostMatrix dy = in[0];
            HostMatrix x = in[1];
            Unfolding[] unfoldings = Unfolding.forEach(workers, shape, x.cols());
            int pixels = shape.out().width();
            int lines = dy.rows() / pixels;
            int k = out[0].rows();
            int n = out[0].cols();
            HostMatrix[] sums = new HostMatrix[workers.count()];
            Arrays.setAll(sums, part -> HostMatrix.allocate(k, n));
            IntConsumer share = part -> {
                Unfolding s = unfoldings[part];
                sums[part].clear(0);
                int from = (int) ((long) lines * part / workers.count());
                int to = (int) ((long) lines * (part + 1) / workers.count());
                s.blocks(from, to, (first, last) -> {
                    s.unfold(x, first, last);
                    s.a.at(s.unfolded, 0, 0);
                    s.b.at(dy, (long) first * pixels, 0);
                    s.c.at(sums[part], 0, 0);
                    Gemm.multiply(Gemm.Form.TN, k, n, (last - first) * pixels, s.a, k, s.b, n, 1f, s.c, n);
                });
            };
            float[] total = new float[n];
            float[] addend = new float[n];
            Runnable work = () -> {
                workers.run(share);
                for (int r = 0; r < k; r++) {
                    sums[0].getRow(r, total);
                    for (int part = 1; part < sums.length; part++) {
                        sums[part].getRow(r, addend);
                        add(addend, 0, total, 0, n);
                    }
                    out[0].putRow(r, total);
                }
            };
            return HostKernel.owning(work, () -> {
                Arrays.stream(unfoldings).forEach(Unfolding::close);
                Arrays.stream(sums).forEach(HostMatrix::close);
            });
        }

        @Override
        public long flops(List<long[]> in) {
            return 2 * in.get(0)[0] * in.get(0)[1] * Unfolding.TAPS * in.get(1)[1];
        }
    }

    private static void add(float[] a, int fromA, float[] to, int at, int n) {
        for (int i = 0; i < n; i++) {
            to[at + i] += a[fromA + i];
        }
    }
}
