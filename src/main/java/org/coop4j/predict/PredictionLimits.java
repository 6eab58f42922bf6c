package org.coop4j.predict;

import java.time.Duration;
import org.coop4j.image.ImageDecoder;

/**
 * What an {@link ImageClassifier} encodes together, and what it refuses.
 *
 * @param maxBatch the most images that are encoded together, 1 or more
 * @param maxDelay how long a submitted image waits for others at most, once the images before it
 *     are encoded; 0 or more
 * @param queueCapacity the most images that wait, 1 or more
 * @param maxPixels the most pixels that an image may have
 */
public record PredictionLimits(int maxBatch, Duration maxDelay, int queueCapacity, long maxPixels) {

    public PredictionLimits {
        requirePositive("maxBatch", maxBatch);
        requirePositive("queueCapacity", queueCapacity);
        requirePositive("maxPixels", maxPixels);
        if (maxDelay.isNegative()) {
            throw new IllegalArgumentException("maxDelay: expected 0 or more, got " + maxDelay);
        }
    }

    private static void requirePositive(String name, long value) {
        if (value < 1) {
            throw new IllegalArgumentException(name + ": expected 1 or more, got " + value);
        }
    }

    /** Batches of 32 images, 2 milliseconds, 256 images, and Pillow's limit of pixels. */
    public static PredictionLimits standard() {
        return new PredictionLimits(32, Duration.ofMillis(2), 256, ImageDecoder.DEFAULT_MAX_PIXELS);
    }
}
