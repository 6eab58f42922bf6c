package org.coop4j.graph.op;

/**
 * The images before a 3×3 convolution with one pixel of padding, and after it.
 *
 * @param in the pixels before
 * @param stride distance between the pixels that the kernel is centred on
 */
record ConvolutionShape(Grid in, int stride) {

    ConvolutionShape {
        if (stride < 1) {
            throw new IllegalArgumentException("stride " + stride + " must be positive");
        }
    }

    /** The pixels after. */
    Grid out() {
        return new Grid((in.height() - 1) / stride + 1, (in.width() - 1) / stride + 1);
    }

    long rowsOut(long rowsIn) {
        return (long) in.images(rowsIn) * out().pixels();
    }

    long rowsIn(long rowsOut) {
        return (long) out().images(rowsOut) * in.pixels();
    }

    /** Number of 2×2 tiles that cover the images of {@code rowsIn} rows. */
    long tiles(long rowsIn) {
        return (long) in.images(rowsIn) * ((in.height() + 1) / 2) * ((in.width() + 1) / 2);
    }

    long[] toSettings() {
        return new long[] {in.height(), in.width(), stride};
    }

    static ConvolutionShape of(GraphOp op) {
        Grid grid = new Grid(op.intSetting(0), op.intSetting(1));
        return new ConvolutionShape(grid, op.intSetting(2));
    }
}
