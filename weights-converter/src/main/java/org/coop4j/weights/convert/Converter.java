package org.coop4j.weights.convert;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import org.coop4j.base.InputException;
import org.coop4j.base.Progress;
import org.coop4j.weights.Shape;
import org.coop4j.weights.TensorSpec;
import org.coop4j.weights.checkpoint.WeightsFile;
import org.coop4j.weights.convert.OpenAiNames.SourceTensor;
import org.coop4j.weights.model.ClipConfig;
import org.coop4j.weights.model.ConvertedModel;
import org.coop4j.weights.model.MlpActivation;
import org.coop4j.weights.model.ModelMetadata;
import org.coop4j.weights.model.PreprocessConfig;
import org.coop4j.weights.safetensors.SafetensorsWriter;

/**
 * Converts a CLIP checkpoint in any published form to one safetensors file, in memory that does not
 * grow with the checkpoint.
 *
 * <pre>{@code
 * Converter.convert(Path.of("ViT-B-32.pt"), Path.of("vit-b-32.safetensors"));
 * }</pre>
 */
public final class Converter {
    private final Path source;
    private final Optional<MlpActivation> activation;
    private final Progress progress;

    private Converter(Path source, Optional<MlpActivation> activation, Progress progress) {
        this.source = source;
        this.activation = activation;
        this.progress = progress;
    }

    /** Converts a source that tells its activation. */
    public static ModelMetadata convert(Path source, Path target) throws IOException {
        return convert(source, target, Optional.empty(), Progress.NONE);
    }

    /**
     * Converts {@code source}, a file or folder, to {@code target}, which appears whole or not at
     * all and replaces what was there.
     *
     * @param activation the model's activation where its source does not tell; empty to rely on the
     *     source
     * @return what was written into the file's metadata
     * @throws InputException when the source is damaged or is no CLIP model, or its activation is
     *     unknown or contradicts {@code activation}
     */
    public static ModelMetadata convert(Path source, Path target, Optional<MlpActivation> activation, Progress progress)
            throws IOException {
        ModelSource found = ModelSource.find(source);
        if (activation.isEmpty() && ConvertedModel.isConverted(found.weights())) {
            throw InputException.in(source, "a converted model already: use it as it is");
        }
        try (WeightsFile weights = WeightsFile.open(found.weights())) {
            for (Path file : weights.files()) {
                if (Files.exists(target) && Files.isSameFile(file, target)) {
                    throw new InputException(target + " would replace its own source");
                }
            }
            return new Converter(source, activation, progress).run(found, weights, target);
        }
    }

    private ModelMetadata run(ModelSource found, WeightsFile weights, Path target) throws IOException {
        Map<String, SourceTensor> tensors;
        MlpActivation told;
        ClipConfig architecture;
        try {
            refusePromptLearner(weights);
            tensors = OpenAiNames.of(weights.tensors());
            architecture = architecture(tensors, found.config());
            told = activation(weights.format(), found.config());
        } catch (InputException e) {
            throw new InputException(source + ": " + e.getMessage(), e);
        }
        try (Progress.Task task = progress.task("converting", bytes(weights, tensors), Progress.Unit.BYTES)) {
            weights.verifyChecksums(task::advance);
            PreprocessConfig preprocessing = found.config()
                    .map(ModelConfig::preprocessing)
                    .orElse(PreprocessConfig.openAi(architecture.vision().imageSize()));
            ModelMetadata metadata = metadata(architecture, told, preprocessing, weights, task);
            write(tensors, architecture, metadata, target, task);
            return metadata;
        }
    }

    /** Bytes of the three passes: checksums, hash, copy. */
    private static long bytes(WeightsFile weights, Map<String, SourceTensor> tensors) throws IOException {
        long bytes = weights.checkedBytes();
        for (Path file : weights.files()) {
            bytes += Files.size(file);
        }
        for (Map.Entry<String, SourceTensor> entry : tensors.entrySet()) {
            bytes += entry.getValue().spec(entry.getKey()).bytes();
        }
        return bytes;
    }

    private static void refusePromptLearner(WeightsFile weights) throws InputException {
        if (weights.names().contains("ctx") && weights.names().contains("token_prefix")) {
            throw new InputException(
                    "a learned prompt of the CoOp reference trainer, not a CLIP model: use coop" + " import");
        }
    }

    private static ClipConfig architecture(Map<String, SourceTensor> tensors, Optional<ModelConfig> config)
            throws InputException {
        Map<String, Shape> shapes = new LinkedHashMap<>();
        List<TensorSpec> specs = new ArrayList<>();
        for (Map.Entry<String, SourceTensor> entry : tensors.entrySet()) {
            TensorSpec spec = entry.getValue().spec(entry.getKey());
            specs.add(spec);
            shapes.put(spec.name(), spec.shape());
        }
        ClipConfig architecture = ArchitectureInference.infer(shapes, config.map(ModelConfig::architecture));
        architecture.check(specs);
        if (config.isPresent()) {
            config.get().check(architecture);
        }
        return architecture;
    }

    /** The activation is what the source says; where it says nothing, the user must. */
    private MlpActivation activation(WeightsFile.Format format, Optional<ModelConfig> config) throws InputException {
        Optional<MlpActivation> told = config.flatMap(ModelConfig::activation);
        if (config.isEmpty() && format == WeightsFile.Format.TORCHSCRIPT) {
            told = Optional.of(MlpActivation.QUICK_GELU);
        }
        if (told.isPresent() && activation.isPresent() && !told.equals(activation)) {
            String teller = config.map(ModelConfig::file).orElse("a TorchScript archive (OpenAI)");
            throw new InputException("%s means %s, but --activation is %s: omit --activation"
                    .formatted(teller, told.get().id(), activation.get().id()));
        }
        return told.or(() -> activation)
                .orElseThrow(() -> new InputException("nothing tells the model's activation: give --activation"
                        + " quick_gelu (OpenAI's weights) or --activation"
                        + " gelu (most of open_clip's)"));
    }

    private ModelMetadata metadata(
            ClipConfig architecture,
            MlpActivation mlpActivation,
            PreprocessConfig preprocessing,
            WeightsFile weights,
            Progress.Task task)
            throws IOException {
        ModelMetadata.SourceInfo info = ModelMetadata.SourceInfo.ofFile(
                Objects.toString(source.toAbsolutePath().normalize().getFileName(), ""),
                weights.format().label(),
                weights.sha256(task::advance));
        try {
            return new ModelMetadata(architecture, mlpActivation, preprocessing, info);
        } catch (IllegalArgumentException e) {
            throw new InputException(source + ": " + e.getMessage(), e);
        }
    }

    private static void write(
            Map<String, SourceTensor> tensors,
            ClipConfig architecture,
            ModelMetadata metadata,
            Path target,
            Progress.Task task)
            throws IOException {
        List<TensorSpec> specs = new ArrayList<>();
        for (String name : architecture.expectedTensors().keySet()) {
            specs.add(tensors.get(name).spec(name));
        }
        try (SafetensorsWriter writer = SafetensorsWriter.create(target, specs, metadata.toMap())) {
            for (TensorSpec spec : specs) {
                tensors.get(spec.name()).forEachChunk(chunk -> {
                    int bytes = chunk.remaining();
                    writer.writeBytes(spec.name(), chunk);
                    task.advance(bytes);
                });
            }
            writer.commit();
        }
    }
}
