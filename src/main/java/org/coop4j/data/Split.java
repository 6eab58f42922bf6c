package org.coop4j.data;

import java.util.Locale;
import java.util.Optional;

/** A part of a dataset. */
public enum Split {
    /** Images to learn from. */
    TRAIN,
    /** Images to choose settings with. */
    VAL,
    /** Images to report numbers on. */
    TEST;

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
