package org.coop4j.model.convert;

import java.io.BufferedInputStream;
import java.io.DataInputStream;
import java.io.EOFException;
import java.io.IOException;
import java.io.InputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.zip.InflaterInputStream;
import java.util.zip.ZipException;
import org.coop4j.base.AtomicFile;
import org.coop4j.base.InputException;
import org.coop4j.base.IoFunction;
import org.coop4j.base.Sha256;

/**
 * A converted model in float16, compressed for shipping.
 *
 * <p>The file is a line that names the format, a line with the SHA-256 of the model file inside, a line with its length
 * n in bytes, then a zlib stream of the model's bytes at even offsets followed by those at odd offsets: the high bytes
 * of float16, sign and exponent, resemble each other and compress; the low bytes hardly do. Rows of zeros, the
 * embeddings of untrained tokens, take no space.
 */
public final class PackedModel {

    /** First line of the file. */
    public static final String FORMAT = "coop4j packed model 1";

    /** Larger than any model worth packing; a greater length is damage. */
    public static final int LARGEST = 1 << 28;

    private static final int LONGEST_LINE = 80;

    private PackedModel() {}

    private static byte[] woven(byte[] planes) {
        byte[] bytes = new byte[planes.length];
        int even = (planes.length + 1) / 2;
        for (int i = 0; i < bytes.length; i++) {
            bytes[i] = planes[i / 2 + (i % 2) * even];
        }
        return bytes;
    }

    /**
     * Unpacks a model into a folder, unless it is there already.
     *
     * @param packed a packed model; read, not closed
     * @param name beginning of the file's name, followed by its hash
     * @param hash returns the SHA-256 of an existing file
     * @return the model file
     * @throws InputException if {@code packed} is something else or damaged
     */
    public static Path unpack(InputStream packed, String name, Path folder, IoFunction<Path, String> hash)
            throws IOException {
        InputStream buffered = new BufferedInputStream(packed);
        String sha256 = sha256(buffered, name);
        String length = line(buffered);
        if (!length.matches("[0-9]{1,9}")) {
            throw damaged(name, "its header is wrong");
        }
        int size = Integer.parseInt(length);
        if (size > LARGEST) {
            throw damaged(name, size + " bytes are more than a packed model has");
        }
        Path file = folder.resolve(name + "-" + sha256.substring(0, 12) + ".safetensors");
        if (Files.exists(file) && hash.apply(file).equals(sha256)) {
            return file;
        }
        byte[] bytes = inflate(buffered, name, size);
        Files.createDirectories(folder);
        if (!Sha256.of(bytes).equals(sha256)) {
            throw damaged(name, "its SHA-256 differs from its header's");
        }
        AtomicFile.write(file, bytes);
        return file;
    }

    /**
     * Returns the SHA-256 of the model file inside, in hexadecimal.
     *
     * @param packed a packed model; its first two lines are read
     * @param name for messages
     * @throws InputException if {@code packed} is something else
     */
    public static String sha256(InputStream packed, String name) throws IOException {
        InputException.require(line(packed).equals(FORMAT), "%s is not a packed model", name);
        String sha256 = line(packed);
        if (!sha256.matches("[0-9a-f]{64}")) {
            throw damaged(name, "its header is wrong");
        }
        return sha256;
    }

    private static byte[] inflate(InputStream zlib, String name, int size) throws IOException {
        DataInputStream planes = new DataInputStream(new InflaterInputStream(zlib));
        byte[] bytes = new byte[size];
        try {
            planes.readFully(bytes);
            if (planes.read() >= 0) {
                throw damaged(name, "it is longer than its header says");
            }
        } catch (EOFException | ZipException e) {
            throw new InputException(name + " is damaged: " + e.getMessage(), e);
        }
        return woven(bytes);
    }

    private static String line(InputStream in) throws IOException {
        byte[] line = new byte[LONGEST_LINE];
        int length = 0;
        for (int next = in.read(); next >= 0 && next != '\n'; next = in.read()) {
            if (length == line.length) {
                return "";
            }
            line[length++] = (byte) next;
        }
        return new String(Arrays.copyOf(line, length), StandardCharsets.US_ASCII);
    }

    private static InputException damaged(String name, String how) {
        return new InputException("packed model " + name + " is damaged: " + how);
    }
}
