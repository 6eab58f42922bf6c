package org.coop4j.image;

/** What is done with the orientation that a camera noted in a file's EXIF data. */
public enum ExifOrientation {
    /** The picture is turned upright, as viewers show it and Pillow's {@code exif_transpose}. */
    APPLY,
    /** The pixels stay as they are stored, as the reference and torchvision take them. */
    KEEP
}
