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
import org.coop4j.base.Sha256;
import org.coop4j.weights.TensorView;
import org.coop4j.weights.TensorView.TensorSpec;

/**
 * Small safetensors files of float tensors that record the SHA-256 of their metadata and tensors: a flipped bit of a
 * number is another number, and would go unnoticed otherwise.
 */
public final class TensorChecksum {
    /** Key of the checksum in the metadata. */
    public static final String KEY = "coop4j.sha256";

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
        checked.put(KEY, of(metadata, specs, tensors));
        try (SafetensorsWriter writer = SafetensorsWriter.create(file, specs, checked)) {
            for (TensorSpec spec : specs) {
                writer.writeFloats(spec.name(), tensors.get(spec.name()));
            }
            writer.commit();
        }
    }

    /**
     * Returns all tensors of a file, in its order.
     *
     * @throws IOException if the contents do not match the checksum that the file records; without one they are not
     *     checked
     */
    public static Map<String, float[]> read(SafetensorsFile file) throws IOException {
        Map<String, float[]> tensors = new LinkedHashMap<>();
        for (TensorView tensor : file.tensors()) {
            tensors.put(tensor.name(), tensor.floats());
        }
        String recorded = file.metadata().get(KEY);
        List<TensorSpec> specs = file.tensors().stream().map(TensorView::spec).toList();
        if (recorded != null && !recorded.equals(of(file.metadata(), specs, tensors))) {
            throw new IOException(file.path() + " is damaged: its contents do not match their checksum");
        }
        return tensors;
    }

    /** Returns the SHA-256 of metadata and tensors in the order of their names, without the checksum itself. */
    private static String of(Map<String, String> metadata, List<TensorSpec> specs, Map<String, float[]> tensors) {
        Sha256 hash = new Sha256();
        new TreeMap<>(metadata).forEach((key, value) -> {
            if (!key.equals(KEY)) {
                hash.add(key + "=" + value + "\n");
            }
        });
        specs.stream().sorted(Comparator.comparing(TensorSpec::name)).forEach(spec -> {
            float[] values = tensors.get(spec.name());
            ByteBuffer bytes = ByteBuffer.allocate(Math.multiplyExact(Float.BYTES, values.length));
            bytes.order(ByteOrder.LITTLE_ENDIAN).asFloatBuffer().put(values);
            hash.add(spec.name() + spec.shape() + "\n").add(bytes);
        });
        return hash.hex();
    }
}
