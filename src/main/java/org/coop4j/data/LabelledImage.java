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
 * @param path the file; for a row of a file of features, the name that the file gives it
 * @param labels its single label or its set of labels
 * @param className name of its class as the dataset writes it, with underscores; for a set, the names of its classes
 * @param exif treatment of the file's EXIF orientation
 * @param stored the image's features if they were encoded before; null for an image to be encoded
 * @param sha256 SHA-256 of its content in hexadecimal; empty until it is read
 * @param turned EXIF orientation that is applied to its pixels, 1 to 8; 1 until it is read
 * @param machine true if a classifier gave the label, and no person has confirmed it
 */
public record LabelledImage(
        Path path,
        Labels labels,
        String className,
        ExifOrientation exif,
        StoredFeatures.Row stored,
        String sha256,
        int turned,
        boolean machine) {

    /** The words for an image that shows none of the classes. */
    public static final String NO_CLASS = "no class";

    /** Orientation of an image that is not turned. */
    public static final int UPRIGHT = 1;

    public LabelledImage {
        Require.that(!className.isBlank(), "the class name of %s is blank", path);
    }

    /** An image whose content is not read yet. */
    public LabelledImage(Path path, Labels labels, String className, ExifOrientation exif, StoredFeatures.Row stored) {
        this(path, labels, className, exif, stored, "", UPRIGHT, false);
    }

    /** An image to be encoded. */
    public LabelledImage(Path path, int label, String className, ExifOrientation exif) {
        this(path, Labels.of(label), className, exif, null);
    }

    /** An image whose pixels are used as they are stored, as in the published protocols. */
    public LabelledImage(Path path, int label, String className) {
        this(path, label, className, ExifOrientation.KEEP);
    }

    /** An image with a set of labels; its file may be null. */
    public static LabelledImage of(
            Path path, Labels labels, List<String> classNames, ExifOrientation exif, StoredFeatures.Row stored) {
        if (labels.isSingle()) {
            return new LabelledImage(path, labels, classNames.get(labels.single()), exif, stored);
        }
        List<String> names = labels.names(classNames);
        return new LabelledImage(path, labels, names.isEmpty() ? NO_CLASS : String.join("; ", names), exif, stored);
    }

    /**
     * Returns an image that was read before, with a hash of its content; without its features or the treatment of its EXIF
     * orientation.
     */
    public static LabelledImage known(String path, Labels labels, String className, String sha256, boolean machine) {
        return new LabelledImage(
                Path.of(path), labels, className, ExifOrientation.KEEP, null, sha256, UPRIGHT, machine);
    }

    /** Returns its single label. */
    public int label() {
        return labels.single();
    }

    /** Returns the image with labels that have other numbers; a negative one removes a label of a set. */
    public LabelledImage renumbered(IntUnaryOperator number, List<String> classNames) {
        return of(path, labels.renumbered(number), classNames, exif, stored).byMachine(machine);
    }

    /** Returns the image with another treatment of its EXIF orientation, its content not read yet. */
    public LabelledImage with(ExifOrientation other) {
        return new LabelledImage(path, labels, className, other, stored).byMachine(machine);
    }

    /** Returns the image in another place. */
    public LabelledImage movedTo(Path other) {
        return new LabelledImage(other, labels, className, exif, stored, sha256, turned, machine);
    }

    /** Returns the image with a label that a classifier gave, or a person. */
    LabelledImage byMachine(boolean given) {
        return new LabelledImage(path, labels, className, exif, stored, sha256, turned, given);
    }

    /** Returns the image with the content that was read. */
    public LabelledImage read(String contentSha256, int orientation) {
        return new LabelledImage(path, labels, className, exif, stored, contentSha256, orientation, machine);
    }

    /** Returns what identifies its pixels: its content, and the turn of its pixels; its path if its content has no hash. */
    public String key() {
        if (sha256.isEmpty()) {
            return path.toString();
        }
        return turned == UPRIGHT ? sha256 : sha256 + " turned " + turned;
    }

    /** Returns the absolute path of its file; for a row of a file of features, the name that the file gives it. */
    public String place() {
        return stored == null ? path.toAbsolutePath().normalize().toString() : path.toString();
    }
}
