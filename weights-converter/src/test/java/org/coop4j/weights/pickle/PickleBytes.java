package org.coop4j.weights.pickle;

import static java.nio.charset.StandardCharsets.UTF_8;

import java.io.ByteArrayOutputStream;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;

/** Puts pickles together byte by byte, to test what no sane program writes. */
public final class PickleBytes {
    private final ByteArrayOutputStream out = new ByteArrayOutputStream();

    /** An empty pickle of protocol 2. */
    public static PickleBytes protocol2() {
        return new PickleBytes().op(0x80, 2);
    }

    /** Bytes as they are. */
    public PickleBytes op(int... bytes) {
        for (int b : bytes) {
            out.write(b);
        }
        return this;
    }

    /** Characters as they are. */
    public PickleBytes ascii(String text) {
        out.writeBytes(text.getBytes(UTF_8));
        return this;
    }

    /** Four bytes, little-endian. */
    public PickleBytes int4(long value) {
        out.writeBytes(ByteBuffer.allocate(4)
                .order(ByteOrder.LITTLE_ENDIAN)
                .putInt((int) value)
                .array());
        return this;
    }

    /** Eight bytes, little-endian. */
    public PickleBytes int8(long value) {
        out.writeBytes(ByteBuffer.allocate(8)
                .order(ByteOrder.LITTLE_ENDIAN)
                .putLong(value)
                .array());
        return this;
    }

    /** BINUNICODE. */
    public PickleBytes text(String text) {
        return op('X').int4(text.getBytes(UTF_8).length).ascii(text);
    }

    /** BININT. */
    public PickleBytes integer(long value) {
        return op('J').int4(value);
    }

    /** GLOBAL. */
    public PickleBytes global(String module, String name) {
        return ascii("c" + module + "\n" + name + "\n");
    }

    /** A tuple of integers. */
    public PickleBytes integers(long... values) {
        op('(');
        for (long value : values) {
            integer(value);
        }
        return op('t');
    }

    /** A persistent reference to a storage of PyTorch's. */
    public PickleBytes storage(String type, String key, long elements) {
        return op('(').text("storage")
                .global("torch", type)
                .text(key)
                .text("cpu")
                .integer(elements)
                .op('t', 'Q');
    }

    /** A tensor over a storage, as PyTorch pickles it. */
    public PickleBytes tensor(String type, String key, long elements, long offset, long[] shape, long... strides) {
        return global("torch._utils", "_rebuild_tensor_v2")
                .op('(')
                .storage(type, key, elements)
                .integer(offset)
                .integers(shape)
                .integers(strides)
                .op(0x89)
                .global("collections", "OrderedDict")
                .op(')', 'R', 't', 'R');
    }

    /** The bytes with STOP at their end. */
    public byte[] stop() {
        op('.');
        return out.toByteArray();
    }
}
