package org.coop4j.data;

import java.nio.file.Path;
import org.coop4j.base.Require;
import org.coop4j.image.ExifOrientation;

/**
 * One image file and its class.
 *
 * @param path the file
 * @param label the class, counted from 0
 * @param className the class's name as the dataset writes it, with underscores
 * @param exif treatment of the file's EXIF orientation
 * @param stored the image's features if they were encoded before; null for an image to be encoded
 */
public record LabelledImage(Path path, int label, String className, ExifOrientation exif, StoredFeatures.Row stored) {

    /** Checks that the label is not negative and the name not blank. */
    public LabelledImage {
        Require.that(label >= 0, "label %s of %s is negative: labels count from 0", label, path);
        Require.that(!className.isBlank(), "the class name of %s is blank", path);
    }

    /** An image to be encoded. */
    public LabelledImage(Path path, int label, String className, ExifOrientation exif) {
        this(path, label, className, exif, null);
    }

    /** An image whose pixels are used as they are stored, as in the published protocols. */
    public LabelledImage(Path path, int label, String className) {
        this(path, label, className, ExifOrientation.KEEP);
    }

    /** Returns the image with another number of its class. */
    public LabelledImage withLabel(int other) {
        return new LabelledImage(path, other, className, exif, stored);
    }

    LabelledImage with(ExifOrientation other) {
        return new LabelledImage(path, label, className, other, stored);
    }

    /** Returns the absolute path of its file; for a row of a file of features, the name that the file gives it. */
    public String place() {
        return stored == null ? path.toAbsolutePath().normalize().toString() : path.toString();
    }
}
