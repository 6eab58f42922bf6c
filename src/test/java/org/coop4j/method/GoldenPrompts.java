package org.coop4j.method;

import com.fasterxml.jackson.databind.JsonNode;
import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;
import org.coop4j.clip.Clip;
import org.coop4j.clip.FeatureMatrix;
import org.coop4j.clip.MemoryLimit;
import org.coop4j.clip.PromptEncoder;
import org.coop4j.clip.Step;
import org.coop4j.data.FeatureSet;
import org.coop4j.graph.LearnedTensor;
import org.coop4j.method.PromptLayout.ClassPosition;
import org.junit.jupiter.params.provider.Arguments;

/** Training of context vectors on the golden problem of the text methods. */
public final class GoldenPrompts {

    /** Of the training at whose settings the steps are; all numbers of shots have the same. */
    private static final int SHOTS = 4;

    /** Names that the files have for the tensors of a meta-net. */
    private static final Map<String, String> FILE_NAMES = Map.of(
            "meta_net.linear1.weight", "w1",
            "meta_net.linear1.bias", "b1",
            "meta_net.linear2.weight", "w2",
            "meta_net.linear2.bias", "b2");

    private GoldenPrompts() {}

    /** Model and key of each case of a method, on both golden models. */
    static Stream<Arguments> cases(String method) throws IOException {
        List<Arguments> cases = new ArrayList<>();
        for (String model : List.of("vit", "vit_gelu")) {
            for (String key : GoldenMethods.cases(model + "/" + method)) {
                cases.add(Arguments.of(model, key));
            }
        }
        return cases.stream();
    }

    /** A learned tensor as it is before training. */
    static LearnedTensor initial(GoldenMethods golden, String key, String name) throws IOException {
        String initial = key + "." + FILE_NAMES.getOrDefault(name, name) + ".init";
        long[] shape =
                golden.shape(initial).dims().stream().mapToLong(Long::longValue).toArray();
        return LearnedTensor.of(name, golden.floats(initial), shape);
    }

    /** Returns the prompts of a case. */
    static List<int[]> prompts(GoldenMethods golden, String key) {
        JsonNode c = golden.of(key);
        return golden.prompts(new PromptLayout(
                c.get("m").asInt(), ClassPosition.END, c.path("class_specific").asBoolean()));
    }

    /** First logits, features and gradients, ten steps, and the logits of the test images. */
    static void assertTenSteps(
            GoldenMethods golden, GoldenMethods problem, Clip clip, String key, PromptLearner.Objective learning)
            throws IOException {
        PromptMethod method = learning.method();
        Training training = method.training(SHOTS);
        golden.assertOptimizer(training);
        JsonNode c = golden.of(key);
        PromptEncoder encoder = clip.promptEncoder(prompts(golden, key));
        if (golden.has(key + ".text_features.init")) {
            golden.assertClose(
                    key,
                    "text_features.init",
                    encoder.features(learning, MemoryLimit.none()).toArray());
        }
        FeatureSet images = problem.features("image_features", "labels");
        int[][] batches = golden.rows(key + ".batches");
        Optimizer optimizer = new Optimizer(training);
        String losses = c.has("losses") ? "losses" : "losses_ce";
        BatchStep trainable = new BatchStep(
                images, true, learning.learned(), batch -> encoder.step(learning, learning, batch, MemoryLimit.none()));
        try (trainable;
                PromptEncoder.Encoding encoding =
                        method.perImage() ? encoder.encoding(learning, MemoryLimit.none()) : null;
                Step first = encoder.step(learning, learning, batches[0].length, MemoryLimit.none())) {
            float[] logits = method.perImage()
                    ? PromptClassifier.logits(
                                    encoding, problem.matrix("image_features").rows(batches[0]), clip.logitScale())
                            .toArray()
                    : logits(first, images, true, batches[0], encoder.classes());
            golden.assertClose(key, "logits.init", logits);
            BatchStep stepped = method.perImage() ? trainable.oneByOne() : trainable;
            for (int step = 0; step < batches.length; step++) {
                golden.assertLoss(key, losses, step, stepped.run(0, batches[step]));
                if (step == 0) {
                    assertGradients(golden, key, learning.learned());
                }
                optimizer.step(learning.learned(), c.get("lr").get(step).asDouble(), step + 1L);
            }
            assertAfterwards(golden, key, learning.learned());
            FeatureMatrix test = problem.matrix("test_image_features");
            FeatureMatrix testLogits = method.perImage()
                    ? PromptClassifier.logits(encoding, test, clip.logitScale())
                    : cosineLogits(test, encoder.features(learning, MemoryLimit.none()), clip.logitScale());
            golden.assertClose(key, "test_logits.step10", testLogits.toArray());
            problem.assertAccuracy(testLogits, c.get("accuracy").asDouble());
        }
    }

    static void assertGradients(GoldenMethods golden, String key, List<LearnedTensor> learned) throws IOException {
        for (LearnedTensor tensor : learned) {
            String name = FILE_NAMES.getOrDefault(tensor.name(), tensor.name());
            golden.assertClose(key, name + ".grad", tensor.gradient());
        }
    }

    static void assertAfterwards(GoldenMethods golden, String key, List<LearnedTensor> learned) throws IOException {
        for (LearnedTensor tensor : learned) {
            String name = FILE_NAMES.getOrDefault(tensor.name(), tensor.name());
            golden.assertClose(key, name + ".step10", tensor.values());
        }
    }

    static float[] logits(Step step, FeatureSet images, boolean normalized, int[] batch, int classes) {
        float[] features = new float[batch.length * images.width()];
        int[] labels = new int[batch.length];
        for (int i = 0; i < batch.length; i++) {
            if (normalized) {
                images.copyNormalized(batch[i], 0, features, i * images.width());
            } else {
                images.copy(batch[i], 0, features, i * images.width());
            }
            labels[i] = images.label(batch[i]);
        }
        step.run(features, labels);
        float[] logits = new float[batch.length * classes];
        for (int i = 0; i < batch.length; i++) {
            System.arraycopy(step.logits(i), 0, logits, i * classes, classes);
        }
        return logits;
    }

    /** scale · cosine of each image with each class. */
    public static FeatureMatrix cosineLogits(FeatureMatrix images, FeatureMatrix weights, float scale) {
        return images.normalized().products(weights.normalized()).times(scale);
    }
}
