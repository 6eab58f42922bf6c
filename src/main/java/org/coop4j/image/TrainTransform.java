package org.coop4j.image;

import java.util.random.RandomGenerator;
import org.coop4j.image.RgbImage.CropBox;
import org.coop4j.model.PreprocessConfig.Interpolation;

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
 */
public record TrainTransform(Preprocessing preprocessing) {
    // CoOp's values; areas are relative to the image's, ratios are width to height.
    private static final double MIN_AREA = 0.08;
    private static final double MAX_AREA = 1;
    private static final double MIN_RATIO = 3.0 / 4;
    private static final double MAX_RATIO = 4.0 / 3;
    private static final double FLIP_PROBABILITY = 0.5;
    private static final int ATTEMPTS = 10;

    /**
     * One random view of a training image.
     *
     * @param crop the visible part
     * @param flipped true if it is mirrored left to right
     */
    public record View(CropBox crop, boolean flipped) {}

    /** Draws a view of an image of the given size. */
    public View draw(int width, int height, RandomGenerator random) {
        CropBox crop = drawCrop(width, height, MAX_AREA, random);
        return new View(crop, uniform(random) < FLIP_PROBABILITY);
    }

    static CropBox drawCrop(int width, int height, double maxArea, RandomGenerator random) {
        double area = (double) width * height;
        double logMin = StrictMath.log(MIN_RATIO);
        double logMax = StrictMath.log(MAX_RATIO);
        for (int attempt = 0; attempt < ATTEMPTS; attempt++) {
            double target = area * uniform(MIN_AREA, maxArea, random);
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
    private static CropBox fallback(int width, int height) {
        double ratio = (double) width / height;
        int w = width;
        int h = height;
        if (ratio < MIN_RATIO) {
            h = Math.max(1, (int) Math.rint(w / MIN_RATIO));
        } else if (ratio > MAX_RATIO) {
            w = Math.max(1, (int) Math.rint(h * MAX_RATIO));
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
        Interpolation filter = preprocessing.config().interpolation();
        RgbImage resized = PillowResize.resize(image, view.crop(), size, size, filter);
        return view.flipped() ? resized.flipped() : resized;
    }
}
