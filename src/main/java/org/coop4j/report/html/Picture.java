package org.coop4j.report.html;

import java.util.Base64;

/**
 * A picture inside a page.
 *
 * @param address its bytes as a {@code data:} address
 * @param alternative what it shows, for those who do not see it
 * @param caption stands below it; may be empty
 */
public record Picture(String address, String alternative, String caption) {

    /**
     * A PNG, JPEG, GIF or WebP file.
     *
     * @throws IllegalArgumentException if it is none of them
     */
    public static Picture of(byte[] file, String alternative, String caption) {
        String type = mediaType(file);
        String data = Base64.getEncoder().encodeToString(file);
        return new Picture("data:" + type + ";base64," + data, alternative, caption);
    }

    private static String mediaType(byte[] file) {
        if (startsWith(file, 0, 0x89, 'P', 'N', 'G')) {
            return "image/png";
        }
        if (startsWith(file, 0, 0xFF, 0xD8, 0xFF)) {
            return "image/jpeg";
        }
        if (startsWith(file, 0, 'G', 'I', 'F', '8')) {
            return "image/gif";
        }
        if (startsWith(file, 0, 'R', 'I', 'F', 'F') && startsWith(file, 8, 'W', 'E', 'B', 'P')) {
            return "image/webp";
        }
        throw new IllegalArgumentException(
                "picture of " + file.length + " bytes is neither PNG, JPEG, GIF nor WebP");
    }

    private static boolean startsWith(byte[] file, int offset, int... wanted) {
        if (file.length < offset + wanted.length) {
            return false;
        }
        for (int i = 0; i < wanted.length; i++) {
            if ((file[offset + i] & 0xFF) != wanted[i]) {
                return false;
            }
        }
        return true;
    }
}
