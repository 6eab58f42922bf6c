package org.coop4j.weights.clip;

/** The image tower's dimensions. */
public sealed interface VisionArchitecture permits Vit, ModifiedResNet {
    /** Pixels of a side of the (square) input. */
    int imageSize();

    /** Channels: of the transformer, or of the ResNet's first stage. */
    int width();

    /** Heads of attention, in each block or in the attention pooling. */
    int heads();
}
