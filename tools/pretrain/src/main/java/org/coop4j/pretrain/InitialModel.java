package org.coop4j.pretrain;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.util.Map;
import java.util.function.Function;
import java.util.stream.Collectors;
import org.coop4j.base.InputException;
import org.coop4j.model.ClipConfig;
import org.coop4j.model.ConvertedModel;
import org.coop4j.model.MlpActivation;
import org.coop4j.model.ModelMetadata;
import org.coop4j.model.convert.RandomWeights;
import org.coop4j.weights.DType;
import org.coop4j.weights.TensorView.TensorSpec;

/** The model that a training begins with. */
public final class InitialModel {

    private static final String IMAGE_TOWER = "visual.";

    private final ModelMetadata metadata;
    private final String sha256;
    private final Map<String, TensorSpec> specs;
    private final Function<TensorSpec, float[]> weights;

    private InitialModel(ModelMetadata metadata, String sha256, Function<TensorSpec, float[]> weights) {
        this.metadata = metadata;
        this.sha256 = sha256;
        this.specs = metadata.architecture().tensorSpecs(DType.F32).stream()
                .collect(Collectors.toMap(TensorSpec::name, spec -> spec));
        this.weights = weights;
    }

    /** Returns random weights as {@link RandomWeights} draws them and {@link LocalAttention} changes them, which lie in no file. */
    public static InitialModel random(ClipConfig architecture, MlpActivation activation, long seed) {
        return new InitialModel(
                RandomWeights.metadata(architecture, seed, activation),
                null,
                tensor -> LocalAttention.of(architecture, tensor, RandomWeights.floats(architecture, seed, tensor)));
    }

    /**
     * Returns the weights of a model that stays open while the training is prepared.
     *
     * @throws IOException if the model cannot be read
     */
    public static InitialModel of(ConvertedModel model) throws IOException {
        return new InitialModel(model.metadata(), model.sha256(), tensor -> floats(model, tensor));
    }

    /**
     * Returns this image tower with the text tower and logit scale of another model, which stays open while the training
     * is prepared.
     *
     * @throws InputException if the towers do not fit together
     */
    public InitialModel withTextOf(ConvertedModel other) throws InputException {
        ClipConfig own = metadata.architecture();
        ClipConfig others = other.metadata().architecture();
        if (!own.text().equals(others.text()) || own.embedDim() != others.embedDim()) {
            throw new InputException("a teacher's text tower of %s for %d features, expected %s for %d"
                    .formatted(others.text(), others.embedDim(), own.text(), own.embedDim()));
        }
        return new InitialModel(
                metadata,
                sha256,
                tensor -> tensor.name().startsWith(IMAGE_TOWER) ? weights.apply(tensor) : floats(other, tensor));
    }

    private static float[] floats(ConvertedModel model, TensorSpec tensor) {
        try {
            return model.weights().floats(tensor.name());
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    /** Returns the SHA-256 of the model's file; null for random weights. */
    String sha256() {
        return sha256;
    }

    /** Returns the architecture, activation and preprocessing. */
    public ModelMetadata metadata() {
        return metadata;
    }

    /** Returns the shape of the tensor {@code name}. */
    long[] shape(String name) {
        return specs.get(name).shape().toArray();
    }

    /** Returns the elements of the tensor {@code name}. */
    float[] floats(String name) {
        return weights.apply(specs.get(name));
    }
}
