package org.coop4j.weights.clip;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.OptionalInt;
import org.coop4j.weights.ProgressListener;
import org.coop4j.weights.Shape;
import org.coop4j.weights.TensorSpec;
import org.coop4j.weights.WeightsException;
import org.coop4j.weights.checkpoint.Checkpoint;
import org.coop4j.weights.safetensors.SafetensorsWriter;

/**
 * Converts a CLIP checkpoint in any published form to one safetensors file, in memory that does not
 * grow with the checkpoint.
 *
 * <pre>{@code
 * Converter.convert(Path.of("ViT-B-32.pt"), Path.of("vit-b-32.safetensors"),
 *         ConversionOptions.defaults());
 * }</pre>
 */
public final class Converter {
    private final Path source;
    private final ConversionOptions options;

    private Converter(Path source, ConversionOptions options) {
        this.source = source;
        this.options = options;
    }

    /**
     * Converts {@code source}, a file or folder, to {@code target}, which appears whole or not at
     * all and replaces what was there.
     *
     * @return what was written into the file's metadata
     * @throws WeightsException when the source is damaged or is no CLIP model, or its activation is
     *     unknown or contradicts the options
     */
    public static ModelMetadata convert(Path source, Path target, ConversionOptions options)
            throws IOException {
        ModelSource found = ModelSource.find(source);
        try (Checkpoint checkpoint = Checkpoint.open(found.weights())) {
            for (Path file : checkpoint.files()) {
                if (Files.exists(target) && Files.isSameFile(file, target)) {
                    throw new WeightsException(target + " would replace its own source");
                }
            }
            return new Converter(source, options).run(found, checkpoint, target);
        }
    }

    private ModelMetadata run(ModelSource found, Checkpoint checkpoint, Path target)
            throws IOException {
        Map<String, SourceTensor> tensors;
        Activation activation;
        ClipArchitecture architecture;
        try {
            refusePromptLearner(checkpoint);
            tensors = OpenAiNames.of(checkpoint.tensors());
            architecture = architecture(tensors, found.config());
            activation = activation(checkpoint.format(), found.config());
        } catch (WeightsException e) {
            throw new WeightsException(source + ": " + e.getMessage(), e);
        }
        Progress progress = new Progress(checkpoint, tensors, options.progress());
        checkpoint.verifyChecksums(progress::advanceTo);
        Preprocessing preprocessing =
                found.config()
                        .map(ModelConfig::preprocessing)
                        .orElse(Preprocessing.openAi(architecture.vision().imageSize()));
        ModelMetadata metadata =
                metadata(architecture, activation, preprocessing, checkpoint, progress);
        write(tensors, architecture, metadata, target, progress);
        return metadata;
    }

    private static void refusePromptLearner(Checkpoint checkpoint) throws WeightsException {
        if (checkpoint.names().contains("ctx") && checkpoint.names().contains("token_prefix")) {
            throw new WeightsException(
                    "a learned prompt of the CoOp reference trainer, not a CLIP model: use coop"
                            + " import");
        }
    }

    private static ClipArchitecture architecture(
            Map<String, SourceTensor> tensors, Optional<ModelConfig> config)
            throws WeightsException {
        Map<String, Shape> shapes = new LinkedHashMap<>();
        Map<String, TensorSpec> specs = new LinkedHashMap<>();
        for (Map.Entry<String, SourceTensor> entry : tensors.entrySet()) {
            TensorSpec spec = entry.getValue().spec(entry.getKey());
            specs.put(spec.name(), spec);
            shapes.put(spec.name(), spec.shape());
        }
        ClipArchitecture architecture =
                ArchitectureInference.infer(
                        shapes,
                        config.map(ModelConfig::visionHeads).orElse(OptionalInt.empty()),
                        config.map(ModelConfig::textHeads).orElse(OptionalInt.empty()));
        TensorCheck.check(architecture, specs);
        if (config.isPresent()) {
            config.get().check(architecture);
        }
        return architecture;
    }

    /** The activation is what the source says; where it says nothing, the user must. */
    private Activation activation(Checkpoint.Format format, Optional<ModelConfig> config)
            throws WeightsException {
        Optional<Activation> told = config.flatMap(ModelConfig::activation);
        if (config.isEmpty() && format == Checkpoint.Format.TORCHSCRIPT) {
            told = Optional.of(Activation.QUICK_GELU);
        }
        if (told.isPresent()
                && options.activation().isPresent()
                && !told.equals(options.activation())) {
            String teller =
                    config.map(ModelConfig::file).orElse("a TorchScript archive of OpenAI's");
            throw new WeightsException(
                    "the activation %s was asked for, but %s means %s: leave the option away"
                            .formatted(options.activation().get().id(), teller, told.get().id()));
        }
        return told.or(options::activation)
                .orElseThrow(
                        () ->
                                new WeightsException(
                                        "nothing tells the model's activation: give --activation"
                                                + " quick_gelu (OpenAI's weights) or --activation"
                                                + " gelu (most of open_clip's)"));
    }

    private ModelMetadata metadata(
            ClipArchitecture architecture,
            Activation activation,
            Preprocessing preprocessing,
            Checkpoint checkpoint,
            Progress progress)
            throws IOException {
        String sha256 = FileHash.combined(checkpoint.files(), progress::advance);
        SourceInfo info =
                new SourceInfo(
                        Objects.toString(source.toAbsolutePath().normalize().getFileName(), ""),
                        checkpoint.format().label(),
                        Optional.of(sha256),
                        PublishedModels.knownAs(sha256));
        try {
            return new ModelMetadata(architecture, activation, preprocessing, info);
        } catch (IllegalArgumentException e) {
            throw new WeightsException(source + ": " + e.getMessage(), e);
        }
    }

    private static void write(
            Map<String, SourceTensor> tensors,
            ClipArchitecture architecture,
            ModelMetadata metadata,
            Path target,
            Progress progress)
            throws IOException {
        List<TensorSpec> specs = new ArrayList<>();
        for (String name : architecture.expectedTensors().keySet()) {
            specs.add(tensors.get(name).spec(name));
        }
        try (SafetensorsWriter writer = SafetensorsWriter.create(target, specs, metadata.toMap())) {
            for (TensorSpec spec : specs) {
                tensors.get(spec.name())
                        .forEachChunk(
                                chunk -> {
                                    int bytes = chunk.remaining();
                                    writer.writeBytes(spec.name(), chunk);
                                    progress.advance(bytes);
                                });
            }
            writer.commit();
        }
    }

    /** Adds up the three passes: checksums, hash, copy. */
    private static final class Progress {
        private final ProgressListener listener;
        private final long total;
        private long done;

        Progress(
                Checkpoint checkpoint, Map<String, SourceTensor> tensors, ProgressListener listener)
                throws IOException {
            this.listener = listener;
            long bytes = checkpoint.checkedBytes();
            for (Path file : checkpoint.files()) {
                bytes += Files.size(file);
            }
            for (Map.Entry<String, SourceTensor> entry : tensors.entrySet()) {
                bytes += entry.getValue().spec(entry.getKey()).bytes();
            }
            this.total = bytes;
        }

        void advance(long bytes) {
            done += bytes;
            listener.progress(done, total);
        }

        void advanceTo(long newDone, long ignoredTotal) {
            done = newDone;
            listener.progress(done, total);
        }
    }
}
