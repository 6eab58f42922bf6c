package org.coop4j.run;

import com.fasterxml.jackson.annotation.JsonInclude;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.coop4j.base.CheckedJson;
import org.coop4j.base.Require;
import org.coop4j.base.Settings;
import org.coop4j.clip.FeatureSpace;
import org.coop4j.data.DataSpec;
import org.coop4j.data.ImageDataset.ClassHalf;
import org.coop4j.graph.host.Precision;
import org.coop4j.method.Method;
import org.coop4j.method.Training;

/**
 * Everything that determines a run's result, kept in {@code config.json}.
 *
 * <p>The file has all resolved values. Settings that a file lacks have their defaults; settings that this version does
 * not know are an error, because they determined the result.
 *
 * @param modelSha256 SHA-256 of the model file
 * @param learnedFrom the data learned from; null if nothing is learned
 * @param testedOn the data tested on
 * @param method the method with its settings
 * @param training how its tensors are trained
 * @param sample the images it learns from
 * @param precision of the products that encode images and train prompts
 * @param threads number of threads that compute, on which last digits depend; 1 if unknown
 * @param checkpointEvery epochs between checkpoints, without effect on the result
 * @param imagesSha256 SHA-256 of the contents of all images that it uses, by {@link Images#withContents}; null if
 *     unknown, and for stored features
 */
public record RunConfig(
        String modelSha256,
        RunData learnedFrom,
        RunData testedOn,
        Method method,
        Training training,
        Sample sample,
        Precision precision,
        int threads,
        int checkpointEvery,
        String imagesSha256) {

    /** Default number of epochs between checkpoints. */
    public static final int CHECKPOINT_EVERY = 10;

    private static final int FORMAT = 4;

    /** Limit of a configuration's size in bytes. */
    private static final long LARGEST = 1L << 20;

    private static final ObjectMapper JSON = new ObjectMapper();

    /**
     * A dataset as a run uses it. Its lists identify it, not its place.
     *
     * @param name its name in results
     * @param classes the half of its classes that is used
     * @param listsSha256 SHA-256 of class names, file names and labels
     * @param template the hand-written prompt that suits it
     * @param source its place at the time of the run
     */
    public record RunData(String name, ClassHalf classes, String listsSha256, String template, DataSpec source) {

        public RunData {
            Require.that(
                    name != null && classes != null && listsSha256 != null && source != null,
                    "data: expected name, classes, listsSha256 and source, got %s, %s, %s and %s",
                    name,
                    classes,
                    listsSha256,
                    source);
        }

        /** Returns everything that identifies the data, regardless of its place. */
        private List<String> identity() {
            List<String> all = new ArrayList<>(Arrays.asList(name, classes.name(), listsSha256, template));
            if (source.descriptions() != null) {
                all.add(source.descriptions().sha256());
            }
            return all;
        }
    }

    public RunConfig {
        Require.that(checkpointEvery >= 1, "checkpoint_every: expected 1 or more epochs, got %s", checkpointEvery);
        Require.that(
                (learnedFrom != null) == method.learns(),
                method.learns() ? "%s needs data to learn from" : "%s learns nothing",
                method.title());
    }

    /** Describes a run in float32, on one thread, that learns from and is tested on the same data. */
    static RunConfig of(String modelSha256, RunData data, Method method, Training training, Sample sample) {
        return new RunConfig(
                modelSha256,
                method.learns() ? data : null,
                data,
                method,
                training,
                method.learns() ? sample : Sample.NONE,
                Precision.FLOAT32,
                1,
                CHECKPOINT_EVERY,
                null);
    }

    /** Returns the data learned from, or the data tested on if nothing is learned. */
    public RunData data() {
        return learnedFrom == null ? testedOn : learnedFrom;
    }

    /** Returns the run with another number of epochs between checkpoints. */
    RunConfig withCheckpointEvery(int epochs) {
        return with(testedOn, epochs, imagesSha256);
    }

    /**
     * Returns the run in a space: in its precision, by its threads, and with the settings that its model decides.
     *
     * @throws IllegalArgumentException if a setting does not suit the model
     */
    RunConfig in(FeatureSpace space) {
        return new RunConfig(
                modelSha256,
                learnedFrom,
                testedOn,
                method.in(space),
                training,
                sample,
                space.precision(),
                space.workers().count(),
                checkpointEvery,
                imagesSha256);
    }

    /** Returns a run that learns the same and is tested on other data. */
    public RunConfig testedOn(RunData other) {
        return with(other, checkpointEvery, null);
    }

    /** Returns the run of images with these contents. */
    RunConfig withImages(String sha256) {
        return with(testedOn, checkpointEvery, sha256);
    }

    private RunConfig with(RunData data, int epochs, String images) {
        return new RunConfig(
                modelSha256, learnedFrom, data, method, training, sample, precision, threads, epochs, images);
    }

    /**
     * Returns true if it is a configuration of the same run, one with the same result: of the same {@link #identity}, and
     * of images with the same contents as far as they are known.
     */
    public boolean isSameRun(RunConfig other) {
        return identity().equals(other.identity())
                && (imagesSha256 == null || other.imagesSha256 == null || imagesSha256.equals(other.imagesSha256));
    }

    /**
     * Returns the differences from the references' settings, from which files are named: when a setting is added whose default is the
     * earlier behaviour, earlier runs keep their names.
     */
    public String identity() {
        Map<String, Object> all = new LinkedHashMap<>();
        all.put("model", modelSha256);
        if (learnedFrom != null) {
            all.put("learned_from", learnedFrom.identity());
        }
        all.put("tested_on", testedOn.identity());
        all.put("method", method.id());
        all.put(
                "settings",
                Settings.differences(method.settings(), method.defaults().settings()));
        all.put("training", Settings.differences(training, method.training(sample.shots())));
        all.put("sample", Settings.differences(sample, Sample.NONE));
        if (precision != Precision.FLOAT32) {
            all.put("precision", precision.id());
        }
        return JSON.valueToTree(all).toString();
    }

    /** The contents of {@code config.json}; null components are omitted. */
    @JsonInclude(JsonInclude.Include.NON_NULL)
    record Contents(
            int format,
            String modelSha256,
            String method,
            Map<String, Object> settings,
            Map<String, Object> training,
            Map<String, Object> sample,
            RunData learnedFrom,
            RunData testedOn,
            String precision,
            Integer threads,
            Integer checkpointEvery,
            String imagesSha256) {}

    /** Returns the tree that {@code config.json} holds. */
    public ObjectNode toJson() {
        return JSON.valueToTree(new Contents(
                FORMAT,
                modelSha256,
                method.id(),
                Settings.of(method.settings()),
                training.trains() ? Settings.of(training) : null,
                Settings.of(sample),
                learnedFrom,
                testedOn,
                precision.id(),
                threads,
                checkpointEvery,
                imagesSha256));
    }

    /**
     * Reads a configuration.
     *
     * @throws IOException if it cannot be read or is damaged, naming the file
     */
    static RunConfig read(Path file) throws IOException {
        return read(file, file.toString());
    }

    /** Reads a configuration that has another name in messages. */
    private static RunConfig read(Path file, String name) throws IOException {
        Contents contents = CheckedJson.read(file, name, Contents.class, LARGEST);
        try {
            return of(contents);
        } catch (IllegalArgumentException e) {
            throw CheckedJson.damaged(name, e.getMessage(), e);
        }
    }

    /** Reads a configuration from the text of {@link #toJson}, and returns it as it is in a space. */
    public static RunConfig parse(String json, FeatureSpace space) throws IOException {
        return of(JSON.readValue(json, Contents.class)).in(space);
    }

    private static RunConfig of(Contents contents) {
        Require.that(
                contents.format == FORMAT && contents.modelSha256 != null && contents.testedOn != null,
                "expected format %d with modelSha256 and testedOn, got format %d",
                FORMAT,
                contents.format);
        Method method = Method.of(String.valueOf(contents.method)).with(orEmpty(contents.settings));
        return new RunConfig(
                contents.modelSha256,
                method.learns() ? contents.learnedFrom : null,
                contents.testedOn,
                method,
                Settings.with(Training.none(), orEmpty(contents.training)),
                Settings.with(Sample.NONE, orEmpty(contents.sample)),
                contents.precision == null ? Precision.FLOAT32 : Precision.of(contents.precision),
                contents.threads == null ? 1 : contents.threads,
                contents.checkpointEvery == null ? CHECKPOINT_EVERY : contents.checkpointEvery,
                contents.imagesSha256);
    }

    private static Map<String, Object> orEmpty(Map<String, Object> settings) {
        return settings == null ? Map.of() : settings;
    }
}
