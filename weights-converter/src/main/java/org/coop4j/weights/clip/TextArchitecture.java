package org.coop4j.weights.clip;

/**
 * The text transformer's dimensions.
 *
 * @param contextLength positions of a prompt
 * @param vocabularySize tokens known
 * @param width channels of a token
 * @param heads heads of attention; divides {@code width}
 * @param layers transformer blocks
 * @param mlpWidth hidden channels of the MLPs
 */
public record TextArchitecture(
        int contextLength, int vocabularySize, int width, int heads, int layers, int mlpWidth) {
    /** Checks that the dimensions fit together. */
    public TextArchitecture {
        Dimensions.requirePositive("context length", contextLength);
        Dimensions.requirePositive("vocabulary size", vocabularySize);
        Dimensions.requireLayers("text layers", layers);
        Dimensions.requirePositive("text MLP width", mlpWidth);
        Dimensions.requireHeads("text", width, heads);
    }
}
