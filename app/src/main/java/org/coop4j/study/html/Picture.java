package org.coop4j.study.html;

import java.util.Base64;

/**
 * A picture inside a page.
 *
 * @param address its bytes as a {@code data:} address
 * @param alternative what it shows, for those who do not see it
 * @param caption stands below it; may be empty
 */
public record Picture(String address, String alternative, String caption) {

    /** A JPEG file. */
    public static Picture jpeg(byte[] file, String alternative, String caption) {
        String data = Base64.getEncoder().encodeToString(file);
        return new Picture("data:image/jpeg;base64," + data, alternative, caption);
    }
}
