package org.coop4j.method;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import com.fasterxml.jackson.databind.JsonNode;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Locale;
import java.util.stream.Stream;
import org.coop4j.Differences;
import org.coop4j.clip.Clip;
import org.coop4j.clip.GoldenModels;
import org.coop4j.clip.MemoryLimit;
import org.coop4j.clip.PromptTower;
import org.coop4j.clip.Step;
import org.coop4j.graph.LearnedTensor;
import org.coop4j.method.PromptLayout.ClassPosition;
import org.coop4j.weights.safetensors.SafetensorsFile;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/**
 * The prompt learner against PyTorch's full 77-position computation: M = 4, 16, 3, every position,
 * unified and class-specific, first step and ten SGD steps.
 */
@ExtendWith(Differences.Extension.class)
class PromptGoldenTest {

    private static final double FEATURES = 2e-5;
    private static final double GRADIENT_RELATIVE = 1e-4;
    private static final double GRADIENT_ABSOLUTE = 1e-6;
    private static final double CONTEXT = 1e-5;
    private static final double LOSS = 1e-4;

    @TempDir
    static Path folder;

    /** A golden case of a model. */
    record Case(String model, String key, PromptLayout layout, List<Double> losses) {
        @Override
        public String toString() {
            return model + " " + key;
        }
    }

    static Stream<Case> cases() throws IOException {
        List<Case> cases = new ArrayList<>();
        for (String model : List.of("vit", "vit_gelu")) {
            for (JsonNode c : json(model).get("cases")) {
                List<Double> losses = new ArrayList<>();
                c.get("losses").forEach(loss -> losses.add(loss.asDouble()));
                PromptLayout layout = new PromptLayout(
                        c.get("m").asInt(),
                        ClassPosition.valueOf(c.get("position").asText().toUpperCase(Locale.ROOT)),
                        c.get("class_specific").asBoolean());
                cases.add(new Case(model, c.get("key").asText(), layout, losses));
            }
        }
        return cases.stream();
    }

    private static JsonNode json(String model) throws IOException {
        return GoldenModels.json(model + "/coop.json");
    }

    private static PromptTower tower(Clip clip, Case c, MemoryLimit memory) throws IOException {
        JsonNode json = json(c.model);
        List<int[]> prompts = c.layout.prompts(GoldenMethods.classNames(json), GoldenMethods.frame(json), 77);
        return PromptTower.of(clip, prompts, c.layout.vectors(prompts.size()), memory);
    }

    @Tag("portable")
    @ParameterizedTest
    @MethodSource("cases")
    void theFirstStepAndTheNextNineEqualPyTorch(Case c, Differences differences) throws IOException {
        try (Clip clip = GoldenModels.open(c.model, folder);
                SafetensorsFile golden = GoldenModels.numbers(c.model + "/coop.safetensors")) {
            PromptTower tower = tower(clip, c, MemoryLimit.none());
            float[] context = golden.floats(c.key + ".ctx0");
            tower.setContext(context);
            float[] features = tower.features().toArray();
            float[] expectedFeatures = golden.floats(c.key + ".text_features");
            assertClose(features, expectedFeatures, FEATURES, 0);
            double ofFeatures = Differences.relative(features, expectedFeatures);
            differences.note(c.model, "prompts' text features, relative", ofFeatures);
            LearnedTensor ctx = LearnedTensor.of("ctx", context, tower.vectors(), tower.width());
            Optimizer sgd = new Optimizer(Training.coop(1, 1));
            for (int i = 0; i < c.losses.size(); i++) {
                tower.setContext(context);
                Step step = tower.step(golden.floats("image_features"), labels(golden));
                assertThat((double) step.loss()).isCloseTo(c.losses.get(i), within(LOSS));
                double ofLoss = Math.abs(step.loss() - c.losses.get(i));
                differences.note(c.model, "losses of ten steps, absolute", ofLoss);
                System.arraycopy(tower.gradient(), 0, ctx.gradient(), 0, context.length);
                if (i == 0) {
                    assertFirstStep(c, step, ctx.gradient(), golden, differences);
                }
                sgd.step(List.of(ctx), 0.002, i + 1L);
            }
            double ofContext = Differences.absolute(context, golden.floats(c.key + ".ctx10"));
            assertThat(differences.note(c.model, "context after ten steps, absolute", ofContext))
                    .isLessThanOrEqualTo(CONTEXT);
        }
    }

    private static void assertFirstStep(
            Case c, Step step, float[] gradient, SafetensorsFile golden, Differences differences) throws IOException {
        float[] expected = golden.floats(c.key + ".grad");
        assertClose(gradient, expected, GRADIENT_RELATIVE, GRADIENT_ABSOLUTE);
        differences.note(c.model, "gradient of the context, relative", Differences.relative(gradient, expected));
        float[] logits = golden.floats(c.key + ".logits");
        for (int i = 0; i < 8; i++) {
            float[] own = Arrays.copyOfRange(logits, i * 6, (i + 1) * 6);
            assertThat(step.logits(i)).containsExactly(own, within(1e-3f));
            differences.note(c.model, "prompts' logits, absolute", Differences.absolute(step.logits(i), own));
        }
    }

    @ParameterizedTest
    @MethodSource("cases")
    void stepInPartsEqualsTheWholeStep(Case c) throws IOException {
        try (Clip clip = GoldenModels.open(c.model, folder);
                SafetensorsFile golden = GoldenModels.numbers(c.model + "/coop.safetensors")) {
            PromptTower whole = tower(clip, c, MemoryLimit.none());
            whole.prepare(8);
            PromptTower parted = tower(clip, c, new MemoryLimit(whole.stepBytes() * 3 / 4));
            float[][] gradients = new float[2][];
            float[] losses = new float[2];
            int i = 0;
            for (PromptTower tower : List.of(whole, parted)) {
                tower.setContext(golden.floats(c.key + ".ctx0"));
                Step step = tower.step(golden.floats("image_features"), labels(golden));
                losses[i] = step.loss();
                gradients[i++] = tower.gradient();
            }
            assertThat(parted.stepParts()).isGreaterThan(1);
            assertThat(losses[1]).isCloseTo(losses[0], within(1e-5f));
            assertClose(gradients[1], gradients[0], 1e-5, 0);
            assertClose(parted.features().toArray(), whole.features().toArray(), 1e-6, 0);
        }
    }

    private static int[] labels(SafetensorsFile golden) throws IOException {
        return Arrays.stream(golden.tensor("labels").longs())
                .mapToInt(Math::toIntExact)
                .toArray();
    }

    /** Within {@code relative} of the largest value, or {@code absolute} where that is more. */
    private static void assertClose(float[] actual, float[] expected, double relative, double absolute) {
        double scale = 0;
        for (float value : expected) {
            scale = Math.max(scale, Math.abs((double) value));
        }
        double tolerance = Math.max(relative * scale, absolute);
        assertThat(actual).hasSameSizeAs(expected);
        for (int i = 0; i < expected.length; i++) {
            assertThat((double) actual[i]).as("at %d", i).isCloseTo(expected[i], within(tolerance));
        }
    }
}
