package org.coop4j.method;

import com.fasterxml.jackson.databind.JsonNode;
import java.io.IOException;
import java.util.List;
import org.coop4j.clip.Clip;
import org.coop4j.clip.FeatureMatrix;
import org.coop4j.clip.MemoryLimit;
import org.coop4j.clip.Objective;
import org.coop4j.clip.PromptEncoder;
import org.coop4j.clip.Step;
import org.coop4j.data.FeatureSet;
import org.coop4j.graph.LearnedTensor;
import org.coop4j.train.Optimizer;
import org.coop4j.train.Training;

/** Training of context vectors on the golden problem of the text methods. */
final class GoldenPrompts {

    private static final int STEPS = 10;

    private GoldenPrompts() {}

    /** First logits, features and gradient, ten steps of SGD, and the logits of the test images. */
    static void assertTenSteps(
            GoldenMethods golden,
            GoldenMethods problem,
            Clip clip,
            String key,
            PromptLearner.Loss loss)
            throws IOException {
        JsonNode c = golden.of(key);
        PromptLayout layout =
                new PromptLayout(
                        c.get("m").asInt(),
                        ClassPosition.END,
                        c.path("class_specific").asBoolean());
        int width = golden.json().get("width").asInt();
        List<int[]> prompts = golden.prompts(layout);
        LearnedTensor ctx =
                LearnedTensor.of(
                        "ctx",
                        golden.floats(key + ".ctx.init"),
                        layout.vectors(prompts.size()),
                        width);
        Objective objective = PromptLearner.objective(ctx, loss);
        PromptEncoder encoder = clip.promptEncoder(prompts);
        golden.assertClose(
                key,
                "text_features.init",
                encoder.features(objective, MemoryLimit.none()).toArray());
        FeatureSet images = problem.features("image_features", "labels");
        int[][] batches = golden.rows(key + ".batches");
        Optimizer sgd = Training.coop(1, 1).newOptimizer();
        BatchTrainable trainable =
                new BatchTrainable(
                        images,
                        true,
                        objective.learned(),
                        batch -> encoder.step(objective, batch, MemoryLimit.none()));
        try (trainable;
                Step first = encoder.step(objective, batches[0].length, MemoryLimit.none())) {
            for (int step = 0; step < STEPS; step++) {
                golden.assertLoss(key, step, trainable.step(0, batches[step]).loss());
                if (step == 0) {
                    golden.assertClose(key, "ctx.grad", ctx.gradient());
                    golden.assertClose(
                            key, "logits.init", logits(first, images, batches[0], prompts.size()));
                }
                sgd.step(objective.learned(), c.get("lr").get(step).asDouble(), step + 1L);
            }
        }
        golden.assertClose(key, "ctx.step10", ctx.values());
        FeatureMatrix weights = encoder.features(objective, MemoryLimit.none()).normalized();
        golden.assertClose(
                key,
                "test_logits.step10",
                cosineLogits(problem.matrix("test_image_features"), weights, clip.logitScale()));
    }

    private static float[] logits(Step step, FeatureSet images, int[] batch, int classes) {
        float[] features = new float[batch.length * images.width()];
        int[] labels = new int[batch.length];
        for (int i = 0; i < batch.length; i++) {
            images.copyNormalized(batch[i], 0, features, i * images.width());
            labels[i] = images.label(batch[i]);
        }
        step.run(features, labels);
        float[] logits = new float[batch.length * classes];
        for (int i = 0; i < batch.length; i++) {
            System.arraycopy(step.logits(i), 0, logits, i * classes, classes);
        }
        return logits;
    }

    /** scale · cosine of each image with each class, row after row. */
    static float[] cosineLogits(FeatureMatrix images, FeatureMatrix weights, float scale) {
        FeatureMatrix x = images.normalized();
        float[] logits = new float[x.rows() * weights.rows()];
        for (int i = 0; i < x.rows(); i++) {
            for (int c = 0; c < weights.rows(); c++) {
                logits[i * weights.rows() + c] = scale * x.dot(i, weights, c);
            }
        }
        return logits;
    }
}
