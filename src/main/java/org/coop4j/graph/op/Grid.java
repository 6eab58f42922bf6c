package org.coop4j.graph.op;

import org.nd4j.linalg.api.ndarray.INDArray;

/**
 * Pixels of an image as matrix rows: {@code height · width} rows in raster order, one column per channel. The images of
 * a batch follow one another.
 *
 * @param height lines of pixels
 * @param width pixels of a line
 */
public record Grid(int height, int width) {

    public Grid {
        if (height < 1 || width < 1) {
            throw new IllegalArgumentException(
                    "an image of " + width + "x" + height + " pixels: expected 1 or more of both");
        }
    }

    /** Returns the number of rows of one image. */
    public int pixels() {
        return Math.multiplyExact(height, width);
    }

    /**
     * Returns the grid with every {@code factor}-th line and pixel.
     *
     * @throws IllegalArgumentException if {@code factor} does not divide both sides
     */
    public Grid dividedBy(int factor) {
        if (factor < 1 || height % factor != 0 || width % factor != 0) {
            throw new IllegalArgumentException(
                    "an image of " + width + "x" + height + " pixels is not divisible by " + factor);
        }
        return new Grid(height / factor, width / factor);
    }

    /** Returns images {@code from} to {@code to} of dense rows, a view [images, height, width, channels]. */
    INDArray images(INDArray rows, long from, long to) {
        long channels = rows.columns();
        long[] shape = {to - from, height, width, channels};
        return GraphOp.view(
                rows, from * pixels() * channels, shape, pixels() * channels, width * channels, channels, 1);
    }

    /** Returns the number of images in {@code rows} rows. */
    public int images(long rows) {
        if (rows % pixels() != 0) {
            throw new IllegalArgumentException(
                    rows + " rows are not a multiple of an image of " + width + "x" + height + " pixels");
        }
        return Math.toIntExact(rows / pixels());
    }
}
