package org.coop4j.image;

import java.util.Arrays;
import java.util.List;
import java.util.Optional;
import org.coop4j.base.FileKind;
import org.coop4j.image.ImageDecoder.ImageException;

/** The formats of image files that can be decoded. */
enum ImageForm {
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
    static Optional<ImageForm> of(byte[] content) {
        return Arrays.stream(values())
                .filter(form -> form.signatures.stream().anyMatch(signature -> startsWith(content, 0, signature)))
                .filter(form -> form != WEBP || startsWith(content, 8, "WEBP"))
                .findFirst();
    }

    /** Returns true if these characters, one per byte, are at an offset. */
    static boolean startsWith(byte[] content, int offset, String latin1) {
        for (int i = 0; i < latin1.length(); i++) {
            if (offset + i >= content.length || (content[offset + i] & 0xFF) != latin1.charAt(i)) {
                return false;
            }
        }
        return true;
    }

    /** Returns the format of an image file, or throws an error that names the actual kind of file. */
    static ImageForm require(ImageSource source) throws ImageException {
        Optional<ImageForm> form = of(source.bytes());
        if (form.isPresent()) {
            return form.get();
        }
        source.refuse(source.length() == 0, "is empty");
        if (source.startsWith(4, "ftyp")) {
            throw source.error("is in the format " + (source.startsWith(8, "avi") ? "AVIF" : "HEIC")
                    + ", which is not read: convert it to JPEG (macOS: Preview; Linux: heif-convert; Windows: Photos),"
                    + " and set the phone's camera to the most compatible format");
        }
        source.refuse(
                source.startsWith(0, "II+\0") || source.startsWith(0, "MM\0+"),
                "is in the format BigTIFF, which is not read: convert it to TIFF or PNG");
        throw source.error("is not a JPEG, PNG, GIF, BMP, WebP or TIFF image: it is " + FileKind.of(source.bytes()));
    }
}
