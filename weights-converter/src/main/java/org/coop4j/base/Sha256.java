package org.coop4j.base;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.HexFormat;

/**
 * SHA-256 in lower-case hexadecimal: of one input by the static methods, of several by an instance.
 *
 * <pre>{@code
 * String hash = new Sha256().add("name").add(bytes).hex();
 * }</pre>
 */
public final class Sha256 {
    private final MessageDigest digest;

    /** Begins a hash. */
    public Sha256() {
        try {
            digest = MessageDigest.getInstance("SHA-256");
        } catch (NoSuchAlgorithmException e) {
            throw new IllegalStateException("every Java has SHA-256", e);
        }
    }

    /** Returns the hash of a regular file. */
    public static String of(Path file) throws IOException {
        try (OpenFile open = OpenFile.open(file)) {
            return open.sha256(bytes -> {});
        }
    }

    /** Returns the hash of bytes. */
    public static String of(byte[] bytes) {
        return new Sha256().add(bytes).hex();
    }

    /** Returns the hash of a string in UTF-8. */
    public static String of(String text) {
        return new Sha256().add(text).hex();
    }

    /** Appends bytes. */
    public Sha256 add(byte[] bytes) {
        digest.update(bytes);
        return this;
    }

    /** Appends the remaining bytes of a buffer, which are consumed. */
    public Sha256 add(ByteBuffer bytes) {
        digest.update(bytes);
        return this;
    }

    /** Appends a string in UTF-8, without a separator. */
    public Sha256 add(String text) {
        return add(text.getBytes(StandardCharsets.UTF_8));
    }

    /** Returns the hash of everything added, in hexadecimal, and resets it. */
    public String hex() {
        return HexFormat.of().formatHex(bytes());
    }

    /** Returns the hash of everything added, 32 bytes, and resets it. */
    public byte[] bytes() {
        return digest.digest();
    }
}
