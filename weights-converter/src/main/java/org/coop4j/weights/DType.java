package org.coop4j.weights;

import java.util.Arrays;
import java.util.Optional;
import java.util.function.Function;

/** The element type of a tensor, named as in the safetensors format; always little-endian. */
public enum DType {
    F64(8, "<f8", "float64", "DoubleStorage"),
    F32(4, "<f4", "float32", "FloatStorage"),
    F16(2, "<f2", "float16", "HalfStorage"),
    /** The upper half of a float32: 8 bits of exponent, 7 of fraction. */
    BF16(2, "", "bfloat16", "BFloat16Storage"),
    I64(8, "<i8", "int64", "LongStorage"),
    I32(4, "<i4", "int32", "IntStorage"),
    I16(2, "<i2", "int16", "ShortStorage"),
    I8(1, "|i1", "int8", "CharStorage"),
    U64(8, "<u8", "uint64", ""),
    U32(4, "<u4", "uint32", ""),
    U16(2, "<u2", "uint16", ""),
    U8(1, "|u1", "uint8", "ByteStorage"),
    /** One byte, 0 or 1. */
    BOOL(1, "|b1", "bool", "BoolStorage");

    private final int bytes;
    private final String numPy;
    private final String torch;
    private final String torchStorage;

    /**
     * @param numPy its descriptor in a {@code .npy} header
     * @param torch its name in the module {@code torch}
     * @param torchStorage the class that PyTorch keeps its elements in; empty if there is none
     */
    DType(int bytes, String numPy, String torch, String torchStorage) {
        this.bytes = bytes;
        this.numPy = numPy;
        this.torch = torch;
        this.torchStorage = torchStorage;
    }

    /** Returns the number of bytes per element. */
    public int bytes() {
        return bytes;
    }

    /** Returns true if {@link TensorView#floats()} can read it. */
    public boolean isFloat() {
        return this == F64 || this == F32 || this == F16 || this == BF16;
    }

    /** Returns true for integers, which BOOL is not. */
    public boolean isInteger() {
        return !isFloat() && this != BOOL;
    }

    /** Returns the class that PyTorch keeps its elements in, such as {@code FloatStorage}; empty if there is none. */
    public String torchStorage() {
        return torchStorage;
    }

    /** Returns the type that safetensors calls by this name. */
    public static Optional<DType> named(String name) {
        return find(DType::name, name);
    }

    /** Returns the type of a NumPy descriptor such as {@code <f4}. */
    public static Optional<DType> ofNumPy(String descriptor) {
        return find(type -> type.numPy, descriptor);
    }

    /** Returns the type that PyTorch calls by this name, such as {@code float32} or its alias {@code float}. */
    public static Optional<DType> ofTorch(String name) {
        return switch (name) {
            case "double" -> Optional.of(F64);
            case "float" -> Optional.of(F32);
            case "half" -> Optional.of(F16);
            default -> find(type -> type.torch, name);
        };
    }

    /** Returns the type that PyTorch keeps in a storage of this class. */
    public static Optional<DType> ofTorchStorage(String className) {
        return find(DType::torchStorage, className);
    }

    private static Optional<DType> find(Function<DType, String> name, String wanted) {
        return Arrays.stream(values())
                .filter(type -> !wanted.isEmpty() && name.apply(type).equals(wanted))
                .findFirst();
    }
}
