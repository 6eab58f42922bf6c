package org.coop4j.weights.safetensors;

import com.fasterxml.jackson.core.JsonFactory;
import com.fasterxml.jackson.core.JsonGenerator;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.FloatBuffer;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import org.coop4j.base.AtomicFile;
import org.coop4j.base.InputException;
import org.coop4j.weights.DType;
import org.coop4j.weights.DenseTensor;
import org.coop4j.weights.HalfFloats;
import org.coop4j.weights.TensorSpec;

/**
 * Writes a safetensors file as a stream: the tensors are declared first, then their elements
 * follow, one tensor after the other or mixed, in as many pieces as the caller likes.
 *
 * <p>The file appears at {@link #commit()}, whole; closed before that, nothing is left. The same
 * tensors, metadata and elements give the same bytes: metadata is sorted by key, tensors lie by
 * element size (largest first, so that each is aligned), then in the order declared.
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
    private final Map<String, Slot> slots;

    /** The bytes that a tensor owns in the file, and how far they are written. */
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

    private SafetensorsWriter(AtomicFile file, Map<String, Slot> slots) {
        this.file = file;
        this.slots = slots;
    }

    /**
     * Begins a file.
     *
     * @param tensors what will be written, no name twice
     * @param metadata the header's {@code __metadata__}; may be empty
     */
    public static SafetensorsWriter create(Path target, List<TensorSpec> tensors, Map<String, String> metadata)
            throws IOException {
        List<TensorSpec> order = new ArrayList<>(tensors);
        order.sort(Comparator.comparingInt((TensorSpec t) -> t.dtype().bytes()).reversed());
        byte[] header = header(order, metadata);
        if (header.length > Header.MAX_BYTES) {
            throw InputException.in(target, "the header would exceed 100 MB");
        }
        Map<String, Slot> slots = new LinkedHashMap<>();
        long at = (long) Long.BYTES + header.length;
        for (TensorSpec tensor : order) {
            if (slots.put(tensor.name(), new Slot(tensor, at)) != null
                    || tensor.name().equals(Header.METADATA)) {
                throw new IllegalArgumentException("tensor name used twice: " + tensor.name());
            }
            at += tensor.bytes();
        }
        AtomicFile file = AtomicFile.create(target);
        try {
            ByteBuffer prefix = ByteBuffer.allocate(Long.BYTES).order(ByteOrder.LITTLE_ENDIAN);
            file.write(prefix.putLong(header.length).flip(), 0);
            file.write(ByteBuffer.wrap(header), Long.BYTES);
        } catch (IOException e) {
            file.close();
            throw e;
        }
        return new SafetensorsWriter(file, slots);
    }

    /** Writes a whole file from tensors in memory, in the order of the map. */
    public static void write(Path target, Map<String, DenseTensor> tensors, Map<String, String> metadata)
            throws IOException {
        List<TensorSpec> specs = new ArrayList<>();
        tensors.forEach((name, t) -> specs.add(new TensorSpec(name, t.dtype(), t.shape())));
        try (SafetensorsWriter writer = create(target, specs, metadata)) {
            for (Map.Entry<String, DenseTensor> tensor : tensors.entrySet()) {
                writer.writeBytes(tensor.getKey(), tensor.getValue().data());
            }
            writer.commit();
        }
    }

    /** Appends little-endian bytes to a tensor; takes all that remains in {@code source}. */
    public void writeBytes(String name, ByteBuffer source) throws IOException {
        append(slot(name), source);
    }

    /** Appends singles to a floating-point tensor, rounded to its element type. */
    public void writeFloats(String name, float... values) throws IOException {
        writeFloats(name, FloatBuffer.wrap(values));
    }

    /** Appends singles to a floating-point tensor, rounded to its element type. */
    public void writeFloats(String name, FloatBuffer source) throws IOException {
        Slot slot = slot(name);
        DType dtype = slot.spec.dtype();
        if (!dtype.isFloat()) {
            throw new IllegalArgumentException(name + " holds " + dtype + ", not floats");
        }
        ByteBuffer block = ByteBuffer.allocate(BLOCK).order(ByteOrder.LITTLE_ENDIAN);
        while (source.hasRemaining()) {
            int n = Math.min(source.remaining(), BLOCK / dtype.bytes());
            block.clear();
            encode(source, n, dtype, block);
            append(slot, block.flip());
        }
    }

    private static void encode(FloatBuffer source, int n, DType dtype, ByteBuffer block) {
        if (dtype == DType.F32) {
            block.asFloatBuffer().put(source.slice(source.position(), n));
            block.position(n * Float.BYTES);
            source.position(source.position() + n);
            return;
        }
        for (int i = 0; i < n; i++) {
            float value = source.get();
            switch (dtype) {
                case F16 -> block.putShort(HalfFloats.toHalf(value));
                case BF16 -> block.putShort(HalfFloats.toBfloat16(value));
                default -> block.putDouble(value);
            }
        }
    }

    /** Appends integers to an I64 or I32 tensor. */
    public void writeLongs(String name, long... values) throws IOException {
        Slot slot = slot(name);
        DType dtype = slot.spec.dtype();
        if (dtype != DType.I64 && dtype != DType.I32) {
            throw new IllegalArgumentException(name + " holds " + dtype + ", not I64 or I32");
        }
        ByteBuffer block = ByteBuffer.allocate(BLOCK).order(ByteOrder.LITTLE_ENDIAN);
        for (int i = 0; i < values.length; ) {
            block.clear();
            for (; i < values.length && block.remaining() >= Long.BYTES; i++) {
                if (dtype == DType.I64) {
                    block.putLong(values[i]);
                } else {
                    block.putInt(Math.toIntExact(values[i]));
                }
            }
            append(slot, block.flip());
        }
    }

    /**
     * Puts the file in place.
     *
     * @throws IllegalStateException when elements of a tensor are still missing
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
        if (slot == null) {
            throw new IllegalArgumentException("tensor " + name + " was not declared");
        }
        return slot;
    }

    private void append(Slot slot, ByteBuffer source) throws IOException {
        int length = source.remaining();
        if (length > slot.end - slot.next) {
            throw new IllegalArgumentException(
                    slot.spec.name() + " " + slot.spec.shape() + " is given too many elements");
        }
        file.write(source, slot.next);
        slot.next += length;
    }

    /** The header, padded with spaces so that the elements start at a multiple of 8. */
    private static byte[] header(List<TensorSpec> order, Map<String, String> metadata) throws IOException {
        ByteArrayOutputStream out = new ByteArrayOutputStream();
        try (JsonGenerator json = new JsonFactory().createGenerator(out)) {
            json.writeStartObject();
            if (!metadata.isEmpty()) {
                json.writeObjectFieldStart(Header.METADATA);
                for (Map.Entry<String, String> entry : new TreeMap<>(metadata).entrySet()) {
                    json.writeStringField(entry.getKey(), entry.getValue());
                }
                json.writeEndObject();
            }
            long at = 0;
            for (TensorSpec tensor : order) {
                writeTensor(json, tensor, at);
                at += tensor.bytes();
            }
            json.writeEndObject();
        }
        while (out.size() % Long.BYTES != 0) {
            out.write(' ');
        }
        return out.toByteArray();
    }

    private static void writeTensor(JsonGenerator json, TensorSpec tensor, long at) throws IOException {
        json.writeObjectFieldStart(tensor.name());
        json.writeStringField("dtype", tensor.dtype().name());
        json.writeArrayFieldStart("shape");
        for (long dim : tensor.shape().dims()) {
            json.writeNumber(dim);
        }
        json.writeEndArray();
        json.writeArrayFieldStart("data_offsets");
        json.writeNumber(at);
        json.writeNumber(at + tensor.bytes());
        json.writeEndArray();
        json.writeEndObject();
    }
}
