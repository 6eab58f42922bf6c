package org.coop4j.weights.clip;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.HexFormat;
import java.util.List;
import java.util.function.LongConsumer;

/** SHA-256 of files. */
final class FileHash {
    private static final int CHUNK = 1 << 20;

    private FileHash() {}

    /**
     * The hash of a file in hexadecimal.
     *
     * @param read is told the bytes of each piece read
     */
    static String sha256(Path file, LongConsumer read) throws IOException {
        MessageDigest digest = newDigest();
        ByteBuffer chunk = ByteBuffer.allocateDirect(CHUNK);
        try (FileChannel channel = FileChannel.open(file, StandardOpenOption.READ)) {
            while (channel.read(chunk.clear()) >= 0) {
                read.accept(chunk.position());
                digest.update(chunk.flip());
            }
        }
        return HexFormat.of().formatHex(digest.digest());
    }

    /** The hash of bytes in hexadecimal. */
    static String sha256(byte[] bytes) {
        return HexFormat.of().formatHex(newDigest().digest(bytes));
    }

    /** One file's hash, or for several the hash of the lines that {@code sha256sum} prints. */
    static String combined(List<Path> files, LongConsumer read) throws IOException {
        if (files.size() == 1) {
            return sha256(files.get(0), read);
        }
        MessageDigest digest = newDigest();
        for (Path file : files) {
            String line = sha256(file, read) + "  " + file.getFileName() + "\n";
            digest.update(line.getBytes(StandardCharsets.UTF_8));
        }
        return HexFormat.of().formatHex(digest.digest());
    }

    private static MessageDigest newDigest() {
        try {
            return MessageDigest.getInstance("SHA-256");
        } catch (NoSuchAlgorithmException e) {
            throw new IllegalStateException("every Java has SHA-256", e);
        }
    }
}
