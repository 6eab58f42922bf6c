package org.coop4j.graph.op;

import java.util.List;
import org.coop4j.graph.host.HostKernel;
import org.coop4j.graph.host.HostMatrix;
import org.coop4j.graph.host.Workers;
import org.nd4j.autodiff.samediff.SDVariable;
import org.nd4j.autodiff.samediff.SameDiff;
import org.nd4j.linalg.api.ndarray.INDArray;
import org.nd4j.linalg.factory.Nd4j;

/**
 * Cuts images into square patches, so that the patch embedding (a convolution whose stride is its
 * kernel) is one matrix product.
 *
 * <p>images [batch, 3, side, side] → [batch · grid², 3 · patch²], patches in raster order, each
 * flattened as channel, row, column like the convolution's weight. An image may be given more rows
 * than it has patches; the others are zero. Images have no gradient.
 */
public final class Patches extends GraphOp {

    public Patches() {}

    public Patches(SameDiff sd, SDVariable images, int patch) {
        super(sd, images);
        addIArgument(patch);
    }

    /**
     * @param first row of an image that has its first patch
     * @param rows of each image
     */
    public Patches(SameDiff sd, SDVariable images, int patch, int first, int rows) {
        super(sd, images);
        addIArgument(patch, first, rows);
    }

    private int first() {
        return numIArguments() == 1 ? 0 : intSetting(1);
    }

    private int rowsEach(int patches) {
        return numIArguments() == 1 ? patches : intSetting(2);
    }

    @Override
    public List<long[]> outputShapes(List<long[]> in) {
        long[] x = in.get(0);
        int patch = intSetting(0);
        if (x[2] % patch != 0 || x[3] % patch != 0) {
            throw new IllegalArgumentException(
                    "image of " + x[3] + "x" + x[2] + " in patches of " + patch);
        }
        int patches = (int) ((x[2] / patch) * (x[3] / patch));
        if (first() + patches > rowsEach(patches)) {
            throw new IllegalArgumentException(
                    patches + " patches from row " + first() + " of " + rowsEach(patches));
        }
        return List.of(new long[] {x[0] * rowsEach(patches), x[1] * (long) patch * patch});
    }

    @Override
    public void compute(INDArray[] in, INDArray[] out) {
        INDArray x = in[0];
        int p = intSetting(0);
        long[] s = x.shape();
        INDArray cut = x.dup('c').reshape('c', s[0], s[1], s[2] / p, p, s[3] / p, p);
        INDArray ordered = cut.permute(0, 2, 4, 1, 3, 5); // [batch, gy, gx, 3, p, p]
        int patches = (int) (ordered.size(1) * ordered.size(2));
        if (rowsEach(patches) > patches) {
            out[0].assign(0);
        }
        long row = out[0].size(1);
        long[] strides = {rowsEach(patches) * row, ordered.size(2) * row, row, (long) p * p, p, 1};
        Nd4j.create(out[0].data(), ordered.shape(), strides, out[0].offset() + first() * row, 'c')
                .assign(ordered);
    }

    @Override
    public HostKernel hostKernel(HostMatrix[] in, HostMatrix[] out, Workers workers) {
        long[] shape = in[0].owner().shape();
        int channels = (int) shape[1];
        int height = (int) shape[2];
        int width = (int) shape[3];
        int p = intSetting(0);
        int across = width / p;
        int patches = across * (height / p);
        int first = first();
        int each = rowsEach(patches);
        float[] zeros = new float[out[0].cols()];
        float[][] scratch = new float[workers.count()][p];
        Workers.RowRange range =
                (part, from, to) -> {
                    float[] line = scratch[part];
                    for (int row = from; row < to; row++) {
                        int image = row / each;
                        int patch = row % each - first;
                        if (patch < 0 || patch >= patches) {
                            out[0].putRow(row, zeros);
                            continue;
                        }
                        int y = patch / across * p;
                        int x = patch % across * p;
                        for (int c = 0; c < channels; c++) {
                            for (int dy = 0; dy < p; dy++) {
                                in[0].get((image * channels + c) * height + y + dy, x, line, p);
                                out[0].put(row, (c * p + dy) * p, line, p);
                            }
                        }
                    }
                };
        return () -> workers.rows(out[0].rows(), range);
    }

    @Override
    public List<SDVariable> doDiff(List<SDVariable> gradients) {
        return List.of(sameDiff.zerosLike(arg(0)));
    }
}
