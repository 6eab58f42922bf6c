package org.coop4j.graph;

import java.util.List;
import org.coop4j.base.Require;
import org.coop4j.graph.host.HostKernel;
import org.coop4j.graph.host.HostMatrix;
import org.coop4j.graph.host.Workers;
import org.nd4j.autodiff.samediff.SDVariable;
import org.nd4j.autodiff.samediff.SameDiff;
import org.nd4j.linalg.factory.Nd4j;

/**
 * Images cut into square patches, so that the patch embedding (a convolution with its stride as large as its kernel) is
 * one matrix product. Patches of one pixel are the rows of ModifiedResNet.
 *
 * <p>images [batch, channels, height, width] → [batch · patches, channels · patch²], patches in raster order, each
 * flattened as channel, row, column like the convolution's weight. Pixels left over at the right and below are dropped. An
 * image may have more rows than patches; the others are zero. Images have no gradient.
 */
final class Patches extends GraphOp {

    private final int patch;
    private final int first;
    private final int rows;

    /**
     * @param first row of an image that holds its first patch
     * @param rows of each image
     */
    Patches(int patch, int first, int rows) {
        this.patch = patch;
        this.first = first;
        this.rows = rows;
    }

    @Override
    public List<long[]> outputShapes(List<long[]> in) {
        long[] x = in.get(0);
        int patches = (int) ((x[2] / patch) * (x[3] / patch));
        Require.that(
                first + patches <= rows, "%s patches from row %s on do not fit into %s rows", patches, first, rows);
        return List.of(new long[] {x[0] * rows, x[1] * patch * patch});
    }

    @Override
    protected SDVariable expression(Graph graph, SDVariable... in) {
        SameDiff sd = in[0].getSameDiff();
        long[] s = graph.shape(in[0]);
        int down = (int) s[2] / patch;
        int across = (int) s[3] / patch;
        SDVariable whole = in[0];
        if (s[2] % patch != 0 || s[3] % patch != 0) {
            whole = sd.slice(whole, new int[4], (int) s[0], (int) s[1], down * patch, across * patch);
        }
        SDVariable cut = whole.reshape(s[0], s[1], down, patch, across, patch);
        SDVariable ordered = cut.permute(0, 2, 4, 1, 3, 5); // [batch, gy, gx, channels, patch, patch]
        SDVariable patches = ordered.reshape(s[0], -1, s[1] * patch * patch);
        int last = rows - first - down * across;
        SDVariable margins = sd.constant(Nd4j.createFromArray(new int[][] {{0, 0}, {first, last}, {0, 0}}));
        return sd.nn().pad(patches, margins, 0).reshape(-1, s[1] * patch * patch);
    }

    @Override
    public HostKernel hostKernel(HostMatrix[] in, HostMatrix[] out, Workers workers) {
        long[] shape = in[0].owner().shape();
        int images = (int) shape[0];
        int channels = (int) shape[1];
        int height = (int) shape[2];
        int width = (int) shape[3];
        int across = width / patch;
        int down = height / patch;
        int length = out[0].cols();
        HostKernel rowsOfPatches = HostKernel.eachRow(images * down, workers, () -> {
            float[] line = new float[width];
            float[] cut = new float[across * length];
            return i -> {
                int image = i / down;
                int y = i % down;
                for (int c = 0; c < channels; c++) {
                    for (int dy = 0; dy < patch; dy++) {
                        in[0].getRow((image * channels + c) * height + y * patch + dy, line);
                        spread(line, cut, (c * patch + dy) * patch, length);
                    }
                }
                out[0].put(image * rows + first + y * across, 0, cut, cut.length);
            };
        });
        return () -> {
            if (rows > across * down) {
                out[0].clear(0);
            }
            rowsOfPatches.run();
        };
    }

    /** Copies each pixel of a line to its patch, there starting at {@code at}. */
    private void spread(float[] line, float[] patches, int at, int length) {
        int to = at;
        if (patch == 1) {
            for (float pixel : line) {
                patches[to] = pixel;
                to += length;
            }
        } else {
            for (int x = 0; x + patch <= line.length; x += patch, to += length) {
                System.arraycopy(line, x, patches, to, patch);
            }
        }
    }
}
