package org.coop4j.graph.op;

import org.nd4j.linalg.api.ndarray.INDArray;
import org.nd4j.linalg.factory.Nd4j;

/** Neighbourhoods of pixels as rows, in ND4J calls. */
final class ConvolutionMath {

    private ConvolutionMath() {}

    /**
     * Each pixel's neighbourhood as a row.
     *
     * @param x [batch · height · width, channels]
     * @return [batch · out height · out width, 9 · channels], ordered line, pixel, channel
     */
    static INDArray unfold(ConvolutionShape shape, INDArray x) {
        long channels = x.columns();
        INDArray padded = padded(shape, x.rows(), channels, x);
        window(padded, 1, 1, 1, shape.in()).assign(asImages(x.dup('c'), shape.in()));
        INDArray unfolded = Nd4j.create(x.dataType(), shape.rowsOut(x.rows()), 9 * channels);
        for (int tap = 0; tap < Convolution.TAPS; tap++) {
            columns(unfolded, tap, channels, shape)
                    .assign(window(padded, tap / 3, tap % 3, shape.stride(), shape.out()));
        }
        return unfolded;
    }

    /** The adjoint of {@link #unfold}: every entry is added to the pixel that it came from. */
    static void fold(ConvolutionShape shape, INDArray unfolded, INDArray x) {
        long channels = x.columns();
        INDArray rows = unfolded.dup('c');
        INDArray padded = padded(shape, x.rows(), channels, x);
        for (int tap = 0; tap < Convolution.TAPS; tap++) {
            window(padded, tap / 3, tap % 3, shape.stride(), shape.out())
                    .addi(columns(rows, tap, channels, shape));
        }
        asImages(x, shape.in()).assign(window(padded, 1, 1, 1, shape.in()));
    }

    private static INDArray padded(ConvolutionShape shape, long rows, long channels, INDArray x) {
        long batch = shape.in().images(rows);
        long height = shape.in().height() + 2L;
        return Nd4j.create(x.dataType(), batch, height, shape.in().width() + 2L, channels);
    }

    private static INDArray asImages(INDArray rows, Grid grid) {
        long batch = grid.images(rows.rows());
        return rows.reshape('c', batch, grid.height(), grid.width(), rows.columns());
    }

    /** The pixels (y + i · stride, x + j · stride) of padded images, [batch, i, j, channels]. */
    private static INDArray window(INDArray padded, int y, int x, int stride, Grid grid) {
        long[] s = padded.stride();
        return Nd4j.create(
                padded.data(),
                new long[] {padded.size(0), grid.height(), grid.width(), padded.size(3)},
                new long[] {s[0], stride * s[1], stride * s[2], s[3]},
                y * s[1] + x * s[2],
                'c');
    }

    /** The columns of one tap as [batch, height, width, channels]. */
    private static INDArray columns(
            INDArray unfolded, int tap, long channels, ConvolutionShape shape) {
        Grid grid = shape.out();
        long row = unfolded.columns();
        long batch = grid.images(unfolded.rows());
        return Nd4j.create(
                unfolded.data(),
                new long[] {batch, grid.height(), grid.width(), channels},
                new long[] {grid.pixels() * row, grid.width() * row, row, 1},
                tap * channels,
                'c');
    }
}
