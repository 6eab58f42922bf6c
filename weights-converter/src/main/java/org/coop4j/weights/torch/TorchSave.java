package org.coop4j.weights.torch;

import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.time.LocalDateTime;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.IdentityHashMap;
import java.util.List;
import java.util.Map;
import java.util.zip.CRC32;
import java.util.zip.ZipEntry;
import java.util.zip.ZipOutputStream;
import org.coop4j.base.AtomicFile;
import org.coop4j.base.Require;
import org.coop4j.weights.DType;
import org.coop4j.weights.Shape;
import org.coop4j.weights.pickle.Unpickler.GlobalName;
import org.coop4j.weights.pickle.Unpickler.OrderedDict;
import org.coop4j.weights.pickle.Unpickler.Tuple;

/**
 * Writes what {@code torch.save} would: a zip archive that {@code torch.load} reads, also in its {@code weights_only}
 * mode.
 *
 * <p>Values are nested maps, lists, tuples, numbers, strings, booleans, null and {@link DenseTensor}s; a tensor that
 * occurs twice is stored once. The file appears whole or not at all, and the same values give the same bytes.
 */
public final class TorchSave {
    private static final int ALIGNMENT = 64;
    private static final int LOCAL_HEADER = 30;

    /** Header of the extra field in which PyTorch pads: "FB" and the padding's length. */
    private static final int EXTRA_HEADER = 4;

    private final ByteArrayOutputStream pickle = new ByteArrayOutputStream();
    private final List<DenseTensor> tensors = new ArrayList<>();
    private final IdentityHashMap<DenseTensor, String> keys = new IdentityHashMap<>();
    private long position;

    private TorchSave() {}

    /**
     * Writes {@code value} to a file.
     *
     * @throws IllegalArgumentException if something in it has no Python form
     * @throws IOException if the file would exceed 4 GB or cannot be written
     */
    public static void write(Path target, Object value) throws IOException {
        TorchSave save = new TorchSave();
        save.op(0x80, 2);
        save.save(value);
        save.op('.');
        try (AtomicFile file = AtomicFile.create(target)) {
            ZipOutputStream zip = new ZipOutputStream(file.stream());
            save.add(zip, "data.pkl", ByteBuffer.wrap(save.pickle.toByteArray()));
            save.add(zip, "byteorder", ascii("little"));
            for (int i = 0; i < save.tensors.size(); i++) {
                save.add(zip, "data/" + i, save.tensors.get(i).data());
            }
            save.add(zip, "version", ascii("3\n"));
            zip.finish();
            file.commit();
        }
    }

    /** Pickles a value by protocol 2, which every Python reads. */
    private void save(Object value) {
        if (value == null) {
            op('N');
        } else if (value instanceof Boolean flag) {
            op(flag ? 0x88 : 0x89);
        } else if (value instanceof Double number) {
            op('G');
            pickle.writeBytes(
                    ByteBuffer.allocate(Double.BYTES).putDouble(number).array());
        } else if (value instanceof Integer || value instanceof Long) {
            op('J');
            int4(Math.toIntExact(((Number) value).longValue()));
        } else if (value instanceof String text) {
            byte[] utf8 = text.getBytes(StandardCharsets.UTF_8);
            op('X');
            int4(utf8.length);
            pickle.writeBytes(utf8);
        } else if (value instanceof GlobalName name) {
            op('c');
            pickle.writeBytes((name.module() + "\n" + name.name() + "\n").getBytes(StandardCharsets.UTF_8));
        } else if (value instanceof DenseTensor tensor) {
            rebuild(tensor);
        } else if (value instanceof List<?> list) {
            boolean tuple = value instanceof Tuple;
            op(tuple ? new int[] {'('} : new int[] {']', '('});
            list.forEach(this::save);
            op(tuple ? 't' : 'e');
        } else if (value instanceof Map<?, ?> map) {
            save(map);
        } else {
            throw new IllegalArgumentException("a " + value.getClass().getName() + " has no plain Python form");
        }
    }

    private void save(Map<?, ?> map) {
        if (map instanceof OrderedDict) {
            save(new GlobalName("collections", "OrderedDict"));
            op(')', 'R');
        } else {
            op('}');
        }
        op('(');
        map.forEach((key, item) -> {
            save(key);
            save(item);
        });
        op('u');
    }

    /** Pickles the call that rebuilds a tensor from a storage outside the pickle. */
    private void rebuild(DenseTensor tensor) {
        String key = keys.computeIfAbsent(tensor, added -> {
            tensors.add(added);
            return Integer.toString(tensors.size() - 1);
        });
        Shape shape = tensor.shape();
        Require.that(!tensor.dtype().torchStorage().isEmpty(), "PyTorch has no storage of %s", tensor.dtype());
        save(new GlobalName("torch._utils", "_rebuild_tensor_v2"));
        op('(');
        save(Tuple.of("storage", new GlobalName("torch", tensor.dtype().torchStorage()), key, "cpu", shape.elements()));
        op('Q');
        Object[] strides = Arrays.stream(shape.rowMajorStrides()).boxed().toArray();
        List.of(0, Tuple.of(shape.dims().toArray()), Tuple.of(strides), false, new OrderedDict())
                .forEach(this::save);
        op('t', 'R');
    }

    private void op(int... bytes) {
        for (int one : bytes) {
            pickle.write(one);
        }
    }

    private void int4(int value) {
        pickle.writeBytes(ByteBuffer.allocate(Integer.BYTES)
                .order(ByteOrder.LITTLE_ENDIAN)
                .putInt(value)
                .array());
    }

    /** Adds an uncompressed entry whose contents begin at a multiple of 64 bytes, as PyTorch writes them. */
    private void add(ZipOutputStream zip, String name, ByteBuffer contents) throws IOException {
        byte[] bytes = new byte[contents.remaining()];
        contents.duplicate().get(bytes);
        ZipEntry entry = new ZipEntry("archive/" + name);
        entry.setMethod(ZipEntry.STORED);
        entry.setTimeLocal(LocalDateTime.of(1980, 1, 1, 12, 0));
        entry.setSize(bytes.length);
        CRC32 crc = new CRC32();
        crc.update(bytes);
        entry.setCrc(crc.getValue());
        long unpadded = position + LOCAL_HEADER + entry.getName().length() + EXTRA_HEADER;
        short padding = (short) Math.floorMod(-unpadded, ALIGNMENT);
        ByteBuffer extra = ByteBuffer.allocate(EXTRA_HEADER + padding).order(ByteOrder.LITTLE_ENDIAN);
        entry.setExtra(extra.put((byte) 'F').put((byte) 'B').putShort(padding).array());
        zip.putNextEntry(entry);
        zip.write(bytes);
        zip.closeEntry();
        position = unpadded + padding + bytes.length;
    }

    private static ByteBuffer ascii(String text) {
        return ByteBuffer.wrap(text.getBytes(StandardCharsets.US_ASCII));
    }

    /**
     * A small tensor in memory, ready to be written to a file.
     *
     * @param dtype element type
     * @param shape dimensions, outermost first
     * @param data the elements, row-major, little-endian; all that remains in the buffer
     */
    public record DenseTensor(DType dtype, Shape shape, ByteBuffer data) {
        /** Checks the number of elements. */
        public DenseTensor {
            Require.that(
                    data.remaining() == shape.bytes(dtype),
                    "shape %s: expected %d elements, got %d",
                    shape,
                    shape.elements(),
                    data.remaining() / dtype.bytes());
        }

        /** Returns a tensor of float32; the values are copied. */
        public static DenseTensor ofFloats(Shape shape, float... values) {
            ByteBuffer data = ByteBuffer.allocate(Math.multiplyExact(Float.BYTES, values.length));
            data.order(ByteOrder.LITTLE_ENDIAN).asFloatBuffer().put(values);
            return new DenseTensor(DType.F32, shape, data);
        }
    }
}
