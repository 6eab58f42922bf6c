package org.coop4j.image;

import java.io.IOException;

/** A file that is not an image of a known format, damaged, or too large; the message names it. */
public final class ImageException extends IOException {
    ImageException(String message) {
        super(message);
    }

    ImageException(String message, Throwable cause) {
        super(message, cause);
    }
}
