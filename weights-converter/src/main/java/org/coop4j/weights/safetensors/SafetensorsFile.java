package org.coop4j.weights.safetensors;

import java.io.Closeable;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.FloatBuffer;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.coop4j.base.FileRegion;
import org.coop4j.base.FileState;
import org.coop4j.base.InputException;
import org.coop4j.base.OpenFile;
import org.coop4j.weights.Shape;
import org.coop4j.weights.TensorView;

/**
 * An open safetensors file of any size: its header is read and checked, its tensors are read when
 * asked for, from any thread.
 *
 * <p>Format: 8 bytes of little-endian header length, the JSON header, the elements (<a
 * href="https://github.com/huggingface/safetensors#format">specification</a>).
 */
public final class SafetensorsFile implements Closeable {
    private static final int PREFIX = Long.BYTES;

    private final OpenFile source;
    private final Map<String, TensorView> tensors;
    private final Map<String, String> metadata;

    private SafetensorsFile(OpenFile source, Map<String, TensorView> tensors, Map<String, String> metadata) {
        this.source = source;
        this.tensors = tensors;
        this.metadata = metadata;
    }

    /**
     * Opens a file and checks its whole header.
     *
     * @throws InputException when there is no such file, or it breaks the format
     */
    public static SafetensorsFile open(Path path) throws IOException {
        return of(OpenFile.open(path));
    }

    /**
     * Checks the header of an open file, which is closed with what is returned or if that fails.
     *
     * @throws InputException when it breaks the format
     */
    public static SafetensorsFile of(OpenFile source) throws IOException {
        try {
            return read(source);
        } catch (IOException | RuntimeException e) {
            source.close();
            throw e;
        }
    }

    private static SafetensorsFile read(OpenFile source) throws IOException {
        FileRegion file = source.region();
        long headerLength = headerLength(file);
        FileRegion data = file.slice(PREFIX + headerLength, file.length() - PREFIX - headerLength);
        Header header;
        try {
            header = Header.parse(file.slice(PREFIX, headerLength).bytes(), data.length());
        } catch (Header.BadHeader e) {
            throw new InputException(source.path() + ": not a valid safetensors file: " + e.getMessage(), e);
        }
        Map<String, TensorView> tensors = new LinkedHashMap<>();
        header.tensors()
                .forEach((name, at) -> tensors.put(
                        name,
                        TensorView.contiguous(
                                name,
                                at.spec().dtype(),
                                at.spec().shape(),
                                data.slice(at.begin(), at.end() - at.begin()))));
        return new SafetensorsFile(source, tensors, header.metadata());
    }

    private static long headerLength(FileRegion file) throws IOException {
        if (file.length() < PREFIX) {
            throw InputException.in(file.file(), "too short for a safetensors file");
        }
        ByteBuffer prefix = ByteBuffer.allocate(PREFIX).order(ByteOrder.LITTLE_ENDIAN);
        file.read(prefix, 0);
        long length = prefix.getLong(0);
        if (length < 0 || length > Header.MAX_BYTES) {
            throw InputException.in(
                    file.file(),
                    "not a valid safetensors file: a header of %s bytes, at most %d are allowed"
                            .formatted(Long.toUnsignedString(length), Header.MAX_BYTES));
        }
        if (length > file.length() - PREFIX) {
            throw InputException.in(
                    file.file(),
                    "not a valid safetensors file: a header of %d bytes in a file of %d"
                            .formatted(length, file.length()));
        }
        return length;
    }

    /** Whether the first bytes of a file are those of a safetensors file, possibly a broken one. */
    public static boolean looksLike(byte[] firstBytes) {
        return firstBytes.length > PREFIX && firstBytes[PREFIX] == '{';
    }

    /** Where the file lies. */
    public Path path() {
        return source.path();
    }

    /** The file's state when it was opened; empty if it is not known. */
    public Optional<FileState> state() {
        return source.state();
    }

    /** SHA-256 of the whole file that is open, whatever lies at its path by now; in hexadecimal. */
    public String sha256() throws IOException {
        return source.sha256(bytes -> {});
    }

    /** The tensors' names in the order of the header. */
    public List<String> names() {
        return List.copyOf(tensors.keySet());
    }

    /** Whether there is a tensor of that name. */
    public boolean contains(String name) {
        return tensors.containsKey(name);
    }

    /** The header's {@code __metadata__}; empty when there is none. */
    public Map<String, String> metadata() {
        return metadata;
    }

    /**
     * The tensor of that name, to be read when needed.
     *
     * @throws InputException when there is none
     */
    public TensorView tensor(String name) throws InputException {
        TensorView tensor = tensors.get(name);
        if (tensor == null) {
            throw InputException.in(path(), "no tensor " + name);
        }
        return tensor;
    }

    /** All tensors in the order of the header. */
    public List<TensorView> tensors() {
        return List.copyOf(tensors.values());
    }

    /** Shape of a tensor. */
    public Shape shape(String name) throws InputException {
        return tensor(name).shape();
    }

    /** A floating-point tensor's elements, widened to singles. */
    public float[] floats(String name) throws IOException {
        return tensor(name).floats();
    }

    /** Puts a floating-point tensor's elements, widened to singles, into {@code target}. */
    public void readFloats(String name, FloatBuffer target) throws IOException {
        tensor(name).readFloats(target);
    }

    @Override
    public void close() throws IOException {
        source.close();
    }
}
