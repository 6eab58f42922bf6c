package org.coop4j.data.bank;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import org.coop4j.base.Sha256;
import org.coop4j.data.DatasetException;
import org.coop4j.data.LabelledImage;
import org.coop4j.image.ExifOrientation;
import org.coop4j.image.ImageDecoder;

/**
 * What an image's pixels depend on.
 *
 * @param hash SHA-256 of the file's content, in hexadecimal
 * @param orientation the EXIF orientation that is applied, 1 for none
 */
record ImageContent(String hash, int orientation) {

    private static final int UPRIGHT = 1;

    /**
     * Reads the file once.
     *
     * @throws IOException if it cannot be read or is no regular file, such as a device
     */
    static ImageContent of(LabelledImage image) throws IOException {
        Path file = image.path();
        if (Files.exists(file) && !Files.isRegularFile(file)) {
            throw new DatasetException("image " + file + " is not a regular file");
        }
        String hash = Sha256.of(file);
        boolean apply = image.exif() == ExifOrientation.APPLY;
        return new ImageContent(hash, apply ? ImageDecoder.exifOrientation(file) : UPRIGHT);
    }

    /** Different for contents whose pixels differ; the hash itself where nothing is turned. */
    String key() {
        return orientation == UPRIGHT ? hash : hash + " turned " + orientation;
    }
}
