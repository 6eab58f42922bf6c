package org.coop4j.weights.torch;

import java.io.IOException;
import java.io.OutputStream;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.time.LocalDateTime;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.zip.CRC32;
import java.util.zip.ZipEntry;
import java.util.zip.ZipOutputStream;
import org.coop4j.base.AtomicFile;
import org.coop4j.weights.DenseTensor;
import org.coop4j.weights.Shape;
import org.coop4j.weights.pickle.Pickler;
import org.coop4j.weights.pickle.Python.GlobalName;
import org.coop4j.weights.pickle.Python.OrderedDict;
import org.coop4j.weights.pickle.Python.Tuple;
import org.coop4j.weights.torch.Storage.StorageType;

/**
 * Writes what {@code torch.save} would: a zip archive that {@code torch.load} reads, also in its
 * {@code weights_only} mode.
 *
 * <p>Values are nested maps, lists, tuples, numbers, strings, booleans, null and {@link
 * DenseTensor}s; a tensor met twice is stored once. The file appears whole or not at all, and the
 * same values give the same bytes.
 */
public final class TorchSave {
    private static final String ROOT = "archive/";
    private static final int MAX_DEPTH = 200;

    private final Map<DenseTensor, String> keys = new HashMap<>();
    private final List<DenseTensor> tensors = new ArrayList<>();

    private TorchSave() {}

    /**
     * Writes {@code value} to a file.
     *
     * @throws IllegalArgumentException when something in it has no Python form
     * @throws IOException when the file would exceed 4 GB or cannot be written
     */
    public static void write(Path target, Object value) throws IOException {
        TorchSave save = new TorchSave();
        byte[] pickle = Pickler.write(save.python(value, 0));
        try (AtomicFile file = AtomicFile.create(target)) {
            Archive archive = new Archive(file);
            archive.add("data.pkl", ByteBuffer.wrap(pickle));
            archive.add("byteorder", ascii("little"));
            for (int i = 0; i < save.tensors.size(); i++) {
                archive.add("data/" + i, save.tensors.get(i).data());
            }
            archive.add("version", ascii("3\n"));
            archive.zip.finish();
            file.commit();
        }
    }

    /** A zip archive of stored entries whose contents begin at multiples of 64 bytes, as PyTorch writes them. */
    private static final class Archive extends OutputStream {
        private static final int ALIGNMENT = 64;
        private static final int LOCAL_HEADER = 30;

        /** The extra field in which PyTorch pads: "FB", its length, then anything. */
        private static final int EXTRA_HEADER = 4;

        private final AtomicFile file;
        private final ZipOutputStream zip = new ZipOutputStream(this);
        private long at;

        Archive(AtomicFile file) {
            this.file = file;
        }

        void add(String name, ByteBuffer contents) throws IOException {
            ZipEntry entry = new ZipEntry(ROOT + name);
            entry.setMethod(ZipEntry.STORED);
            entry.setTimeLocal(LocalDateTime.of(1980, 1, 1, 12, 0));
            entry.setSize(contents.remaining());
            CRC32 crc = new CRC32();
            crc.update(contents.duplicate());
            entry.setCrc(crc.getValue());
            long unpadded = at + LOCAL_HEADER + entry.getName().length() + EXTRA_HEADER;
            short padding = (short) Math.floorMod(-unpadded, ALIGNMENT);
            ByteBuffer extra = ByteBuffer.allocate(EXTRA_HEADER + padding).order(ByteOrder.LITTLE_ENDIAN);
            entry.setExtra(
                    extra.put((byte) 'F').put((byte) 'B').putShort(padding).array());
            zip.putNextEntry(entry);
            byte[] block = new byte[Math.min(1 << 16, contents.remaining())];
            while (contents.hasRemaining()) {
                int n = Math.min(block.length, contents.remaining());
                contents.get(block, 0, n);
                zip.write(block, 0, n);
            }
            zip.closeEntry();
        }

        @Override
        public void write(int b) throws IOException {
            write(new byte[] {(byte) b}, 0, 1);
        }

        @Override
        public void write(byte[] bytes, int offset, int length) throws IOException {
            file.write(ByteBuffer.wrap(bytes, offset, length), at);
            at += length;
        }
    }

    private static ByteBuffer ascii(String text) {
        return ByteBuffer.wrap(text.getBytes(StandardCharsets.US_ASCII));
    }

    /** The value with each tensor replaced by the call that rebuilds it. */
    private Object python(Object value, int depth) {
        if (depth > MAX_DEPTH) {
            throw new IllegalArgumentException("values nest more than " + MAX_DEPTH + " deep");
        }
        if (value instanceof DenseTensor tensor) {
            return rebuild(tensor);
        }
        if (value instanceof Map<?, ?> map) {
            Map<Object, Object> copy = map instanceof OrderedDict ? new OrderedDict() : new LinkedHashMap<>();
            map.forEach((key, item) -> copy.put(key, python(item, depth + 1)));
            return copy;
        }
        if (value instanceof List<?> list) {
            Object[] items = list.stream().map(item -> python(item, depth + 1)).toArray();
            return value instanceof Tuple ? Tuple.of(items) : new ArrayList<>(Tuple.of(items));
        }
        return value;
    }

    private Pickler.Call rebuild(DenseTensor tensor) {
        String key = keys.computeIfAbsent(tensor, this::add);
        Shape shape = tensor.shape();
        Tuple storage = Tuple.of(
                "storage", new GlobalName("torch", StorageType.classOf(tensor.dtype())), key, "cpu", shape.elements());
        Object[] strides = Arrays.stream(shape.rowMajorStrides()).boxed().toArray();
        return new Pickler.Call(
                new GlobalName("torch._utils", "_rebuild_tensor_v2"),
                Tuple.of(
                        new Pickler.Persistent(storage),
                        0L,
                        Tuple.of(shape.dims().toArray()),
                        Tuple.of(strides),
                        false,
                        new OrderedDict()));
    }

    private String add(DenseTensor tensor) {
        tensors.add(tensor);
        return Integer.toString(tensors.size() - 1);
    }
}
