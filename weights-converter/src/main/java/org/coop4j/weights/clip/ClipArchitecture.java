package org.coop4j.weights.clip;

import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import org.coop4j.weights.DType;
import org.coop4j.weights.Shape;
import org.coop4j.weights.TensorSpec;
import org.coop4j.weights.WeightsException;

/**
 * The dimensions of a CLIP model.
 *
 * @param embedDim length of the features that both towers end in
 * @param vision the image tower
 * @param text the text tower
 */
public record ClipArchitecture(int embedDim, VisionArchitecture vision, TextArchitecture text) {
    /** Checks that nothing is missing. */
    public ClipArchitecture {
        Dimensions.requirePositive("embedding dimension", embedDim);
        Objects.requireNonNull(vision, "vision");
        Objects.requireNonNull(text, "text");
    }

    /**
     * A model that OpenAI published, by the name that it has there, such as {@code ViT-B/16}.
     *
     * @throws WeightsException when there is none of that name
     */
    public static ClipArchitecture named(String name) throws WeightsException {
        ClipArchitecture architecture = PublishedModels.ARCHITECTURES.get(name);
        if (architecture == null) {
            throw new WeightsException(
                    "no architecture \"%s\": one of %s is wanted"
                            .formatted(name, String.join(", ", publishedNames())));
        }
        return architecture;
    }

    /** Names of the models that OpenAI published, smallest ResNet first. */
    public static List<String> publishedNames() {
        return List.copyOf(PublishedModels.ARCHITECTURES.keySet());
    }

    /** Every tensor of such a model, by OpenAI's name, in the order of OpenAI's state dict. */
    public Map<String, Shape> expectedTensors() {
        return ExpectedTensors.of(this);
    }

    /** Every tensor of such a model as it would be declared in a file of one element type. */
    public List<TensorSpec> tensorSpecs(DType dtype) {
        List<TensorSpec> specs = new ArrayList<>();
        expectedTensors().forEach((name, shape) -> specs.add(new TensorSpec(name, dtype, shape)));
        return specs;
    }

    /** Number of trainable parameters, the running statistics of batch norms not among them. */
    public long parameterCount() {
        return count("");
    }

    /** Number of trainable parameters of the image tower. */
    public long visionParameterCount() {
        return count("visual.");
    }

    private long count(String prefix) {
        return expectedTensors().entrySet().stream()
                .filter(e -> e.getKey().startsWith(prefix))
                .filter(e -> !ExpectedTensors.isRunningStatistic(e.getKey()))
                .mapToLong(e -> e.getValue().elements())
                .sum();
    }

    /** The dimensions as a JSON object, which {@link #fromJson} reads. */
    public String toJson() {
        return ArchitectureJson.write(this);
    }

    /**
     * Reads what {@link #toJson} wrote.
     *
     * @throws WeightsException when a field is missing or out of range
     */
    public static ClipArchitecture fromJson(String json) throws WeightsException {
        return ArchitectureJson.read(json);
    }
}
