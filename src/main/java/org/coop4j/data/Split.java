package org.coop4j.data;

import java.util.Arrays;
import java.util.Locale;
import java.util.Optional;

/** A part of a dataset. */
public enum Split {
    /** Images to learn from. */
    TRAIN(0),
    /** Images to choose settings with. */
    VAL(1),
    /** Images to report numbers on. */
    TEST(2);

    private final int code;

    Split(int code) {
        this.code = code;
    }

    /** Returns its number in files of features. */
    public int code() {
        return code;
    }

    /** Returns the split of a number in a file of features. */
    static Optional<Split> ofCode(long code) {
        return Arrays.stream(values()).filter(split -> split.code == code).findFirst();
    }

    /** Returns its name for people. */
    public String label() {
        return name().toLowerCase(Locale.ROOT);
    }

    /** Returns the split that a folder or a CSV cell of this name means, in any letter case. */
    public static Optional<Split> named(String name) {
        return switch (name.strip().toLowerCase(Locale.ROOT)) {
            case "train", "training" -> Optional.of(TRAIN);
            case "val", "valid", "validation", "dev" -> Optional.of(VAL);
            case "test", "testing" -> Optional.of(TEST);
            default -> Optional.empty();
        };
    }
}
