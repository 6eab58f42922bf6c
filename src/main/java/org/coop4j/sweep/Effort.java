package org.coop4j.sweep;

import java.util.Arrays;
import java.util.List;
import org.coop4j.clip.Clip;
import org.coop4j.weights.model.ClipConfig;

/**
 * Estimates work in multiplications, so that the time left of runs as different as a step on 10 and
 * one on 1,000 classes can be told from the time taken.
 */
final class Effort {

    /** A transformer block's products, in squares of its width, for a token. */
    private static final double BLOCK = 12;

    /** A step goes forward, and back without gradients of the weights. */
    private static final double THERE_AND_BACK = 2;

    /** Multiplications of a ResNet bottleneck at 64 channels and 224 pixels, about. */
    private static final double BOTTLENECK = 2.2e8;

    /** Reading, decoding and resizing a photograph takes as long as so many, about. */
    private static final double DECODING = 2e8;

    /** A multiplication outside of matrix products takes as long as so many in them, about. */
    private static final double ALONE = 20;

    /** Rows of a hand-written prompt, about. */
    private static final double PROMPT_ROWS = 10;

    /** Passes over its images that a probe's search takes, about. */
    private static final double PROBE_PASSES = 3_000;

    private final Clip clip;
    private final double row;

    Effort(Clip clip) {
        this.clip = clip;
        ClipConfig.Text text = clip.architecture().text();
        row = text.layers() * BLOCK * text.width() * text.width();
    }

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

    /** A training step on prompts of these pieces: what all begin with is computed once. */
    double step(List<int[]> prompts) {
        int shared = prompts.get(0).length;
        long rows = 0;
        for (int[] prompt : prompts) {
            int same = Arrays.mismatch(prompts.get(0), prompt);
            shared = Math.min(shared, same < 0 ? prompt.length : same);
            rows += prompt.length;
        }
        return THERE_AND_BACK * row * (rows - (prompts.size() - 1.0) * shared);
    }

    /** Encoding the class names in so many templates, and scoring images. */
    double prompts(int templates, int classes, int images) {
        return templates * classes * PROMPT_ROWS * row + scores(classes, images);
    }

    /** Encoding learned prompts, and scoring images. */
    double test(List<int[]> prompts, int images) {
        return step(prompts) / THERE_AND_BACK + scores(prompts.size(), images);
    }

    /** Scoring images. */
    double scores(int classes, int images) {
        return ALONE * classes * images * clip.architecture().embedDim();
    }

    /** A linear probe's search. */
    double probe(int classes, int images) {
        return PROBE_PASSES * scores(classes, images);
    }

    private static double square(double value) {
        return value * value;
    }
}
