package org.coop4j.method;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;
import static org.coop4j.base.Thrown.assertThrown;

import com.fasterxml.jackson.databind.JsonNode;
import java.io.IOException;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.stream.IntStream;
import org.coop4j.RandomValues;
import org.coop4j.base.Settings;
import org.coop4j.clip.Clip;
import org.coop4j.clip.FeatureMatrix;
import org.coop4j.clip.MemoryLimit;
import org.coop4j.clip.PromptEncoder;
import org.coop4j.clip.Step;
import org.coop4j.clip.TinyModel;
import org.coop4j.data.FeatureSet;
import org.coop4j.data.FeatureSet.DenseFeatures;
import org.coop4j.eval.LabelScores.Decision;
import org.coop4j.eval.Labels;
import org.coop4j.graph.LearnedTensor;
import org.coop4j.method.Method.FewShotFeatures;
import org.coop4j.method.Method.Task;
import org.coop4j.method.PromptContext.ContextStart;
import org.coop4j.method.PromptLayout.ClassPosition;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;
import org.junit.jupiter.params.provider.ValueSource;

/** DualCoOp against its own code. */
class MultiLabelPromptTest {

    private static final String FOLDER = "multi_label";

    @TempDir
    static Path folder;

    static List<String> prompted() throws IOException {
        try (GoldenMethods golden = GoldenMethods.open(FOLDER, "dualcoop")) {
            return golden.cases().stream()
                    .filter(key -> golden.of(key).get("regions").asText().equals("global"))
                    .toList();
        }
    }

    @ParameterizedTest
    @MethodSource("prompted")
    void tenStepsOfDualCoOpEqualTheAuthors(String key) throws IOException {
        try (GoldenMethods golden = GoldenMethods.open(FOLDER, "dualcoop");
                GoldenMethods problem = GoldenMethods.open(FOLDER, "dualcoop_problem", "dualcoop");
                Clip clip = GoldenMethods.clip("vit", folder)) {
            JsonNode c = golden.of(key);
            int m = c.get("m_positive").asInt();
            boolean own = c.get("class_specific").asBoolean();
            DualCoOp method = new DualCoOp(new ContextStart(m), own);
            LearnedTensor ctx = both(golden, key, "init");
            PromptLearner.Objective learning = new PromptLearner.Objective(method, List.of(ctx), null);
            PromptEncoder encoder = clip.promptEncoder(
                    method.prompts(golden.prompts(new PromptLayout(m, ClassPosition.END, false)), m));
            FeatureMatrix images = first(problem, "regions").normalized();
            List<Labels> labels = problem.labels(c.get("labels").asText());
            int classes = encoder.classes() / 2;
            int[][] batches = golden.rows(key + ".batches");
            golden.assertClose(
                    key,
                    "logits.init",
                    logits(encoder, learning, images.rows(batches[0]), clip).toArray());
            Optimizer optimizer = new Optimizer(method.training(1));
            try (Step step = encoder.step(learning, learning, batches[0].length, MemoryLimit.none())) {
                for (int i = 0; i < batches.length; i++) {
                    List<Labels> batch =
                            IntStream.of(batches[i]).mapToObj(labels::get).toList();
                    double weight = c.get("loss_weight").asDouble();
                    step.run(images.rows(batches[i]).toArray(), Labels.weights(batch, classes, k -> weight));
                    golden.assertLoss(key, "losses", i, step.loss());
                    if (i == 0) {
                        assertBoth(golden, key, "grad", ctx.gradient());
                    }
                    optimizer.step(List.of(ctx), c.get("lr").get(i).asDouble(), i + 1L);
                }
            }
            assertBoth(golden, key, "step10", ctx.values());
            FeatureMatrix test = first(problem, "test_regions").normalized();
            FeatureMatrix logits = logits(encoder, learning, test, clip);
            GoldenMethods.assertWithin("logits", golden.floats(key + ".test_logits.step10"), logits.toArray(), 1e-3);
            FeatureMatrix weights = method.classWeights(
                    encoder.features(learning, MemoryLimit.none()).normalized());
            FeatureMatrix z = test.products(weights).times(clip.logitScale());
            float[] probabilities = golden.floats(key + ".test_probabilities.step10");
            for (int i = 0; i < probabilities.length; i++) {
                assertThat(Decision.EVEN.probability(z.toArray()[i])).isCloseTo(probabilities[i], within(1e-3));
            }
            GoldenMethods.assertMeanAveragePrecision(z, problem.labels("test_labels"), c.get("mAP"));
        }
    }

    /** Region 0 of each image, the pooled feature. */
    private static FeatureMatrix first(GoldenMethods problem, String name) throws IOException {
        int regions = Math.toIntExact(problem.shape(name).dim(1));
        int width = Math.toIntExact(problem.shape(name).dim(2));
        float[] all = problem.floats(name);
        return FeatureMatrix.of(all.length / width, width, all)
                .rows(IntStream.range(0, all.length / width / regions)
                        .map(i -> i * regions)
                        .toArray());
    }

    /** Logits of negative and positive prompts, [images, 2 classes]. */
    private static FeatureMatrix logits(
            PromptEncoder encoder, PromptLearner.Objective learning, FeatureMatrix images, Clip clip) {
        return images.products(encoder.features(learning, MemoryLimit.none()).normalized())
                .times(clip.logitScale());
    }

    /** The context of both signs as the method has it: those of a class one after the other, the negative ones first. */
    private static LearnedTensor both(GoldenMethods golden, String key, String state) throws IOException {
        long[] shape = golden.shape(key + ".ctx_neg." + state).dims().stream()
                .mapToLong(Long::longValue)
                .toArray();
        shape[shape.length - 2] *= 2;
        float[] negative = golden.floats(key + ".ctx_neg." + state);
        float[] positive = golden.floats(key + ".ctx_pos." + state);
        int block = (int) (shape[shape.length - 2] / 2 * shape[shape.length - 1]);
        float[] values = new float[2 * negative.length];
        for (int i = 0; i < negative.length; i += block) {
            System.arraycopy(negative, i, values, 2 * i, block);
            System.arraycopy(positive, i, values, 2 * i + block, block);
        }
        return LearnedTensor.of(PromptContext.CTX, values, shape);
    }

    private static void assertBoth(GoldenMethods golden, String key, String state, float[] actual) throws IOException {
        float[] expected = both(golden, key, state).values();
        double largest = 0;
        for (float value : expected) {
            largest = Math.max(largest, Math.abs(value));
        }
        GoldenMethods.assertWithin(
                state, expected, actual, state.equals("grad") ? Math.max(1e-4 * largest, 1e-6) : 1e-6);
    }

    @ParameterizedTest
    @ValueSource(booleans = {false, true})
    void learnedPairsOfPromptsAreReadBackAndServeOtherClasses(boolean classSpecific) throws IOException {
        List<String> names = List.of("red", "a_blue_one", "green");
        try (Clip clip = TinyModel.open(TinyModel.write(folder.resolve(classSpecific + ".safetensors"), 1), 1)) {
            int width = clip.embedDim();
            float[] rows = RandomValues.gaussian(1, 5 * width);
            List<Labels> labels = List.of(
                    Labels.of(new int[] {0, 2}, new int[0]),
                    Labels.of(new int[] {1}, new int[] {0}),
                    Labels.of(new int[0], new int[] {2}),
                    Labels.of(new int[] {2}, new int[0]),
                    Labels.of(new int[] {0, 1}, new int[0]));
            FeatureSet images = new DenseFeatures(width, 1, rows, labels);
            Method method = new DualCoOp(new ContextStart(2), classSpecific);
            Training training = Settings.with(method.training(1), Map.of("epochs", 2));
            Classifier learned = method.learner(clip, new Task(names, "{}", 1))
                    .fit(new FewShotFeatures(images, FeatureSet.none(width)), new Trainer(training, 1));
            Path file = folder.resolve("dual-" + classSpecific + ".safetensors");
            learned.save().write(file);
            Classifier read = ClassifierFile.read(file).open(clip);
            float[] logits = learned.logits(images.matrix()).toArray();
            assertThat(read.logits(images.matrix()).toArray()).isEqualTo(logits);
            FeatureMatrix some = read.forClasses(List.of("green", "red")).logits(images.matrix());
            for (int i = 0; i < labels.size(); i++) {
                assertThat(some.get(i, 0)).isCloseTo(logits[3 * i + 2], within(1e-3f));
                assertThat(some.get(i, 1)).isCloseTo(logits[3 * i], within(1e-3f));
            }
            assertThat(read.probabilities(new float[] {0, 1, 2})[0]).isEqualTo(0.5);
            List<String> more = List.of("red", "yellow");
            if (classSpecific) {
                assertThrown(() -> read.forClasses(more), "yellow");
            } else {
                assertThat(read.forClasses(more).logits(images.matrix()).width())
                        .isEqualTo(2);
            }
        }
    }

    @Test
    void aMethodOfTheOtherKindNamesThoseThatFit() {
        Method.of("linear-head").requireSuits(true);
        new ZeroShot().requireSuits(true);
        new ZeroShot().requireSuits(false);
        assertThatThrownBy(() -> new CoOp().requireSuits(true))
                .hasMessage("coop: the images have sets of labels, expected one of zero-shot, dual-coop, linear-head,"
                        + " one-vs-rest");
        assertThrown(() -> new DualCoOp().requireSuits(false), "tip-adapter");
    }
}
