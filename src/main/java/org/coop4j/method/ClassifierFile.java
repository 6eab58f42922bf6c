package org.coop4j.method;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.coop4j.base.InputException;
import org.coop4j.base.JsonTree;
import org.coop4j.base.Require;
import org.coop4j.base.Settings;
import org.coop4j.clip.FeatureMatrix;
import org.coop4j.clip.FeatureSpace;
import org.coop4j.clip.FeatureSpace.FeatureTable;
import org.coop4j.data.ClassNames;
import org.coop4j.eval.Calibration;
import org.coop4j.eval.LabelScores.Decision;
import org.coop4j.graph.LearnedTensor;
import org.coop4j.method.PromptLayout.ClassName;
import org.coop4j.weights.DType;
import org.coop4j.weights.Shape;
import org.coop4j.weights.TensorView.TensorSpec;
import org.coop4j.weights.safetensors.SafetensorsFile;
import org.coop4j.weights.safetensors.TensorChecksum;

/**
 * A learned classifier as a file: its method with settings and named tensors, the class names, the model's SHA-256 and
 * an account of the training. One format for all methods, with a checksum.
 *
 * @param method the method that made it, with its settings
 * @param classNames the classes, in order
 * @param modelSha256 SHA-256 of the model file it was made with; empty if unknown
 * @param tensors learned tensors by name
 * @param training account of the training, for people to read
 * @param temperature divisor of the logits in probabilities; 1 leaves them unchanged
 * @param decision the way from logits to sets of labels; null for single labels
 */
public record ClassifierFile(
        Method method,
        List<String> classNames,
        String modelSha256,
        Map<String, Tensor> tensors,
        Map<String, String> training,
        double temperature,
        Decision decision) {

    /**
     * Entry of {@link #training} for a classifier learned from features without their model: its {@code logit_scale}.
     */
    public static final String LOGIT_SCALE = "logit_scale";

    /** More than any method has, some in each block of both towers; a file with many more is made to be slow. */
    private static final int MOST_TENSORS = 1024;

    /** Limit of a value's size, far beyond any that is learned: products of larger ones may overflow. */
    private static final float LARGEST = 1e12f;

    private static final String FORMAT = "coop4j.classifier";
    private static final String FORMAT_VERSION = "2";
    private static final String METHOD = "coop4j.method";
    private static final String SETTINGS = "coop4j.settings";
    private static final String CLASSES = "coop4j.classes";
    private static final String MODEL = "coop4j.model_sha256";
    private static final String TRAINING = "coop4j.training";
    private static final String TEMPERATURE = "coop4j.temperature";
    private static final String DECISION = "coop4j.decision";

    public ClassifierFile {
        classNames = ClassName.checked(classNames);
        tensors = Collections.unmodifiableMap(new LinkedHashMap<>(tensors));
        training = Collections.unmodifiableMap(new LinkedHashMap<>(training));
        Require.that(
                temperature > 0 && Double.isFinite(temperature),
                "temperature: expected a positive number, got %s",
                temperature);
    }

    /**
     * A tensor of the file.
     *
     * @param values row after row, not to be changed
     */
    @SuppressWarnings("ArrayRecordComponent") // never compared
    public record Tensor(Shape shape, float[] values) {

        public Tensor {
            Require.that(
                    shape.elements() == values.length,
                    "expected %d values for shape %s, got %d",
                    shape.elements(),
                    shape,
                    values.length);
        }
    }

    /** Returns a file without tensors. */
    public static ClassifierFile of(Method method, List<String> classNames, String modelSha256) {
        return new ClassifierFile(
                method,
                classNames,
                modelSha256,
                Map.of(),
                Map.of(),
                Calibration.NO_TEMPERATURE,
                method.suits(false) ? null : Decision.EVEN);
    }

    /**
     * Returns the tensor of this name.
     *
     * @throws IllegalArgumentException if there is none, listing the others
     */
    public Tensor tensor(String name) {
        Tensor tensor = tensors.get(name);
        Require.that(tensor != null, "no tensor %s: expected one of %s", name, tensors.keySet());
        return tensor;
    }

    /** Returns a tensor as the matrix of its rows. */
    public FeatureMatrix matrix(String name) {
        Tensor tensor = tensor(name);
        int rows = Math.toIntExact(tensor.shape().dim(0));
        return FeatureMatrix.of(rows, tensor.values().length / rows, tensor.values());
    }

    /** Adds or replaces a tensor, whose values are copied. */
    public ClassifierFile with(String name, Shape shape, float[] values) {
        Map<String, Tensor> changed = new LinkedHashMap<>(tensors);
        changed.put(name, new Tensor(shape, values.clone()));
        return withTensors(changed);
    }

    /** Adds or replaces a tensor with the rows of a matrix. */
    public ClassifierFile with(String name, FeatureMatrix matrix) {
        return with(name, Shape.of(matrix.rows(), matrix.width()), matrix.toArray());
    }

    /** Adds or replaces a learned tensor. */
    public ClassifierFile with(LearnedTensor learned) {
        return with(learned.name(), Shape.of(learned.shape()), learned.values());
    }

    ClassifierFile without(String name) {
        Map<String, Tensor> fewer = new LinkedHashMap<>(tensors);
        fewer.remove(name);
        return withTensors(fewer);
    }

    private ClassifierFile withTensors(Map<String, Tensor> changed) {
        return new ClassifierFile(method, classNames, modelSha256, changed, training, temperature, decision);
    }

    /** Returns the file of a method with settings that were chosen. */
    public ClassifierFile withMethod(Method other) {
        return new ClassifierFile(other, classNames, modelSha256, tensors, training, temperature, decision);
    }

    public ClassifierFile withClassNames(List<String> names) {
        return new ClassifierFile(
                method,
                names,
                modelSha256,
                tensors,
                training,
                temperature,
                decision == null ? null : decision.select(ClassNames.find(names, classNames)));
    }

    public ClassifierFile withTraining(Map<String, String> account) {
        return new ClassifierFile(method, classNames, modelSha256, tensors, account, temperature, decision);
    }

    public ClassifierFile withTemperature(double newTemperature) {
        return new ClassifierFile(method, classNames, modelSha256, tensors, training, newTemperature, decision);
    }

    /** Returns the file of a classifier of sets of labels. */
    public ClassifierFile withDecision(Decision other) {
        return new ClassifierFile(method, classNames, modelSha256, tensors, training, temperature, other);
    }

    /**
     * Checks the shape of tensors.
     *
     * @throws IOException if one is missing or has another shape, naming it
     */
    public void require(Shape shape, String... names) throws IOException {
        for (String name : names) {
            Tensor tensor = tensors.get(name);
            InputException.require(
                    tensor != null && tensor.shape().equals(shape),
                    "%s of this model: expected %s of shape %s, got %s",
                    method.title(),
                    name,
                    shape,
                    tensor == null ? "none" : tensor.shape());
        }
    }

    /** Checks that tensors have a row of features per class. */
    public void requireClassRows(FeatureSpace space, String... names) throws IOException {
        require(Shape.of(classNames.size(), space.embedDim()), names);
    }

    /** Returns true if it was learned from features without their model, so that it can be tested on features alone. */
    public boolean learnedWithoutModel() {
        return training.containsKey(LOGIT_SCALE);
    }

    /**
     * Opens the classifier of the classes that it was made for.
     *
     * @throws IllegalArgumentException if it belongs to another model
     * @throws IOException if a tensor is missing
     */
    public Classifier open(FeatureSpace space) throws IOException {
        requireModel(space);
        return method.read(
                learnedWithoutModel()
                        ? FeatureTable.withoutTexts(space, Float.parseFloat(training.get(LOGIT_SCALE)))
                        : space,
                this);
    }

    /**
     * Checks that it was made with this model.
     *
     * @throws IllegalArgumentException if not
     */
    public void requireModel(FeatureSpace space) throws IOException {
        String model = space.modelSha256();
        Require.that(
                modelSha256.isEmpty() || model.isEmpty() || model.equals(modelSha256),
                "the classifier was learned with the model %.12s…, but this model is %.12s…: use that model",
                modelSha256,
                model);
    }

    /** Writes the file atomically. */
    public void write(Path target) throws IOException {
        ObjectMapper json = new ObjectMapper();
        Map<String, String> metadata = new LinkedHashMap<>();
        metadata.put(FORMAT, FORMAT_VERSION);
        metadata.put(METHOD, method.id());
        metadata.put(SETTINGS, json.writeValueAsString(Settings.of((Record) method)));
        metadata.put(CLASSES, json.writeValueAsString(classNames));
        metadata.put(MODEL, modelSha256);
        metadata.put(TRAINING, json.writeValueAsString(training));
        if (temperature != Calibration.NO_TEMPERATURE) {
            metadata.put(TEMPERATURE, Double.toString(temperature));
        }
        if (decision != null) {
            metadata.put(DECISION, json.writeValueAsString(decision));
        }
        List<TensorSpec> specs = new ArrayList<>();
        Map<String, float[]> values = new LinkedHashMap<>();
        tensors.forEach((name, tensor) -> {
            specs.add(new TensorSpec(name, DType.F32, tensor.shape()));
            values.put(name, tensor.values());
        });
        TensorChecksum.write(target, specs, metadata, values);
    }

    /**
     * Reads a learned classifier.
     *
     * @throws IOException if the file is not one or is damaged
     */
    public static ClassifierFile read(Path file) throws IOException {
        try (SafetensorsFile tensors = SafetensorsFile.open(file)) {
            return read(file, tensors, tensors.metadata());
        } catch (JsonProcessingException | IllegalArgumentException | ArithmeticException e) {
            throw new IOException(file + ": damaged metadata: " + e.getMessage(), e);
        }
    }

    private static ClassifierFile read(Path file, SafetensorsFile tensors, Map<String, String> metadata)
            throws IOException {
        String version = metadata.get(FORMAT);
        InputException.require(
                version != null,
                "%s is not a learned classifier: give a file written by coop train, or the folder of its run",
                file);
        InputException.require(
                FORMAT_VERSION.equals(version),
                "%s has format %s: this version of coop4j reads format %s",
                file,
                version,
                FORMAT_VERSION);
        for (String key : List.of(TensorChecksum.KEY, METHOD, SETTINGS, CLASSES, MODEL)) {
            InputException.require(metadata.containsKey(key), "%s: its metadata has no %s", file, key);
        }
        int count = tensors.names().size();
        InputException.require(
                count <= MOST_TENSORS, "%s has %d tensors: expected at most %d", file, count, MOST_TENSORS);
        Map<String, Tensor> values = new LinkedHashMap<>();
        for (Map.Entry<String, float[]> tensor : TensorChecksum.read(tensors).entrySet()) {
            String name = tensor.getKey();
            values.put(name, new Tensor(tensors.shape(name), finite(file, name, tensor.getValue())));
        }
        List<String> names = classNames(metadata.get(CLASSES));
        Decision decision = metadata.containsKey(DECISION)
                ? new ObjectMapper().readValue(metadata.get(DECISION), Decision.class)
                : null;
        InputException.require(
                decision == null || decision.own().isEmpty() || decision.own().size() == names.size(),
                "%s: its decision has other classes",
                file);
        Map<String, String> training = new LinkedHashMap<>();
        JsonTree.readObject(TRAINING, metadata.getOrDefault(TRAINING, "{}"))
                .forEach((name, value) -> training.put(name, String.valueOf(value)));
        return new ClassifierFile(
                Method.of(metadata.get(METHOD)).with(JsonTree.readObject(SETTINGS, metadata.get(SETTINGS))),
                names,
                metadata.get(MODEL),
                values,
                training,
                Double.parseDouble(metadata.getOrDefault(TEMPERATURE, "1")),
                decision);
    }

    /** Returns the values of a tensor, all of them finite and of a plausible size. */
    static float[] finite(Path file, String name, float[] values) throws IOException {
        for (float value : values) {
            if (!(Math.abs(value) <= LARGEST)) {
                throw new InputException("%s: %s holds %s: expected numbers of at most %s in size"
                        .formatted(file, name, value, LARGEST));
            }
        }
        return values;
    }

    private static List<String> classNames(String json) throws JsonProcessingException {
        if (!(JsonTree.read(json) instanceof List<?> names)
                || names.isEmpty()
                || !names.stream().allMatch(String.class::isInstance)) {
            throw new IllegalArgumentException("the class names are " + json);
        }
        return names.stream().map(String.class::cast).toList();
    }
}
