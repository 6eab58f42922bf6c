package org.coop4j.pretrain;

import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.coop4j.weights.DType;
import org.coop4j.weights.Shape;
import org.coop4j.weights.TensorSpec;
import org.coop4j.weights.safetensors.SafetensorsFile;
import org.coop4j.weights.safetensors.SafetensorsWriter;

/**
 * The state of a pre-training after some epochs: weights, moments and running statistics. Random
 * streams have no state, as they are made from the seed and the epoch.
 */
public final class PretrainState {

    private static final String EPOCHS = "coop4j.pretrain.epochs";
    private static final String STEPS = "coop4j.pretrain.steps";

    private final int epochs;
    private final long steps;
    private final Map<String, float[]> arrays;

    PretrainState(int epochs, long steps, Map<String, float[]> arrays) {
        this.epochs = epochs;
        this.steps = steps;
        this.arrays = Collections.unmodifiableMap(new LinkedHashMap<>(arrays));
    }

    /** Number of finished epochs. */
    public int epochs() {
        return epochs;
    }

    long steps() {
        return steps;
    }

    Map<String, float[]> arrays() {
        return arrays;
    }

    /** Writes the state as a safetensors file, whole or not at all. */
    public void write(Path file) throws IOException {
        Map<String, String> metadata = new LinkedHashMap<>();
        metadata.put(EPOCHS, Integer.toString(epochs));
        metadata.put(STEPS, Long.toString(steps));
        List<TensorSpec> specs = new ArrayList<>();
        arrays.forEach(
                (name, values) ->
                        specs.add(new TensorSpec(name, DType.F32, Shape.of(values.length))));
        try (SafetensorsWriter writer = SafetensorsWriter.create(file, specs, metadata)) {
            for (Map.Entry<String, float[]> array : arrays.entrySet()) {
                writer.writeFloats(array.getKey(), array.getValue());
            }
            writer.commit();
        }
    }

    /**
     * Reads what {@link #write} wrote.
     *
     * @throws IOException if the file is something else
     */
    public static PretrainState read(Path file) throws IOException {
        try (SafetensorsFile tensors = SafetensorsFile.open(file)) {
            String epochs = tensors.metadata().getOrDefault(EPOCHS, "");
            String steps = tensors.metadata().getOrDefault(STEPS, "");
            if (!epochs.matches("\\d{1,9}") || !steps.matches("\\d{1,18}")) {
                throw new IOException(file + " is no checkpoint of coop pretrain");
            }
            Map<String, float[]> arrays = new LinkedHashMap<>();
            for (String name : tensors.names()) {
                arrays.put(name, tensors.floats(name));
            }
            return new PretrainState(Integer.parseInt(epochs), Long.parseLong(steps), arrays);
        }
    }
}
