package org.coop4j.fuzz;

import com.code_intelligence.jazzer.junit.FuzzTest;
import java.io.IOException;
import java.util.List;
import org.coop4j.image.ImageDecoder;
import org.coop4j.image.ImageDecoder.ImageException;
import org.junit.jupiter.params.provider.MethodSource;

/** Pictures of all forms. */
class ImageFuzz {

    /** Larger ones take time, not other paths. */
    private static final long PIXELS = 1 << 18;

    private static final ImageDecoder DECODER = new ImageDecoder(PIXELS, ImageDecoder.ANY_TIME);

    static List<byte[]> seeds() throws IOException {
        return Seeds.below("../src/test/resources/images/forms", "");
    }

    @MethodSource("seeds")
    @FuzzTest
    void aPictureIsDecodedOrRefused(byte[] content) {
        try {
            DECODER.decode(content, "picture");
        } catch (ImageException e) {
            // Refused.
        }
    }
}
