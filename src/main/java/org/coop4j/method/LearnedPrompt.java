package org.coop4j.method;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.core.type.TypeReference;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.io.IOException;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.coop4j.data.ClassNames;
import org.coop4j.weights.DType;
import org.coop4j.weights.Shape;
import org.coop4j.weights.TensorSpec;
import org.coop4j.weights.safetensors.SafetensorsFile;
import org.coop4j.weights.safetensors.SafetensorsWriter;

/**
 * Learned context vectors with what is needed to use them: one small safetensors file, tensor
 * {@code ctx} [M, width] or, class-specific, [classes, M, width].
 */
public final class LearnedPrompt {

    private static final String TENSOR = "ctx";
    private static final String FORMAT_KEY = "coop4j.prompt";
    private static final String FORMAT = "1";
    private static final ObjectMapper JSON = new ObjectMapper();

    private final float[] context;
    private final int width;
    private final PromptLayout layout;
    private final List<String> classNames;
    private final String modelSha256;
    private final Map<String, String> training;

    /**
     * @param context the vectors, row after row
     * @param width width of a vector
     * @param classNames the classes it was trained for
     * @param modelSha256 SHA-256 of the model file it was trained with
     * @param training how it was trained, for people to read
     */
    public LearnedPrompt(
            float[] context,
            int width,
            PromptLayout layout,
            List<String> classNames,
            String modelSha256,
            Map<String, String> training) {
        int vectors = layout.vectors(classNames.size());
        if (context.length != Math.multiplyExact(vectors, width)) {
            throw new IllegalArgumentException(
                    context.length + " numbers for " + vectors + " vectors of " + width);
        }
        this.context = context.clone();
        this.width = width;
        this.layout = layout;
        this.classNames = List.copyOf(classNames);
        this.modelSha256 = modelSha256;
        this.training = Collections.unmodifiableMap(new LinkedHashMap<>(training));
    }

    /** A copy of the context vectors, row after row. */
    public float[] context() {
        return context.clone();
    }

    /** Width of a vector. */
    public int width() {
        return width;
    }

    /** How context and class names make prompts. */
    public PromptLayout layout() {
        return layout;
    }

    /** The classes it was trained for. */
    public List<String> classNames() {
        return classNames;
    }

    /** SHA-256 of the model file it was trained with. */
    public String modelSha256() {
        return modelSha256;
    }

    /** How it was trained. */
    public Map<String, String> training() {
        return training;
    }

    /**
     * The same context for other classes: a unified one takes any names; of a class-specific one
     * each class takes the vectors of the class of its name.
     *
     * @throws IllegalArgumentException if a class-specific context has no vectors for a class,
     *     naming it
     */
    public LearnedPrompt forClasses(List<String> names) {
        if (!layout.classSpecific()) {
            return new LearnedPrompt(context, width, layout, names, modelSha256, training);
        }
        int[] positions;
        try {
            positions = ClassNames.positions(names, classNames);
        } catch (IllegalArgumentException e) {
            throw new IllegalArgumentException(
                    "a class-specific context has vectors for its own classes alone: "
                            + e.getMessage(),
                    e);
        }
        int size = layout.length() * width;
        float[] rows = new float[Math.multiplyExact(names.size(), size)];
        for (int i = 0; i < positions.length; i++) {
            System.arraycopy(context, positions[i] * size, rows, i * size, size);
        }
        return new LearnedPrompt(rows, width, layout, names, modelSha256, training);
    }

    /** Shape of the context: [M, width] or, class-specific, [classes, M, width]. */
    Shape contextShape() {
        return layout.classSpecific()
                ? Shape.of(classNames.size(), layout.length(), width)
                : Shape.of(layout.length(), width);
    }

    /** Writes the file, whole or not at all. */
    public void write(Path target) throws IOException {
        Map<String, String> metadata = new LinkedHashMap<>();
        metadata.put(FORMAT_KEY, FORMAT);
        metadata.put("coop4j.position", layout.position().id());
        metadata.put("coop4j.classes", JSON.writeValueAsString(classNames));
        metadata.put("coop4j.model_sha256", modelSha256);
        metadata.put("coop4j.training", JSON.writeValueAsString(training));
        TensorSpec spec = new TensorSpec(TENSOR, DType.F32, contextShape());
        try (SafetensorsWriter writer = SafetensorsWriter.create(target, List.of(spec), metadata)) {
            writer.writeFloats(TENSOR, context);
            writer.commit();
        }
    }

    /**
     * Reads a learned prompt.
     *
     * @throws IOException if the file is something else or damaged, saying what
     */
    public static LearnedPrompt read(Path file) throws IOException {
        try (SafetensorsFile tensors = SafetensorsFile.open(file)) {
            Map<String, String> metadata = tensors.metadata();
            if (!FORMAT.equals(metadata.get(FORMAT_KEY)) || !tensors.contains(TENSOR)) {
                throw new IOException(
                        file
                                + " is not a learned prompt: give a prompt.safetensors that coop"
                                + " train wrote, or the folder of its run");
            }
            List<String> classNames = classNames(required(file, metadata, "coop4j.classes"));
            Shape shape = tensors.shape(TENSOR);
            boolean classSpecific = shape.rank() == 3;
            if (shape.rank() != 2 && !classSpecific) {
                throw new IOException(file + ": ctx of shape " + shape + " is no context");
            }
            if (classSpecific && shape.dim(0) != classNames.size()) {
                throw new IOException(
                        file
                                + ": ctx of shape "
                                + shape
                                + " for "
                                + classNames.size()
                                + " classes");
            }
            int length = Math.toIntExact(shape.dim(shape.rank() - 2));
            int width = Math.toIntExact(shape.dim(shape.rank() - 1));
            ClassPosition position =
                    ClassPosition.named(required(file, metadata, "coop4j.position"));
            Map<String, String> training =
                    JSON.readValue(
                            metadata.getOrDefault("coop4j.training", "{}"),
                            new TypeReference<LinkedHashMap<String, String>>() {});
            if (training == null) {
                throw new IllegalArgumentException("coop4j.training is null");
            }
            float[] context = tensors.floats(TENSOR);
            for (float value : context) {
                if (!Float.isFinite(value)) {
                    throw new IOException(file + ": the context holds " + value);
                }
            }
            return new LearnedPrompt(
                    context,
                    width,
                    new PromptLayout(length, position, classSpecific),
                    classNames,
                    required(file, metadata, "coop4j.model_sha256"),
                    training);
        } catch (JsonProcessingException | IllegalArgumentException | ArithmeticException e) {
            throw new IOException(file + ": damaged metadata: " + e.getMessage(), e);
        }
    }

    private static List<String> classNames(String json) throws JsonProcessingException {
        String[] names = JSON.readValue(json, String[].class);
        if (names == null || names.length == 0 || Arrays.asList(names).contains(null)) {
            throw new IllegalArgumentException("the class names are " + json);
        }
        return List.of(names);
    }

    private static String required(Path file, Map<String, String> metadata, String key)
            throws IOException {
        String value = metadata.get(key);
        if (value == null) {
            throw new IOException(file + ": its metadata has no " + key);
        }
        return value;
    }
}
