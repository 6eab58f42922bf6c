package org.coop4j.method;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.io.IOException;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.stream.IntStream;
import org.coop4j.method.logistic.LinearClassifier;
import org.coop4j.weights.DType;
import org.coop4j.weights.Shape;
import org.coop4j.weights.TensorSpec;
import org.coop4j.weights.safetensors.SafetensorsFile;
import org.coop4j.weights.safetensors.SafetensorsWriter;

/**
 * A fitted linear probe as a safetensors file: {@code weight} [features, classes], {@code bias}
 * [classes], and the class names in its metadata.
 *
 * @param classNames name of each class
 * @param classifier the probe, its labels counted from 0
 */
public record ProbeFile(List<String> classNames, LinearClassifier classifier) {

    private static final String FORMAT_KEY = "coop4j.probe";
    private static final String FORMAT = "1";
    private static final String CLASSES = "coop4j.classes";
    private static final String C = "coop4j.c";
    private static final String WEIGHT = "weight";
    private static final String BIAS = "bias";
    private static final ObjectMapper JSON = new ObjectMapper();

    /** Checks that each class has a name. */
    public ProbeFile {
        classNames = List.copyOf(classNames);
        if (classNames.size() != classifier.classCount()) {
            throw new IllegalArgumentException(
                    classNames.size() + " names for " + classifier.classCount() + " classes");
        }
    }

    /** Writes the file, whole or not at all; numbers are rounded to singles. */
    public void write(Path target) throws IOException {
        int d = classifier.dimension();
        int k = classNames.size();
        float[] weights = new float[Math.multiplyExact(d, k)];
        float[] intercepts = new float[k];
        for (int j = 0; j < k; j++) {
            intercepts[j] = (float) classifier.intercept(j);
            for (int feature = 0; feature < d; feature++) {
                weights[feature * k + j] = (float) classifier.weight(feature, j);
            }
        }
        Map<String, String> metadata = new LinkedHashMap<>();
        metadata.put(FORMAT_KEY, FORMAT);
        metadata.put(CLASSES, JSON.writeValueAsString(classNames));
        metadata.put(C, Double.toString(classifier.c()));
        List<TensorSpec> specs =
                List.of(
                        new TensorSpec(WEIGHT, DType.F32, Shape.of(d, k)),
                        new TensorSpec(BIAS, DType.F32, Shape.of(k)));
        try (SafetensorsWriter writer = SafetensorsWriter.create(target, specs, metadata)) {
            writer.writeFloats(WEIGHT, weights);
            writer.writeFloats(BIAS, intercepts);
            writer.commit();
        }
    }

    /**
     * Reads a probe.
     *
     * @throws IOException if the file is something else or damaged
     */
    public static ProbeFile read(Path file) throws IOException {
        try (SafetensorsFile tensors = SafetensorsFile.open(file)) {
            Map<String, String> metadata = tensors.metadata();
            if (!FORMAT.equals(metadata.get(FORMAT_KEY))) {
                throw new IOException(file + " is not a linear probe");
            }
            List<String> names = names(metadata.getOrDefault(CLASSES, "[]"));
            Shape shape = tensors.shape(WEIGHT);
            Shape bias = tensors.shape(BIAS);
            if (shape.rank() != 2
                    || shape.dim(1) != names.size()
                    || !bias.equals(Shape.of(names.size()))) {
                throw new IOException(
                        "%s: weights of shape %s and intercepts of %s for %d classes"
                                .formatted(file, shape, bias, names.size()));
            }
            LinearClassifier classifier =
                    new LinearClassifier(
                            IntStream.range(0, names.size()).toArray(),
                            finite(file, tensors.floats(WEIGHT)),
                            finite(file, tensors.floats(BIAS)),
                            Double.parseDouble(metadata.getOrDefault(C, "NaN")),
                            Double.NaN,
                            0,
                            true);
            return new ProbeFile(names, classifier);
        } catch (JsonProcessingException | IllegalArgumentException e) {
            throw new IOException(file + " is damaged: " + e.getMessage(), e);
        }
    }

    private static List<String> names(String json) throws JsonProcessingException {
        String[] names = JSON.readValue(json, String[].class);
        if (names == null || names.length == 0 || Arrays.asList(names).contains(null)) {
            throw new IllegalArgumentException("the class names are " + json);
        }
        return List.of(names);
    }

    private static double[] finite(Path file, float[] values) throws IOException {
        double[] result = new double[values.length];
        for (int i = 0; i < values.length; i++) {
            if (!Float.isFinite(values[i])) {
                throw new IOException(file + ": the probe holds " + values[i]);
            }
            result[i] = values[i];
        }
        return result;
    }
}
