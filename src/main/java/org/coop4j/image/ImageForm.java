package org.coop4j.image;

import java.time.Duration;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;
import org.coop4j.base.FileKind;
import org.coop4j.image.ImageDecoder.ImageException;

/** The formats of image files that can be decoded. */
public enum ImageForm {
    JPEG("\u00ff\u00d8\u00ff"),
    PNG("\u0089PNG\r\n\u001a\n"),
    GIF("GIF87a", "GIF89a"),
    BMP("BM"),
    WEBP("RIFF"),
    TIFF("II*\0", "MM\0*");

    @SuppressWarnings("ImmutableEnumChecker") // List.of is
    private final List<String> signatures;

    /**
     * @param signatures characters, one per byte, that files begin with
     */
    ImageForm(String... signatures) {
        this.signatures = List.of(signatures);
    }

    /** Returns the format of a file's first bytes; empty if it is not one of these. */
    public static Optional<ImageForm> of(byte[] content) {
        return of(new ImageSource(content, "", 0, Duration.ZERO, null, false));
    }

    private static Optional<ImageForm> of(ImageSource source) {
        return Arrays.stream(values())
                .filter(form -> form.signatures.stream().anyMatch(signature -> source.startsWith(0, signature)))
                .filter(form -> form != WEBP || source.startsWith(8, "WEBP"))
                .findFirst();
    }

    /** Returns the format of an image file, or throws an error that names the actual kind of file. */
    static ImageForm require(ImageSource source) throws ImageException {
        Optional<ImageForm> form = of(source);
        if (form.isPresent()) {
            return form.get();
        }
        if (source.length() == 0) {
            throw source.error("is empty");
        }
        if (source.startsWith(4, "ftyp")) {
            throw source.error("is " + (source.startsWith(8, "avi") ? "AVIF" : "HEIC")
                    + ", which is not read: convert it to JPEG or PNG (on a phone: set the camera to the most"
                    + " compatible format)");
        }
        if (source.startsWith(0, "II+\0") || source.startsWith(0, "MM\0+")) {
            throw source.error("is BigTIFF, which is not read: convert it to TIFF or PNG");
        }
        throw source.error("is not a JPEG, PNG, GIF, BMP, WebP or TIFF image: it is " + FileKind.of(source.bytes()));
    }
}
