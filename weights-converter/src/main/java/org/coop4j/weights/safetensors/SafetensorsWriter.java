package org.coop4j.weights.safetensors;

import com.fasterxml.jackson.databind.ObjectMapper;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.FloatBuffer;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collection;
import java.util.Comparator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import org.coop4j.base.AtomicFile;
import org.coop4j.base.InputException;
import org.coop4j.base.Require;
import org.coop4j.weights.DType;
import org.coop4j.weights.HalfFloats;
import org.coop4j.weights.TensorView.TensorSpec;

/**
 * Writes a safetensors file as a stream: the tensors are declared first, then their elements follow, one tensor after
 * the other or interleaved, in any number of parts.
 *
 * <p>The file appears at {@link #commit()}, whole; if it is closed before that, nothing is left. The same tensors,
 * metadata and elements give the same bytes: metadata is sorted by key, tensors by element size (largest first, so that
 * each is aligned), then as declared.
 *
 * <pre>{@code
 * try (SafetensorsWriter writer = SafetensorsWriter.create(path, specs, metadata)) {
 *     writer.writeFloats("ctx", values);
 *     writer.commit();
 * }
 * }</pre>
 */
public final class SafetensorsWriter implements AutoCloseable {
    private static final int BLOCK = 1 << 16;

    private final AtomicFile file;
    private final long elements; // where they begin in the file
    private final Map<String, Slot> slots;

    /** The place of a tensor among the elements, and the offset up to which it is written. */
    private static final class Slot {
        private final TensorSpec spec;
        private final long end;
        private long next;

        Slot(TensorSpec spec, long begin) {
            this.spec = spec;
            this.next = begin;
            this.end = begin + spec.bytes();
        }
    }

    private SafetensorsWriter(AtomicFile file, long elements, Map<String, Slot> slots) {
        this.file = file;
        this.elements = elements;
        this.slots = slots;
    }

    /**
     * Begins a file.
     *
     * @param tensors declared, no name twice
     * @param metadata the header's {@code __metadata__}; may be empty
     */
    public static SafetensorsWriter create(Path target, List<TensorSpec> tensors, Map<String, String> metadata)
            throws IOException {
        List<TensorSpec> order = new ArrayList<>(tensors);
        order.sort(Comparator.comparingInt((TensorSpec t) -> t.dtype().bytes()).reversed());
        Map<String, Slot> slots = new LinkedHashMap<>();
        long at = 0;
        for (TensorSpec tensor : order) {
            Require.that(
                    slots.put(tensor.name(), new Slot(tensor, at)) == null
                            && !tensor.name().equals(Header.METADATA),
                    "tensor name used twice: %s",
                    tensor.name());
            at += tensor.bytes();
        }
        byte[] header = header(slots.values(), metadata);
        if (header.length > Header.MAX_BYTES) {
            throw InputException.in(target, "the header would exceed 100 MB");
        }
        AtomicFile file = AtomicFile.create(target);
        try {
            file.write(littleEndian(Long.BYTES).putLong(header.length).flip(), 0);
            file.write(ByteBuffer.wrap(header), Long.BYTES);
        } catch (IOException e) {
            file.close();
            throw e;
        }
        return new SafetensorsWriter(file, Long.BYTES + header.length, slots);
    }

    /** Appends the remaining little-endian bytes of {@code source} to a tensor. */
    public void writeBytes(String name, ByteBuffer source) throws IOException {
        Slot slot = slot(name);
        int length = source.remaining();
        Require.that(length <= slot.end - slot.next, "%s %s is given too many elements", name, slot.spec.shape());
        file.write(source, elements + slot.next);
        slot.next += length;
    }

    /** Appends float32 values to a floating-point tensor, rounded to its element type. */
    public void writeFloats(String name, float... values) throws IOException {
        writeFloats(name, FloatBuffer.wrap(values));
    }

    /** Appends float32 values to a floating-point tensor, rounded to its element type. */
    public void writeFloats(String name, FloatBuffer source) throws IOException {
        DType dtype = slot(name).spec.dtype();
        Require.that(dtype.isFloat(), "%s holds %s, not floats", name, dtype);
        ByteBuffer block = littleEndian(BLOCK);
        while (source.hasRemaining()) {
            block.clear();
            while (source.hasRemaining() && block.hasRemaining()) {
                float value = source.get();
                switch (dtype) {
                    case F16 -> block.putShort(HalfFloats.toHalf(value));
                    case BF16 -> block.putShort(HalfFloats.toBfloat16(value));
                    case F32 -> block.putFloat(value);
                    default -> block.putDouble(value);
                }
            }
            writeBytes(name, block.flip());
        }
    }

    /** Appends integers to an I64 or I32 tensor. */
    public void writeLongs(String name, long... values) throws IOException {
        DType dtype = slot(name).spec.dtype();
        Require.that(dtype == DType.I64 || dtype == DType.I32, "%s holds %s, not I64 or I32", name, dtype);
        ByteBuffer bytes = littleEndian(Math.multiplyExact(values.length, dtype.bytes()));
        for (long value : values) {
            if (dtype == DType.I64) {
                bytes.putLong(value);
            } else {
                bytes.putInt(Math.toIntExact(value));
            }
        }
        writeBytes(name, bytes.flip());
    }

    /**
     * Puts the file in place.
     *
     * @throws IllegalStateException if elements of a tensor are still missing
     */
    public void commit() throws IOException {
        for (Slot slot : slots.values()) {
            if (slot.next != slot.end) {
                throw new IllegalStateException(
                        slot.spec.name() + " lacks its last " + (slot.end - slot.next) + " bytes");
            }
        }
        file.commit();
    }

    /** Deletes what was written, unless it was committed. */
    @Override
    public void close() throws IOException {
        file.close();
    }

    private Slot slot(String name) {
        Slot slot = slots.get(name);
        Require.that(slot != null, "tensor %s was not declared", name);
        return slot;
    }

    private static ByteBuffer littleEndian(int bytes) {
        return ByteBuffer.allocate(bytes).order(ByteOrder.LITTLE_ENDIAN);
    }

    /** Returns the header, padded with spaces so that the elements start at a multiple of 8. */
    private static byte[] header(Collection<Slot> slots, Map<String, String> metadata) throws IOException {
        Map<String, Object> json = new LinkedHashMap<>();
        if (!metadata.isEmpty()) {
            json.put(Header.METADATA, new TreeMap<>(metadata));
        }
        for (Slot slot : slots) {
            Map<String, Object> fields = new LinkedHashMap<>();
            fields.put("dtype", slot.spec.dtype().name());
            fields.put("shape", slot.spec.shape().dims());
            fields.put("data_offsets", List.of(slot.next, slot.end));
            json.put(slot.spec.name(), fields);
        }
        byte[] header = new ObjectMapper().writeValueAsBytes(json);
        byte[] padded = Arrays.copyOf(header, header.length + Math.floorMod(-header.length, Long.BYTES));
        Arrays.fill(padded, header.length, padded.length, (byte) ' ');
        return padded;
    }
}
