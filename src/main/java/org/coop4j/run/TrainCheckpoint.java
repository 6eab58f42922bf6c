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
import org.coop4j.weights.safetensors.SafetensorsWriter;

/**
 * A training run's checkpoint as a file: {@code value.NAME} of each learned tensor and {@code
 * optimizer.NAME} of each array of the optimizer, the number of epochs, and which images it was
 * trained on. Those of format 1 hold {@code ctx} and {@code momentum} alone.
 */
final class TrainCheckpoint {

    private static final String EPOCHS = "coop4j.epochs";
    private static final String IMAGES = "coop4j.train_images";
    private static final String VALUE = "value.";
    private static final String OPTIMIZER = "optimizer.";

    private TrainCheckpoint() {}

    /**
     * Writes a checkpoint, whole or not at all.
     *
     * @param images hash of the training images
     */
    static void write(Path file, Checkpoint checkpoint, String images) throws IOException {
        Map<String, float[]> arrays = new LinkedHashMap<>();
        checkpoint.values().forEach((name, values) -> arrays.put(VALUE + name, values));
        checkpoint.optimizer().forEach((name, values) -> arrays.put(OPTIMIZER + name, values));
        Map<String, String> metadata = new LinkedHashMap<>();
        metadata.put(EPOCHS, Integer.toString(checkpoint.epochs()));
        metadata.put(IMAGES, images);
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
     * Reads a checkpoint.
     *
     * @param images hash of the training images that the run goes on with
     * @throws IOException if it is something else, or was trained on other images
     */
    static Checkpoint read(Path file, String images) throws IOException {
        try (SafetensorsFile tensors = SafetensorsFile.open(file)) {
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
            if (tensors.contains("ctx") && tensors.contains("momentum")) {
                values.put("ctx", tensors.floats("ctx"));
                optimizer.put("ctx.momentum", tensors.floats("momentum"));
            }
            for (String name : tensors.names()) {
                if (name.startsWith(VALUE)) {
                    values.put(name.substring(VALUE.length()), tensors.floats(name));
                } else if (name.startsWith(OPTIMIZER)) {
                    optimizer.put(name.substring(OPTIMIZER.length()), tensors.floats(name));
                }
            }
            return new Checkpoint(Integer.parseInt(epochs), values, optimizer);
        }
    }
}
