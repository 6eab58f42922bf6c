package org.coop4j.image;

import java.util.Optional;

/** The forms of image files that can be decoded. */
public enum ImageForm {
    JPEG,
    PNG,
    GIF,
    BMP,
    WEBP;

    /** The form that a file's first bytes say it has; empty if it is none of these. */
    public static Optional<ImageForm> of(byte[] content) {
        return of(new ImageSource(content, "", 0, null, false));
    }

    static Optional<ImageForm> of(ImageSource source) {
        if (source.startsWith(0, "\u00ff\u00d8\u00ff")) {
            return Optional.of(JPEG);
        }
        if (source.startsWith(0, "\u0089PNG\r\n\u001a\n")) {
            return Optional.of(PNG);
        }
        if (source.startsWith(0, "GIF87a") || source.startsWith(0, "GIF89a")) {
            return Optional.of(GIF);
        }
        if (source.startsWith(0, "BM")) {
            return Optional.of(BMP);
        }
        if (source.startsWith(0, "RIFF") && source.startsWith(8, "WEBP")) {
            return Optional.of(WEBP);
        }
        return Optional.empty();
    }
}
