package org.coop4j.model;

import java.io.Closeable;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Optional;
import org.coop4j.base.InputException;
import org.coop4j.base.Numbers;
import org.coop4j.base.OpenFile;
import org.coop4j.weights.TensorView;
import org.coop4j.weights.safetensors.SafetensorsFile;

/** An open converted model: its metadata and its tensors, all of them checked. */
public final class ConvertedModel implements Closeable {
    private final SafetensorsFile weights;
    private final ModelMetadata metadata;
    private String sha256;

    private ConvertedModel(SafetensorsFile weights, ModelMetadata metadata) {
        this.weights = weights;
        this.metadata = metadata;
    }

    /**
     * Opens a file that {@code coop convert} or {@code coop model new} wrote, and checks that every tensor of its
     * architecture is there with the right shape.
     *
     * @throws InputException if it is another file, or damaged
     */
    public static ConvertedModel open(Path path) throws IOException {
        if (Files.isDirectory(path)) {
            throw notConverted(path);
        }
        try {
            return OpenFile.open(path).parse(source -> {
                SafetensorsFile file =
                        SafetensorsFile.looksLike(source.firstBytes(16)) ? SafetensorsFile.of(source) : null;
                if (file == null || !ModelMetadata.isPresent(file.metadata())) {
                    throw notConverted(path);
                }
                ModelMetadata metadata = ModelMetadata.fromMap(file.metadata());
                metadata.architecture()
                        .check(file.tensors().stream()
                                .map(TensorView::spec)
                                .filter(spec -> metadata.vocabulary().isEmpty()
                                        || !spec.name().equals(ModelVocabulary.TENSOR))
                                .toList());
                return new ConvertedModel(file, metadata);
            });
        } catch (InputException e) {
            String message = e.getMessage();
            throw message.contains(path.toString()) ? e : new InputException(path + ": " + message, e);
        }
    }

    /** Returns this open model with another activation of both towers. */
    public ConvertedModel with(MlpActivation other) {
        return new ConvertedModel(weights, metadata.with(other));
    }

    private static InputException notConverted(Path path) {
        return InputException.in(path, "not a converted model: convert it first");
    }

    /** Returns the file's path. */
    public Path path() {
        return weights.path();
    }

    /** Returns the whole metadata. */
    public ModelMetadata metadata() {
        return metadata;
    }

    /** Returns the model's dimensions. */
    public ClipConfig architecture() {
        return metadata.architecture();
    }

    /** Returns the activation of the image tower's MLPs. */
    public MlpActivation activation() {
        return metadata.activation();
    }

    /** Returns true for a SigLIP or TIPS that was converted without a vocabulary: CLIP's is not its own. */
    public boolean lacksVocabulary() {
        return metadata.vocabulary().isEmpty() && architecture().text().unmasked();
    }

    /**
     * Returns the bytes of its own vocabulary; empty if it holds none.
     *
     * @throws InputException if the tensor is missing or too large
     */
    public Optional<byte[]> vocabulary() throws IOException {
        if (metadata.vocabulary().isEmpty()) {
            return Optional.empty();
        }
        TensorView tensor = weights.tensor(ModelVocabulary.TENSOR);
        InputException.require(
                tensor.bytes() <= ModelVocabulary.LARGEST,
                "%s: a vocabulary of %s, expected %s or less",
                path(),
                Numbers.bytes(tensor.bytes()),
                Numbers.bytes(ModelVocabulary.LARGEST));
        ByteBuffer bytes = ByteBuffer.allocate((int) tensor.bytes());
        tensor.forEachChunk(bytes::put);
        return Optional.of(bytes.array());
    }

    /** Returns the conversion of images to its input. */
    public PreprocessConfig preprocessing() {
        return metadata.preprocessing();
    }

    /** Returns the origin of its weights. */
    public ModelMetadata.SourceInfo source() {
        return metadata.source();
    }

    /** Its tensors, by OpenAI's names; closed with this model. */
    public SafetensorsFile weights() {
        return weights;
    }

    /** Returns the SHA-256 of the opened file in hexadecimal, even if its path leads to another by now. */
    public synchronized String sha256() throws IOException {
        if (sha256 == null) {
            sha256 = weights.sha256();
        }
        return sha256;
    }

    @Override
    public void close() throws IOException {
        weights.close();
    }
}
