package org.coop4j.weights.safetensors;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.file.Path;
import java.util.Comparator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.function.Function;
import org.coop4j.base.Sha256;
import org.coop4j.weights.DType;
import org.coop4j.weights.TensorSpec;

/**
 * Small safetensors files of float tensors that record the SHA-256 of their metadata and tensors: a
 * flipped bit of a number is another number, and nothing else would tell.
 */
public final class TensorChecksum {

    /** The key of the metadata that holds it. */
    public static final String KEY = "coop4j.sha256";

    private static final int CHUNK = 1 << 16;

    private TensorChecksum() {}

    /**
     * Writes a file with its checksum, whole or not at all.
     *
     * @param tensors the values of each tensor, row after row
     */
    public static void write(
            Path file, List<TensorSpec> specs, Map<String, String> metadata, Map<String, float[]> tensors)
            throws IOException {
        Map<String, String> checked = new LinkedHashMap<>(metadata);
        checked.put(KEY, of(metadata, specs, tensors::get));
        try (SafetensorsWriter writer = SafetensorsWriter.create(file, specs, checked)) {
            for (TensorSpec spec : specs) {
                writer.writeFloats(spec.name(), tensors.get(spec.name()));
            }
            writer.commit();
        }
    }

    /**
     * All tensors of a file, in its order.
     *
     * @throws IOException if the file does not have the checksum that it records; one that records
     *     none, as earlier versions did not, is taken as it is
     */
    public static Map<String, float[]> read(SafetensorsFile file) throws IOException {
        Map<String, float[]> tensors = new LinkedHashMap<>();
        for (String name : file.names()) {
            tensors.put(name, file.floats(name));
        }
        String recorded = file.metadata().get(KEY);
        if (recorded != null) {
            Map<String, TensorSpec> specs = new LinkedHashMap<>();
            for (String name : file.names()) {
                specs.put(name, new TensorSpec(name, DType.F32, file.shape(name)));
            }
            String found = of(file.metadata(), List.copyOf(specs.values()), tensors::get);
            if (!recorded.equals(found)) {
                throw new IOException(
                        file.path() + " is damaged: its contents do not have the checksum that it" + " records");
            }
        }
        return tensors;
    }

    /** SHA-256 of metadata and tensors in the order of their names, without the checksum itself. */
    private static String of(Map<String, String> metadata, List<TensorSpec> specs, Function<String, float[]> tensors) {
        Sha256 hash = new Sha256();
        new TreeMap<>(metadata).forEach((key, value) -> {
            if (!key.equals(KEY)) {
                hash.add(key + "=" + value + "\n");
            }
        });
        specs.stream().sorted(Comparator.comparing(TensorSpec::name)).forEach(spec -> {
            hash.add(spec.name() + spec.shape() + "\n");
            add(hash, tensors.apply(spec.name()));
        });
        return hash.hex();
    }

    private static void add(Sha256 hash, float[] values) {
        ByteBuffer bytes = ByteBuffer.allocate(CHUNK).order(ByteOrder.LITTLE_ENDIAN);
        for (int at = 0; at < values.length; at += CHUNK / Float.BYTES) {
            int count = Math.min(CHUNK / Float.BYTES, values.length - at);
            bytes.clear();
            bytes.asFloatBuffer().put(values, at, count);
            hash.add(bytes.limit(count * Float.BYTES));
        }
    }
}
