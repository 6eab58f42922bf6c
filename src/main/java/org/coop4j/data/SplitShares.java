package org.coop4j.data;

/**
 * How a dataset without a division is divided, class by class.
 *
 * @param train percentage of a class's images to learn from
 * @param val percentage to choose by; may be 0
 * @param test percentage to test on
 */
public record SplitShares(int train, int val, int test) {

    /** Of the CoOp benchmarks. */
    public static final SplitShares STANDARD = new SplitShares(50, 20, 30);

    /** Checks that they are percentages of a whole. */
    public SplitShares {
        if (train < 1 || val < 0 || test < 1 || train + val + test != 100) {
            throw new IllegalArgumentException(
                    "split %d/%d/%d: expected percentages of train, val and test images that sum to 100, such as 60/10/30"
                            .formatted(train, val, test));
        }
    }

    /**
     * Reads shares such as {@code 60/10/30}.
     *
     * @throws IllegalArgumentException if they are something else
     */
    public static SplitShares of(String text) {
        if (!text.matches("\\d{1,3}/\\d{1,3}/\\d{1,3}")) {
            throw new IllegalArgumentException(
                    "split \"%s\": expected percentages of train, val and test images, such as 60/10/30"
                            .formatted(text));
        }
        String[] parts = text.split("/", -1);
        return new SplitShares(
                Integer.parseInt(parts[0]), Integer.parseInt(parts[1]), Integer.parseInt(parts[2]));
    }

    /** Such as "60/10/30". */
    @Override
    public String toString() {
        return train + "/" + val + "/" + test;
    }
}
