package org.coop4j.method;

import com.fasterxml.jackson.databind.JsonNode;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import org.coop4j.clip.Clip;
import org.coop4j.clip.FeatureMatrix;
import org.coop4j.graph.LearnedTensor;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;

/** Methods that learn prompts against PyTorch: logits, gradients and ten steps of every case, on both golden models. */
class PromptStepsTest {

    @TempDir
    static Path folder;

    static List<Arguments> cases() throws IOException {
        List<Arguments> cases = new ArrayList<>();
        for (String method : List.of("kgcoop", "prograd", "deep_language", "tcp", "cocoop")) {
            GoldenPrompts.cases(method).forEach(c -> cases.add(Arguments.of(method, c.get()[0], c.get()[1])));
        }
        return cases;
    }

    @ParameterizedTest
    @MethodSource("cases")
    void tenStepsEqualPyTorch(String name, String model, String key) throws IOException {
        try (GoldenMethods golden = GoldenMethods.open(model + "/" + name);
                GoldenMethods problem = GoldenMethods.open(model + "/problem");
                Clip clip = GoldenMethods.clip(model, folder)) {
            JsonNode c = golden.of(key);
            PromptMethod method = method(name, c);
            FeatureMatrix teacher = method.teacher("{}") == null
                    ? null
                    : problem.matrix("teacher_text").normalized();
            List<LearnedTensor> learned = new ArrayList<>();
            for (String tensor : c.path("depth").asInt() > 1 ? List.of("ctx", "deep") : tensors(method)) {
                learned.add(GoldenPrompts.initial(golden, key, tensor));
            }
            GoldenPrompts.assertTenSteps(
                    golden,
                    problem,
                    clip,
                    key,
                    new PromptLearner.Objective(method.resolved(clip, "{}"), learned, teacher));
        }
    }

    private static List<String> tensors(PromptMethod method) {
        return method.checkpointTensors().isEmpty() ? List.of("ctx") : method.checkpointTensors();
    }

    private static PromptMethod method(String name, JsonNode c) {
        return switch (name) {
            case "kgcoop" ->
                (PromptMethod)
                        new KgCoOp().with(Map.of("lambda", c.get("weight").asDouble()));
            case "prograd" ->
                (PromptMethod) new ProGrad()
                        .with(Map.of(
                                "lambda", c.get("lambda_").asDouble(),
                                "temperature", c.get("temperature").asDouble()));
            case "deep_language" -> new DeepLanguage();
            case "tcp" ->
                new Tcp(4, c.get("insert_block").asInt(), c.get("weight").asDouble(), "{}");
            default -> new CoCoOp();
        };
    }
}
