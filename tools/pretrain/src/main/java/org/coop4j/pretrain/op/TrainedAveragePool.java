package org.coop4j.pretrain.op;

import java.util.List;
import org.coop4j.graph.AveragePool;
import org.coop4j.graph.Graph.Grid;
import org.coop4j.graph.GraphOp;
import org.coop4j.graph.host.HostKernel;
import org.coop4j.graph.host.HostMatrix;
import org.coop4j.graph.host.Workers;
import org.nd4j.autodiff.samediff.SDVariable;
import org.nd4j.autodiff.samediff.SameDiff;
import org.nd4j.linalg.api.ndarray.INDArray;
import org.nd4j.linalg.factory.Nd4j;

/** Average pooling with a gradient. */
public final class TrainedAveragePool extends AveragePool {

    private final Grid grid;
    private final int size;

    public TrainedAveragePool(SameDiff sd, SDVariable x, Grid grid, int size) {
        super(sd, x, grid, size);
        this.grid = grid;
        this.size = size;
    }

    @Override
    public List<SDVariable> doDiff(List<SDVariable> gradients) {
        return List.of(new InputGradient(sameDiff, gradients.get(0), grid, size).outputVariable());
    }

    /** dx = dy / size² in each pixel of the square. */
    private static final class InputGradient extends GraphOp {

        private final Grid grid;
        private final int size;

        InputGradient(SameDiff sd, SDVariable dy, Grid grid, int size) {
            super(sd, dy);
            this.grid = grid;
            this.size = size;
        }

        @Override
        public List<long[]> outputShapes(List<long[]> in) {
            long[] dy = in.get(0);
            return List.of(new long[] {dy[0] * size * size, dy[1]});
        }

        @Override
        public void compute(INDArray[] in, INDArray[] out) {
            long[] shape = squares(grid, size, out[0].rows(), out[0].columns());
            INDArray dy = in[0].div(size * size);
            long[] s = out[0].reshape('c', shape).stride();
            for (int y = 0; y < size; y++) {
                for (int x = 0; x < size; x++) {
                    Nd4j.create(
                                    out[0].data(),
                                    new long[] {shape[0], shape[1], shape[3], shape[5]},
                                    new long[] {s[0], s[1], s[3], s[5]},
                                    out[0].offset() + y * s[2] + x * s[4],
                                    'c')
                            .assign(dy.reshape('c', shape[0], shape[1], shape[3], shape[5]));
                }
            }
        }

        @Override
        public HostKernel hostKernel(HostMatrix[] in, HostMatrix[] out, Workers workers) {
            int width = grid.width();
            int channels = in[0].cols();
            int pixels = width / size;
            float factor = 1f / (size * size);
            float[][] small = new float[workers.count()][pixels * channels];
            float[][] line = new float[workers.count()][width * channels];
            Workers.RowRange range = (part, from, to) -> {
                float[] d = small[part];
                for (int pooled = from; pooled < to; pooled++) {
                    in[0].get(pooled * pixels, 0, d, d.length);
                    for (int i = 0; i < d.length; i++) {
                        d[i] *= factor;
                    }
                    repeat(d, line[part], size, channels);
                    for (int i = 0; i < size; i++) {
                        out[0].put((pooled * size + i) * width, 0, line[part], line[part].length);
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
