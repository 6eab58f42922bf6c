package org.coop4j.base;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.charset.CharacterCodingException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.List;

/** Text files named by the user, such as lists of class names: UTF-8, of limited size. */
public final class TextFile {

    private static final int MAX_BYTES = 64 << 20;

    private static final String BYTE_ORDER_MARK = "\ufeff";

    private TextFile() {}

    /**
     * Returns the text of a file.
     *
     * @throws InputException if it is not UTF-8, larger than 64 MB, or no regular file
     */
    public static String read(Path file) throws IOException {
        return read(file, MAX_BYTES);
    }

    /** Returns the text of a file of at most {@code most} bytes. */
    public static String read(Path file, int most) throws IOException {
        try {
            String text = utf8(OpenFile.read(file, most));
            return text.startsWith(BYTE_ORDER_MARK) ? text.substring(1) : text;
        } catch (CharacterCodingException e) {
            throw new InputException(file + " is not UTF-8 text", e);
        }
    }

    /** Returns the lines of {@link #read}, without their terminators. */
    public static List<String> lines(Path file) throws IOException {
        return read(file).lines().toList();
    }

    /**
     * Decodes UTF-8.
     *
     * @throws CharacterCodingException if the bytes are not valid UTF-8
     */
    public static String utf8(byte[] bytes) throws CharacterCodingException {
        return StandardCharsets.UTF_8
                .newDecoder()
                .decode(ByteBuffer.wrap(bytes))
                .toString();
    }
}
