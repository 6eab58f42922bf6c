package org.coop4j.image;

import java.io.IOException;
import java.util.Arrays;
import java.util.List;
import org.coop4j.base.Resource;
import org.coop4j.base.Sha256;

/**
 * Two small JPEG files that Java runtimes decode differently: OpenJDK's own libjpeg 6b lacks arithmetic coding and does
 * not interpolate colours that are halved only in height; libjpeg-turbo, which Pillow has and to which Linux
 * distributions link their Java, does both.
 */
enum JpegCheck {
    /** Colours of half the height ({@code cjpeg -sample 1x2}). */
    HALF_HEIGHT("4:4:0", "check-440.jpg", "71cae572e2fbe15190269f442fc752dae01abaf14b0b6a0caa7783c76dceed4c"),
    ARITHMETIC(
            "arithmetic coding",
            "check-arithmetic.jpg",
            "4722095d72d865dafe55e3ce50fad2351d156b0fd1606050dae5a13a510e04c5");

    private final String form;
    private final String file;
    private final String sha256;

    /**
     * @param sha256 of the RGB samples from {@code djpeg -dct int} of libjpeg-turbo 2.1.5
     */
    JpegCheck(String form, String file, String sha256) {
        this.form = form;
        this.file = file;
        this.sha256 = sha256;
    }

    /** Decodes a file. */
    interface Decoding {
        RgbImage decode(byte[] content, String name) throws IOException;
    }

    /** Returns what the files test, such as "4:4:0", where they are not decoded, or to other pixels. */
    static List<String> failures(Decoding decoding) {
        return Arrays.stream(values())
                .filter(check -> !check.passes(decoding))
                .map(check -> check.form)
                .toList();
    }

    private boolean passes(Decoding decoding) {
        try {
            RgbImage image = decoding.decode(Resource.bytes(JpegCheck.class, file), file);
            return Sha256.of(image.samples()).equals(sha256);
        } catch (IOException e) {
            return false; // this runtime's decoder refuses it
        }
    }
}
