package org.coop4j.image;

import java.util.HexFormat;
import java.util.Optional;

/** The forms of image files that can be decoded. */
public enum ImageForm {
    JPEG,
    PNG,
    GIF,
    BMP,
    WEBP,
    TIFF;

    /** The form that a file's first bytes say it has; empty if it is none of these. */
    public static Optional<ImageForm> of(byte[] content) {
        return Optional.ofNullable(of(new ImageSource(content, "", 0, null, false)));
    }

    private static ImageForm of(ImageSource source) {
        if (source.startsWith(0, "\u00ff\u00d8\u00ff")) {
            return JPEG;
        }
        if (source.startsWith(0, "\u0089PNG\r\n\u001a\n")) {
            return PNG;
        }
        if (source.startsWith(0, "GIF87a") || source.startsWith(0, "GIF89a")) {
            return GIF;
        }
        if (source.startsWith(0, "BM")) {
            return BMP;
        }
        if (source.startsWith(0, "RIFF") && source.startsWith(8, "WEBP")) {
            return WEBP;
        }
        return source.startsWith(0, "II*\0") || source.startsWith(0, "MM\0*") ? TIFF : null;
    }

    /** The form of an image file; an error that says what it is instead if it is none of these. */
    static ImageForm require(ImageSource source) throws ImageException {
        ImageForm form = of(source);
        if (form != null) {
            return form;
        }
        if (source.length() == 0) {
            throw source.error("is empty");
        }
        if (source.startsWith(4, "ftyp")) {
            throw source.error("is " + (source.startsWith(8, "avi") ? "AVIF" : "HEIC")
                    + ", which is not read: convert it to JPEG or PNG (of a phone: set its camera"
                    + " to the most compatible form)");
        }
        if (source.startsWith(0, "II+\0") || source.startsWith(0, "MM\0+")) {
            throw source.error("is BigTIFF, which is not read: convert it to TIFF or PNG");
        }
        if (source.startsWith(0, "%PDF")) {
            throw source.error("is not an image: it is a PDF");
        }
        String first = HexFormat.ofDelimiter(" ").formatHex(source.bytes(), 0, Math.min(8, source.length()));
        throw source.error("is not a JPEG, PNG, GIF, BMP, WebP or TIFF image: it begins with the bytes " + first);
    }
}
