package org.coop4j.weights.torch;

import java.nio.file.Path;
import java.util.Map;
import java.util.Optional;
import org.coop4j.base.FileRegion;
import org.coop4j.base.InputException;
import org.coop4j.weights.DType;

/**
 * A run of elements over which tensors are laid. Its place in the file may become known after the tensors that use it:
 * files from before PyTorch 1.6 have the storages last.
 */
final class Storage {
    /** Sizes of the elements that have no Java form. */
    private static final Map<String, Integer> UNREADABLE = Map.of(
            "ComplexFloatStorage", 8,
            "ComplexDoubleStorage", 16,
            "QInt8Storage", 1,
            "QUInt8Storage", 1,
            "QUInt4x2Storage", 1,
            "QUInt2x4Storage", 1,
            "QInt32Storage", 4);

    private final Path file;
    private final String key;
    private final Optional<DType> dtype;
    private final int elementBytes;
    private final long elements;
    private FileRegion region;

    /**
     * @param file for messages
     * @param type name of its class, such as {@code FloatStorage}
     */
    Storage(Path file, String key, String type, long elements) throws InputException {
        this.file = file;
        this.key = key;
        this.elements = elements;
        dtype = type.equals("UntypedStorage") ? Optional.of(DType.U8) : DType.ofTorchStorage(type);
        if (dtype.isEmpty() && !UNREADABLE.containsKey(type)) {
            throw problem("is of unknown type " + type);
        }
        elementBytes = dtype.isPresent() ? dtype.get().bytes() : UNREADABLE.get(type);
    }

    Path file() {
        return file;
    }

    String key() {
        return key;
    }

    /** Returns the type of the elements; empty if they cannot be read (complex and quantized ones). */
    Optional<DType> dtype() {
        return dtype;
    }

    long elements() {
        return elements;
    }

    boolean hasFormOf(Storage other) {
        return elements == other.elements && elementBytes == other.elementBytes && dtype.equals(other.dtype);
    }

    /** Returns the size of the elements in bytes. */
    long bytes() throws InputException {
        try {
            return Math.multiplyExact(elements, (long) elementBytes);
        } catch (ArithmeticException e) {
            throw problem("is too large");
        }
    }

    void place(FileRegion newRegion) {
        this.region = newRegion;
    }

    FileRegion region() throws InputException {
        if (region == null) {
            throw problem("is not in the file");
        }
        return region;
    }

    InputException problem(String what) {
        return InputException.in(file, "storage " + key + " " + what);
    }
}
