package org.coop4j.method;

import com.fasterxml.jackson.core.JsonProcessingException;
import java.io.IOException;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.coop4j.weights.JsonTree;
import org.coop4j.weights.Shape;
import org.coop4j.weights.safetensors.SafetensorsFile;
import org.coop4j.weights.safetensors.TensorChecksum;

/**
 * Reads learned classifiers: files of today's format, tensors of any method with a checksum of
 * everything, and those of format 1, learned prompts and linear probes.
 */
final class ClassifierReader {

    private static final String EARLIER_VERSION = "1";

    private final Path file;
    private final SafetensorsFile tensors;
    private final Map<String, String> metadata;

    private ClassifierReader(Path file, SafetensorsFile tensors) {
        this.file = file;
        this.tensors = tensors;
        this.metadata = tensors.metadata();
    }

    /**
     * Reads a file.
     *
     * @throws IOException if it is something else or damaged, saying what
     */
    static ClassifierFile read(Path file) throws IOException {
        try (SafetensorsFile tensors = SafetensorsFile.open(file)) {
            return new ClassifierReader(file, tensors).read();
        } catch (JsonProcessingException | IllegalArgumentException | ArithmeticException e) {
            throw new IOException(file + ": damaged metadata: " + e.getMessage(), e);
        }
    }

    private ClassifierFile read() throws IOException {
        if (EARLIER_VERSION.equals(metadata.get("coop4j.prompt"))
                && tensors.contains(PromptContext.CTX)) {
            return earlierPrompt();
        }
        if (EARLIER_VERSION.equals(metadata.get("coop4j.probe"))) {
            return earlierProbe();
        }
        return current();
    }

    private ClassifierFile current() throws IOException {
        String version = metadata.get(ClassifierFile.FORMAT);
        if (version == null) {
            throw new IOException(
                    file
                            + " is not a learned classifier: give a file that coop train wrote,"
                            + " or the folder of its run");
        }
        if (!ClassifierFile.FORMAT_VERSION.equals(version)) {
            throw new IOException(
                    "%s is of format %s: this version of coop4j reads format %s"
                            .formatted(file, version, ClassifierFile.FORMAT_VERSION));
        }
        required(TensorChecksum.KEY);
        Map<String, float[]> read = TensorChecksum.read(tensors);
        Method method = Method.of(required(ClassifierFile.METHOD));
        Map<String, Object> settings =
                JsonTree.readObject(ClassifierFile.SETTINGS, required(ClassifierFile.SETTINGS));
        ClassifierFile result =
                ClassifierFile.of(
                                method.with(settings),
                                classNames(required(ClassifierFile.CLASSES)),
                                required(ClassifierFile.MODEL))
                        .withTraining(training())
                        .withTemperature(
                                Double.parseDouble(
                                        metadata.getOrDefault(ClassifierFile.TEMPERATURE, "1")));
        for (Map.Entry<String, float[]> tensor : read.entrySet()) {
            String name = tensor.getKey();
            result = result.with(name, tensors.shape(name), finite(file, name, tensor.getValue()));
        }
        return result;
    }

    /** Tensor {@code ctx} [M, width] or, class-specific, [classes, M, width]. */
    private ClassifierFile earlierPrompt() throws IOException {
        List<String> names = classNames(required(ClassifierFile.CLASSES));
        Shape shape = tensors.shape(PromptContext.CTX);
        boolean classSpecific = shape.rank() == 3;
        if (shape.rank() != 2 && !classSpecific) {
            throw new IOException(file + ": ctx of shape " + shape + " is no context");
        }
        if (classSpecific && shape.dim(0) != names.size()) {
            throw new IOException(
                    "%s: ctx of shape %s for %d classes".formatted(file, shape, names.size()));
        }
        CoOp method =
                new CoOp(
                        Math.toIntExact(shape.dim(shape.rank() - 2)),
                        ClassPosition.named(required("coop4j.position")),
                        classSpecific,
                        null);
        return ClassifierFile.of(method, names, required(ClassifierFile.MODEL))
                .withTraining(training())
                .with(PromptContext.CTX, shape, values(PromptContext.CTX));
    }

    /** Tensors {@code weight} [features, classes] and {@code bias} [classes]. */
    private ClassifierFile earlierProbe() throws IOException {
        List<String> names = classNames(metadata.getOrDefault(ClassifierFile.CLASSES, "[]"));
        Shape shape = tensors.shape(ProbeClassifier.WEIGHT);
        Shape bias = tensors.shape(ProbeClassifier.BIAS);
        if (shape.rank() != 2
                || shape.dim(1) != names.size()
                || !bias.equals(Shape.of(names.size()))) {
            throw new IOException(
                    "%s: weights of shape %s and intercepts of %s for %d classes"
                            .formatted(file, shape, bias, names.size()));
        }
        return ClassifierFile.of(new LinearProbe(), names, "")
                .withTraining(Map.of(LinearProbe.C, metadata.getOrDefault("coop4j.c", "unknown")))
                .with(ProbeClassifier.WEIGHT, shape, values(ProbeClassifier.WEIGHT))
                .with(ProbeClassifier.BIAS, bias, values(ProbeClassifier.BIAS));
    }

    private float[] values(String name) throws IOException {
        return finite(file, name, tensors.floats(name));
    }

    /** Numbers of a tensor, all of them finite. */
    static float[] finite(Path file, String name, float[] values) throws IOException {
        for (float value : values) {
            if (!Float.isFinite(value)) {
                throw new IOException(file + ": " + name + " holds " + value);
            }
        }
        return values;
    }

    private Map<String, String> training() throws JsonProcessingException {
        Map<String, String> training = new LinkedHashMap<>();
        JsonTree.readObject(
                        ClassifierFile.TRAINING,
                        metadata.getOrDefault(ClassifierFile.TRAINING, "{}"))
                .forEach((name, value) -> training.put(name, String.valueOf(value)));
        return training;
    }

    private static List<String> classNames(String json) throws JsonProcessingException {
        if (!(JsonTree.read(json) instanceof List<?> names)
                || names.isEmpty()
                || !names.stream().allMatch(String.class::isInstance)) {
            throw new IllegalArgumentException("the class names are " + json);
        }
        return names.stream().map(String.class::cast).toList();
    }

    private String required(String key) throws IOException {
        String value = metadata.get(key);
        if (value == null) {
            throw new IOException(file + ": its metadata has no " + key);
        }
        return value;
    }
}
