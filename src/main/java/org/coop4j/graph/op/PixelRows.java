package org.coop4j.graph.op;

import java.util.List;
import org.coop4j.graph.host.HostKernel;
import org.coop4j.graph.host.HostMatrix;
import org.coop4j.graph.host.Workers;
import org.nd4j.autodiff.samediff.SDVariable;
import org.nd4j.autodiff.samediff.SameDiff;
import org.nd4j.linalg.api.ndarray.INDArray;

/**
 * Turns images into one row a pixel, so that a 1×1 convolution is a matrix product.
 *
 * <p>images [batch, channels, height, width] → [batch · height · width, channels]. Images have no
 * gradient.
 */
public final class PixelRows extends GraphOp {

    public PixelRows() {}

    public PixelRows(SameDiff sd, SDVariable images) {
        super(sd, images);
    }

    @Override
    public List<long[]> outputShapes(List<long[]> in) {
        long[] x = in.get(0);
        return List.of(new long[] {x[0] * x[2] * x[3], x[1]});
    }

    @Override
    public void compute(INDArray[] in, INDArray[] out) {
        INDArray pixels = in[0].permute(0, 2, 3, 1); // [batch, height, width, channels]
        out[0].reshape('c', pixels.shape()).assign(pixels);
    }

    @Override
    public HostKernel hostKernel(HostMatrix[] in, HostMatrix[] out, Workers workers) {
        long[] shape = in[0].owner().shape();
        int channels = (int) shape[1];
        int height = (int) shape[2];
        int width = (int) shape[3];
        float[][] planes = new float[workers.count()][width];
        float[][] rows = new float[workers.count()][width * channels];
        Workers.RowRange range =
                (part, from, to) -> {
                    float[] plane = planes[part];
                    float[] row = rows[part];
                    for (int line = from; line < to; line++) {
                        int image = line / height;
                        for (int c = 0; c < channels; c++) {
                            in[0].getRow((image * channels + c) * height + line % height, plane);
                            for (int x = 0, i = c; x < width; x++, i += channels) {
                                row[i] = plane[x];
                            }
                        }
                        out[0].put(line * width, 0, row, row.length);
                    }
                };
        return () -> workers.rows(Math.toIntExact(shape[0]) * height, range);
    }

    @Override
    public List<SDVariable> doDiff(List<SDVariable> gradients) {
        return List.of(sameDiff.zerosLike(arg(0)));
    }
}
