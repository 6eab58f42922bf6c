package org.coop4j.method;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalDouble;
import java.util.OptionalInt;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
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
import org.coop4j.graph.host.Precision;
import org.coop4j.image.ExifOrientation;
import org.coop4j.method.PromptEnsemble.ClassDescriptions;
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
 * @param origin how it was made
 * @param temperature divisor of the logits in probabilities; 1 leaves them unchanged
 * @param decision the way from logits to sets of labels; null for single labels
 */
public record ClassifierFile(
        Method method,
        List<String> classNames,
        String modelSha256,
        Map<String, Tensor> tensors,
        Origin origin,
        double temperature,
        Decision decision) {

    /** More than any method has, some in each block of both towers; many more would only make reading slow. */
    private static final int MOST_TENSORS = 1024;

    /** Limit of a value's size, far beyond any that is learned: products of larger ones may overflow. */
    private static final float LARGEST = 1e12f;

    private static final String FORMAT = "coop4j.classifier";
    private static final String FORMAT_VERSION = "2";
    private static final String METHOD = "coop4j.method";
    private static final String METHOD_JAR = "coop4j.method_jar";
    private static final String SETTINGS = "coop4j.settings";
    private static final String CLASSES = "coop4j.classes";
    private static final String MODEL = "coop4j.model_sha256";
    private static final String TRAINING = "coop4j.training";
    private static final String TEMPERATURE = "coop4j.temperature";
    private static final String DECISION = "coop4j.decision";

    public ClassifierFile {
        classNames = ClassName.checked(classNames);
        tensors = Collections.unmodifiableMap(new LinkedHashMap<>(tensors));
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

    /**
     * How a classifier was made: the data and sample that a run learned from, what chose its settings, and its calibration.
     *
     * @param entries strings by name, as the file has them; those of a method's own among them
     */
    public record Origin(Map<String, String> entries) {

        /** Nothing is known. */
        public static final Origin NONE = new Origin(Map.of());

        private static final String MODEL_FILE = "model_file";
        private static final String LOGIT_SCALE = "logit_scale";
        private static final String EXIF = "exif";
        private static final String EPOCHS = "epochs";
        private static final String DESCRIPTIONS = "descriptions";
        private static final String DESCRIPTIONS_SHA256 = "descriptions_sha256";
        private static final String CALIBRATED_ON = "calibrated_on";
        private static final String THRESHOLD = "threshold_95";

        /** A share of another machine, to which Windows would show the user's account: {@code //host/share}. */
        private static final Pattern SHARE = Pattern.compile("[/\\\\]{2}.*", Pattern.DOTALL);

        public Origin {
            entries = Collections.unmodifiableMap(new LinkedHashMap<>(entries));
        }

        /** Adds or replaces an entry. */
        public Origin with(String name, Object value) {
            Map<String, String> more = new LinkedHashMap<>(entries);
            more.put(name, value.toString());
            return new Origin(more);
        }

        private Optional<String> entry(String name) {
            return Optional.ofNullable(entries.get(name));
        }

        /** Returns the path of the model's file, unless it is unknown or leads to another machine. */
        public Optional<String> modelFile() {
            return entry(MODEL_FILE)
                    .filter(path -> !path.isEmpty() && !SHARE.matcher(path).matches());
        }

        public Origin withModelFile(String model) {
            return with(MODEL_FILE, model);
        }

        /** Returns the natural logarithm of the logit scale, if it was learned from features without their model. */
        Optional<Float> logitScale() {
            return entry(LOGIT_SCALE).map(Float::valueOf);
        }

        public Origin withLogitScale(float logarithm) {
            return with(LOGIT_SCALE, logarithm);
        }

        /**
         * Returns the treatment of EXIF orientations; by default they are applied.
         *
         * @throws IOException if anything else is recorded
         */
        public ExifOrientation exif() throws IOException {
            try {
                return entry(EXIF).map(ExifOrientation::named).orElse(ExifOrientation.APPLY);
            } catch (IllegalArgumentException e) {
                throw new IOException("the classifier's " + EXIF + ": " + e.getMessage(), e);
            }
        }

        public Origin withExif(ExifOrientation exif) {
            return with(EXIF, exif.id());
        }

        /**
         * Adds what a run learned from: the name of its data and its sample.
         *
         * @param exif null if it was left to the default
         */
        public Origin withSample(String data, ExifOrientation exif, int shots, long seed, Precision precision) {
            Origin named = with("data", data);
            return (exif == null ? named : named.withExif(exif))
                    .with("shots", shots)
                    .with("seed", seed)
                    .with("precision", precision.id());
        }

        /** Returns the number of epochs, if it was trained by gradient steps. */
        public OptionalInt epochs() {
            return entry(EPOCHS)
                    .filter(epochs -> epochs.matches("[1-9]\\d{0,5}"))
                    .map(epochs -> OptionalInt.of(Integer.parseInt(epochs)))
                    .orElse(OptionalInt.empty());
        }

        public Origin withEpochs(int epochs) {
            return with(EPOCHS, epochs);
        }

        /**
         * Returns the sentences about classes that it was learned with.
         *
         * @throws IllegalArgumentException if their file leads to another machine, cannot be read, or was changed
         */
        ClassDescriptions descriptions() {
            String path = entries.get(DESCRIPTIONS);
            if (path == null) {
                return ClassDescriptions.NONE;
            }
            Require.that(
                    !SHARE.matcher(path).matches(),
                    "the descriptions of the classes are on another machine, %s: learn again with a file of this machine",
                    path);
            return ClassDescriptions.known(path, String.valueOf(entries.get(DESCRIPTIONS_SHA256)));
        }

        /** Adds the file of sentences about classes, its hash, and the number of sentences of each class. */
        public Origin withDescriptions(ClassDescriptions all, List<String> classNames) {
            String counts = classNames.stream()
                    .map(name -> Integer.toString(all.of(name).size()))
                    .collect(Collectors.joining(" "));
            return all.isEmpty()
                    ? this
                    : with(DESCRIPTIONS, all.path())
                            .with(DESCRIPTIONS_SHA256, all.sha256())
                            .with("descriptions_counts", counts);
        }

        /** Returns a phrase for the images that its probabilities were calibrated on; empty if there were none. */
        public String calibratedOn() {
            return entry(CALIBRATED_ON).orElse("");
        }

        /** Returns the smallest probability above which 95 % of the answers on these images were correct, if there is one. */
        public OptionalDouble threshold() {
            return entry(THRESHOLD)
                    .filter(text -> text.matches("[01]\\.\\d{1,3}"))
                    .map(text -> OptionalDouble.of(Double.parseDouble(text)))
                    .orElse(OptionalDouble.empty());
        }

        /** Returns the origin with another calibration, or without one. */
        public Origin withCalibration(String images, OptionalDouble threshold) {
            Map<String, String> changed = new LinkedHashMap<>(entries);
            changed.keySet().removeAll(List.of(CALIBRATED_ON, THRESHOLD));
            if (!images.isEmpty()) {
                changed.put(CALIBRATED_ON, images);
            }
            threshold.ifPresent(least -> changed.put(THRESHOLD, String.format(Locale.ROOT, "%.3f", least)));
            return new Origin(changed);
        }
    }

    /** Returns a file without tensors. */
    public static ClassifierFile of(Method method, List<String> classNames, String modelSha256) {
        return new ClassifierFile(
                method,
                classNames,
                modelSha256,
                Map.of(),
                Origin.NONE,
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
        return new ClassifierFile(method, classNames, modelSha256, changed, origin, temperature, decision);
    }

    /** Returns the file of a method with settings that were chosen. */
    public ClassifierFile withMethod(Method other) {
        return new ClassifierFile(other, classNames, modelSha256, tensors, origin, temperature, decision);
    }

    public ClassifierFile withClassNames(List<String> names) {
        return new ClassifierFile(
                method,
                names,
                modelSha256,
                tensors,
                origin,
                temperature,
                decision == null ? null : decision.select(ClassNames.find(names, classNames)));
    }

    public ClassifierFile withOrigin(Origin other) {
        return new ClassifierFile(method, classNames, modelSha256, tensors, other, temperature, decision);
    }

    public ClassifierFile withTemperature(double newTemperature) {
        return new ClassifierFile(method, classNames, modelSha256, tensors, origin, newTemperature, decision);
    }

    /** Returns the file of a classifier of sets of labels. */
    public ClassifierFile withDecision(Decision other) {
        return new ClassifierFile(method, classNames, modelSha256, tensors, origin, temperature, other);
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
        return origin.entries.containsKey(Origin.LOGIT_SCALE);
    }

    /**
     * Opens the classifier of the classes that it was made for.
     *
     * @throws IllegalArgumentException if it belongs to another model
     * @throws IOException if a tensor is missing
     */
    public Classifier open(FeatureSpace space) throws IOException {
        requireModel(space);
        Optional<Float> scale = origin.logitScale();
        return method.read(scale.isPresent() ? FeatureTable.withoutTexts(space, scale.get()) : space, this);
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
        Method.jar(method).ifPresent(jar -> metadata.put(METHOD_JAR, jar));
        metadata.put(SETTINGS, json.writeValueAsString(Settings.of(method.settings())));
        metadata.put(CLASSES, json.writeValueAsString(classNames));
        metadata.put(MODEL, modelSha256);
        metadata.put(TRAINING, json.writeValueAsString(origin.entries()));
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
        InputException.require(
                !metadata.containsKey(METHOD_JAR)
                        || Method.find(metadata.get(METHOD)).isPresent(),
                "%s was learned by the method %s of %s, which is not there: add that jar to the class path, or to a folder of plug-ins",
                file,
                metadata.get(METHOD),
                metadata.get(METHOD_JAR));
        List<String> names = classNames(metadata.get(CLASSES));
        Decision decision = metadata.containsKey(DECISION)
                ? new ObjectMapper().readValue(metadata.get(DECISION), Decision.class)
                : null;
        InputException.require(
                decision == null || decision.own().isEmpty() || decision.own().size() == names.size(),
                "%s: its decision has other classes",
                file);
        Map<String, String> origin = new LinkedHashMap<>();
        JsonTree.readObject(TRAINING, metadata.getOrDefault(TRAINING, "{}"))
                .forEach((name, value) -> origin.put(name, String.valueOf(value)));
        return new ClassifierFile(
                Method.of(metadata.get(METHOD)).with(JsonTree.readObject(SETTINGS, metadata.get(SETTINGS))),
                names,
                metadata.get(MODEL),
                values,
                new Origin(origin),
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
