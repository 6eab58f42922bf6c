package org.coop4j.run;

import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.coop4j.train.Checkpoint;
import org.coop4j.weights.DType;
import org.coop4j.weights.Shape;
import org.coop4j.weights.TensorSpec;
import org.coop4j.weights.safetensors.SafetensorsFile;
import org.coop4j.weights.safetensors.TensorChecksum;

/**
 * A training run's checkpoint as a file: {@code value.NAME} of each learned tensor and {@code
 * optimizer.NAME} of each array of the optimizer, the number of epochs, their metrics, which images
 * it was trained on, and a checksum of it all. Those of format 1 hold {@code ctx} and {@code
 * momentum} alone.
 *
 * @param state what the training goes on with
 * @param metrics the lines of {@code metrics.jsonl}; null in a file of an earlier version
 */
record TrainCheckpoint(Checkpoint state, String metrics) {

    private static final String EPOCHS = "coop4j.epochs";
    private static final String IMAGES = "coop4j.train_images";
    private static final String METRICS = "coop4j.metrics";
    private static final String VALUE = "value.";
    private static final String OPTIMIZER = "optimizer.";

    /**
     * Writes the checkpoint, whole or not at all.
     *
     * @param images hash of the training images
     */
    void write(Path file, String images) throws IOException {
        Map<String, float[]> arrays = new LinkedHashMap<>();
        state.values().forEach((name, values) -> arrays.put(VALUE + name, values));
        state.optimizer().forEach((name, values) -> arrays.put(OPTIMIZER + name, values));
        Map<String, String> metadata = new LinkedHashMap<>();
        metadata.put(EPOCHS, Integer.toString(state.epochs()));
        metadata.put(IMAGES, images);
        metadata.put(METRICS, metrics);
        List<TensorSpec> specs = new ArrayList<>();
        arrays.forEach(
                (name, values) ->
                        specs.add(new TensorSpec(name, DType.F32, Shape.of(values.length))));
        TensorChecksum.write(file, specs, metadata, arrays);
    }

    /**
     * Reads a checkpoint.
     *
     * @param images hash of the training images that the run goes on with
     * @throws IOException if it is something else or damaged, or was trained on other images
     */
    static TrainCheckpoint read(Path file, String images) throws IOException {
        try (SafetensorsFile tensors = SafetensorsFile.open(file)) {
            Map<String, float[]> arrays = TensorChecksum.read(tensors);
            String epochs = tensors.metadata().get(EPOCHS);
            if (epochs == null || !epochs.matches("\\d{1,9}")) {
                throw new IOException(file + " is no checkpoint of coop train");
            }
            if (!images.equals(tensors.metadata().get(IMAGES))) {
                throw new IOException(
                        "the training images are not those that the run in "
                                + file.toAbsolutePath().getParent()
                                + " was begun with: put them back, or choose another --out");
            }
            Map<String, float[]> values = new LinkedHashMap<>();
            Map<String, float[]> optimizer = new LinkedHashMap<>();
            if (arrays.containsKey("ctx") && arrays.containsKey("momentum")) {
                values.put("ctx", arrays.get("ctx"));
                optimizer.put("ctx.momentum", arrays.get("momentum"));
            }
            arrays.forEach(
                    (name, array) -> {
                        if (name.startsWith(VALUE)) {
                            values.put(name.substring(VALUE.length()), array);
                        } else if (name.startsWith(OPTIMIZER)) {
                            optimizer.put(name.substring(OPTIMIZER.length()), array);
                        }
                    });
            return new TrainCheckpoint(
                    new Checkpoint(Integer.parseInt(epochs), values, optimizer),
                    tensors.metadata().get(METRICS));
        }
    }
}
