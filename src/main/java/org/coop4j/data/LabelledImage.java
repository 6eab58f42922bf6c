package org.coop4j.data;

import java.nio.file.Path;
import java.util.Objects;

/**
 * One image file and the class it shows.
 *
 * @param path where the file is
 * @param label the class, counted from 0
 * @param className the class's name as the dataset writes it (underscores kept)
 */
public record LabelledImage(Path path, int label, String className) {
    /** Checks that the label is not negative and the name not blank. */
    public LabelledImage {
        Objects.requireNonNull(path, "path");
        if (label < 0) {
            throw new IllegalArgumentException(
                    "label " + label + " of " + path + " is negative: labels count from 0");
        }
        if (className.isBlank()) {
            throw new IllegalArgumentException("the class name of " + path + " is blank");
        }
    }
}
