package org.coop4j.weights.clip;

/** Checks that the architecture records share. */
final class Dimensions {
    /** Far above any model, and small enough that products of a few stay in range. */
    private static final int MAX = 1 << 22;

    /** So that a file's metadata cannot ask for a list of tensors without end. */
    private static final int MAX_LAYERS = 1_000;

    private Dimensions() {}

    static void requirePositive(String name, int value) {
        if (value < 1 || value > MAX) {
            throw new IllegalArgumentException(name + " is " + value);
        }
    }

    static void requireLayers(String name, int value) {
        if (value < 1 || value > MAX_LAYERS) {
            throw new IllegalArgumentException(name + " are " + value);
        }
    }

    static void requireHeads(String tower, int width, int heads) {
        requirePositive(tower + " width", width);
        requirePositive(tower + " heads", heads);
        if (width % heads != 0) {
            throw new IllegalArgumentException(
                    tower + " width " + width + " is no multiple of its " + heads + " heads");
        }
    }
}
