package org.coop4j.graph.op;

import java.util.List;
import org.coop4j.graph.host.HostKernel;
import org.coop4j.graph.host.HostMatrix;
import org.coop4j.graph.host.Workers;
import org.nd4j.autodiff.samediff.SDVariable;
import org.nd4j.autodiff.samediff.SameDiff;
import org.nd4j.linalg.api.ndarray.INDArray;

/**
 * Means over squares of {@code size} × {@code size} pixels that do not overlap: the average pooling
 * that ModifiedResNet has in place of strides.
 *
 * <p>x [batch · height · width, channels] → [batch · height/size · width/size, channels].
 */
public final class AveragePool extends GraphOp {

    public AveragePool() {}

    /**
     * @param grid the pixels of each image of {@code x}; {@code size} divides both sides
     */
    public AveragePool(SameDiff sd, SDVariable x, Grid grid, int size) {
        super(sd, x);
        grid.dividedBy(size);
        addIArgument(grid.height(), grid.width(), size);
    }

    private static Grid gridOf(GraphOp op) {
        return new Grid(op.intSetting(0), op.intSetting(1));
    }

    private static int sizeOf(GraphOp op) {
        return op.intSetting(2);
    }

    @Override
    public List<long[]> outputShapes(List<long[]> in) {
        long[] x = in.get(0);
        long pooled = gridOf(this).dividedBy(sizeOf(this)).pixels();
        return List.of(new long[] {gridOf(this).images(x[0]) * pooled, x[1]});
    }

    /** [batch, height/size, size, width/size, size, channels]. */
    private static long[] squares(Grid grid, int size, long rows, long channels) {
        Grid pooled = grid.dividedBy(size);
        return new long[] {
            grid.images(rows), pooled.height(), size, pooled.width(), size, channels
        };
    }

    @Override
    public void compute(INDArray[] in, INDArray[] out) {
        int size = sizeOf(this);
        long[] shape = squares(gridOf(this), size, in[0].rows(), in[0].columns());
        INDArray sums = in[0].dup('c').reshape('c', shape).sum(2, 4);
        out[0].assign(sums.dup('c').reshape('c', out[0].shape()).divi(size * size));
    }

    @Override
    public HostKernel hostKernel(HostMatrix[] in, HostMatrix[] out, Workers workers) {
        int size = sizeOf(this);
        int width = gridOf(this).width();
        int channels = in[0].cols();
        int pixels = width / size;
        float factor = 1f / (size * size);
        float[][] lines = new float[workers.count()][width * channels];
        float[][] sums = new float[workers.count()][pixels * channels];
        Workers.RowRange range =
                (part, from, to) -> {
                    float[] line = lines[part];
                    float[] sum = sums[part];
                    for (int pooled = from; pooled < to; pooled++) {
                        java.util.Arrays.fill(sum, 0f);
                        for (int i = 0; i < size; i++) {
                            in[0].get((pooled * size + i) * width, 0, line, line.length);
                            addSquares(line, sum, size, channels);
                        }
                        for (int i = 0; i < sum.length; i++) {
                            sum[i] *= factor;
                        }
                        out[0].put(pooled * pixels, 0, sum, sum.length);
                    }
                };
        return () -> workers.rows(out[0].rows() / pixels, range);
    }

    /** Adds each {@code size} neighbours of a line to one pixel of {@code sum}. */
    private static void addSquares(float[] line, float[] sum, int size, int channels) {
        int from = 0;
        for (int to = 0; to < sum.length; to += channels) {
            for (int i = 0; i < size; i++) {
                add(line, from, sum, to, channels);
                from += channels;
            }
        }
    }

    private static void add(float[] a, int fromA, float[] to, int at, int n) {
        for (int i = 0; i < n; i++) {
            to[at + i] += a[fromA + i];
        }
    }

    @Override
    public List<SDVariable> doDiff(List<SDVariable> gradients) {
        return List.of(
                new InputGradient(sameDiff, gradients.get(0), gridOf(this), sizeOf(this))
                        .outputVariable());
    }

    /** dx = dy / size² in each pixel of the square. */
    public static final class InputGradient extends GradientOp {

        public InputGradient() {}

        InputGradient(SameDiff sd, SDVariable dy, Grid grid, int size) {
            super(sd, dy);
            addIArgument(grid.height(), grid.width(), size);
        }

        @Override
        public List<long[]> outputShapes(List<long[]> in) {
            int size = sizeOf(this);
            long[] dy = in.get(0);
            return List.of(new long[] {dy[0] * size * size, dy[1]});
        }

        @Override
        public void compute(INDArray[] in, INDArray[] out) {
            int size = sizeOf(this);
            long[] shape = squares(gridOf(this), size, out[0].rows(), out[0].columns());
            INDArray dy = in[0].div(size * size);
            INDArray squares = out[0].reshape('c', shape);
            for (int y = 0; y < size; y++) {
                for (int x = 0; x < size; x++) {
                    long offset =
                            out[0].offset()
                                    + (long) y * squares.stride(2)
                                    + (long) x * squares.stride(4);
                    long[] s = squares.stride();
                    org.nd4j.linalg.factory.Nd4j.create(
                                    out[0].data(),
                                    new long[] {shape[0], shape[1], shape[3], shape[5]},
                                    new long[] {s[0], s[1], s[3], s[5]},
                                    offset,
                                    'c')
                            .assign(dy.reshape('c', shape[0], shape[1], shape[3], shape[5]));
                }
            }
        }

        @Override
        public HostKernel hostKernel(HostMatrix[] in, HostMatrix[] out, Workers workers) {
            int size = sizeOf(this);
            int width = gridOf(this).width();
            int channels = in[0].cols();
            int pixels = width / size;
            float factor = 1f / (size * size);
            float[][] small = new float[workers.count()][pixels * channels];
            float[][] line = new float[workers.count()][width * channels];
            Workers.RowRange range =
                    (part, from, to) -> {
                        float[] d = small[part];
                        for (int pooled = from; pooled < to; pooled++) {
                            in[0].get(pooled * pixels, 0, d, d.length);
                            for (int i = 0; i < d.length; i++) {
                                d[i] *= factor;
                            }
                            repeat(d, line[part], size, channels);
                            for (int i = 0; i < size; i++) {
                                int row = (pooled * size + i) * width;
                                out[0].put(row, 0, line[part], line[part].length);
                            }
                        }
                    };
            return () -> workers.rows(in[0].rows() / pixels, range);
        }

        private static void repeat(float[] d, float[] line, int size, int channels) {
            int to = 0;
            for (int from = 0; from < d.length; from += channels) {
                for (int i = 0; i < size; i++) {
                    System.arraycopy(d, from, line, to, channels);
                    to += channels;
                }
            }
        }
    }
}
