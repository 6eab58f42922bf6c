package org.coop4j.run;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Set;
import org.coop4j.base.Settings;
import org.coop4j.data.ClassHalf;
import org.coop4j.method.Method;
import org.coop4j.method.Roles;
import org.coop4j.method.train.Optimizer;
import org.coop4j.method.train.Training;
import org.coop4j.method.train.Training.Schedule;

/**
 * Configurations of format 1: those of single training runs, {@code {config, modelSha256}}, and
 * those of a sweep's, {@code {method, modelSha256, learnedFrom, testedOn, half, shots, seed,
 * templates, config}}.
 */
final class EarlierConfig {

    private static final String TEMPLATES = "templates";

    private EarlierConfig() {}

    static RunConfig read(JsonNode tree, ObjectMapper json) throws JsonProcessingException {
        String model = RunConfigFile.required(tree, "modelSha256");
        JsonNode training = tree.path("config");
        if (!tree.has("testedOn")) {
            if (!training.isObject()) {
                throw new IllegalArgumentException("it is no configuration of a run");
            }
            RunData data = trainedOn(training, json);
            return trained(model, training, data, data);
        }
        ClassHalf half = half(tree.path("half").asText("ALL"));
        RunData tested = lists(tree.path("testedOn"), half, training, json);
        if (training.isObject()) {
            ClassHalf learnedHalf = half(training.path("classes").asText("ALL"));
            RunData learned = lists(tree.path("learnedFrom"), learnedHalf, training, json);
            return trained(model, training, learned, tested);
        }
        if (tree.path(TEMPLATES).isArray()) {
            return handWritten(model, tree, tested);
        }
        Sample sample = new Sample(tree.path("shots").asInt(), tree.path("seed").asLong());
        // A probe that is tested on the new classes learned from the base ones.
        ClassHalf learnedHalf = half == ClassHalf.NEW ? ClassHalf.BASE : half;
        RunData learned = lists(tree.path("learnedFrom"), learnedHalf, training, json);
        return RunConfig.of(model, learned, Roles.ofFormat1(false), Training.none(), sample)
                .testedOn(tested);
    }

    private static RunConfig handWritten(String model, JsonNode tree, RunData tested) {
        List<String> templates = new ArrayList<>();
        tree.path(TEMPLATES).forEach(template -> templates.add(template.asText()));
        Method method = named(tree.path("method").asText(), templates);
        String own = templates.get(templates.size() - 1);
        RunData data =
                new RunData(
                        tested.name(),
                        tested.classes(),
                        tested.listsSha256(),
                        Settings.of((Record) method).get("own").equals(true) ? own : null,
                        null);
        return RunConfig.of(model, data, method, Training.none(), Sample.NONE);
    }

    /** The plan's own names meant templates with the data's own among them. */
    private static Method named(String name, List<String> templates) {
        try {
            Method method = Method.of(name);
            if (!method.learns()) {
                return method;
            }
        } catch (IllegalArgumentException e) {
            // A name that the plan gave to templates of its own.
        }
        return Roles.ofSettings(Set.of(TEMPLATES)).with(Map.of(TEMPLATES, templates));
    }

    private static RunConfig trained(
            String model, JsonNode config, RunData learned, RunData tested) {
        Map<String, Object> settings = new HashMap<>();
        settings.put("position", config.path("position").asText().toLowerCase(Locale.ROOT));
        settings.put("class_specific", config.path("classSpecific").asBoolean());
        if (config.path("words").isTextual()) {
            settings.put("words", config.path("words").asText());
        } else {
            settings.put("context_length", config.path("contextLength").asInt());
        }
        Method method = Roles.ofFormat1(true).with(settings);
        Training training =
                new Training(
                        config.path("epochs").asInt(),
                        config.path("batch").asInt(),
                        Optimizer.Kind.SGD,
                        config.path("rate").asDouble(),
                        config.path("momentum").asDouble(),
                        config.path("weightDecay").asDouble(),
                        Training.none().epsilon(),
                        Schedule.EPOCH_COSINE,
                        config.path("warmupEpochs").asInt(),
                        config.path("warmupRate").asDouble());
        Sample sample =
                new Sample(
                        config.path("shots").asInt(),
                        config.path("seed").asLong(),
                        config.path("views").asInt());
        return RunConfig.of(model, learned, method, training, sample)
                .testedOn(tested)
                .withCheckpointEvery(config.path("checkpointEvery").asInt());
    }

    private static RunData trainedOn(JsonNode training, ObjectMapper json)
            throws JsonProcessingException {
        DataSpec source = json.treeToValue(training.path("data"), DataSpec.class);
        return new RunData(
                source.name(),
                half(training.path("classes").asText("ALL")),
                null,
                source.handWrittenPrompt(),
                source);
    }

    private static RunData lists(
            JsonNode lists, ClassHalf half, JsonNode training, ObjectMapper json)
            throws JsonProcessingException {
        String name = RunConfigFile.required(lists, "dataset");
        DataSpec source =
                training.path("data").isObject()
                        ? json.treeToValue(training.path("data"), DataSpec.class)
                        : null;
        boolean known = source != null && source.name().equals(name);
        return new RunData(
                name,
                half,
                RunConfigFile.required(lists, "sha256"),
                known ? source.handWrittenPrompt() : null,
                known ? source : null);
    }

    private static ClassHalf half(String name) {
        return ClassHalf.valueOf(name.toUpperCase(Locale.ROOT));
    }
}
