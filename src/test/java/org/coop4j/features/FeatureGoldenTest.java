package org.coop4j.features;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import com.fasterxml.jackson.databind.JsonNode;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.function.IntToDoubleFunction;
import java.util.function.UnaryOperator;
import java.util.stream.Stream;
import org.coop4j.base.Settings;
import org.coop4j.clip.FeatureMatrix;
import org.coop4j.clip.FeatureSpace;
import org.coop4j.clip.FeatureSpace.FeatureKind;
import org.coop4j.clip.FeatureSpace.FeatureTable;
import org.coop4j.clip.VisualProjection;
import org.coop4j.data.FeatureSet;
import org.coop4j.features.TipAdapter.CacheWeights;
import org.coop4j.graph.LearnedTensor;
import org.coop4j.graph.host.Precision;
import org.coop4j.graph.host.Workers;
import org.coop4j.method.Classifier;
import org.coop4j.method.FeatureMethod;
import org.coop4j.method.FeatureMethod.ClassTexts;
import org.coop4j.method.GoldenMethods;
import org.coop4j.method.GoldenProblem;
import org.coop4j.method.GoldenPrompts;
import org.coop4j.method.Method;
import org.coop4j.method.Method.FewShotFeatures;
import org.coop4j.method.Optimizer;
import org.coop4j.method.PromptEnsemble;
import org.coop4j.method.PromptEnsemble.TextPrompts;
import org.coop4j.method.Trainer;
import org.coop4j.method.Training;
import org.coop4j.method.Training.BatchOrder;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;

/** Methods of image features against PyTorch: class means, logits, gradients, steps, and the test logits after them. */
class FeatureGoldenTest {

    @TempDir
    static Path folder;

    static List<Arguments> cases() throws IOException {
        List<Arguments> cases = new ArrayList<>();
        for (String method : List.of("taskres", "clip_adapter", "tip_adapter_f", "cross_modal")) {
            for (String key : GoldenMethods.cases(method)) {
                cases.add(Arguments.of(method, key));
            }
        }
        return cases;
    }

    /**
     * A case that is about to be trained.
     *
     * @param tensors what is learned, by its name in the file of values
     */
    @SuppressWarnings("ArrayRecordComponent") // never compared
    private record Case(
            Method method,
            FeatureMethod.Head head,
            FeatureSet samples,
            int[][] batches,
            Map<String, LearnedTensor> tensors) {}

    @ParameterizedTest
    @MethodSource("cases")
    void tenStepsEqualPyTorch(String name, String key) throws IOException {
        try (GoldenMethods golden = GoldenMethods.open(name);
                GoldenProblem problem = GoldenProblem.open(folder)) {
            Case c = of(name, golden, key, problem);
            int shots = golden.of(key).get("shots").asInt();
            Training training = c.method.training(shots);
            golden.assertOptimizer(training);
            Optimizer optimizer = new Optimizer(training);
            JsonNode rates = golden.of(key).get("lr");
            problem.assertSteps(
                    golden,
                    key,
                    c.head,
                    c.samples,
                    c.batches.length,
                    step -> c.batches[step],
                    optimizer,
                    step -> rates.get(step).asDouble(),
                    c.tensors,
                    UnaryOperator.identity());
            if (name.equals("taskres")) {
                assertStepsOfAdam(golden, key, c.tensors.get("x").values());
            }
            assertLogits(golden, problem, key, "test_logits.step10", c.method, c.head);
            if (name.equals("cross_modal")) {
                Method blended = c.method.with(Map.of("blend", 0.5));
                String logits = "test_logits.step10_wiseft";
                assertLogits(golden, problem, key, logits, blended, c.head);
            }
        }
    }

    private static void assertLogits(
            GoldenMethods golden,
            GoldenProblem problem,
            String key,
            String name,
            Method method,
            FeatureMethod.Head head)
            throws IOException {
        FeatureMatrix logits = problem.classifier(method, head).logits(problem.test());
        golden.assertClose(key, name, logits.toArray());
        String accuracy = name.replace("test_logits.step10", "accuracy");
        problem.assertAccuracy(logits, golden.of(key).get(accuracy).asDouble());
    }

    private static Case of(String name, GoldenMethods golden, String key, GoldenProblem problem) throws IOException {
        JsonNode c = golden.of(key);
        int shots = c.get("shots").asInt();
        FeatureSet first = problem.support("train", shots, 0);
        FeatureSet none = FeatureSet.none(first.width());
        switch (name) {
            case "taskres" -> {
                Method method = new TaskRes(c.get("residual_scale").asDouble(), new TextPrompts());
                FeatureMethod.Head head =
                        problem.head(method, problem.matrix(c.get("text").asText()), first, none);
                return new Case(
                        method,
                        head,
                        first,
                        golden.rows(key + ".batches"),
                        Map.of("x", head.learned().get(0)));
            }
            case "clip_adapter" -> {
                Method method = new ClipAdapter(c.get("ratio").asDouble(), new TextPrompts());
                FeatureMethod.Head head = problem.head(method, problem.matrix("text_raw"), first, none);
                Map<String, LearnedTensor> tensors =
                        Map.of("w1", head.learned().get(0), "w2", head.learned().get(1));
                for (Map.Entry<String, LearnedTensor> tensor : tensors.entrySet()) {
                    float[] initial = golden.floats(key + "." + tensor.getKey() + ".init");
                    System.arraycopy(initial, 0, tensor.getValue().values(), 0, initial.length);
                }
                return new Case(method, head, first, golden.rows(key + ".batches"), tensors);
            }
            case "tip_adapter_f" -> {
                double alpha = c.get("alpha").asDouble();
                CacheWeights weights = new CacheWeights(alpha, c.get("beta").asDouble(), false, 3, 7);
                Method method = new TipAdapterF(weights, new TextPrompts());
                FeatureMethod.Head head =
                        problem.head(method, problem.matrix("text_norm"), problem.support("train", shots), none);
                LearnedTensor keys = head.learned().get(0);
                golden.assertClose(key, "keys.init", keys.values());
                return new Case(method, head, first, golden.rows(key + ".batches"), Map.of("keys", keys));
            }
            case "cross_modal" -> {
                Method method = new CrossModal();
                FeatureMethod.Head head = problem.head(method, problem.templates(), first, none);
                golden.assertClose(key, "w.init", head.learned().get(0).values());
                return new Case(
                        method,
                        head,
                        head.samples(problem.support("train", shots, 0, 1)),
                        crossModalBatches(golden, key, problem.classes() * shots),
                        Map.of("w", head.learned().get(0)));
            }
            default -> throw new AssertionError(name);
        }
    }

    /** The file's images stand view after view, ours image after image; texts follow. */
    private static int[][] crossModalBatches(GoldenMethods golden, String key, int images) throws IOException {
        int[][] image = golden.rows(key + ".image_batches");
        int[][] text = golden.rows(key + ".text_batches");
        int[][] batches = new int[image.length][];
        for (int b = 0; b < batches.length; b++) {
            int[] both = Arrays.copyOf(image[b], image[b].length + text[b].length);
            for (int i = 0; i < both.length; i++) {
                both[i] = i < image[b].length
                        ? both[i] % images * 2 + both[i] / images
                        : images * 2 + text[b][i - image[b].length];
            }
            batches[b] = both;
        }
        return batches;
    }

    /**
     * Adam makes a whole step of a gradient near rounding, whose sign is then a matter of chance: a
     * handful of entries may differ by up to two steps.
     */
    private static void assertStepsOfAdam(GoldenMethods golden, String key, float[] actual) throws IOException {
        float[] expected = golden.floats(key + ".x.step10");
        double rate = golden.json().get("optimiser").get("lr").asDouble();
        int apart = 0;
        for (int i = 0; i < expected.length; i++) {
            double difference = Math.abs(actual[i] - expected[i]);
            assertThat(difference).isLessThanOrEqualTo(2 * rate);
            apart += difference > 1e-5 ? 1 : 0;
        }
        assertThat(apart).isLessThanOrEqualTo(5);
    }

    @Test
    void halfOfEachBatchIsTextAndEachHalfRestartsOnItsOwn() {
        List<String> names = List.of("a", "b", "c");
        List<String> prompts = List.of("0 a", "0 b", "0 c", "1 a", "1 b", "1 c");
        FeatureMatrix features = FeatureMatrix.of(6, 1, new float[] {1, 2, 3, 4, 5, 6});
        FeatureSpace space = FeatureTable.of(Precision.FLOAT32, "", 1, prompts, features, new Workers(1));
        Trainer trainer = new Trainer(new CrossModal().training(1), 1);
        FeatureMethod.Head model = new CrossModal()
                .start(new ClassTexts(new PromptEnsemble(List.of("0 {}", "1 {}")), space, names), null, trainer);
        BatchOrder order = model.order(20, trainer);
        assertThat(order.epoch(0).length).isEqualTo(order.batches());
        int[] counts = new int[20];
        for (int[] batch : order.epoch(0)) {
            assertThat(batch).hasSize(8);
            assertThat(Arrays.stream(batch, 0, 4)).allMatch(i -> i < 14);
            assertThat(Arrays.stream(batch, 4, 8)).allMatch(i -> i >= 14 && i < 20);
            Arrays.stream(batch).forEach(i -> counts[i]++);
        }
        assertThat(counts).doesNotContain(0);
        assertThat(order.epoch(1)).isDeepEqualTo(model.order(20, trainer).epoch(1));
        assertThat(order.epoch(1)[0]).isNotEqualTo(order.epoch(0)[0]);
    }

    static Stream<Arguments> linearPrototypes() throws IOException {
        List<Arguments> cases = new ArrayList<>();
        for (String method : List.of("zslp", "clap")) {
            for (String key : GoldenMethods.cases(method)) {
                cases.add(Arguments.of(method, key));
            }
        }
        return cases.stream();
    }

    private static void assertLogits(
            GoldenMethods golden, GoldenProblem problem, String key, int steps, FeatureMethod.Head head)
            throws IOException {
        FeatureMatrix logits = problem.classifier(new ZsLp(), head).logits(problem.test());
        golden.assertClose(key, "test_logits.step" + steps, logits.toArray());
        problem.assertAccuracy(logits, golden.of(key).get("accuracy" + steps).asDouble());
    }

    @ParameterizedTest
    @MethodSource("linearPrototypes")
    void tenAndThreeHundredStepsEqualPyTorch(String name, String key) throws IOException {
        try (GoldenMethods golden = GoldenMethods.open(name);
                GoldenProblem problem = GoldenProblem.open(folder)) {
            FeatureMatrix text = problem.matrix("text_raw");
            FeatureSet train = problem.support("train", golden.of(key));
            golden.assertClose(
                    key,
                    "multipliers",
                    Clap.multipliers(text, train, problem.clip().logitScale()));
            Method method = name.equals("clap") ? new Clap() : new ZsLp();
            Training training = method.training(1);
            golden.assertOptimizer(training);
            FeatureMethod.Head ten = problem.head(method, text, train, FeatureSet.none(train.width()));
            FeatureSet samples = ten.samples(train);
            Map<String, LearnedTensor> w = Map.of("w", ten.learned().get(0));
            IntToDoubleFunction constant = step -> training.rate();
            problem.assertFullBatches(
                    golden, key, ten, samples, new Optimizer(training), constant, 10, w, UnaryOperator.identity());
            assertLogits(golden, problem, key, 10, ten);
            int epochs =
                    golden.json().get("optimiser").get("full").get("epochs").asInt();
            assertThat(training.epochs()).isEqualTo(epochs);
            FeatureMethod.Head full = problem.head(method, text, train, FeatureSet.none(train.width()));
            problem.steps(full, samples, new Optimizer(training), step -> training.rate(step, 0, 1), 0, epochs);
            golden.assertClose(key, "w.step" + epochs, full.learned().get(0).values());
            assertLogits(golden, problem, key, epochs, full);
        }
    }

    static List<String> projections() throws IOException {
        return GoldenMethods.cases("prolip");
    }

    @ParameterizedTest
    @MethodSource("projections")
    void threeHundredStepsEqualPyTorch(String key) throws IOException {
        try (GoldenMethods golden = GoldenMethods.open("prolip");
                GoldenProblem problem = GoldenProblem.open(folder)) {
            JsonNode c = golden.of(key);
            FeatureMatrix bias = bias(golden, key);
            VisualProjection before = problem.projection(bias);
            FeatureSet train = problem.support("train_pre", c);
            FeatureMethod.Head model = problem.head(
                    new ProLip(),
                    problem.matrix("text_norm"),
                    train,
                    FeatureSet.none(train.width()),
                    problem.withProjection(before),
                    new Trainer(Training.none(), 1));
            train(golden, problem, key, model, model.samples(train));
            FeatureMatrix logits =
                    problem.classifier(new ProLip(), model, before).logits(problem.matrix("test_pre"));
            golden.assertClose(key, "test_logits.step" + c.get("steps").asInt(), logits.toArray());
            problem.assertAccuracy(logits, c.get("accuracy300").asDouble());
        }
    }

    private static FeatureMatrix bias(GoldenMethods golden, String key) throws IOException {
        float[] bias = golden.has(key + ".bias") ? golden.floats(key + ".bias") : null;
        return bias == null ? null : FeatureMatrix.of(1, bias.length, bias);
    }

    /** The file has the matrix as a ViT has it. */
    private static void train(
            GoldenMethods golden, GoldenProblem problem, String key, FeatureMethod.Head model, FeatureSet samples)
            throws IOException {
        JsonNode c = golden.of(key);
        Training training = Settings.with(
                new ProLip().training(c.get("shots").asInt()),
                Map.of("rate", c.get("lr").asDouble()));
        golden.assertOptimizer(training);
        LearnedTensor learned = model.learned().get(0);
        problem.assertFullBatches(
                golden,
                key,
                model,
                samples,
                model.optimizer(training),
                step -> training.rate(step, 0, 1),
                c.get("steps").asInt(),
                Map.of("w", learned),
                values -> FeatureMatrix.of((int) learned.shape()[0], (int) learned.shape()[1], values)
                        .transposed()
                        .toArray());
    }

    static List<String> means() throws IOException {
        return GoldenMethods.cases("classifiers").stream()
                .filter(key -> key.startsWith("prototypes"))
                .toList();
    }

    @ParameterizedTest
    @MethodSource("means")
    void meansAndLogitsEqualPyTorch(String key) throws IOException {
        try (GoldenMethods golden = GoldenMethods.open("classifiers");
                GoldenProblem problem = GoldenProblem.open(folder)) {
            int shots = golden.of(key).get("shots").asInt();
            FeatureMatrix means = ViewPooling.sums(problem.support("train", shots), problem.classes())
                    .normalized();
            golden.assertClose(key, "prototypes", means.toArray());
            float scale = problem.clip().logitScale();
            float[] logits =
                    GoldenPrompts.cosineLogits(problem.test(), means, scale).toArray();
            golden.assertClose(key, "logits", logits);
            problem.assertAccuracy(
                    FeatureMatrix.of(problem.test().rows(), means.rows(), logits),
                    golden.of(key).get("accuracy").asDouble());
        }
    }

    /** Percentage points; batches and initial values are drawn otherwise. */
    private static final double NOISE = 2.5;

    /**
     * A row of the table.
     *
     * @param text its features of texts in the problem
     * @param val whether the val images may choose
     * @param rate in place of the default; 0: the default
     */
    private record Row(Method method, String text, boolean val, double rate) {}

    private static final Map<String, Row> ROWS = Map.ofEntries(
            row("prototypes", new Prototypes(), "text_norm"),
            row("Tip-Adapter", new TipAdapter(), "text_norm"),
            onVal("Tip-Adapter (val search)", new TipAdapter()),
            row("Tip-Adapter-F", new TipAdapterF(), "text_norm"),
            row("CLIP-Adapter", new ClipAdapter(), "text_norm"),
            row("TaskRes", new TaskRes(), "text_raw"),
            row("cross-modal LP", new CrossModal(), "text_templates"),
            row("cross-modal LP + WiSE-FT", new CrossModal().with(Map.of("blend", 0.5)), "text_templates"),
            row("ZS-LP", new ZsLp(), "text_raw"),
            row("CLAP", new Clap(), "text_raw"),
            row("LP++", new LpPlusPlus(), "text_norm"),
            onVal("LP++ (val epoch)", new LpPlusPlus()),
            row("GDA (support CV)", new Gda(), "text_norm"),
            onVal("GDA (val alpha)", new Gda()),
            row("ProLIP lr 1e-05", new ProLip(), "text_norm"),
            Map.entry("ProLIP lr 0.001", new Row(new ProLip(), "text_norm", false, 0.001)));

    private static Map.Entry<String, Row> row(String name, Method method, String text) {
        return Map.entry(name, new Row(method, text, false, 0));
    }

    private static Map.Entry<String, Row> onVal(String name, Method method) {
        return Map.entry(name, new Row(method, "text_norm", true, 0));
    }

    static List<Arguments> rows() throws IOException {
        JsonNode table = GoldenMethods.accuracies("feature methods");
        List<Arguments> rows = new ArrayList<>();
        table.properties().forEach(shots -> ROWS.keySet().stream()
                .sorted()
                .forEach(name -> rows.add(Arguments.of(
                        name,
                        Integer.valueOf(shots.getKey()),
                        shots.getValue().get(name).asDouble()))));
        return rows;
    }

    @ParameterizedTest
    @MethodSource("rows")
    void theReferencesAccuracyIsReached(String name, int shots, double accuracy) throws IOException {
        Row row = ROWS.get(name);
        try (GoldenProblem problem = GoldenProblem.open(folder)) {
            boolean before = row.method.features() == FeatureKind.BEFORE_PROJECTION;
            FeatureSet train = problem.support(before ? "train_pre" : "train", shots);
            FeatureSet val = row.val ? problem.val() : FeatureSet.none(train.width());
            Training training = row.method.training(shots);
            if (row.rate > 0) {
                training = Settings.with(training, Map.of("rate", row.rate));
            }
            Trainer trainer = new Trainer(training, 1);
            FeatureSpace space = before ? problem.withProjection(problem.projection(null)) : problem.clip();
            FeatureMatrix text = row.text.equals("text_templates") ? problem.templates() : problem.matrix(row.text);
            FeatureMethod.Head head = problem.head(row.method, text, train, val, space, trainer);
            problem.train(head, new FewShotFeatures(train, val), trainer);
            Classifier learned = problem.classifier(row.method, head);
            FeatureMatrix test = before ? problem.matrix("test_pre") : problem.test();
            assertThat(problem.accuracy(learned.logits(test))).isCloseTo(accuracy, within(NOISE));
        }
    }
}
