package org.coop4j.method;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import com.fasterxml.jackson.databind.JsonNode;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.FloatBuffer;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.TreeSet;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import org.coop4j.base.Progress;
import org.coop4j.clip.Clip;
import org.coop4j.clip.FeatureMatrix;
import org.coop4j.clip.FeatureSpace.FeatureKind;
import org.coop4j.clip.MemoryLimit;
import org.coop4j.clip.Parameters;
import org.coop4j.clip.Parameters.LowRank;
import org.coop4j.clip.PromptEncoder;
import org.coop4j.clip.Step;
import org.coop4j.clip.StepGraph;
import org.coop4j.data.FeatureSet;
import org.coop4j.graph.Graph;
import org.coop4j.graph.LearnedTensor;
import org.coop4j.model.convert.Converter;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;
import org.nd4j.autodiff.samediff.SDVariable;

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
        for (String file : List.of("clip_lora", "two_stage", "vpt", "ivlp", "maple", "promptsrc", "mmrl")) {
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

    private static TowerMethod method(String file, JsonNode c, int epochs) {
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
                                "vision_start", start(c),
                                "text_start", start(c)));
            }
            case "two_stage" ->
                new TwoStage(
                        c.get("ln_vision_start").asInt(), c.get("ln_text_start").asInt(), 0);
            case "vpt" -> new Vpt(c.get("m").asInt(), c.get("depth").asInt(), 0);
            case "ivlp" -> new Ivlp(prompts(c));
            case "maple" ->
                new Maple(
                        c.get("m").asInt(),
                        c.get("depth").asInt(),
                        c.get("first_block").asInt());
            case "promptsrc" ->
                new PromptSrc(
                        prompts(c),
                        c.get("text_loss_weight").asDouble(),
                        c.get("image_loss_weight").asDouble(),
                        c.get("gpa_mean").asDouble() / epochs,
                        c.get("gpa_std").asDouble() / epochs);
            case "mmrl" ->
                new Mmrl(
                        c.get("m").asInt(),
                        c.get("rep_dim").asInt(),
                        c.get("rep_layers").get(0).asInt(),
                        c.get("rep_layers").get(0).asInt(),
                        c.get("alpha").asDouble(),
                        c.get("reg_weight").asDouble(),
                        "{}");
            default -> throw new IllegalArgumentException(file);
        };
    }

    /** The first block of "from 2", or of "all". */
    private static int start(JsonNode c) {
        String blocks = c.get("blocks").asText();
        return blocks.equals("all") ? 0 : Integer.parseInt(blocks.replaceAll("\\D", ""));
    }

    private static TowerPrompts prompts(JsonNode c) {
        return new TowerPrompts(
                c.get("m_text").asInt(),
                c.get("m_vision").asInt(),
                c.get("depth_text").asInt(),
                c.get("depth_vision").asInt(),
                c.get("first_block").asInt());
    }

    /** The learned tensors as they are before training, the context first. */
    private static List<LearnedTensor> initial(GoldenMethods golden, String key) throws IOException {
        List<LearnedTensor> tensors = new ArrayList<>();
        Set<String> names = new TreeSet<>();
        for (String name : golden.tensors()) {
            if (name.startsWith(key + ".") && name.matches(".*\\.grad\\d*")) {
                names.add(name.substring(key.length() + 1, name.lastIndexOf('.')));
            }
        }
        names.remove("classifier"); // of the second stage
        for (String name : names) {
            String first = key + "." + name;
            String shaped = golden.has(first + ".init") ? first + ".init" : first + ".grad";
            LearnedTensor tensor =
                    LearnedTensor.zeros(name, golden.shape(shaped).toArray());
            float[] values = tensor.values();
            if (golden.has(first + ".init")) {
                values = golden.floats(first + ".init");
            } else if (name.contains(".ln_")) {
                values = clip.weight(name);
            }
            System.arraycopy(values, 0, tensor.values(), 0, values.length);
            tensors.add(name.equals(TowerPrompts.CTX) ? 0 : tensors.size(), tensor);
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
            int[][] batches = golden.rows(key + ".batches");
            int epochs = golden.json().at("/optimiser/epochs").asInt(batches.length);
            int each = batches.length / epochs;
            TowerMethod method = method(file, c, epochs);
            Training training = method.training(4).withEpochs(epochs);
            golden.assertOptimizer(training);
            Objective learning = objective(method, golden, key, c);
            List<LearnedTensor> learned = learning.learned();
            List<float[]> before = learned.stream().map(t -> t.values().clone()).toList();
            FeatureSet images = problem.features(c.path("input").asText("pixels"), "labels");
            PromptEncoder encoder = clip.promptEncoder(promptsOf(method, "token_ids"));
            Optimizer optimizer = method.optimizer(training, each);
            Deviations deviations = new Deviations(
                    golden, key, training.optimizer() == Optimizer.Algorithm.ADAMW ? training.rate() : 0);
            try (BatchStep step = new BatchStep(
                            images,
                            false,
                            learned,
                            batch -> encoder.step(learning, learning, batch, MemoryLimit.none()));
                    Step first = encoder.step(learning, learning, batches[0].length, MemoryLimit.none())) {
                if (golden.has(key + ".logits.init")) {
                    golden.assertClose(
                            key,
                            "logits.init",
                            GoldenPrompts.logits(first, images, false, batches[0], encoder.classes()));
                }
                for (int i = 0; i < batches.length; i++) {
                    golden.assertLoss(key, "losses", i, step.run(0, batches[i]));
                    for (LearnedTensor tensor : learned) {
                        String gradient = tensor.name() + (i == 0 ? ".grad" : ".grad" + (i + 1));
                        if (golden.has(key + "." + gradient)) {
                            golden.assertClose(key, gradient, tensor.gradient());
                        }
                    }
                    double rate = c.get("lr").get(i).asDouble();
                    assertThat(training.rate(i / each, i % each, each)).isCloseTo(rate, within(1e-9));
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
            if (method instanceof Mmrl) {
                assertBothFeatures(golden, key, method, learning, encoder);
            }
            if (method instanceof TwoStage) {
                assertSecondStage(golden, key, method, learning, encoder, batches);
            }
            for (String input : List.of("pixels", "tokens")) {
                if (c.has("loss_after_from_" + input)) {
                    assertLossAfterwards(golden, key, input, method, learning, encoder, batches[0]);
                }
            }
            optimizer.finish(learned);
            for (LearnedTensor tensor : learned) {
                if (golden.has(key + "." + tensor.name() + ".aggregated")) {
                    golden.assertClose(key, tensor.name() + ".aggregated", tensor.values());
                }
            }
            if (golden.has(key + ".test_logits.aggregated")) {
                golden.assertClose(
                        key,
                        "test_logits.aggregated",
                        testLogits(method, learning, encoder).toArray());
            }
        }
    }

    /** The loss of the first batch after the training, from pixels or from stored tokens. */
    private static void assertLossAfterwards(
            GoldenMethods golden,
            String key,
            String input,
            TowerMethod method,
            Objective learning,
            PromptEncoder encoder,
            int[] batch)
            throws IOException {
        FeatureKind kind = input.equals("pixels") ? FeatureKind.PIXELS : method.features();
        Objective other = new Objective(learning.of(), kind);
        FeatureSet images =
                problem.features(input.equals("pixels") ? input : "tokens.block" + method.firstBlock(), "labels");
        try (Step step = encoder.step(other, other, batch.length, MemoryLimit.none())) {
            GoldenPrompts.logits(step, images, false, batch, encoder.classes());
            String name = "loss_after_from_" + input;
            double expected = golden.of(key).get(name).asDouble();
            double deviation = golden.of(key).at("/float32_deviation/losses").asDouble();
            assertThat((double) step.loss()).as(name).isCloseTo(expected, within(Math.max(20 * deviation, 1e-4)));
        }
    }

    /** The two features of MMRL's images, and the prediction of new classes, by the first alone. */
    private static void assertBothFeatures(
            GoldenMethods golden, String key, TowerMethod method, Objective learning, PromptEncoder encoder)
            throws IOException {
        FeatureKind kind = kind(method, learning.learned());
        int embed = clip.embedDim();
        float[][] images = encoded(kind, "pixels").toRows();
        for (String part : List.of("", ".rep_tokens")) {
            int from = part.isEmpty() ? 0 : embed;
            float[] features = new float[images.length * embed];
            for (int i = 0; i < images.length; i++) {
                System.arraycopy(images[i], from, features, i * embed, embed);
            }
            golden.assertClose(key, "image_features.step10" + part, features);
        }
        FeatureMatrix text = encoder.features(learning, MemoryLimit.none()).normalized();
        golden.assertClose(
                key,
                "test_logits.step10.class_token",
                method.head(text, null, clip.logitScale())
                        .logits(new Classifier.LogitGraph.Matrices(), encoded(kind, "test_pixels"))
                        .toArray());
    }

    /** Trains the classifier of 2SFS on the features of the tuned tower. */
    private static void assertSecondStage(
            GoldenMethods golden,
            String key,
            TowerMethod method,
            Objective learning,
            PromptEncoder encoder,
            int[][] batches)
            throws IOException {
        FeatureMatrix images = encoded(kind(method, learning.learned()), "pixels");
        FeatureSet train = FeatureSet.of(images, IntStream.of(problem.ints("labels")));
        LearnedTensor rows =
                encoder.features(learning, MemoryLimit.none()).normalized().learned(PromptClassifier.CLASS_WEIGHTS);
        golden.assertClose(key, "classifier.init", rows.values());
        Training training = method.training(4).withEpochs(batches.length);
        Optimizer optimizer = new Optimizer(training);
        try (BatchStep step = new BatchStep(
                train,
                true,
                List.of(rows),
                batch -> clip.step(List.of(rows), batch, train.width(), encoder.classes(), TwoStage::classify))) {
            for (int i = 0; i < batches.length; i++) {
                golden.assertLoss(key, "losses_stage2", i, step.run(0, batches[i]));
                if (i == 0) {
                    golden.assertClose(key, "classifier.grad", rows.gradient());
                }
                optimizer.step(List.of(rows), training.rate(i, 0, 1), i + 1L);
                if (golden.has(key + ".classifier.step" + (i + 1))) {
                    golden.assertClose(key, "classifier.step" + (i + 1), rows.values());
                }
            }
        }
        FeatureMatrix test = encoded(kind(method, learning.learned()), "test_pixels");
        FeatureMatrix classifier = FeatureMatrix.of(rows);
        float scale = clip.logitScale();
        golden.assertClose(
                key,
                "test_logits.stage2",
                GoldenPrompts.cosineLogits(test, classifier, scale).toArray());
        FeatureMatrix others = clip.promptEncoder(promptsOf(method, "new_token_ids"))
                .features(learning, MemoryLimit.none())
                .normalized();
        List<float[]> selected = new ArrayList<>(List.of(classifier.normalized().toRows()));
        selected.add(0, others.row(0));
        selected.add(others.row(1));
        golden.assertClose(
                key,
                "test_logits.selective",
                GoldenPrompts.cosineLogits(test, FeatureMatrix.of(selected, test.width()), scale)
                        .toArray());
    }

    /** Beyond the memory limit a batch is divided; classes are too where the text tower is changed. */
    @ParameterizedTest
    @MethodSource("cases")
    void partsOfABatchAddUpToItsGradient(String file, String key) throws IOException {
        try (GoldenMethods golden = GoldenMethods.tower(file)) {
            JsonNode c = golden.of(key);
            TowerMethod method = method(file, c, golden.rows(key + ".batches").length);
            Objective learning = objective(method, golden, key, c);
            int[] batch = golden.rows(key + ".batches")[0];
            FeatureSet images = problem.features(c.path("input").asText("pixels"), "labels");
            PromptEncoder encoder = clip.promptEncoder(promptsOf(method, "token_ids"));
            MemoryLimit less;
            float[] logits;
            try (Step whole = encoder.step(learning, learning, batch.length, MemoryLimit.none())) {
                logits = GoldenPrompts.logits(whole, images, false, batch, encoder.classes());
                less = new MemoryLimit(whole.bytes() / 2);
            }
            List<float[]> gradients =
                    learning.learned().stream().map(t -> t.gradient().clone()).toList();
            try (Step divided = encoder.step(learning, learning, batch.length, less)) {
                golden.assertClose(
                        key,
                        "logits.init",
                        GoldenPrompts.logits(divided, images, false, batch, encoder.classes()),
                        logits);
                assertThat(divided.together() < batch.length || divided.chunks() > 1)
                        .isTrue();
                golden.assertLoss(key, "losses", 0, divided.loss());
            }
            for (int i = 0; i < gradients.size(); i++) {
                LearnedTensor tensor = learning.learned().get(i);
                golden.assertClose(key, tensor.name() + ".grad", tensor.gradient(), gradients.get(i));
            }
        }
    }

    static Stream<String> dropped() throws IOException {
        return GoldenMethods.cases("../image_tower/clip_lora").stream().filter(key -> key.endsWith("dropout"));
    }

    /** One pass of CLIP-LoRA with given masks. */
    @ParameterizedTest
    @MethodSource("dropped")
    void droppedElementsChangeTheLowRankBranchAlone(String key) throws IOException {
        try (GoldenMethods golden = GoldenMethods.tower("clip_lora")) {
            JsonNode c = golden.of(key);
            ClipLora method = (ClipLora) method("clip_lora", c, 1);
            Objective learning = objective(method, golden, key, c);
            int[] batch = golden.rows(key + ".batches")[0];
            PromptEncoder.Vectors masked = new PromptEncoder.Vectors() {
                @Override
                public List<LearnedTensor> learned() {
                    return learning.learned();
                }

                @Override
                public FeatureKind images() {
                    return FeatureKind.PIXELS;
                }

                @Override
                public Parameters.Changes changes(Parameters.Learned graph) {
                    Map<String, LowRank> branches = new HashMap<>();
                    method.changes(graph)
                            .branches()
                            .forEach((layer, branch) -> branches.put(
                                    layer,
                                    new LowRank(
                                            branch.a(),
                                            branch.b(),
                                            branch.scale(),
                                            x -> new Graph.Dropout(
                                                    0,
                                                    mask((StepGraph) graph, golden, key, layer, x, batch.length),
                                                    0))));
                    return new Parameters.Changes(Map.of(), branches, null);
                }
            };
            FeatureSet images = problem.features("pixels", "labels");
            PromptEncoder encoder = clip.promptEncoder(promptsOf(method, "token_ids"));
            try (Step step = encoder.step(masked, learning, batch.length, MemoryLimit.none())) {
                GoldenPrompts.logits(step, images, false, batch, encoder.classes());
                golden.assertLoss(key, "losses", 0, step.loss());
            }
            for (LearnedTensor tensor : learning.learned()) {
                golden.assertClose(key, tensor.name() + ".grad", tensor.gradient());
            }
        }
    }

    /** The mask of a projection's input; in the last block the queries are those of the class tokens. */
    private static SDVariable mask(
            StepGraph graph, GoldenMethods golden, String key, String layer, SDVariable x, int images) {
        String[] parts = layer.split("\\.", -1);
        String name = key + ".mask." + parts[parts.length - 3] + "." + parts[parts.length - 1].charAt(0);
        try {
            float[] values = golden.floats(name);
            int width = Math.toIntExact(golden.shape(name).dim(2));
            FeatureMatrix mask = FeatureMatrix.of(values.length / width, width, values);
            int each = mask.rows() / images;
            boolean all = graph.ops().shape(x)[0] == mask.rows();
            return graph.constant(
                    name,
                    all
                            ? mask
                            : mask.rows(IntStream.range(0, images)
                                    .map(i -> i * each)
                                    .toArray()));
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    /** The prompts of the classes with the method's vectors in place of the first words. */
    private static List<int[]> promptsOf(TowerMethod method, String ids) throws IOException {
        int words = problem.json().get("a_photo_of_a").size();
        int length = method instanceof Maple maple
                ? maple.length()
                : method instanceof Ivlp ivlp
                        ? ivlp.prompts().textLength()
                        : method instanceof PromptSrc src ? src.prompts().textLength() : 0;
        return prompts(ids).stream()
                .map(photo -> length == 0 ? photo : TowerPrompts.withVectors(photo, length, words))
                .toList();
    }

    /** What a method learns, from pixels or from stored tokens. */
    private record Objective(PromptLearner.Objective of, FeatureKind images)
            implements PromptEncoder.Vectors, PromptEncoder.Loss {

        @Override
        public List<LearnedTensor> learned() {
            return of.learned();
        }

        @Override
        public SDVariable context(StepGraph step) {
            return of.context(step);
        }

        @Override
        public Map<Integer, PromptEncoder.Replacement> replacements(StepGraph step) {
            return of.replacements(step);
        }

        @Override
        public Parameters.Changes changes(Parameters.Learned graph) {
            return of.changes(graph);
        }

        @Override
        public SDVariable of(StepGraph step, SDVariable classFeatures) {
            return of.of(step, classFeatures);
        }
    }

    private static Objective objective(TowerMethod method, GoldenMethods golden, String key, JsonNode c)
            throws IOException {
        String own = key + ".teacher_text_features";
        FeatureMatrix teacher = golden.has(own)
                ? golden.matrix(own).normalized()
                : method.textIsFrozen() ? problem.matrix("text_features").normalized() : null;
        FeatureKind input = c.path("input").asText("pixels").equals("pixels") ? FeatureKind.PIXELS : method.features();
        return new Objective(new PromptLearner.Objective(method, initial(golden, key), teacher), input);
    }

    /** The test images by the classifier's own tower. */
    private static FeatureMatrix testLogits(TowerMethod method, Objective learning, PromptEncoder encoder)
            throws IOException {
        FeatureMatrix images = encoded(kind(method, learning.learned()), "test_pixels");
        FeatureMatrix text = encoder.features(learning, MemoryLimit.none()).normalized();
        float[] known = new float[text.rows()];
        Arrays.fill(known, 1);
        LinearHead head = method.head(text, FeatureMatrix.of(text.rows(), 1, known), clip.logitScale());
        return head.logits(new Classifier.LogitGraph.Matrices(), images);
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
                assertThat(difference).as("%s %s at %d", key, name, i).isLessThanOrEqualTo(Math.max(tolerance, step));
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
