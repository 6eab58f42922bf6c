package org.coop4j.weights.clip;

/**
 * A vision transformer (CLIP paper, section 2.4).
 *
 * @param imageSize pixels of a side of the input
 * @param patchSize pixels of a side of a patch; divides {@code imageSize}
 * @param width channels of a token
 * @param layers transformer blocks
 * @param heads heads of attention; divides {@code width}
 * @param mlpWidth hidden channels of the MLPs
 */
public record Vit(int imageSize, int patchSize, int width, int layers, int heads, int mlpWidth)
        implements VisionArchitecture {
    /** Checks that the dimensions fit together. */
    public Vit {
        Dimensions.requirePositive("image size", imageSize);
        Dimensions.requirePositive("patch size", patchSize);
        Dimensions.requireLayers("vision layers", layers);
        Dimensions.requirePositive("vision MLP width", mlpWidth);
        Dimensions.requireHeads("vision", width, heads);
        if (imageSize % patchSize != 0) {
            throw new IllegalArgumentException(
                    "image size " + imageSize + " is no multiple of patch size " + patchSize);
        }
    }

    /** Patches along a side. */
    public int grid() {
        return imageSize / patchSize;
    }

    /** Tokens of an image: its patches and the class token. */
    public int tokens() {
        return grid() * grid() + 1;
    }
}
