package org.coop4j.data.bank;

import java.io.IOException;
import java.io.InputStream;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.HexFormat;

/**
 * Which view of which image content: the first 16 bytes of a SHA-256.
 *
 * @param high the first eight bytes
 * @param low the second eight bytes
 */
record ViewKey(long high, long low) {

    static final int BYTES = 16;

    /** The SHA-256 of a file's content, in hexadecimal. */
    static String contentHash(Path file) throws IOException {
        MessageDigest digest = sha256();
        byte[] buffer = new byte[1 << 16];
        try (InputStream in = Files.newInputStream(file)) {
            for (int n = in.read(buffer); n >= 0; n = in.read(buffer)) {
                digest.update(buffer, 0, n);
            }
        }
        return HexFormat.of().formatHex(digest.digest());
    }

    /** The SHA-256 of a text, in hexadecimal. */
    static String hash(String text) {
        return HexFormat.of().formatHex(sha256().digest(text.getBytes(StandardCharsets.UTF_8)));
    }

    static ViewKey of(String contentHash, int view) {
        byte[] text = (contentHash + "/" + view).getBytes(StandardCharsets.US_ASCII);
        return read(ByteBuffer.wrap(sha256().digest(text)), 0);
    }

    static ViewKey read(ByteBuffer from, int offset) {
        return new ViewKey(from.getLong(offset), from.getLong(offset + Long.BYTES));
    }

    void write(ByteBuffer to, int offset) {
        to.putLong(offset, high).putLong(offset + Long.BYTES, low);
    }

    private static MessageDigest sha256() {
        try {
            return MessageDigest.getInstance("SHA-256");
        } catch (NoSuchAlgorithmException e) {
            throw new IllegalStateException("every Java platform has SHA-256", e);
        }
    }
}
