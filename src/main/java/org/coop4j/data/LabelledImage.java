package org.coop4j.data;

import java.nio.file.Path;
import java.util.List;
import java.util.function.IntUnaryOperator;
import org.coop4j.base.Require;
import org.coop4j.eval.Labels;
import org.coop4j.image.ExifOrientation;

/**
 * One image file and its labels.
 *
 * @param path the file
 * @param labels its single label or its set of labels
 * @param className name of its class as the dataset writes it, with underscores; for a set, the names of its classes
 * @param exif treatment of the file's EXIF orientation
 * @param stored the image's features if they were encoded before; null for an image to be encoded
 */
public record LabelledImage(
        Path path, Labels labels, String className, ExifOrientation exif, StoredFeatures.Row stored) {

    /** The words for an image that shows none of the classes. */
    public static final String NO_CLASS = "no class";

    public LabelledImage {
        Require.that(!className.isBlank(), "the class name of %s is blank", path);
    }

    /** An image to be encoded. */
    public LabelledImage(Path path, int label, String className, ExifOrientation exif) {
        this(path, Labels.of(label), className, exif, null);
    }

    /** An image with a set of labels; its file may be null. */
    public static LabelledImage of(
            Path path, Labels labels, List<String> classNames, ExifOrientation exif, StoredFeatures.Row stored) {
        return new LabelledImage(path, labels, words(labels, classNames), exif, stored);
    }

    private static String words(Labels labels, List<String> classNames) {
        List<String> names = labels.names(classNames);
        return names.isEmpty() ? NO_CLASS : String.join("; ", names);
    }

    /** An image whose pixels are used as they are stored, as in the published protocols. */
    public LabelledImage(Path path, int label, String className) {
        this(path, label, className, ExifOrientation.KEEP);
    }

    /** Returns its single label. */
    public int label() {
        return labels.single();
    }

    /** Returns the image with labels that have other numbers; a negative one removes a label of a set. */
    public LabelledImage renumbered(IntUnaryOperator number, List<String> classNames) {
        return of(path, labels.renumbered(number), classNames, exif, stored);
    }

    LabelledImage with(ExifOrientation other) {
        return new LabelledImage(path, labels, className, other, stored);
    }

    /** Returns the absolute path of its file; for a row of a file of features, the name that the file gives it. */
    public String place() {
        return stored == null ? path.toAbsolutePath().normalize().toString() : path.toString();
    }
}
