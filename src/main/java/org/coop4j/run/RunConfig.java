package org.coop4j.run;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.core.type.TypeReference;
import com.fasterxml.jackson.databind.DeserializationFeature;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.json.JsonMapper;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.io.IOException;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import org.coop4j.base.Settings;
import org.coop4j.data.ImageDataset.ClassHalf;
import org.coop4j.data.ImageDataset;
import org.coop4j.graph.host.Precision;
import org.coop4j.method.Method;
import org.coop4j.method.train.Training;

/**
 * Everything that decides a run's result: what {@code config.json} holds, of a single training run as of one of a sweep
 * or of the demo.
 *
 * <p>In the file are all resolved values. Settings that a file does not have are the defaults; settings that this
 * version does not know are an error, since they decided the result.
 *
 * @param modelSha256 SHA-256 of the model file
 * @param learnedFrom the data learned from; null where nothing is learned
 * @param testedOn the data tested on
 * @param method the method with its settings
 * @param training how its tensors are trained
 * @param sample the images it learns from
 * @param precision of the products that encode images and train prompts
 * @param checkpointEvery epochs between checkpoints, which decides nothing
 */
public record RunConfig(
        String modelSha256,
        RunData learnedFrom,
        RunData testedOn,
        Method method,
        Training training,
        Sample sample,
        Precision precision,
        int checkpointEvery) {

    /** Epochs between checkpoints where nobody says anything else. */
    public static final int CHECKPOINT_EVERY = 10;

    private static final int FORMAT = 2;

    /** Bytes that a configuration may have. */
    private static final long LARGEST = 1L << 20;

    private static final ObjectMapper JSON = JsonMapper.builder()
            .disable(DeserializationFeature.FAIL_ON_UNKNOWN_PROPERTIES)
            .build();

    /**
     * A dataset as a run uses it. Where it lies does not matter: its lists distinguish it from others.
     *
     * @param name what results call it
     * @param classes which half of its classes
     * @param listsSha256 SHA-256 of class names, file names and labels
     * @param template the hand-written prompt that suits it
     * @param source where it lay
     */
    public record RunData(String name, ClassHalf classes, String listsSha256, String template, DataSpec source) {

        public RunData {
            if (name == null || classes == null || listsSha256 == null || source == null) {
                throw new IllegalArgumentException(
                        "data: expected name, classes, listsSha256 and source, got %s, %s, %s and %s"
                                .formatted(name, classes, listsSha256, source));
            }
        }

        /** A dataset whose lists were read. */
        public static RunData of(DataSpec source, ImageDataset lists, ClassHalf classes) {
            return new RunData(source.name(), classes, source.listsSha256(lists), source.handWrittenPrompt(), source);
        }

        /** All that makes it this data, wherever it lies. */
        private List<String> identity() {
            return Arrays.asList(name, classes.name(), listsSha256, template);
        }
    }

    public RunConfig {
        if (checkpointEvery < 1) {
            throw new IllegalArgumentException("checkpoint_every: expected 1 or more epochs, got " + checkpointEvery);
        }
        if ((learnedFrom != null) != method.learns()) {
            throw new IllegalArgumentException(
                    method.learns()
                            ? method.title() + " needs data to learn from"
                            : method.title() + " learns nothing");
        }
    }

    /** A run in float32 that learns and is tested on the same data. */
    public static RunConfig of(String modelSha256, RunData data, Method method, Training training, Sample sample) {
        return new RunConfig(
                modelSha256,
                method.learns() ? data : null,
                data,
                method,
                training,
                method.learns() ? sample : Sample.NONE,
                Precision.FLOAT32,
                CHECKPOINT_EVERY);
    }

    /** The data learned from; the data tested on where nothing is learned. */
    public RunData data() {
        return learnedFrom == null ? testedOn : learnedFrom;
    }

    /** The same with another number of epochs between checkpoints. */
    public RunConfig withCheckpointEvery(int epochs) {
        return new RunConfig(modelSha256, learnedFrom, testedOn, method, training, sample, precision, epochs);
    }

    /** The same in another precision. */
    public RunConfig in(Precision other) {
        return new RunConfig(modelSha256, learnedFrom, testedOn, method, training, sample, other, checkpointEvery);
    }

    /** What was learned, tested on other data. */
    public RunConfig testedOn(RunData other) {
        return new RunConfig(modelSha256, learnedFrom, other, method, training, sample, precision, checkpointEvery);
    }

    /** Returns true if it is a configuration of the same run: one with the same result. */
    public boolean isSameRun(RunConfig other) {
        return modelSha256.equals(other.modelSha256)
                && Objects.equals(identity(learnedFrom), identity(other.learnedFrom))
                && testedOn.identity().equals(other.testedOn.identity())
                && method.equals(other.method)
                && training.equals(other.training)
                && sample.equals(other.sample)
                && precision == other.precision;
    }

    private static List<String> identity(RunData data) {
        return data == null ? null : data.identity();
    }

    /**
     * What differs from the defaults, in words that name files: of a new setting whose default is what was done before,
     * the runs of before keep their names.
     */
    public String identity() {
        Map<String, Object> all = new LinkedHashMap<>();
        all.put("model", modelSha256);
        if (learnedFrom != null) {
            all.put("learned_from", learnedFrom.identity());
        }
        all.put("tested_on", testedOn.identity());
        all.put("method", method.id());
        all.put("settings", Settings.differences((Record) method, (Record) method.defaults()));
        all.put("training", Settings.differences(training, method.training(sample.shots())));
        all.put("sample", Settings.differences(sample, Sample.NONE));
        if (precision != Precision.FLOAT32) {
            all.put("precision", precision.id());
        }
        return JSON.valueToTree(all).toString();
    }

    /** The tree that {@code config.json} holds. */
    public ObjectNode toJson() {
        ObjectNode tree = JSON.createObjectNode();
        tree.put("format", FORMAT);
        tree.put("modelSha256", modelSha256);
        tree.put("method", method.id());
        tree.set("settings", JSON.valueToTree(Settings.of((Record) method)));
        if (training.trains()) {
            tree.set("training", JSON.valueToTree(Settings.of(training)));
        }
        tree.set("sample", JSON.valueToTree(sample));
        if (learnedFrom != null) {
            tree.set("learnedFrom", JSON.valueToTree(learnedFrom));
        }
        tree.set("testedOn", JSON.valueToTree(testedOn));
        tree.put("precision", precision.id());
        tree.put("checkpointEvery", checkpointEvery);
        return tree;
    }

    /**
     * Reads a configuration.
     *
     * @throws IOException if it cannot be read or is damaged, naming the file
     */
    public static RunConfig read(Path file) throws IOException {
        return read(file, file.toString());
    }

    /** The same, where messages call the file something else. */
    public static RunConfig read(Path file, String name) throws IOException {
        ObjectNode tree = CheckedJson.tree(file, name, LARGEST);
        try {
            return of(tree);
        } catch (JsonProcessingException e) {
            throw new IOException(name + " is damaged: " + e.getOriginalMessage(), e);
        } catch (IllegalArgumentException e) {
            throw new IOException(name + " is damaged: " + e.getMessage(), e);
        }
    }

    private static RunConfig of(JsonNode tree) throws JsonProcessingException {
        if (tree.path("format").asInt() != FORMAT) {
            throw new IllegalArgumentException("format: expected %d, got %s".formatted(FORMAT, tree.path("format")));
        }
        if (!tree.path("modelSha256").isTextual()) {
            throw new IllegalArgumentException("no modelSha256");
        }
        Method method = Method.of(tree.path("method").asText()).with(settings(tree, "settings"));
        return new RunConfig(
                tree.path("modelSha256").asText(),
                method.learns() ? data(tree, "learnedFrom") : null,
                data(tree, "testedOn"),
                method,
                Settings.with(Training.none(), settings(tree, "training")),
                Settings.with(Sample.NONE, settings(tree, "sample")),
                Precision.of(tree.path("precision").asText(Precision.FLOAT32.id())),
                tree.path("checkpointEvery").asInt(CHECKPOINT_EVERY));
    }

    private static RunData data(JsonNode tree, String key) throws JsonProcessingException {
        if (!tree.path(key).isObject()) {
            throw new IllegalArgumentException("no " + key);
        }
        return JSON.treeToValue(tree.get(key), RunData.class);
    }

    private static Map<String, Object> settings(JsonNode tree, String key) {
        return tree.path(key).isObject()
                ? JSON.convertValue(tree.get(key), new TypeReference<LinkedHashMap<String, Object>>() {})
                : Map.of();
    }
}
