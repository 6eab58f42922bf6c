package org.coop4j.weights.torch;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.coop4j.base.AtomicFile;
import org.coop4j.weights.DenseTensor;
import org.coop4j.weights.Shape;
import org.coop4j.weights.pickle.GlobalName;
import org.coop4j.weights.pickle.OrderedDict;
import org.coop4j.weights.pickle.Pickler;
import org.coop4j.weights.pickle.Tuple;

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
            ZipWriter zip = new ZipWriter(file);
            zip.add(ROOT + "data.pkl", ByteBuffer.wrap(pickle));
            zip.add(ROOT + "byteorder", ascii("little"));
            for (int i = 0; i < save.tensors.size(); i++) {
                zip.add(ROOT + "data/" + i, save.tensors.get(i).data());
            }
            zip.add(ROOT + "version", ascii("3\n"));
            zip.finish();
            file.commit();
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
            Map<Object, Object> copy =
                    map instanceof OrderedDict ? new OrderedDict() : new LinkedHashMap<>();
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
        Tuple storage =
                Tuple.of(
                        "storage",
                        new GlobalName("torch", StorageType.classOf(tensor.dtype())),
                        key,
                        "cpu",
                        shape.elements());
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
