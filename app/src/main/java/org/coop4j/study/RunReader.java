package org.coop4j.study;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.DeserializationFeature;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.json.JsonMapper;
import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Locale;
import org.coop4j.run.CheckedJson;
import org.coop4j.run.RunConfig;
import org.coop4j.run.RunFolder;
import org.coop4j.run.RunResult;
import org.coop4j.study.Findings.FinishedRun;
import org.coop4j.study.Findings.ModelId;

/** Reads the files of one run, and takes nothing that is missing or out of range for a number. */
record RunReader(Path root) {

    /** ImageNet's results take about 0.1 MB; nothing sane takes this much. */
    private static final long LARGEST = 32L << 20;

    private static final int LONGEST_NAME = 200;

    private static final ObjectMapper JSON =
            JsonMapper.builder()
                    .disable(DeserializationFeature.FAIL_ON_UNKNOWN_PROPERTIES)
                    .enable(DeserializationFeature.FAIL_ON_TRAILING_TOKENS)
                    .build();

    /**
     * A run with a result.
     *
     * @throws IOException with one line that says which file is damaged, and how
     */
    FinishedRun finished(Path folder) throws IOException {
        if (!Files.exists(folder.resolve(RunFolder.CONFIG))) {
            throw new IOException(
                    RunFolder.RESULT + " without " + RunFolder.CONFIG + ": its settings are lost");
        }
        RunConfig config = RunConfig.read(folder.resolve(RunFolder.CONFIG), RunFolder.CONFIG);
        JsonNode provenance =
                Files.exists(folder.resolve(RunFolder.PROVENANCE))
                        ? read(folder, RunFolder.PROVENANCE)
                        : JsonNodeFactory.instance.objectNode();
        RunResult result = result((ObjectNode) read(folder, RunFolder.RESULT));
        return new FinishedRun(
                root.relativize(folder),
                result,
                config,
                model(config.modelSha256(), provenance),
                provenance.path("testHash").asText(""),
                provenance.path("finished").asText(""));
    }

    /** Why a run failed. */
    String failure(Path folder) throws IOException {
        String message = read(folder, RunFolder.FAILURE).path("message").asText("");
        return message.isBlank() ? "no reason is recorded" : message.strip();
    }

    /** Whether a folder that has settings alone was to become a run that this package reads. */
    boolean isRun(Path folder) throws IOException {
        return !read(folder, RunFolder.CONFIG).findPath("modelSha256").isMissingNode();
    }

    private static JsonNode read(Path folder, String name) throws IOException {
        return CheckedJson.tree(folder.resolve(name), name, LARGEST);
    }

    private static RunResult result(ObjectNode node) throws IOException {
        requireName(node, "method");
        requireName(node, "dataset");
        requireNumber(node, "shots", 0, Integer.MAX_VALUE - 1.0);
        requireNumber(node, "seed", Long.MIN_VALUE, Long.MAX_VALUE);
        requireNumber(node, "classes", 1, Integer.MAX_VALUE);
        requireNumber(node, "testImages", 1, Integer.MAX_VALUE);
        requireNumber(node, "accuracy", 0, 100);
        requireNumber(node, "macroF1", 0, 100);
        requireNumber(node, "calibrationError", 0, 1);
        emptyIfMissing(node, "handWritten");
        emptyIfMissing(node, "perClass");
        for (JsonNode prompt : node.path("handWritten")) {
            requireName(prompt, "prompt");
            requireNumber(prompt, "accuracy", 0, 100);
        }
        for (JsonNode one : node.path("perClass")) {
            if (!one.path("name").isTextual()) {
                throw damaged("a class without a name");
            }
            requireNumber(one, "total", 1, Integer.MAX_VALUE);
            requireNumber(one, "correct", 0, one.path("total").asDouble());
        }
        try {
            return JSON.treeToValue(node, RunResult.class);
        } catch (JsonProcessingException e) {
            throw damaged(String.valueOf(e.getOriginalMessage()).replaceAll("\\s+", " "));
        }
    }

    private static void requireName(JsonNode node, String field) throws IOException {
        JsonNode value = node.path(field);
        if (!value.isTextual() || value.asText().isBlank()) {
            throw damaged("no \"" + field + "\"");
        }
        if (value.asText().length() > LONGEST_NAME) {
            throw damaged("its \"" + field + "\" has " + value.asText().length() + " characters");
        }
    }

    private static void requireNumber(JsonNode node, String field, double least, double most)
            throws IOException {
        JsonNode value = node.path(field);
        if (!value.isNumber()) {
            throw damaged("no number \"" + field + "\"");
        }
        if (!(value.asDouble() >= least && value.asDouble() <= most)) {
            throw damaged(
                    "\"%s\" is %s; expected %s to %s"
                            .formatted(field, value.asText(), number(least), number(most)));
        }
    }

    private static String number(double value) {
        return value == Math.rint(value)
                ? String.format(Locale.ROOT, "%.0f", value)
                : String.valueOf(value);
    }

    private static void emptyIfMissing(ObjectNode node, String field) throws IOException {
        if (node.path(field).isMissingNode() || node.path(field).isNull()) {
            node.putArray(field);
        } else if (!node.path(field).isArray()) {
            throw damaged("\"" + field + "\" is no list");
        }
    }

    private static IOException damaged(String how) {
        return new IOException(RunFolder.RESULT + " is damaged: " + how);
    }

    private static ModelId model(String configured, JsonNode provenance) throws IOException {
        String used = provenance.path("modelSha256").asText("");
        if (!used.isEmpty() && !configured.equals(used)) {
            throw new IOException(
                    "%s names the model %.12s…, %s the model %.12s…: they are not of one run"
                            .formatted(RunFolder.CONFIG, configured, RunFolder.PROVENANCE, used));
        }
        return ModelId.of(
                used.isEmpty() ? configured : used,
                provenance.path("modelFile").asText(""),
                knownAs(provenance.path("modelSource")));
    }

    /** The source is a JSON object, or a text that holds one. */
    private static String knownAs(JsonNode source) {
        try {
            JsonNode object = source.isTextual() ? JSON.readTree(source.asText()) : source;
            return object == null ? "" : object.path("known_as").asText("");
        } catch (JsonProcessingException e) {
            return "";
        }
    }
}
