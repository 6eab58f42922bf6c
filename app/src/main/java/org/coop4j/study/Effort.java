package org.coop4j.study;

import org.coop4j.clip.Clip;
import org.coop4j.weights.model.ClipConfig;

/**
 * Estimates work in multiplications, so that the time left of runs as different as a step on 10 and
 * one on 1,000 classes can be told from the time taken.
 */
record Effort(Clip clip) {

    /** A transformer block's products, in squares of its width, for a token. */
    private static final double BLOCK = 12;

    /** Multiplications of a ResNet bottleneck at 64 channels and 224 pixels, about. */
    private static final double BOTTLENECK = 2.2e8;

    /** Reading, decoding and resizing a photograph takes as long as so many, about. */
    private static final double DECODING = 2e8;

    /** A multiplication outside of matrix products takes as long as so many in them, about. */
    private static final double ALONE = 20;

    /** Encoding an image file. */
    double image() {
        return DECODING + tower();
    }

    private double tower() {
        ClipConfig.Vision vision = clip.architecture().vision();
        if (vision instanceof ClipConfig.Vit vit) {
            return vit.tokens() * vit.layers() * BLOCK * vit.width() * vit.width();
        }
        int blocks =
                vision instanceof ClipConfig.ResNet resNet
                        ? resNet.layers().stream().mapToInt(Integer::intValue).sum()
                        : 1;
        return blocks
                * BOTTLENECK
                * square(vision.width() / 64.0)
                * square(vision.imageSize() / 224.0);
    }

    /** Scoring images. */
    double scores(int classes, int images) {
        return ALONE * classes * images * clip.architecture().embedDim();
    }

    private static double square(double value) {
        return value * value;
    }
}
