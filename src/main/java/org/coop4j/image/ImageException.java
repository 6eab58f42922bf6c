package org.coop4j.image;

import java.io.IOException;

/** A file is not an image of a known form, is damaged, or is too large; the message names it. */
public final class ImageException extends IOException {
    ImageException(String message) {
        super(message);
    }

    ImageException(String message, Throwable cause) {
        super(message, cause);
    }
}
