package org.coop4j.base;

import java.io.IOException;
import java.io.InputStream;
import java.nio.ByteBuffer;
import java.nio.charset.CharacterCodingException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;

/** Text files that a command line names, such as lists of class names: UTF-8, of limited size. */
public final class TextFile {

    private static final int MAX_BYTES = 64 << 20;

    private static final String BYTE_ORDER_MARK = "\ufeff";

    private TextFile() {}

    /**
     * The text of a file, or of a pipe.
     *
     * @throws IOException if it cannot be read, is not UTF-8, or has more than 64 MB
     */
    public static String read(Path file) throws IOException {
        return read(file, MAX_BYTES);
    }

    /** The same of a file that may have another number of bytes. */
    public static String read(Path file, int most) throws IOException {
        byte[] bytes;
        try (InputStream in = Files.newInputStream(file)) {
            bytes = Files.size(file) > most ? null : in.readNBytes(most + 1);
        }
        if (bytes == null || bytes.length > most) {
            throw new IOException("%s has more than %d MB: expected a small text file".formatted(file, most >> 20));
        }
        try {
            String text = StandardCharsets.UTF_8
                    .newDecoder()
                    .decode(ByteBuffer.wrap(bytes))
                    .toString();
            return text.startsWith(BYTE_ORDER_MARK) ? text.substring(1) : text;
        } catch (CharacterCodingException e) {
            throw new IOException(file + " is not a text file in UTF-8", e);
        }
    }

    /** The lines of {@link #read}, without their ends. */
    public static List<String> lines(Path file) throws IOException {
        return read(file).lines().toList();
    }
}
