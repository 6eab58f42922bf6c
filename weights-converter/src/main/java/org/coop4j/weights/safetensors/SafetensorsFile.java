package org.coop4j.weights.safetensors;

import java.io.Closeable;
import java.io.IOException;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.coop4j.base.FileRegion;
import org.coop4j.base.InputException;
import org.coop4j.base.OpenFile;
import org.coop4j.base.OpenFile.FileState;
import org.coop4j.weights.Shape;
import org.coop4j.weights.TensorView;
import org.coop4j.weights.TensorView.TensorSpec;

/**
 * An open safetensors file of any size: its header is read and checked, its tensors are read on demand, from any
 * thread.
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
     * @throws InputException if there is no such file, or it breaks the format
     */
    public static SafetensorsFile open(Path path) throws IOException {
        return of(OpenFile.open(path));
    }

    /**
     * Checks the header of an open file, which is closed with the result, or if this fails.
     *
     * @throws InputException if it breaks the format
     */
    public static SafetensorsFile of(OpenFile source) throws IOException {
        return source.parse(SafetensorsFile::read);
    }

    private static SafetensorsFile read(OpenFile source) throws IOException {
        FileRegion file = source.region();
        if (file.length() < PREFIX) {
            throw InputException.in(source.path(), "too short for a safetensors file");
        }
        long headerLength = file.slice(0, PREFIX).littleEndian().getLong();
        long most = Math.min(Header.MAX_BYTES, file.length() - PREFIX);
        if (headerLength < 0 || headerLength > most) {
            throw InputException.in(
                    source.path(),
                    "not a valid safetensors file: a header of %s bytes, expected at most %d"
                            .formatted(Long.toUnsignedString(headerLength), most));
        }
        FileRegion data = file.slice(PREFIX + headerLength, file.length() - PREFIX - headerLength);
        Header header;
        try {
            header = Header.parse(file.slice(PREFIX, headerLength).bytes(), data.length());
        } catch (IllegalArgumentException e) {
            throw new InputException(source.path() + ": not a valid safetensors file: " + e.getMessage(), e);
        }
        Map<String, TensorView> tensors = new LinkedHashMap<>();
        header.tensors().forEach((name, placed) -> {
            TensorSpec spec = placed.spec();
            FileRegion elements = data.slice(placed.begin(), spec.bytes());
            tensors.put(name, TensorView.contiguous(name, spec.dtype(), spec.shape(), elements));
        });
        return new SafetensorsFile(source, tensors, header.metadata());
    }

    /** Returns true if these are the first bytes of a safetensors file, possibly a damaged one. */
    public static boolean looksLike(byte[] firstBytes) {
        return firstBytes.length > PREFIX && firstBytes[PREFIX] == '{';
    }

    /** Returns the file's path. */
    public Path path() {
        return source.path();
    }

    /** Returns the file's state when it was opened; empty if unknown. */
    public Optional<FileState> state() {
        return source.state();
    }

    /** Returns the SHA-256 of the open file in hexadecimal, even if its path leads to another by now. */
    public String sha256() throws IOException {
        return source.sha256(bytes -> {});
    }

    /** Returns the tensors' names in the order of the header. */
    public List<String> names() {
        return List.copyOf(tensors.keySet());
    }

    /** Returns the header's {@code __metadata__}; empty if there is none. */
    public Map<String, String> metadata() {
        return metadata;
    }

    /**
     * Returns the tensor of that name, to be read on demand.
     *
     * @throws InputException if there is none
     */
    public TensorView tensor(String name) throws InputException {
        TensorView tensor = tensors.get(name);
        if (tensor == null) {
            throw InputException.in(path(), "no tensor " + name);
        }
        return tensor;
    }

    /** Returns all tensors in the order of the header. */
    public List<TensorView> tensors() {
        return List.copyOf(tensors.values());
    }

    /** Returns the shape of a tensor. */
    public Shape shape(String name) throws InputException {
        return tensor(name).shape();
    }

    /** Returns a floating-point tensor's elements as float32. */
    public float[] floats(String name) throws IOException {
        return tensor(name).floats();
    }

    @Override
    public void close() throws IOException {
        source.close();
    }
}
