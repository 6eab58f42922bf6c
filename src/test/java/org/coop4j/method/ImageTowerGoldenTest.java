package org.coop4j.method;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import com.fasterxml.jackson.databind.JsonNode;
import java.io.IOException;
import java.nio.FloatBuffer;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import org.coop4j.base.Progress;
import org.coop4j.clip.Clip;
import org.coop4j.clip.FeatureMatrix;
import org.coop4j.clip.FeatureSpace.FeatureKind;
import org.coop4j.clip.MemoryLimit;
import org.coop4j.clip.PromptEncoder;
import org.coop4j.data.FeatureSet;
import org.coop4j.graph.LearnedTensor;
import org.coop4j.weights.convert.Converter;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;

/**
 * Methods that train through the image tower, against the authors' code: first logits and gradients, ten steps, the logits
 * after them, and the same from stored tokens. All sizes and names are those of the files.
 */
class ImageTowerGoldenTest {

    @TempDir
    static Path folder;

    private static GoldenMethods problem;
    private static Clip clip;

    @BeforeAll
    static void open() throws IOException {
        Path model = folder.resolve("model.safetensors");
        Converter.convert(GoldenMethods.TOWER.resolve("clip"), model, Optional.empty(), Progress.NONE);
        problem = GoldenMethods.tower("problem");
        clip = Clip.open(model);
    }

    @AfterAll
    static void close() throws IOException {
        clip.close();
        problem.close();
    }

    @Test
    void theFrozenTowerIsTheirs() throws IOException {
        FeatureMatrix pixels = problem.matrix("pixels");
        FloatBuffer all = FloatBuffer.wrap(pixels.toArray());
        problem.assertClose(
                "problem",
                "image_features",
                clip.encodePixels(all, pixels.rows()).toArray(),
                problem.floats("image_features"));
        int block = problem.json().get("start_block").asInt();
        String tokens = "tokens.block" + block;
        problem.assertClose(
                "problem",
                tokens,
                encoded(new FeatureKind.Tokens(block), "pixels").toArray(),
                problem.floats(tokens));
        float[] every = problem.floats("tokens.every_block");
        int blocks = Math.toIntExact(problem.shape("tokens.every_block").dim(0));
        int images = Math.toIntExact(problem.shape("tokens.every_block").dim(1));
        int each = every.length / blocks;
        for (int b = 0; b < blocks; b++) {
            float[] ours = encoded(new FeatureKind.Tokens(b), "pixels")
                    .rows(IntStream.range(0, images).toArray())
                    .toArray();
            problem.assertClose(
                    "problem", "tokens.every_block", ours, Arrays.copyOfRange(every, b * each, (b + 1) * each));
        }
    }

    private static FeatureMatrix encoded(FeatureKind kind, String pixels) throws IOException {
        FeatureMatrix images = problem.matrix(pixels);
        return clip.imageEncoder(kind)
                .encode(images.rows(), (i, target, offset) -> target.put(offset, images.row(i)))
                .all();
    }

    static Stream<Arguments> cases() throws IOException {
        List<Arguments> cases = new ArrayList<>();
        for (String file : List.of("clip_lora", "two_stage")) {
            try (GoldenMethods golden = GoldenMethods.tower(file)) {
                golden.json().get("cases").forEach(c -> {
                    if (c.has("lr")) {
                        cases.add(Arguments.of(file, c.get("key").asText()));
                    }
                });
            }
        }
        return cases.stream();
    }

    private static TowerMethod method(String file, JsonNode c) {
        int layers = problem.json().at("/vision/blocks").asInt();
        return switch (file) {
            case "clip_lora" -> {
                StringBuilder params = new StringBuilder();
                c.get("params").forEach(p -> params.append(p.asText()));
                yield (TowerMethod) new ClipLora()
                        .with(Map.of(
                                "rank", c.get("rank").asInt(),
                                "alpha", c.get("alpha").asDouble(),
                                "dropout", c.get("dropout").asDouble(),
                                "encoder", c.get("encoder").asText(),
                                "params", params.toString(),
                                "position", c.get("blocks").asText().equals("all") ? "all" : "half-up"));
            }
            case "two_stage" ->
                new TwoStage(
                        c.get("ln_vision_start").asInt(), c.get("ln_text_start").asInt());
            default -> throw new IllegalArgumentException(file + " of " + layers);
        };
    }

    /** The learned tensors as they are before training. */
    private static List<LearnedTensor> initial(TowerMethod method, GoldenMethods golden, String key)
            throws IOException {
        List<LearnedTensor> tensors = new ArrayList<>();
        for (LearnedTensor tensor : method.besideContext(clip, 1)) {
            String name = key + "." + tensor.name() + ".init";
            if (golden.has(name)) {
                assertThat(golden.shape(name).toArray()).as(name).isEqualTo(tensor.shape());
                System.arraycopy(golden.floats(name), 0, tensor.values(), 0, tensor.values().length);
            }
            tensors.add(tensor);
        }
        return tensors;
    }

    /** The prompts of token ids up to their end token. */
    private static List<int[]> prompts(String ids) throws IOException {
        List<int[]> prompts = new ArrayList<>();
        for (int[] row : problem.rows(ids)) {
            int end = problem.json().get("eot").asInt();
            prompts.add(Arrays.copyOf(
                    row,
                    1
                            + IntStream.range(0, row.length)
                                    .filter(i -> row[i] == end)
                                    .findFirst()
                                    .orElseThrow()));
        }
        return prompts;
    }

    @ParameterizedTest
    @MethodSource("cases")
    void tenStepsEqualTheirs(String file, String key) throws IOException {
        try (GoldenMethods golden = GoldenMethods.tower(file)) {
            JsonNode c = golden.of(key);
            TowerMethod method = method(file, c);
            Training training = method.training(4);
            golden.assertOptimizer(training);
            PromptLearner.Objective learning = objective(method, golden, key);
            List<LearnedTensor> learned = learning.learned();
            List<float[]> before = learned.stream().map(t -> t.values().clone()).toList();
            int[][] batches = golden.rows(key + ".batches");
            FeatureSet images = problem.features("pixels", "labels");
            PromptEncoder encoder = clip.promptEncoder(prompts("token_ids"));
            Optimizer optimizer = new Optimizer(training);
            Deviations deviations = new Deviations(golden, key, training.rate());
            try (BatchStep step = new BatchStep(
                    images, false, learned, batch -> encoder.step(learning, learning, batch, MemoryLimit.none()))) {
                for (int i = 0; i < batches.length; i++) {
                    golden.assertLoss(key, "losses", i, step.run(0, batches[i]));
                    for (LearnedTensor tensor : learned) {
                        String gradient = tensor.name() + (i == 0 ? ".grad" : ".grad" + (i + 1));
                        if (golden.has(key + "." + gradient)) {
                            golden.assertClose(key, gradient, tensor.gradient());
                        }
                    }
                    double rate = c.get("lr").get(i).asDouble();
                    assertThat(training.withEpochs(batches.length).rate(i, 0, 1))
                            .isCloseTo(rate, within(1e-9));
                    optimizer.step(learned, rate, i + 1L);
                    deviations.assertStep(i + 1, learned, before);
                }
            }
            deviations.assertFew();
            FeatureMatrix test = testLogits(method, learning, encoder);
            String logits = golden.has(key + ".test_logits.step10") ? "test_logits.step10" : "test_logits.stage1";
            golden.assertClose(key, logits, test.toArray());
            problem.assertAccuracy(
                    test, c.path("accuracy_stage1").asDouble(c.get("accuracy").asDouble()));
        }
    }

    private static PromptLearner.Objective objective(TowerMethod method, GoldenMethods golden, String key)
            throws IOException {
        FeatureMatrix teacher = method.teacher("") == null
                ? null
                : problem.matrix("text_features").normalized();
        return new PromptLearner.Objective(method, initial(method, golden, key), teacher);
    }

    /** The test images by the classifier's own tower. */
    private static FeatureMatrix testLogits(TowerMethod method, PromptLearner.Objective learning, PromptEncoder encoder)
            throws IOException {
        FeatureMatrix images = encoded(kind(method, learning.learned()), "test_pixels");
        FeatureMatrix text = encoder.features(learning, MemoryLimit.none());
        return GoldenPrompts.cosineLogits(images, text, clip.logitScale());
    }

    private static FeatureKind kind(TowerMethod method, List<LearnedTensor> learned) throws IOException {
        ClassifierFile file = ClassifierFile.of((Method) method, List.of("a"), "");
        for (LearnedTensor tensor : learned) {
            file = file.with(tensor);
        }
        return method.features(file);
    }

    /** Values of tensors after some steps; Adam turns a gradient near rounding into a whole step, in one of 1000 elements. */
    private static final class Deviations {

        private final GoldenMethods golden;
        private final String key;
        private final double step;
        private int checked;
        private int beyond;

        Deviations(GoldenMethods golden, String key, double rate) {
            this.golden = golden;
            this.key = key;
            this.step = 2 * rate;
        }

        void assertStep(int number, List<LearnedTensor> learned, List<float[]> before) throws IOException {
            for (int t = 0; t < learned.size(); t++) {
                LearnedTensor tensor = learned.get(t);
                float[] values = tensor.values().clone();
                String name = tensor.name() + ".step" + number;
                if (golden.has(key + "." + tensor.name() + ".change" + number)) {
                    name = tensor.name() + ".change" + number;
                    for (int i = 0; i < values.length; i++) {
                        values[i] -= before.get(t)[i];
                    }
                }
                if (golden.has(key + "." + name)) {
                    assertClose(name, values, golden.floats(key + "." + name), name.contains(".change"));
                }
            }
        }

        private void assertClose(String name, float[] actual, float[] expected, boolean change) {
            double largest = 0;
            for (float value : expected) {
                largest = Math.max(largest, Math.abs(value));
            }
            double deviation =
                    golden.of(key).path("float32_deviation").path(name).asDouble(0);
            double tolerance = change
                    ? Math.max(5 * deviation, 2e-3 * largest)
                    : Math.max(20 * deviation, Math.max(1e-5 * largest, 1e-6));
            for (int i = 0; i < expected.length; i++) {
                double difference = Math.abs(actual[i] - expected[i]);
                assertThat(difference).as("%s %s at %d", key, name, i).isLessThan(Math.max(tolerance, step));
                beyond += difference > tolerance ? 1 : 0;
                checked++;
            }
        }

        void assertFew() {
            assertThat(checked).isPositive();
            assertThat(beyond).isLessThanOrEqualTo(1 + checked / 1000);
        }
    }
}
