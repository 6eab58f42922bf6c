package org.coop4j.weights.clip;

import java.util.List;

/**
 * CLIP's ResNet: three stem convolutions, anti-aliased strides, attention pooling (CLIP paper,
 * section 2.4).
 *
 * @param imageSize pixels of a side of the input; a multiple of 32
 * @param layers bottlenecks in each of the four stages
 * @param width channels of the first stage's bottlenecks
 * @param heads heads of the attention pooling; divides 32 · {@code width}
 */
public record ModifiedResNet(int imageSize, List<Integer> layers, int width, int heads)
        implements VisionArchitecture {
    /** A stage's output has so many times its bottlenecks' channels. */
    static final int EXPANSION = 4;

    /** Pixels along a side that become one token of the attention pooling. */
    static final int STRIDE = 32;

    /** Checks that the dimensions fit together. */
    public ModifiedResNet {
        layers = List.copyOf(layers);
        Dimensions.requirePositive("image size", imageSize);
        if (imageSize % STRIDE != 0) {
            throw new IllegalArgumentException("image size " + imageSize + " is no multiple of 32");
        }
        if (layers.size() != 4) {
            throw new IllegalArgumentException("a ResNet of " + layers.size() + " stages, not 4");
        }
        layers.forEach(count -> Dimensions.requireLayers("blocks of a stage", count));
        if (width % 2 != 0) {
            throw new IllegalArgumentException("ResNet width " + width + " is odd");
        }
        Dimensions.requireHeads("attention pooling", width * STRIDE, heads);
    }

    /** Positions along a side of the last feature map. */
    public int grid() {
        return imageSize / STRIDE;
    }

    /** Channels of the last feature map. */
    public int outputWidth() {
        return width * STRIDE;
    }
}
