package org.coop4j.model.convert;

import static org.coop4j.base.InputException.require;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Collection;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.OptionalInt;
import org.coop4j.base.InputException;
import org.coop4j.base.Progress;
import org.coop4j.model.ClipConfig;
import org.coop4j.model.MlpActivation;
import org.coop4j.model.ModelMetadata;
import org.coop4j.model.ModelMetadata.Publication;
import org.coop4j.model.ModelVocabulary;
import org.coop4j.model.PreprocessConfig;
import org.coop4j.model.convert.ModelSource.ModelConfig;
import org.coop4j.model.convert.OpenAiNames.SourceTensor;
import org.coop4j.weights.DType;
import org.coop4j.weights.Shape;
import org.coop4j.weights.TensorView.TensorSpec;
import org.coop4j.weights.safetensors.SafetensorsWriter;
import org.coop4j.weights.torch.TorchFile;

/**
 * Converts a CLIP checkpoint in any published form to one safetensors file, in memory that does not grow with the
 * checkpoint.
 *
 * <pre>{@code
 * Converter.convert(Path.of("ViT-B-32.pt"), Path.of("vit-b-32.safetensors"), Optional.empty(), Progress.NONE);
 * }</pre>
 */
public final class Converter {
    private final WeightsFile weights;
    private Map<String, SourceTensor> tensors;
    private byte[] vocabulary; // null for CLIP's

    private Converter(WeightsFile weights) throws IOException {
        this.weights = weights;
        this.tensors = OpenAiNames.of(weights.tensors().values());
    }

    /**
     * Converts {@code source}, a file or folder, to {@code target}, which appears whole or not at all and replaces an
     * existing file.
     *
     * @param activation the model's activation if its source does not name it; empty to rely on the source
     * @return the metadata of the written file
     * @throws InputException if the source is damaged or not a CLIP model, or its activation is unknown or contradicts
     *     {@code activation}
     */
    public static ModelMetadata convert(Path source, Path target, Optional<MlpActivation> activation, Progress progress)
            throws IOException {
        return convert(source, target, activation, OptionalInt.empty(), Optional.empty(), progress);
    }

    /**
     * Converts a download, or a model for images of another size.
     *
     * @param size side of the images in pixels; empty for the model's own
     * @param publication the download; empty for files of the user
     * @throws InputException also if a size is given and the model is not a TIPS, or its patches do not divide it
     */
    public static ModelMetadata convert(
            Path source,
            Path target,
            Optional<MlpActivation> activation,
            OptionalInt size,
            Optional<Publication> publication,
            Progress progress)
            throws IOException {
        ModelSource found = ModelSource.find(source);
        try (WeightsFile weights = WeightsFile.open(found.weights())) {
            boolean converted = ModelMetadata.isPresent(weights.metadata());
            if (activation.isEmpty() && size.isEmpty() && converted) {
                throw InputException.in(source, "a converted model already: use it as it is");
            }
            Optional<ModelMetadata> own =
                    converted ? Optional.of(ModelMetadata.fromMap(weights.metadata())) : Optional.empty();
            boolean tips = own.isEmpty()
                    ? found.tips().isPresent()
                    : own.get().architecture().family() == ClipConfig.Family.TIPS;
            require(
                    size.isEmpty() || tips,
                    "%s: only TIPS is converted for images of another size than its own",
                    source);
            for (Path file : weights.files()) {
                require(
                        !Files.exists(target) || !Files.isSameFile(file, target),
                        "%s is the source itself: choose another target",
                        target);
            }
            return own.isPresent() && size.isPresent()
                    ? resized(weights, own.get(), size.getAsInt(), target, progress)
                    : convert(source, found, size, weights, target, activation, publication, progress);
        }
    }

    /** Writes a converted TIPS for images of another size. */
    private static ModelMetadata resized(
            WeightsFile weights, ModelMetadata own, int size, Path target, Progress progress) throws IOException {
        Converter converter = new Converter(weights);
        SourceTensor bytes = converter.tensors.remove(ModelVocabulary.TENSOR);
        if (bytes != null) {
            ByteBuffer copy = ByteBuffer.allocate(Math.toIntExact(bytes.spec().bytes()));
            bytes.contents().forEachChunk(copy::put);
            converter.vocabulary = copy.array();
        }
        converter.check(own.architecture(), Optional.empty());
        ModelMetadata metadata = TipsForm.resized(own, size, converter.tensors);
        try (Progress.Task task = progress.task("converting", converter.bytes(), Progress.Unit.BYTES)) {
            converter.write(target, metadata, task);
        }
        return metadata;
    }

    private static ModelMetadata convert(
            Path source,
            ModelSource found,
            OptionalInt size,
            WeightsFile weights,
            Path target,
            Optional<MlpActivation> given,
            Optional<Publication> publication,
            Progress progress)
            throws IOException {
        Converter converter;
        ModelConfig config;
        MlpActivation activation;
        try {
            require(
                    !weights.tensors().keySet().containsAll(List.of("ctx", "token_prefix")),
                    "a learned prompt of the CoOp reference trainer, not a CLIP model: import it");
            converter = new Converter(weights);
            Optional<ModelConfig> beside = found.config();
            if (found.tips().isPresent()) {
                beside = Optional.of(found.tips().get().config(converter.tensors, size));
                converter.tensors = found.tips()
                        .get()
                        .folded(converter.tensors, beside.get().architecture());
            }
            config = beside.isPresent() ? beside.get() : converter.inferred();
            converter.check(config.architecture(), beside);
            for (ModelVocabulary own : config.vocabulary().stream().toList()) {
                converter.vocabulary = own.read(source);
            }
            activation = activation(config, beside.isPresent(), given, progress);
            config.metadata(
                    activation, ModelMetadata.SourceInfo.madeHere(""), publication); // refuses what does not fit
        } catch (InputException | IllegalArgumentException e) {
            throw new InputException(source + ": " + e.getMessage(), e);
        }
        try (Progress.Task task = progress.task("converting", converter.bytes(), Progress.Unit.BYTES)) {
            weights.verifyChecksums(task::advance);
            ModelMetadata.SourceInfo info = ModelMetadata.SourceInfo.ofFile(
                    Objects.toString(source.toAbsolutePath().normalize().getFileName(), ""),
                    weights.format(),
                    weights.sha256(task::advance));
            ModelMetadata metadata = config.metadata(activation, info, publication);
            converter.write(target, metadata, task);
            return metadata;
        }
    }

    /** Returns what the weights tell of a model without a configuration. */
    private ModelConfig inferred() throws InputException {
        Map<String, Shape> shapes = new LinkedHashMap<>();
        tensors.forEach((name, tensor) -> shapes.put(name, tensor.spec().shape()));
        ClipConfig architecture = ArchitectureInference.infer(shapes);
        boolean torchScript = weights.format().equals(TorchFile.TORCHSCRIPT);
        return new ModelConfig(
                torchScript ? "a TorchScript archive (OpenAI)" : "a Perception Encoder",
                architecture,
                torchScript || architecture.family() == ClipConfig.Family.PE_CORE
                        ? Optional.of(MlpActivation.published(architecture))
                        : Optional.empty(),
                PreprocessConfig.published(architecture));
    }

    private void check(ClipConfig architecture, Optional<ModelConfig> beside) throws InputException {
        try {
            architecture.check(specs(tensors.keySet()));
        } catch (InputException e) {
            String misfit = beside.map(config -> config.file() + " does not fit the weights: ")
                    .orElse("");
            throw new InputException(misfit + e.getMessage(), e);
        }
    }

    /**
     * Returns the activation that the source names; if it names none, the user must. A configuration of CLIP may be wrong:
     * the user may overrule it.
     */
    private static MlpActivation activation(
            ModelConfig config, boolean configured, Optional<MlpActivation> given, Progress progress)
            throws InputException {
        Optional<MlpActivation> named = config.activation();
        if (named.isPresent() && given.isPresent() && !named.equals(given)) {
            String both = "%s means %s, but the activation given is %s"
                    .formatted(config.file(), named.get().id(), given.get().id());
            require(configured && config.architecture().family() == ClipConfig.Family.CLIP, both + ": omit it");
            progress.warn(both + ", and is used");
        }
        return given.or(() -> named)
                .orElseThrow(() -> new InputException("the source does not name its activation: give quick_gelu"
                        + " (OpenAI's weights) or gelu (most of open_clip's)"));
    }

    /** Returns the number of bytes of the three passes: checksums, hash, copy. */
    private long bytes() throws IOException {
        long bytes = weights.checkedBytes();
        for (Path file : weights.files()) {
            bytes += Files.size(file);
        }
        return bytes
                + specs(tensors.keySet()).stream().mapToLong(TensorSpec::bytes).sum();
    }

    private List<TensorSpec> specs(Collection<String> names) {
        return names.stream().map(name -> tensors.get(name).spec()).toList();
    }

    private void write(Path target, ModelMetadata metadata, Progress.Task task) throws IOException {
        List<TensorSpec> inOrder =
                specs(metadata.architecture().expectedTensors().keySet());
        List<TensorSpec> all = new ArrayList<>(inOrder);
        if (vocabulary != null) {
            all.add(new TensorSpec(ModelVocabulary.TENSOR, DType.U8, Shape.of(vocabulary.length)));
        }
        try (SafetensorsWriter writer = SafetensorsWriter.create(target, all, metadata.toMap())) {
            for (TensorSpec spec : inOrder) {
                tensors.get(spec.name()).contents().forEachChunk(chunk -> {
                    task.advance(chunk.remaining());
                    writer.writeBytes(spec.name(), chunk);
                });
            }
            if (vocabulary != null) {
                writer.writeBytes(ModelVocabulary.TENSOR, ByteBuffer.wrap(vocabulary));
            }
            writer.commit();
        }
    }
}
