package org.coop4j.clip;

import org.coop4j.graph.op.Grid;

/**
 * A convolution without a bias and the batch norm behind it, 1×1 or 3×3 with one pixel of padding.
 *
 * @param convolution the convolution's name, without {@code .weight}
 * @param norm the norm's name
 * @param in the pixels of an image before it
 * @param stride distance between the pixels that the kernel is centred on; divides both sides
 * @param relu whether a rectifier follows
 */
public record ConvolutionLayer(String convolution, String norm, Grid in, int stride, boolean relu) {

    /** The pixels of an image behind it. */
    public Grid out() {
        return in.dividedBy(stride);
    }
}
