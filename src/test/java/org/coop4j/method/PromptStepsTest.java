package org.coop4j.method;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import com.fasterxml.jackson.databind.JsonNode;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import org.coop4j.clip.Clip;
import org.coop4j.clip.FeatureMatrix;
import org.coop4j.clip.MemoryLimit;
import org.coop4j.clip.PromptEncoder;
import org.coop4j.clip.Step;
import org.coop4j.clip.StepGraph;
import org.coop4j.data.FeatureSet;
import org.coop4j.data.FeatureSet.DenseFeatures;
import org.coop4j.graph.LearnedTensor;
import org.coop4j.method.Method.FewShotFeatures;
import org.coop4j.method.Method.Task;
import org.coop4j.method.PromptContext.ContextStart;
import org.coop4j.method.PromptLayout.ClassName;
import org.coop4j.method.PromptLayout.ClassPosition;
import org.junit.jupiter.api.AutoClose;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;

/** Prompt learners against PyTorch: first logits and gradients, ten steps, and the logits after them; both gradients of ProGrad. */
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

    static Stream<Arguments> gradients() throws IOException {
        return GoldenPrompts.cases("prograd");
    }

    /** In one plan, and in chunks of classes, which take another way through the losses. */
    @ParameterizedTest
    @MethodSource("gradients")
    void bothGradientsEqualPyTorch(String model, String key) throws IOException {
        try (GoldenMethods golden = GoldenMethods.open(model + "/prograd");
                GoldenMethods problem = GoldenMethods.open(model + "/problem");
                Clip clip = GoldenMethods.clip(model, folder)) {
            List<float[]> gradients = new ArrayList<>();
            StepGraph.GradientRule kept = (g, combined) -> g.forEach(gradient -> gradients.add(gradient.clone()));
            FeatureMatrix teacher = problem.matrix("teacher_text").normalized();
            PromptEncoder.Loss loss =
                    ProGrad.loss(teacher, golden.of(key).get("temperature").asDouble(), kept);
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

    private static final List<Integer> SHOTS = List.of(1, 4);

    /** Rows of the table by the methods' names. */
    private static final Map<String, String> NAMES = Map.of("coop", "CoOp", "kgcoop", "KgCoOp", "prograd", "ProGrad");

    @AutoClose
    private static GoldenMethods problem;

    @AutoClose
    private static Clip clip;

    private static FeatureMatrix teacher;
    private static int[] words;

    @BeforeAll
    static void open() throws IOException {
        problem = GoldenMethods.open("vit/problem");
        clip = GoldenMethods.clip("vit", folder);
        teacher = problem.matrix("teacher_text").normalized();
        int[][] prompts = problem.rows("teacher_token_ids");
        int end = Arrays.mismatch(prompts[0], prompts[1]);
        words = Arrays.copyOfRange(prompts[0], 1, end);
    }

    static Stream<Arguments> columns() throws IOException {
        JsonNode table = GoldenMethods.accuracies("text methods");
        return SHOTS.stream().flatMap(shots -> Stream.of(new CoOp(), new KgCoOp(), new ProGrad())
                .map(method -> Arguments.of(
                        method,
                        shots,
                        table.get(String.valueOf(shots))
                                .get(NAMES.get(method.id()))
                                .asDouble())));
    }

    @ParameterizedTest
    @MethodSource("columns")
    void theReferencesAccuracyIsOurs(PromptMethod method, int shots, double accuracy) throws IOException {
        double oneImage = 100.01 / problem.ints("test_labels").length;
        double ours = accuracy(method, shots, new Trainer(method.training(shots), 1));
        assertThat(ours).isCloseTo(accuracy, within(oneImage));
        assertThat(ours).isGreaterThan(accuracy(method, shots, new Trainer(Training.none(), 1)) + oneImage);
    }

    private static double accuracy(PromptMethod method, int shots, Trainer trainer) throws IOException {
        List<String> names = problem.classNames().stream().map(ClassName::name).toList();
        LearnedTensor context =
                PromptContext.atEnd(new ContextStart(words.length)).zeros(clip, names.size());
        float[] embeddings = PromptContext.embeddings(clip, words);
        System.arraycopy(embeddings, 0, context.values(), 0, embeddings.length);
        PromptLearner learner = new PromptLearner(
                method,
                clip,
                new Task(names, "{}", trainer.seed()),
                problem.prompts(new PromptLayout(words.length, ClassPosition.END, false)));
        FeatureSet train = train(shots);
        FewShotFeatures data = new FewShotFeatures(train, FeatureSet.none(train.width()));
        try (Classifier learned =
                learner.fit(new PromptLearner.Objective(method, List.of(context), teacher), data, trainer)) {
            return problem.accuracy(learned.logits(problem.matrix("test_image_features")));
        }
    }

    /** The first shots of each class. */
    private static FeatureSet train(int shots) throws IOException {
        int[] labels = problem.ints("labels");
        int[] taken = new int[problem.classNames().size()];
        int[] chosen = IntStream.range(0, labels.length)
                .filter(i -> taken[labels[i]]++ < shots)
                .toArray();
        FeatureMatrix images = problem.matrix("image_features").rows(chosen);
        int[] own = Arrays.stream(chosen).map(i -> labels[i]).toArray();
        return new DenseFeatures(images.width(), 1, images.toArray(), own);
    }
}
