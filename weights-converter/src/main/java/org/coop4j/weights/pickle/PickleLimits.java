package org.coop4j.weights.pickle;

/**
 * How much a pickle may ask for before it is refused.
 *
 * @param maxBytes bytes of the pickle itself, and of the strings made while reading it
 * @param maxOperations operations, elements copied between containers included
 * @param maxMarks containers open within each other
 * @param maxIntegerBytes bytes of one integer
 */
public record PickleLimits(int maxBytes, int maxOperations, int maxMarks, int maxIntegerBytes) {
    /**
     * A state dict takes about 30 operations and 100 bytes a tensor, so that this is room for
     * 60,000 tensors; reading it takes less than 300 MB whatever the file.
     */
    public static final PickleLimits DEFAULT = new PickleLimits(64 << 20, 2_000_000, 1_000, 256);

    /** Checks that every limit allows something. */
    public PickleLimits {
        if (maxBytes < 1 || maxOperations < 1 || maxMarks < 1 || maxIntegerBytes < 1) {
            throw new IllegalArgumentException("limits must be positive");
        }
    }
}
