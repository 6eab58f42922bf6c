package org.coop4j.image;

/**
 * A rectangle of pixels.
 *
 * @param left first column
 * @param top first row
 * @param width number of columns, 1 or more
 * @param height number of rows, 1 or more
 */
public record CropBox(int left, int top, int width, int height) {
    public CropBox {
        if (left < 0 || top < 0 || width < 1 || height < 1) {
            throw new IllegalArgumentException("crop of %s x %s at %s, %s: expected 1 x 1 or more at 0, 0 or beyond"
                    .formatted(width, height, left, top));
        }
    }

    /** Returns the whole of an image. */
    public static CropBox whole(int width, int height) {
        return new CropBox(0, 0, width, height);
    }

    void requireWithin(int imageWidth, int imageHeight) {
        // Compared without adding, so that nothing overflows.
        if (left > imageWidth - width || top > imageHeight - height) {
            throw new IllegalArgumentException(
                    this + " reaches beyond the image of " + imageWidth + " x " + imageHeight);
        }
    }
}
