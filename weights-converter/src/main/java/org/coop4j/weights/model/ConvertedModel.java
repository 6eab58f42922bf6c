package org.coop4j.weights.model;

import java.io.Closeable;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import org.coop4j.base.InputException;
import org.coop4j.base.OpenFile;
import org.coop4j.weights.TensorView;
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
     * @throws InputException when it is another file, or damaged
     */
    public static ConvertedModel open(Path path) throws IOException {
        if (Files.isDirectory(path)) {
            throw notConverted(path);
        }
        OpenFile source = OpenFile.open(path);
        try {
            if (!SafetensorsFile.looksLike(source.firstBytes(16))) {
                throw notConverted(path);
            }
            SafetensorsFile file = SafetensorsFile.of(source);
            if (!ModelMetadata.isPresent(file.metadata())) {
                throw notConverted(path);
            }
            return new ConvertedModel(file, checkedMetadata(file));
        } catch (IOException | RuntimeException e) {
            source.close();
            throw e;
        }
    }

    /** Whether a file is a converted model, of whatever version. */
    public static boolean isConverted(Path path) throws IOException {
        try (OpenFile source = OpenFile.open(path)) {
            return SafetensorsFile.looksLike(source.firstBytes(16))
                    && ModelMetadata.isPresent(SafetensorsFile.of(source).metadata());
        }
    }

    private static ModelMetadata checkedMetadata(SafetensorsFile file) throws InputException {
        try {
            ModelMetadata metadata = ModelMetadata.fromMap(file.metadata());
            metadata.architecture()
                    .check(file.tensors().stream().map(TensorView::spec).toList());
            return metadata;
        } catch (InputException e) {
            throw new InputException(file.path() + ": " + e.getMessage(), e);
        }
    }

    private static InputException notConverted(Path path) {
        return InputException.in(
                path, "not a converted model: run coop convert \"" + path + "\" -o OUT.safetensors first");
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

    /**
     * SHA-256 of the whole file that was opened, whatever lies at its path by now; in hexadecimal,
     * computed when first asked for.
     */
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
