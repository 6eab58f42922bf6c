package org.coop4j.graph.op;

import java.util.List;
import org.coop4j.graph.host.HostKernel;
import org.coop4j.graph.host.HostMatrix;
import org.coop4j.graph.host.Workers;
import org.nd4j.autodiff.samediff.SDVariable;
import org.nd4j.autodiff.samediff.SameDiff;
import org.nd4j.linalg.api.ndarray.INDArray;

/**
 * Cuts images into square patches, so that the patch embedding (a convolution whose stride is its
 * kernel) is one matrix product.
 *
 * <p>images [batch, 3, side, side] → [batch · grid², 3 · patch²], patches in raster order, each
 * flattened as channel, row, column like the convolution's weight. Images have no gradient.
 */
public final class Patches extends GraphOp {

    public Patches() {}

    public Patches(SameDiff sd, SDVariable images, int patch) {
        super(sd, images);
        addIArgument(patch);
    }

    @Override
    public List<long[]> outputShapes(List<long[]> in) {
        long[] x = in.get(0);
        int patch = intSetting(0);
        if (x[2] % patch != 0 || x[3] % patch != 0) {
            throw new IllegalArgumentException(
                    "image of " + x[3] + "x" + x[2] + " in patches of " + patch);
        }
        return List.of(
                new long[] {x[0] * (x[2] / patch) * (x[3] / patch), x[1] * (long) patch * patch});
    }

    @Override
    public void compute(INDArray[] in, INDArray[] out) {
        INDArray x = in[0];
        int p = intSetting(0);
        long[] s = x.shape();
        INDArray cut = x.dup('c').reshape('c', s[0], s[1], s[2] / p, p, s[3] / p, p);
        INDArray ordered = cut.permute(0, 2, 4, 1, 3, 5).dup('c'); // [batch, gy, gx, 3, p, p]
        out[0].assign(ordered.reshape('c', out[0].shape()));
    }

    @Override
    public HostKernel hostKernel(HostMatrix[] in, HostMatrix[] out, Workers workers) {
        long[] shape = in[0].owner().shape();
        int channels = (int) shape[1];
        int height = (int) shape[2];
        int width = (int) shape[3];
        int p = intSetting(0);
        int across = width / p;
        int perImage = across * (height / p);
        float[][] scratch = new float[workers.count()][p];
        Workers.RowRange range =
                (part, from, to) -> {
                    float[] line = scratch[part];
                    for (int patch = from; patch < to; patch++) {
                        int image = patch / perImage;
                        int y = patch % perImage / across * p;
                        int x = patch % across * p;
                        for (int c = 0; c < channels; c++) {
                            for (int dy = 0; dy < p; dy++) {
                                in[0].get((image * channels + c) * height + y + dy, x, line, p);
                                out[0].put(patch, (c * p + dy) * p, line, p);
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
