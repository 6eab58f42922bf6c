package org.coop4j.image;

import java.util.Locale;

/** What is done with the orientation that a camera noted in a file's EXIF data. */
public enum ExifOrientation {
    /** The picture is turned upright, as viewers show it and Pillow's {@code exif_transpose}. */
    APPLY,
    /** The pixels stay as they are stored, as the reference and torchvision take them. */
    KEEP;

    /** Its name on the command line and in files. */
    public String id() {
        return name().toLowerCase(Locale.ROOT);
    }

    /**
     * The one of a name in any letter case.
     *
     * @throws IllegalArgumentException naming what was expected
     */
    public static ExifOrientation named(String name) {
        for (ExifOrientation exif : values()) {
            if (exif.name().equalsIgnoreCase(name)) {
                return exif;
            }
        }
        throw new IllegalArgumentException("expected keep or apply, got '" + name + "'");
    }
}
