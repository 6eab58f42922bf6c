package org.coop4j.weights.torch;

import java.nio.file.Path;
import java.util.Map;
import java.util.Optional;
import org.coop4j.base.FileRegion;
import org.coop4j.base.InputException;
import org.coop4j.weights.DType;

/**
 * A run of elements that tensors are laid over. Its place in the file may become known after the
 * tensors that use it: files from before PyTorch 1.6 have the storages last.
 */
final class Storage {
    private final Path file;
    private final String key;
    private final StorageType type;
    private final long elements;
    private FileRegion region;

    Storage(Path file, String key, StorageType type, long elements) {
        this.file = file;
        this.key = key;
        this.type = type;
        this.elements = elements;
    }

    Path file() {
        return file;
    }

    String key() {
        return key;
    }

    StorageType type() {
        return type;
    }

    long elements() {
        return elements;
    }

    /** Bytes that the elements take. */
    long bytes() throws InputException {
        try {
            return Math.multiplyExact(elements, (long) type.bytes());
        } catch (ArithmeticException e) {
            throw new InputException(file + ": storage " + key + " is too large", e);
        }
    }

    void place(FileRegion newRegion) {
        this.region = newRegion;
    }

    FileRegion region() throws InputException {
        if (region == null) {
            throw InputException.in(file, "storage " + key + " is not in the file");
        }
        return region;
    }

    /**
     * The kind of a PyTorch storage, from its class name.
     *
     * @param dtype the element type, empty for those that cannot be read (complex, quantized)
     * @param bytes bytes an element
     */
    record StorageType(Optional<DType> dtype, int bytes) {
        private static final Map<String, StorageType> BY_CLASS = Map.ofEntries(
                Map.entry("DoubleStorage", of(DType.F64)),
                Map.entry("FloatStorage", of(DType.F32)),
                Map.entry("HalfStorage", of(DType.F16)),
                Map.entry("BFloat16Storage", of(DType.BF16)),
                Map.entry("LongStorage", of(DType.I64)),
                Map.entry("IntStorage", of(DType.I32)),
                Map.entry("ShortStorage", of(DType.I16)),
                Map.entry("CharStorage", of(DType.I8)),
                Map.entry("ByteStorage", of(DType.U8)),
                Map.entry("UntypedStorage", of(DType.U8)),
                Map.entry("BoolStorage", of(DType.BOOL)),
                Map.entry("ComplexFloatStorage", unreadable(8)),
                Map.entry("ComplexDoubleStorage", unreadable(16)),
                Map.entry("QInt8Storage", unreadable(1)),
                Map.entry("QUInt8Storage", unreadable(1)),
                Map.entry("QUInt4x2Storage", unreadable(1)),
                Map.entry("QUInt2x4Storage", unreadable(1)),
                Map.entry("QInt32Storage", unreadable(4)));

        private static final Map<String, DType> BY_DTYPE = Map.ofEntries(
                Map.entry("float64", DType.F64),
                Map.entry("double", DType.F64),
                Map.entry("float32", DType.F32),
                Map.entry("float", DType.F32),
                Map.entry("float16", DType.F16),
                Map.entry("half", DType.F16),
                Map.entry("bfloat16", DType.BF16),
                Map.entry("int64", DType.I64),
                Map.entry("int32", DType.I32),
                Map.entry("int16", DType.I16),
                Map.entry("int8", DType.I8),
                Map.entry("uint8", DType.U8),
                Map.entry("uint16", DType.U16),
                Map.entry("uint32", DType.U32),
                Map.entry("uint64", DType.U64),
                Map.entry("bool", DType.BOOL));

        /** The type of a class such as {@code FloatStorage}. */
        static Optional<StorageType> ofClass(String name) {
            return Optional.ofNullable(BY_CLASS.get(name));
        }

        /** The element type that {@code torch.NAME} is. */
        static Optional<DType> dtypeNamed(String name) {
            return Optional.ofNullable(BY_DTYPE.get(name));
        }

        /** The storage class of an element type, to write it. */
        static String classOf(DType dtype) {
            return switch (dtype) {
                case F64 -> "DoubleStorage";
                case F32 -> "FloatStorage";
                case F16 -> "HalfStorage";
                case BF16 -> "BFloat16Storage";
                case I64 -> "LongStorage";
                case I32 -> "IntStorage";
                case I16 -> "ShortStorage";
                case I8 -> "CharStorage";
                case U8 -> "ByteStorage";
                case BOOL -> "BoolStorage";
                case U16, U32, U64 -> throw new IllegalArgumentException("PyTorch has no storage of " + dtype);
            };
        }

        private static StorageType of(DType dtype) {
            return new StorageType(Optional.of(dtype), dtype.bytes());
        }

        private static StorageType unreadable(int bytes) {
            return new StorageType(Optional.empty(), bytes);
        }
    }
}
