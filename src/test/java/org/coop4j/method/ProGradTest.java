package org.coop4j.method;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.Stream;
import org.coop4j.clip.Clip;
import org.coop4j.clip.FeatureMatrix;
import org.coop4j.clip.MemoryLimit;
import org.coop4j.clip.PromptEncoder;
import org.coop4j.clip.Step;
import org.coop4j.clip.StepGraph;
import org.coop4j.data.FeatureSet;
import org.coop4j.graph.LearnedTensor;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;

/** The two gradients of each case against PyTorch, and what remains of the first. */
class ProGradTest {

    @TempDir
    static Path folder;

    static Stream<Arguments> cases() throws IOException {
        return GoldenPrompts.cases("prograd");
    }

    /** In one plan, and in chunks of classes, which take another way through the losses. */
    @ParameterizedTest
    @MethodSource("cases")
    void bothGradientsEqualPyTorch(String model, String key) throws IOException {
        try (GoldenMethods golden = GoldenMethods.open(model + "/prograd");
                GoldenMethods problem = GoldenMethods.open(model + "/problem");
                Clip clip = GoldenMethods.clip(model, folder)) {
            List<float[]> gradients = new ArrayList<>();
            StepGraph.GradientRule kept = (g, combined) -> g.forEach(gradient -> gradients.add(gradient.clone()));
            FeatureMatrix teacher = problem.matrix("teacher_text").normalized();
            PromptEncoder.Loss loss = (step, features) -> ProGrad.loss(
                    step, features, teacher, golden.of(key).get("temperature").asDouble(), kept);
            LearnedTensor ctx = GoldenPrompts.initial(golden, key, "ctx");
            PromptEncoder.Vectors vectors = () -> List.of(ctx);
            PromptEncoder encoder = clip.promptEncoder(GoldenPrompts.prompts(golden, key));
            FeatureSet images = problem.features("image_features", "labels");
            int[] batch = golden.rows(key + ".batches")[0];
            long bytes;
            try (Step step = encoder.step(vectors, loss, batch.length, MemoryLimit.none())) {
                GoldenPrompts.logits(step, images, true, batch, encoder.classes());
                golden.assertLoss(key, "losses_ce", 0, step.loss(0));
                golden.assertLoss(key, "losses_kl", 0, step.loss(1));
                bytes = step.bytes();
            }
            MemoryLimit less = new MemoryLimit(bytes * 3 / 5);
            try (Step step = encoder.step(vectors, loss, batch.length, less)) {
                assertThat(step.chunks()).isGreaterThan(1);
                GoldenPrompts.logits(step, images, true, batch, encoder.classes());
                golden.assertLoss(key, "losses_kl", 0, step.loss(1));
            }
            for (int i = 0; i < gradients.size(); i++) {
                String name = i % 2 == 0 ? "ctx.grad_ce" : "ctx.grad_kl";
                golden.assertClose(key, name, gradients.get(i));
            }
            assertThat(gradients).hasSize(4);
        }
    }

    @Test
    void aTeacherWithoutGradientChangesNothing() {
        float[] combined = new float[2];
        ProGrad.project(List.of(new float[] {1, -2}, new float[2]), 1, combined);
        assertThat(combined).containsExactly(1, -2);
    }

    @Test
    void noComponentAgainstTheTeacherRemains() {
        float[] combined = new float[2];
        ProGrad.project(List.of(new float[] {-3, 1}, new float[] {2, 0}), 1, combined);
        assertThat(combined).containsExactly(0, 1);
        ProGrad.project(List.of(new float[] {-3, 1}, new float[] {2, 0}), 0.5, combined);
        assertThat(combined).containsExactly(-1.5f, 1);
        ProGrad.project(List.of(new float[] {3, 1}, new float[] {2, 0}), 1, combined);
        assertThat(combined).containsExactly(3, 1);
    }
}
