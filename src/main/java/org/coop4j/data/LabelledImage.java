package org.coop4j.data;

import java.nio.file.Path;
import java.util.Objects;
import org.coop4j.image.ExifOrientation;

/**
 * One image file and the class it shows.
 *
 * @param path where the file is
 * @param label the class, counted from 0
 * @param className the class's name as the dataset writes it (underscores kept)
 * @param exif whether the file's EXIF orientation is applied
 * @param stored its features, where they were encoded before; null for an image to be encoded
 */
public record LabelledImage(Path path, int label, String className, ExifOrientation exif, StoredFeatures.Row stored) {
    /** Checks that the label is not negative and the name not blank. */
    public LabelledImage {
        Objects.requireNonNull(path, "path");
        Objects.requireNonNull(exif, "exif");
        if (label < 0) {
            throw new IllegalArgumentException("label " + label + " of " + path + " is negative: labels count from 0");
        }
        if (className.isBlank()) {
            throw new IllegalArgumentException("the class name of " + path + " is blank");
        }
    }

    /** An image to be encoded. */
    public LabelledImage(Path path, int label, String className, ExifOrientation exif) {
        this(path, label, className, exif, null);
    }

    /** An image whose pixels are taken as they are stored, as the published protocols do. */
    public LabelledImage(Path path, int label, String className) {
        this(path, label, className, ExifOrientation.KEEP);
    }

    /** The same image with another label. */
    LabelledImage withLabel(int other) {
        return new LabelledImage(path, other, className, exif, stored);
    }

    /** The same image with its EXIF orientation applied or not. */
    LabelledImage with(ExifOrientation other) {
        return new LabelledImage(path, label, className, other, stored);
    }
}
