package org.coop4j.image;

/**
 * The transform of test images: the shorter side is resized to the model's size, then the centre is cropped
 * (torchvision's {@code Resize} and {@code CenterCrop} on a Pillow image that is already RGB); or, for models that
 * squash, both sides are resized.
 *
 * @param preprocessing size and normalisation of the model
 */
public record TestTransform(Preprocessing preprocessing) {
    /** Returns the resized and cropped image, size x size. */
    public RgbImage apply(RgbImage image) {
        int size = preprocessing.size();
        if (preprocessing.config().squash()) {
            return BicubicResize.resize(image, size, size);
        }
        int width = scaled(image.width(), image.height(), image);
        int height = scaled(image.height(), image.width(), image);
        CropBox centre = new CropBox(margin(width), margin(height), size, size);
        return BicubicResize.resize(image, width, height, centre);
    }

    /** Returns the length of a side after the resize; that of the longer one is truncated, not rounded. */
    private int scaled(int side, int other, RgbImage image) {
        long size = preprocessing.size();
        long length = side <= other ? size : size * side / other;
        if (length > Integer.MAX_VALUE) {
            throw new IllegalArgumentException(image + " is too long and narrow to be resized to " + size + " pixels");
        }
        return (int) length;
    }

    /** Returns the margin before the centre, rounded half to even like Python's {@code round}. */
    private int margin(int side) {
        return (int) Math.rint((side - preprocessing.size()) / 2.0);
    }
}
