package org.coop4j.run;

import java.io.IOException;
import java.nio.file.Path;
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
 * A training run's checkpoint as a file: {@code ctx}, {@code momentum}, the number of epochs, and
 * which images it was trained on.
 */
final class TrainCheckpoint {

    private static final String EPOCHS = "coop4j.epochs";
    private static final String IMAGES = "coop4j.train_images";

    private TrainCheckpoint() {}

    /**
     * Writes a checkpoint, whole or not at all.
     *
     * @param images hash of the training images
     */
    static void write(Path file, Checkpoint checkpoint, String images) throws IOException {
        float[] context = checkpoint.parameters();
        float[] velocity = checkpoint.velocity();
        Map<String, String> metadata = new LinkedHashMap<>();
        metadata.put(EPOCHS, Integer.toString(checkpoint.epochs()));
        metadata.put(IMAGES, images);
        List<TensorSpec> specs =
                List.of(
                        new TensorSpec("ctx", DType.F32, Shape.of(context.length)),
                        new TensorSpec("momentum", DType.F32, Shape.of(velocity.length)));
        try (SafetensorsWriter writer = SafetensorsWriter.create(file, specs, metadata)) {
            writer.writeFloats("ctx", context);
            writer.writeFloats("momentum", velocity);
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
            return new Checkpoint(
                    Integer.parseInt(epochs), tensors.floats("ctx"), tensors.floats("momentum"));
        }
    }
}
