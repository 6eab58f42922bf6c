package org.coop4j.weights.model;

import java.io.Closeable;
import java.io.IOException;
import java.io.InputStream;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import org.coop4j.weights.Sha256;
import org.coop4j.weights.TensorView;
import org.coop4j.weights.WeightsException;
import org.coop4j.weights.safetensors.SafetensorsFile;

/** An open converted model: what its metadata says, and its tensors, all of them checked. */
public final class ConvertedModel implements Closeable {
    private final SafetensorsFile weights;
    private final ModelMetadata metadata;
    private String sha256;

    private ConvertedModel(SafetensorsFile weights, ModelMetadata metadata) {
        this.weights = weights;
        this.metadata = metadata;
    }

    /**
     * Opens a file that {@code coop convert} or {@code coop model new} wrote, and checks that every
     * tensor of its architecture is there with the right shape.
     *
     * @throws WeightsException when it is another file, or damaged
     */
    public static ConvertedModel open(Path path) throws IOException {
        if (!SafetensorsFile.looksLike(firstBytes(path))) {
            throw notConverted(path);
        }
        SafetensorsFile file = SafetensorsFile.open(path);
        try {
            if (!ModelMetadata.isPresent(file.metadata())) {
                throw notConverted(path);
            }
            try {
                ModelMetadata metadata = ModelMetadata.fromMap(file.metadata());
                metadata.architecture()
                        .check(file.tensors().stream().map(TensorView::spec).toList());
                return new ConvertedModel(file, metadata);
            } catch (WeightsException e) {
                throw new WeightsException(path + ": " + e.getMessage(), e);
            }
        } catch (IOException | RuntimeException e) {
            file.close();
            throw e;
        }
    }

    private static byte[] firstBytes(Path path) throws IOException {
        if (Files.isDirectory(path)) {
            throw notConverted(path);
        }
        try (InputStream in = Files.newInputStream(path)) {
            return in.readNBytes(16);
        } catch (NoSuchFileException e) {
            throw new WeightsException("no such file: " + path, e);
        }
    }

    private static WeightsException notConverted(Path path) {
        return WeightsException.in(
                path,
                "not a converted model: run coop convert \""
                        + path
                        + "\" -o OUT.safetensors first");
    }

    /** Where the file lies. */
    public Path path() {
        return weights.path();
    }

    /** All that the metadata says. */
    public ModelMetadata metadata() {
        return metadata;
    }

    /** The model's dimensions. */
    public ClipConfig architecture() {
        return metadata.architecture();
    }

    /** The activation of its MLPs. */
    public MlpActivation activation() {
        return metadata.activation();
    }

    /** How images become its input. */
    public PreprocessConfig preprocessing() {
        return metadata.preprocessing();
    }

    /** Where its weights came from. */
    public ModelMetadata.SourceInfo source() {
        return metadata.source();
    }

    /** Its tensors, by OpenAI's names; closed with this model. */
    public SafetensorsFile weights() {
        return weights;
    }

    /** SHA-256 of the whole converted file in hexadecimal; computed when first asked for. */
    public synchronized String sha256() throws IOException {
        if (sha256 == null) {
            sha256 = Sha256.of(weights.path());
        }
        return sha256;
    }

    @Override
    public void close() throws IOException {
        weights.close();
    }
}
