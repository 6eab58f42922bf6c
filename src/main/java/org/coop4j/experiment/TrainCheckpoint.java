package org.coop4j.experiment;

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

/** A training run's checkpoint as a file: {@code ctx}, {@code momentum}, and the epoch. */
final class TrainCheckpoint {

    private static final String EPOCHS = "coop4j.epochs";

    private TrainCheckpoint() {}

    static void write(Path file, Checkpoint checkpoint) throws IOException {
        float[] context = checkpoint.parameters();
        float[] velocity = checkpoint.velocity();
        Map<String, String> metadata = new LinkedHashMap<>();
        metadata.put(EPOCHS, Integer.toString(checkpoint.epochs()));
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

    static Checkpoint read(Path file) throws IOException {
        try (SafetensorsFile tensors = SafetensorsFile.open(file)) {
            String epochs = tensors.metadata().get(EPOCHS);
            if (epochs == null || !epochs.matches("\\d{1,9}")) {
                throw new IOException(file + " is no checkpoint of coop train");
            }
            return new Checkpoint(
                    Integer.parseInt(epochs), tensors.floats("ctx"), tensors.floats("momentum"));
        }
    }
}
