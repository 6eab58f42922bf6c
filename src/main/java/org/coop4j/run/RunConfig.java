package org.coop4j.run;

import com.fasterxml.jackson.databind.ObjectMapper;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Optional;
import org.coop4j.base.Settings;
import org.coop4j.graph.host.Precision;
import org.coop4j.method.Method;
import org.coop4j.method.train.Training;

/**
 * Everything that decides a run's result: what {@code config.json} holds, of a single training run
 * as of one of a sweep or of the demo.
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

    private static final ObjectMapper JSON = new ObjectMapper();

    public RunConfig {
        if (checkpointEvery < 1) {
            throw new IllegalArgumentException(
                    "checkpoint_every: expected 1 or more epochs, got " + checkpointEvery);
        }
        if ((learnedFrom != null) != method.learns()) {
            throw new IllegalArgumentException(
                    method.learns()
                            ? method.title() + " needs data to learn from"
                            : method.title() + " learns nothing");
        }
    }

    /** A run in float32 that learns and is tested on the same data. */
    public static RunConfig of(
            String modelSha256, RunData data, Method method, Training training, Sample sample) {
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
        return new RunConfig(
                modelSha256, learnedFrom, testedOn, method, training, sample, precision, epochs);
    }

    /** The same in another precision. */
    public RunConfig in(Precision other) {
        return new RunConfig(
                modelSha256,
                learnedFrom,
                testedOn,
                method,
                training,
                sample,
                other,
                checkpointEvery);
    }

    /** What was learned, tested on other data. */
    public RunConfig testedOn(RunData other) {
        return new RunConfig(
                modelSha256,
                learnedFrom,
                other,
                method,
                training,
                sample,
                precision,
                checkpointEvery);
    }

    /** Returns true if it is a configuration of the same run: one with the same result. */
    public boolean isSameRun(RunConfig other) {
        return modelSha256.equals(other.modelSha256)
                && (learnedFrom == null
                        ? other.learnedFrom == null
                        : other.learnedFrom != null && learnedFrom.isSame(other.learnedFrom))
                && testedOn.isSame(other.testedOn)
                && method.equals(other.method)
                && training.equals(other.training)
                && sample.equals(other.sample)
                && precision == other.precision;
    }

    /**
     * What differs from the defaults, in words that name files: of a new setting whose default is
     * what was done before, the runs of before keep their names.
     */
    public String identity() {
        Map<String, Object> all = new LinkedHashMap<>();
        all.put("model", modelSha256);
        Optional.ofNullable(learnedFrom).ifPresent(data -> all.put("learned_from", list(data)));
        all.put("tested_on", list(testedOn));
        all.put("method", method.id());
        all.put("settings", Settings.differences((Record) method, (Record) method.defaults()));
        all.put("training", Settings.differences(training, method.training(sample.shots())));
        all.put("sample", Settings.differences(sample, Sample.NONE));
        if (precision != Precision.FLOAT32) {
            all.put("precision", precision.id());
        }
        return JSON.valueToTree(all).toString();
    }

    private static Object list(RunData data) {
        return java.util.Arrays.asList(
                data.name(), data.classes().name(), data.listsSha256(), data.template());
    }
}
