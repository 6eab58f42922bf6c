package org.coop4j.method;

import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.coop4j.base.InputException;
import org.coop4j.base.Require;
import org.coop4j.graph.LearnedTensor;
import org.coop4j.weights.DType;
import org.coop4j.weights.Shape;
import org.coop4j.weights.TensorView.TensorSpec;
import org.coop4j.weights.safetensors.SafetensorsFile;
import org.coop4j.weights.safetensors.TensorChecksum;

/**
 * The state of a training after some epochs as a file, from which it resumes as if never interrupted. Random streams
 * follow from the seed and the epoch and have no state.
 *
 * <p>The file has the arrays, the number of epochs, their metrics, the hash of the training images, and a checksum.
 *
 * @param epochs number of finished epochs
 * @param arrays {@code value.NAME} of each learned tensor, {@code optimizer.NAME} of each array of the optimizer's
 *     state
 * @param metrics one line of JSON per epoch
 */
record Checkpoint(int epochs, Map<String, float[]> arrays, String metrics) {

    private static final String EPOCHS = "coop4j.epochs";
    private static final String IMAGES = "coop4j.train_images";
    private static final String METRICS = "coop4j.metrics";
    private static final String VALUE = "value.";
    private static final String OPTIMIZER = "optimizer.";

    static Checkpoint of(int epochs, List<LearnedTensor> tensors, Optimizer optimizer, String metrics) {
        Map<String, float[]> arrays = new LinkedHashMap<>();
        tensors.forEach(tensor -> arrays.put(VALUE + tensor.name(), tensor.values()));
        optimizer.state().forEach((name, array) -> arrays.put(OPTIMIZER + name, array));
        return new Checkpoint(epochs, arrays, metrics);
    }

    /**
     * Restores tensors and their optimizer.
     *
     * @throws IllegalArgumentException if it is the state of other tensors
     */
    void restore(List<LearnedTensor> tensors, Optimizer optimizer) {
        for (LearnedTensor tensor : tensors) {
            float[] saved = arrays.get(VALUE + tensor.name());
            Require.that(
                    saved != null && saved.length == tensor.values().length,
                    "checkpoint: expected %d values of %s, got %s",
                    tensor.values().length,
                    tensor.name(),
                    saved == null ? "none" : saved.length);
            System.arraycopy(saved, 0, tensor.values(), 0, saved.length);
        }
        Map<String, float[]> state = new LinkedHashMap<>();
        arrays.forEach((name, array) -> {
            if (name.startsWith(OPTIMIZER)) {
                state.put(name.substring(OPTIMIZER.length()), array);
            }
        });
        optimizer.restore(state);
    }

    /**
     * Writes the checkpoint atomically.
     *
     * @param images hash of the training images
     */
    void write(Path file, String images) throws IOException {
        List<TensorSpec> specs = new ArrayList<>();
        arrays.forEach((name, array) -> specs.add(new TensorSpec(name, DType.F32, Shape.of(array.length))));
        Map<String, String> metadata = new LinkedHashMap<>();
        metadata.put(EPOCHS, Integer.toString(epochs));
        metadata.put(IMAGES, images);
        metadata.put(METRICS, metrics);
        TensorChecksum.write(file, specs, metadata, arrays);
    }

    /**
     * Reads a checkpoint.
     *
     * @param images hash of the training images of the resumed run
     * @throws IOException if the file is not a checkpoint, is damaged, or belongs to other training images
     */
    static Checkpoint read(Path file, String images) throws IOException {
        try (SafetensorsFile tensors = SafetensorsFile.open(file)) {
            Map<String, float[]> arrays = TensorChecksum.read(tensors);
            Map<String, String> metadata = tensors.metadata();
            String epochs = metadata.get(EPOCHS);
            InputException.require(
                    epochs != null && epochs.matches("\\d{1,9}") && metadata.containsKey(METRICS),
                    "%s is not a checkpoint of coop train",
                    file);
            InputException.require(
                    images.equals(metadata.get(IMAGES)),
                    "the training images are not those of the run in %s: restore them, or choose another run folder",
                    file.toAbsolutePath().getParent());
            return new Checkpoint(Integer.parseInt(epochs), arrays, metadata.get(METRICS));
        }
    }
}
