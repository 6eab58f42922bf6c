package org.coop4j.image;

import java.util.random.RandomGenerator;

/**
 * The random transform of training images: a random crop of the image, resized to the model's size on both sides, and
 * flipped half of the time (torchvision's {@code RandomResizedCrop} and {@code RandomHorizontalFlip}, as Dassl composes
 * them for CoOp).
 *
 * <p>{@link #draw} makes a {@link View}, {@link #apply} applies it. The draws use only {@link
 * RandomGenerator#nextLong()} and {@link StrictMath}, so that a seeded generator such as {@link
 * java.util.SplittableRandom} gives the same views on every Java runtime. They follow torchvision's distribution, not
 * PyTorch's stream of random numbers.
 *
 * @param preprocessing size and normalisation of the model
 * @param minScale smallest area of the crop, relative to the image's, above 0
 * @param maxScale largest area of the crop, relative to the image's, up to 1
 * @param minRatio smallest ratio of width to height
 * @param maxRatio largest ratio of width to height
 * @param flipProbability probability of the flip
 */
public record TrainTransform(
        Preprocessing preprocessing,
        double minScale,
        double maxScale,
        double minRatio,
        double maxRatio,
        double flipProbability) {
    private static final int ATTEMPTS = 10;

    public TrainTransform {
        if (!(minScale > 0 && minScale <= maxScale && maxScale <= 1)) {
            throw new IllegalArgumentException(
                    "crop scale " + minScale + " to " + maxScale + ": expected within 0 to 1");
        }
        if (!(minRatio > 0 && minRatio <= maxRatio && maxRatio < Double.POSITIVE_INFINITY)) {
            throw new IllegalArgumentException(
                    "crop ratio " + minRatio + " to " + maxRatio + ": expected ascending, above 0");
        }
        if (!(flipProbability >= 0 && flipProbability <= 1)) {
            throw new IllegalArgumentException("flip probability " + flipProbability + ": expected within 0 to 1");
        }
    }

    /**
     * One random view of a training image.
     *
     * @param crop the visible part
     * @param flipped true if it is mirrored left to right
     */
    public record View(CropBox crop, boolean flipped) {}

    /** Returns CoOp's transform: scale 0.08 to 1, ratio 3/4 to 4/3, flipped half of the time. */
    public static TrainTransform coop(Preprocessing preprocessing) {
        return new TrainTransform(preprocessing, 0.08, 1, 3.0 / 4, 4.0 / 3, 0.5);
    }

    /** Draws a view of an image of the given size. */
    public View draw(int width, int height, RandomGenerator random) {
        CropBox crop = drawCrop(width, height, random);
        return new View(crop, uniform(random) < flipProbability);
    }

    private CropBox drawCrop(int width, int height, RandomGenerator random) {
        double area = (double) width * height;
        double logMin = StrictMath.log(minRatio);
        double logMax = StrictMath.log(maxRatio);
        for (int attempt = 0; attempt < ATTEMPTS; attempt++) {
            double target = area * uniform(minScale, maxScale, random);
            double ratio = StrictMath.exp(uniform(logMin, logMax, random));
            int w = (int) Math.rint(Math.sqrt(target * ratio));
            int h = (int) Math.rint(Math.sqrt(target / ratio));
            if (w > 0 && w <= width && h > 0 && h <= height) {
                int top = uniformInt(height - h + 1, random);
                int left = uniformInt(width - w + 1, random);
                return new CropBox(left, top, w, h);
            }
        }
        return fallback(width, height);
    }

    /** Returns the centre of the image, cut to the nearest allowed ratio. */
    private CropBox fallback(int width, int height) {
        double ratio = (double) width / height;
        int w = width;
        int h = height;
        if (ratio < minRatio) {
            h = Math.max(1, (int) Math.rint(w / minRatio));
        } else if (ratio > maxRatio) {
            w = Math.max(1, (int) Math.rint(h * maxRatio));
        }
        return new CropBox((width - w) / 2, (height - h) / 2, w, h);
    }

    private static double uniform(double low, double high, RandomGenerator random) {
        return low + (high - low) * uniform(random);
    }

    /** Draws uniformly from [0, 1) with the upper 53 bits. */
    private static double uniform(RandomGenerator random) {
        return (random.nextLong() >>> 11) * 0x1p-53;
    }

    /** Draws uniformly from 0 to bound - 1; the bias is below 2^-20 for bounds below 2^33. */
    private static int uniformInt(int bound, RandomGenerator random) {
        return (int) (uniform(random) * bound);
    }

    /** Returns the view of the image, size x size: cropped, then resized on both sides, then flipped. */
    public RgbImage apply(RgbImage image, View view) {
        int size = preprocessing.size();
        RgbImage resized = BicubicResize.resize(image, view.crop(), size, size);
        return view.flipped() ? resized.flipped() : resized;
    }
}
