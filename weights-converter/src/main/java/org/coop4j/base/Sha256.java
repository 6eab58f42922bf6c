package org.coop4j.base;

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
 * SHA-256, of one thing by the static methods and of many in a row by an instance; in lower-case
 * hexadecimal.
 *
 * <pre>{@code
 * String hash = new Sha256().add("name").add(bytes).hex();
 * }</pre>
 */
public final class Sha256 {
    private static final int CHUNK = 1 << 16;

    private final MessageDigest digest;

    /** Nothing yet. */
    public Sha256() {
        try {
            digest = MessageDigest.getInstance("SHA-256");
        } catch (NoSuchAlgorithmException e) {
            throw new IllegalStateException("every Java has SHA-256", e);
        }
    }

    /** The hash of a file. */
    public static String of(Path file) throws IOException {
        Sha256 hash = new Sha256();
        byte[] chunk = new byte[CHUNK];
        try (InputStream in = Files.newInputStream(file)) {
            for (int n = in.read(chunk); n >= 0; n = in.read(chunk)) {
                hash.digest.update(chunk, 0, n);
            }
        }
        return hash.hex();
    }

    /** The hash of bytes. */
    public static String of(byte[] bytes) {
        return new Sha256().add(bytes).hex();
    }

    /** The hash of a text in UTF-8. */
    public static String of(String text) {
        return new Sha256().add(text).hex();
    }

    /** Appends bytes. */
    public Sha256 add(byte[] bytes) {
        digest.update(bytes);
        return this;
    }

    /** Appends all that remains in a buffer, which is consumed. */
    public Sha256 add(ByteBuffer bytes) {
        digest.update(bytes);
        return this;
    }

    /** Appends a text in UTF-8; texts in a row run into each other unless separated. */
    public Sha256 add(String text) {
        return add(text.getBytes(StandardCharsets.UTF_8));
    }

    /** The hash of all that was added, in hexadecimal; begins anew. */
    public String hex() {
        return HexFormat.of().formatHex(bytes());
    }

    /** The hash of all that was added: 32 bytes; begins anew. */
    public byte[] bytes() {
        return digest.digest();
    }
}
