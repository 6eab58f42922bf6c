package org.coop4j.pretrain;

import org.coop4j.base.Require;
import org.coop4j.image.PillowResize;
import org.coop4j.weights.TensorView.TensorSpec;
import org.coop4j.weights.model.ClipConfig;
import org.coop4j.weights.model.ModelMetadata;
import org.coop4j.weights.model.PreprocessConfig;

/**
 * A vision transformer for pictures of half the size, whose patches say almost what they said of the same pictures enlarged
 * to twice the size by the cubic kernel. So a model that was trained on enlarged small photographs does not see larger ones
 * sharper than those.
 *
 * <p>A pixel of an enlarged patch that lies near its border depends on pixels of the next patch, which a patch does not see.
 * In their place the nearest pixel counts, times {@link #LIKENESS} for each pixel of distance: the best linear guess if pixels
 * of a row resemble each other like that.
 */
final class HalfSize {

    /** Correlation of neighbouring pixels. */
    private static final double LIKENESS = 0.9;

    private static final String PATCHES = "visual.conv1.weight";

    private HalfSize() {}

    /**
     * Returns the description of the smaller model.
     *
     * @throws IllegalArgumentException if the image tower is no vision transformer of CLIP with patches of an even size
     */
    static ModelMetadata of(ModelMetadata model) {
        ClipConfig whole = model.architecture();
        Require.that(
                whole.family() == ClipConfig.Family.CLIP
                        && whole.vision() instanceof ClipConfig.Vit vit
                        && vit.patchSize() % 2 == 0,
                "--half: expected a vision transformer with patches of an even size");
        ClipConfig.Vit vit = (ClipConfig.Vit) whole.vision();
        PreprocessConfig images = model.preprocessing();
        return new ModelMetadata(
                new ClipConfig(
                        whole.embedDim(),
                        new ClipConfig.Vit(
                                vit.imageSize() / 2,
                                vit.patchSize() / 2,
                                vit.width(),
                                vit.layers(),
                                vit.heads(),
                                vit.mlpWidth()),
                        whole.text()),
                model.activation(),
                new PreprocessConfig(
                        images.size() / 2, images.mean(), images.std(), images.squash(), images.interpolation()),
                model.source());
    }

    /** Returns true if a tensor of the smaller model is not that of the other. */
    static boolean changes(TensorSpec tensor) {
        return tensor.name().equals(PATCHES);
    }

    /**
     * Returns the weights of smaller patches.
     *
     * @param large of patches of twice the side, [width, 3, 2 · side, 2 · side]
     * @return [width, 3, side, side]
     */
    static float[] patches(float[] large, int side) {
        double[][] shares = shares(side);
        int whole = 2 * side;
        int planes = large.length / (whole * whole);
        float[] small = new float[planes * side * side];
        for (int plane = 0; plane < planes; plane++) {
            for (int y = 0; y < side; y++) {
                for (int x = 0; x < side; x++) {
                    double sum = 0;
                    for (int row = 0; row < whole; row++) {
                        for (int column = 0; column < whole; column++) {
                            sum += large[(plane * whole + row) * whole + column] * shares[row][y] * shares[column][x];
                        }
                    }
                    small[(plane * side + y) * side + x] = (float) sum;
                }
            }
        }
        return small;
    }

    /** Returns the share of each pixel along a side in each of the enlarged patch, [2 · side][side]. */
    private static double[][] shares(int side) {
        double[][] shares = new double[2 * side][side];
        for (int large = 0; large < shares.length; large++) {
            double centre = (large + 0.5) / 2 - 0.5;
            for (int small = (int) Math.floor(centre) - 1; small <= Math.floor(centre) + 2; small++) {
                int nearest = Math.min(Math.max(small, 0), side - 1);
                shares[large][nearest] +=
                        PillowResize.cubic(Math.abs(centre - small)) * Math.pow(LIKENESS, Math.abs(small - nearest));
            }
        }
        return shares;
    }
}
