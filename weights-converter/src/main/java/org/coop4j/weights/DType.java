package org.coop4j.weights;

import java.util.Optional;

/** The element type of a tensor, named as in the safetensors format; always little-endian. */
public enum DType {
    /** IEEE 754 double. */
    F64(8, Kind.FLOAT),
    /** IEEE 754 single. */
    F32(4, Kind.FLOAT),
    /** IEEE 754 half. */
    F16(2, Kind.FLOAT),
    /** The upper half of a single: 8 bits of exponent, 7 of fraction. */
    BF16(2, Kind.FLOAT),
    /** Signed 64-bit integer. */
    I64(8, Kind.INTEGER),
    /** Signed 32-bit integer. */
    I32(4, Kind.INTEGER),
    /** Signed 16-bit integer. */
    I16(2, Kind.INTEGER),
    /** Signed 8-bit integer. */
    I8(1, Kind.INTEGER),
    /** Unsigned 64-bit integer. */
    U64(8, Kind.INTEGER),
    /** Unsigned 32-bit integer. */
    U32(4, Kind.INTEGER),
    /** Unsigned 16-bit integer. */
    U16(2, Kind.INTEGER),
    /** Unsigned 8-bit integer. */
    U8(1, Kind.INTEGER),
    /** One byte, 0 or 1. */
    BOOL(1, Kind.BOOLEAN);

    private enum Kind {
        FLOAT,
        INTEGER,
        BOOLEAN
    }

    private final int bytes;
    private final Kind kind;

    DType(int bytes, Kind kind) {
        this.bytes = bytes;
        this.kind = kind;
    }

    /** Bytes an element. */
    public int bytes() {
        return bytes;
    }

    /** Whether {@link TensorView#floats()} can read it. */
    public boolean isFloat() {
        return kind == Kind.FLOAT;
    }

    /** Whether it is an integer type (not boolean). */
    public boolean isInteger() {
        return kind == Kind.INTEGER;
    }

    /** The type of that name, exactly as safetensors spells it, or empty. */
    public static Optional<DType> named(String name) {
        for (DType type : values()) {
            if (type.name().equals(name)) {
                return Optional.of(type);
            }
        }
        return Optional.empty();
    }
}
