package org.coop4j.method;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;
import static org.coop4j.RandomValues.gaussian;

import java.io.IOException;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.Random;
import org.coop4j.clip.Clip;
import org.coop4j.clip.TinyModel;
import org.coop4j.data.FeatureSet.DenseFeatures;
import org.coop4j.graph.LearnedTensor;
import org.coop4j.method.Method.Task;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** Distances from the frozen model beside the cross-entropy, in models that differ in the logit scale alone. */
class LogitScaleTest {

    @TempDir
    Path folder;

    /** At a quarter of the scale features move four times as far: a squared distance is 16 times as large, another 4 times. */
    @ParameterizedTest
    @CsvSource({
        "kgcoop, lambda, 16",
        "tcp, lambda, 16",
        "promptsrc, text_weight, 4",
        "promptsrc, image_weight, 4",
        "mmrl, rho, 16",
    })
    void aDistanceWeighsLessAtASmallerScale(String method, String weight, double times) throws IOException {
        double usual = penalty(100, method, weight);
        double quarter = penalty(25, method, weight);
        assertThat(usual).isGreaterThan(0.1);
        assertThat(quarter * times).isCloseTo(usual, within(2e-3 * usual));
    }

    /** Returns what a weight of 50 adds to the loss. */
    private double penalty(double scale, String name, String weight) throws IOException {
        Path model = TinyModel.write(TinyModel.ARCHITECTURE, folder.resolve("at" + scale), 1, scale);
        try (Clip clip = TinyModel.open(model, 1)) {
            PromptMethod method = (PromptMethod) Method.of(name);
            return loss(clip, (PromptMethod) method.with(Map.of(weight, 50)))
                    - loss(clip, (PromptMethod) method.with(Map.of(weight, 0)));
        }
    }

    private static double loss(Clip clip, PromptMethod method) throws IOException {
        Task task = new Task(List.of("left", "up_there", "right"), "a photo of a {}.", 1);
        int width = clip.featureWidth(method.features());
        DenseFeatures images = new DenseFeatures(width, 1, gaussian(3, 3 * width), new int[] {0, 1, 2});
        PromptLearner learner = PromptLearner.of(method, clip, task);
        Trainer trainer = new Trainer(method.training(4), 1);
        try (BatchStep step =
                learner.step(clip.promptEncoder(learner.prompts()), learner.objective(), images, trainer.memory())) {
            Random random = new Random(7); // elsewhere than at the beginning, where distances may vanish
            for (LearnedTensor tensor : step.learned()) {
                float[] values = tensor.values();
                for (int i = 0; i < values.length; i++) {
                    values[i] += (float) (0.05 * random.nextGaussian());
                }
            }
            return step.run(0, new int[] {0, 1, 2});
        }
    }
}
