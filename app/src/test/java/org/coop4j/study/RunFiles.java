package org.coop4j.study;

import com.fasterxml.jackson.databind.json.JsonMapper;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.Map;
import org.coop4j.base.Progress;
import org.coop4j.base.Settings;
import org.coop4j.data.DataSpec;
import org.coop4j.data.ImageDataset.ClassHalf;
import org.coop4j.data.benchmark.Benchmark;
import org.coop4j.data.benchmark.Benchmarks;
import org.coop4j.graph.host.Precision;
import org.coop4j.method.CoOp;
import org.coop4j.method.Method;
import org.coop4j.method.PromptEnsemble.PromptTemplates;
import org.coop4j.run.RunConfig;
import org.coop4j.run.RunConfig.RunData;
import org.coop4j.run.Sample;

/** Writes the folder of a run by hand, file by file, as a run leaves it. */
public final class RunFiles {

    /** A made-up SHA-256. */
    public static final String MODEL = "a1".repeat(32);

    private static final JsonMapper JSON = new JsonMapper();

    private final ObjectNode result = JSON.createObjectNode();
    private final Map<String, String> settings = new LinkedHashMap<>();
    private final ArrayNode perClass;
    private final ArrayNode handWritten;
    private String model = MODEL;
    private Method learner;
    private String template;
    private String knownAs = "";
    private String testHash = "";
    private String finished = "2025-01-01T00:00:00Z";

    private RunFiles(String method, String dataset) {
        result.put("method", method).put("dataset", dataset).put("trainedOn", dataset);
        result.put("half", "ALL").put("shots", 0).put("seed", 0);
        result.put("classes", 2).put("trainImages", 0).put("testImages", 100);
        result.put("errorRate", 50.0).put("macroF1", 49.0).put("calibrationError", 0.05);
        handWritten = result.putArray("handWritten");
        perClass = result.putArray("perClass");
        result.putObject("seconds").put("train", 2.5);
    }

    /** A run of 2 classes and 100 test images. */
    public static RunFiles of(String method, String dataset, double accuracy) {
        RunFiles run = new RunFiles(method, dataset);
        run.result.put("accuracy", accuracy);
        return run;
    }

    /** A run that learned from some images per class. */
    public RunFiles learned(int shots, long seed) {
        result.put("shots", shots).put("seed", seed).put("trainImages", 2 * Math.max(1, shots));
        return this;
    }

    /** Another field of the result. */
    public RunFiles with(String field, Object value) {
        result.putPOJO(field, value);
        return this;
    }

    /** A setting of the method or of its training, in config.json. */
    public RunFiles set(String name, String value) {
        settings.put(name, value);
        return this;
    }

    /** The method behind a name of the plan's own. */
    RunFiles is(Method method) {
        learner = method;
        return this;
    }

    /** The hand-written prompt of the data, in config.json; by default the published one, or the usual one. */
    public RunFiles template(String prompt) {
        template = prompt;
        return this;
    }

    public RunFiles half(String half) {
        return with("half", half);
    }

    public RunFiles trainedOn(String dataset) {
        return with("trainedOn", dataset);
    }

    public RunFiles testHash(String hash) {
        testHash = hash;
        return this;
    }

    public RunFiles finished(String time) {
        finished = time;
        return this;
    }

    public RunFiles model(String sha256, String name) {
        model = sha256;
        knownAs = name;
        return this;
    }

    /** Results of a class. */
    public RunFiles perClass(String name, int total, int correct) {
        perClass.addObject().put("name", name).put("total", total).put("correct", correct);
        return this;
    }

    /** A hand-written prompt. */
    public RunFiles prompt(String text, double accuracy) {
        handWritten.addObject().put("prompt", text).put("accuracy", accuracy);
        return this;
    }

    /** Writes config.json, result.json and provenance.json. */
    public Path write(Path folder) throws IOException {
        Files.createDirectories(folder);
        ObjectNode provenance = JSON.createObjectNode();
        provenance.put("modelFile", "small.safetensors").put("modelSha256", model);
        provenance.put(
                "modelSource", JSON.createObjectNode().put("known_as", knownAs).toString());
        provenance.put("testHash", testHash).put("threads", 1).put("finished", finished);
        Files.writeString(folder.resolve("config.json"), config().toJson().toString());
        result.put("methodTitle", title());
        Files.writeString(folder.resolve("result.json"), result.toString());
        Files.writeString(folder.resolve("provenance.json"), provenance.toString());
        return folder;
    }

    private RunConfig config() {
        int shots = result.path("shots").asInt();
        Method method = learner == null ? named(result.path("method").asText()) : learner;
        Map<String, String> own = new LinkedHashMap<>(settings);
        own.keySet().removeIf(name -> !Settings.has(method.settings(), name));
        Map<String, String> rest = new LinkedHashMap<>(settings);
        rest.keySet().removeAll(own.keySet());
        return new RunConfig(
                model,
                method.learns() ? data("trainedOn") : null,
                data("dataset"),
                method.with(own),
                Settings.with(method.training(shots), rest),
                method.learns() ? Sample.of(shots, result.path("seed").asLong()) : Sample.NONE,
                Precision.FLOAT32,
                1,
                1,
                null);
    }

    private RunData data(String field) {
        String name = result.path(field).asText();
        String usual =
                Benchmarks.published().find(name).map(Benchmark::template).orElse(PromptTemplates.PHOTO);
        return new RunData(
                name,
                ClassHalf.ALL,
                "12".repeat(32),
                template == null ? usual : template,
                DataSpec.of(Path.of("pictures")));
    }

    /** The title that a run records: the method's own, or the name in a plan. */
    private String title() {
        String name = result.path("method").asText();
        Method method = config().method();
        boolean own = name.equals(method.id())
                || method.defaults().shorthand(name).filter(method::equals).isPresent();
        return own ? method.title() : name;
    }

    private static Method named(String name) {
        try {
            return Method.of(name);
        } catch (IllegalArgumentException e) {
            return new CoOp();
        }
    }

    /** Writes what a failed run leaves. */
    public static Path failed(Path folder, String message) throws IOException {
        Files.createDirectories(folder);
        Files.writeString(
                folder.resolve("failure.json"),
                JSON.createObjectNode().put("message", message).toString());
        return folder;
    }

    /** The studies of all runs below a folder. */
    public static java.util.List<Study> studies(Path root) throws IOException {
        return Study.of(FoundRuns.below(root, Progress.NONE));
    }
}
