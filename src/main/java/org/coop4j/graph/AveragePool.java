package org.coop4j.graph;

import java.util.Arrays;
import java.util.List;
import org.coop4j.graph.Graph.Grid;
import org.coop4j.graph.host.Floats;
import org.coop4j.graph.host.HostKernel;
import org.coop4j.graph.host.HostMatrix;
import org.coop4j.graph.host.Workers;
import org.nd4j.autodiff.samediff.SDVariable;

/**
 * Means over squares of {@code size} × {@code size} pixels that do not overlap: the average pooling that ModifiedResNet
 * has in place of strides.
 *
 * <p>x [batch · height · width, channels] → [batch · height/size · width/size, channels]. It has no gradient.
 */
final class AveragePool extends GraphOp {

    private final Grid grid;
    private final int size;

    /**
     * @param grid the pixels of each image; {@code size} divides both sides
     */
    public AveragePool(Grid grid, int size) {
        grid.dividedBy(size);
        this.grid = grid;
        this.size = size;
    }

    @Override
    public List<long[]> outputShapes(List<long[]> in) {
        long[] x = in.get(0);
        long pooled = grid.dividedBy(size).pixels();
        return List.of(new long[] {grid.images(x[0]) * pooled, x[1]});
    }

    @Override
    protected SDVariable expression(Graph graph, SDVariable... in) {
        long[] x = graph.shape(in[0]);
        Grid pooled = grid.dividedBy(size);
        SDVariable squares = in[0].reshape(grid.images(x[0]), pooled.height(), size, pooled.width(), size, x[1]);
        return squares.mean(2, 4).reshape(-1, x[1]);
    }

    @Override
    public HostKernel hostKernel(HostMatrix[] in, HostMatrix[] out, Workers workers) {
        int width = grid.width();
        int channels = in[0].cols();
        int pixels = width / size;
        float factor = 1f / (size * size);
        return HostKernel.eachRow(out[0].rows() / pixels, workers, () -> {
            float[] line = new float[width * channels];
            float[] sum = new float[pixels * channels];
            return pooled -> {
                Arrays.fill(sum, 0f);
                for (int i = 0; i < size; i++) {
                    in[0].get((pooled * size + i) * width, 0, line, line.length);
                    addSquares(line, sum, size, channels);
                }
                for (int i = 0; i < sum.length; i++) {
                    sum[i] *= factor;
                }
                out[0].put(pooled * pixels, 0, sum, sum.length);
            };
        });
    }

    /** Adds every {@code size} neighbouring pixels of a line to one pixel of {@code sum}. */
    private static void addSquares(float[] line, float[] sum, int size, int channels) {
        int from = 0;
        for (int to = 0; to < sum.length; to += channels) {
            for (int i = 0; i < size; i++) {
                Floats.add(sum, to, line, from, channels);
                from += channels;
            }
        }
    }
}
