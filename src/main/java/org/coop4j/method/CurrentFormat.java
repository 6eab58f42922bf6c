package org.coop4j.method;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.core.type.TypeReference;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.coop4j.eval.Temperature;
import org.coop4j.train.Settings;
import org.coop4j.weights.DType;
import org.coop4j.weights.TensorSpec;
import org.coop4j.weights.safetensors.SafetensorsFile;
import org.coop4j.weights.safetensors.TensorChecksum;

/** Files of format 2: tensors of any method, and a checksum of everything. */
final class CurrentFormat {

    private static final String FORMAT = "coop4j.classifier";
    private static final String FORMAT_VERSION = "2";
    private static final String METHOD = "coop4j.method";
    private static final String SETTINGS = "coop4j.settings";
    static final String CLASSES = "coop4j.classes";
    static final String MODEL = "coop4j.model_sha256";
    private static final String TRAINING = "coop4j.training";
    private static final String TEMPERATURE = "coop4j.temperature";
    private static final ObjectMapper JSON = new ObjectMapper();

    private CurrentFormat() {}

    /** Writes a file, whole or not at all. */
    static void write(ClassifierFile file, Path target) throws IOException {
        Map<String, String> metadata = new LinkedHashMap<>();
        metadata.put(FORMAT, FORMAT_VERSION);
        metadata.put(METHOD, file.method().id());
        metadata.put(SETTINGS, JSON.writeValueAsString(Settings.of((Record) file.method())));
        metadata.put(CLASSES, JSON.writeValueAsString(file.classNames()));
        metadata.put(MODEL, file.modelSha256());
        metadata.put(TRAINING, JSON.writeValueAsString(file.training()));
        if (file.temperature() != Temperature.NONE) {
            metadata.put(TEMPERATURE, Double.toString(file.temperature()));
        }
        List<TensorSpec> specs = new ArrayList<>();
        Map<String, float[]> values = new LinkedHashMap<>();
        for (String name : file.tensorNames()) {
            specs.add(new TensorSpec(name, DType.F32, file.tensor(name).shape()));
            values.put(name, file.tensor(name).values());
        }
        TensorChecksum.write(target, specs, metadata, values);
    }

    /**
     * Reads a file.
     *
     * @throws IOException if it is something else or damaged, saying what
     */
    static ClassifierFile read(Path file, SafetensorsFile tensors) throws IOException {
        Map<String, String> metadata = tensors.metadata();
        if (!metadata.containsKey(FORMAT)) {
            throw new IOException(
                    file
                            + " is not a learned classifier: give a file that coop train wrote,"
                            + " or the folder of its run");
        }
        if (!FORMAT_VERSION.equals(metadata.get(FORMAT))) {
            throw new IOException(
                    "%s is of format %s: this version of coop4j reads format %s"
                            .formatted(file, metadata.get(FORMAT), FORMAT_VERSION));
        }
        required(file, metadata, TensorChecksum.KEY);
        Map<String, float[]> read = TensorChecksum.read(tensors);
        Method method = Method.of(required(file, metadata, METHOD));
        Map<String, Object> settings =
                JSON.readValue(
                        required(file, metadata, SETTINGS),
                        new TypeReference<LinkedHashMap<String, Object>>() {});
        ClassifierFile result =
                ClassifierFile.of(
                                method.with(settings),
                                classNames(required(file, metadata, CLASSES)),
                                required(file, metadata, MODEL))
                        .withTraining(training(metadata))
                        .withTemperature(
                                Double.parseDouble(metadata.getOrDefault(TEMPERATURE, "1")));
        for (Map.Entry<String, float[]> tensor : read.entrySet()) {
            String name = tensor.getKey();
            float[] values = finite(file, name, tensor.getValue());
            result = result.with(name, tensors.shape(name), values);
        }
        return result;
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

    static Map<String, String> training(Map<String, String> metadata)
            throws JsonProcessingException {
        Map<String, String> training =
                JSON.readValue(
                        metadata.getOrDefault(TRAINING, "{}"),
                        new TypeReference<LinkedHashMap<String, String>>() {});
        if (training == null) {
            throw new IllegalArgumentException(TRAINING + " is null");
        }
        return training;
    }

    static List<String> classNames(String json) throws JsonProcessingException {
        String[] names = JSON.readValue(json, String[].class);
        if (names == null || names.length == 0 || Arrays.asList(names).contains(null)) {
            throw new IllegalArgumentException("the class names are " + json);
        }
        return List.of(names);
    }

    static String required(Path file, Map<String, String> metadata, String key) throws IOException {
        String value = metadata.get(key);
        if (value == null) {
            throw new IOException(file + ": its metadata has no " + key);
        }
        return value;
    }
}
