package org.coop4j.pretrain.op;

import java.util.List;
import org.coop4j.graph.AveragePool;
import org.coop4j.graph.Graph.Grid;
import org.coop4j.graph.GraphOp;
import org.coop4j.graph.host.HostKernel;
import org.coop4j.graph.host.HostMatrix;
import org.coop4j.graph.host.Workers;
import org.nd4j.autodiff.samediff.SDVariable;

/** Average pooling with a gradient. */
public final class TrainedAveragePool extends AveragePool {

    private final Grid grid;
    private final int size;

    public TrainedAveragePool(Grid grid, int size) {
        super(grid, size);
        this.grid = grid;
        this.size = size;
    }

    @Override
    public List<SDVariable> doDiff(List<SDVariable> gradients) {
        return List.of(new InputGradient(grid, size).of(gradients.get(0)));
    }

    /** dx = dy / size² in each pixel of the square. */
    private static final class InputGradient extends GraphOp {

        private final Grid grid;
        private final int size;

        InputGradient(Grid grid, int size) {
            this.grid = grid;
            this.size = size;
        }

        @Override
        public List<long[]> outputShapes(List<long[]> in) {
            long[] dy = in.get(0);
            return List.of(new long[] {dy[0] * size * size, dy[1]});
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
