package org.coop4j.cli;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import org.coop4j.base.Progress;
import org.coop4j.model.ClipConfig;
import org.coop4j.model.ConvertedModel;
import org.coop4j.model.MlpActivation;
import org.coop4j.model.convert.RandomWeights;
import org.coop4j.weights.TensorView;
import org.coop4j.weights.TensorView.TensorSpec;
import org.coop4j.weights.safetensors.SafetensorsWriter;

/** Writes small models with random weights. */
final class TinyModel {

    /** A converted model with CLIP's vocabulary, for tests that do not change it. */
    static final Path MODEL = temporary();

    private TinyModel() {}

    private static Path temporary() {
        try {
            Path folder = Files.createTempDirectory("tiny-model");
            folder.toFile().deleteOnExit();
            Path model = write(folder);
            model.toFile().deleteOnExit();
            return model;
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    /** A converted model with CLIP's vocabulary. */
    static Path write(Path folder) throws IOException {
        return write(folder.resolve("tiny.safetensors"), 49408);
    }

    static Path write(Path file, int vocabulary) throws IOException {
        return write(file, vocabulary, 32);
    }

    static Path write(Path file, int vocabulary, int imageSize) throws IOException {
        // Wider heads than needed, so that no two classes have the same probability.
        return write(file, vocabulary, new ClipConfig.Vit(imageSize, 16, 64, 2, 1, 128));
    }

    /** A converted ResNet with CLIP's vocabulary. */
    static Path writeResNet(Path folder) throws IOException {
        return write(folder.resolve("resnet.safetensors"), 49408, new ClipConfig.ResNet(32, List.of(1, 1, 1, 1), 2, 2));
    }

    private static Path write(Path file, int vocabulary, ClipConfig.Vision vision) throws IOException {
        ClipConfig architecture = new ClipConfig(32, vision, new ClipConfig.Text(77, vocabulary, 64, 1, 2, 128));
        RandomWeights.write(architecture, 1, file, MlpActivation.QUICK_GELU, Progress.NONE);
        return file;
    }

    /** The same weights as they come from elsewhere: OpenAI's names, nothing said of them. */
    static Path writeBare(Path folder) throws IOException {
        return writeBare(folder, 49408);
    }

    static Path writeBare(Path folder, int vocabulary) throws IOException {
        Path bare = folder.resolve("bare.safetensors");
        Path converted = write(folder.resolve("tiny.safetensors"), vocabulary);
        try (ConvertedModel model = ConvertedModel.open(converted)) {
            List<TensorSpec> specs = new ArrayList<>();
            for (TensorView tensor : model.weights().tensors()) {
                specs.add(new TensorSpec(tensor.name(), tensor.dtype(), tensor.shape()));
            }
            try (SafetensorsWriter writer = SafetensorsWriter.create(bare, specs, Map.of())) {
                for (TensorView tensor : model.weights().tensors()) {
                    tensor.forEachChunk(chunk -> writer.writeBytes(tensor.name(), chunk));
                }
                writer.commit();
            }
        }
        return bare;
    }
}
