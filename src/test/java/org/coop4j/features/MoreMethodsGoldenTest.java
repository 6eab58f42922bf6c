package org.coop4j.features;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;
import static org.coop4j.base.Thrown.assertThrown;

import com.fasterxml.jackson.databind.JsonNode;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.stream.IntStream;
import org.coop4j.base.Settings;
import org.coop4j.clip.FeatureMatrix;
import org.coop4j.clip.FeatureSpace;
import org.coop4j.clip.FeatureSpace.FeatureTable;
import org.coop4j.clip.VisualProjection;
import org.coop4j.data.FeatureSet;
import org.coop4j.eval.Predictions;
import org.coop4j.graph.LearnedTensor;
import org.coop4j.graph.host.Precision;
import org.coop4j.method.Classifier;
import org.coop4j.method.FeatureMethod;
import org.coop4j.method.FeatureMethod.ClassTexts;
import org.coop4j.method.GoldenMethods;
import org.coop4j.method.GoldenProblem;
import org.coop4j.method.GoldenPrompts;
import org.coop4j.method.Method;
import org.coop4j.method.PromptEnsemble;
import org.coop4j.method.PromptEnsemble.ClassDescriptions;
import org.coop4j.method.Trainer;
import org.coop4j.method.Training;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;

/** TIMO, RLA, task-text coordinates and ProKeR against the authors' code. */
class MoreMethodsGoldenTest {

    private static final String FOLDER = "more_methods";

    @TempDir
    static Path folder;

    private static List<Arguments> cases(String... methods) throws IOException {
        List<Arguments> all = new ArrayList<>();
        for (String method : methods) {
            try (GoldenMethods golden = GoldenMethods.open(FOLDER, method)) {
                golden.cases().forEach(key -> all.add(Arguments.of(method, key)));
            }
        }
        return all;
    }

    static List<Arguments> descriptions() throws IOException {
        return cases("class_descriptions");
    }

    @ParameterizedTest
    @MethodSource("descriptions")
    void descriptionsArePooledWithTemplatesAsTheAuthorsDo(String file, String key) throws IOException {
        try (GoldenMethods golden = GoldenMethods.open(FOLDER, file);
                GoldenProblem problem = GoldenProblem.open(folder)) {
            int missing = golden.of(key).get("missing_class").asInt();
            int templates = problem.templates().rows() / problem.classes();
            List<FeatureMatrix> pools = pools(problem);
            List<String> texts = new ArrayList<>();
            List<float[]> features = new ArrayList<>();
            Map<String, List<String>> sentences = new HashMap<>();
            for (int t = 0; t < templates; t++) {
                for (int k = 0; k < pools.size(); k++) {
                    texts.add("prompt " + t + " of class " + k);
                    features.add(pools.get(k).row(t));
                }
            }
            for (int k = 0; k < pools.size(); k++) {
                for (int p = templates; p < pools.get(k).rows(); p++) {
                    String sentence = "sentence %d of %d".formatted(p, k);
                    texts.add(sentence);
                    features.add(pools.get(k).row(p));
                    if (k != missing) {
                        sentences
                                .computeIfAbsent("class " + k, name -> new ArrayList<>())
                                .add(sentence);
                    }
                }
            }
            FeatureSpace space = FeatureTable.of(
                    Precision.FLOAT32,
                    "",
                    problem.clip().logLogitScale(),
                    texts,
                    FeatureMatrix.of(features, problem.test().width()),
                    problem.clip().workers());
            PromptEnsemble prompts = new PromptEnsemble(IntStream.range(0, templates)
                            .mapToObj(t -> "prompt " + t + " of {}")
                            .toList())
                    .with(new ClassDescriptions("", "", sentences));
            List<String> named =
                    IntStream.range(0, pools.size()).mapToObj(k -> "class_" + k).toList();
            FeatureMatrix weights = prompts.classWeights(space, named);
            golden.assertClose(key, "text_pooled", weights.toArray());
            golden.assertClose(
                    key,
                    "logits_pooled",
                    GoldenPrompts.cosineLogits(
                                    problem.test(), weights, problem.clip().logitScale())
                            .toArray());
            ClassTexts pooled = new ClassTexts(prompts, space, named);
            golden.assertClose(key, "text_raw_pooled", pooled.raw().toArray());
            for (int k = 0; k < pools.size(); k++) {
                int all = k == missing ? templates : pools.get(k).rows();
                assertThat(pooled.ofEachClass().get(k).rows()).isEqualTo(all);
            }
        }
    }

    static List<Arguments> adapters() throws IOException {
        return cases("rla", "p0");
    }

    @ParameterizedTest
    @MethodSource("adapters")
    void threeHundredStepsOfAnAdapterEqualTheAuthors(String file, String key) throws IOException {
        try (GoldenMethods golden = GoldenMethods.open(FOLDER, file);
                GoldenProblem problem = GoldenProblem.open(folder)) {
            JsonNode c = golden.of(key);
            boolean projects = c.path("interface").asText().startsWith("projection");
            Method method = projects ? new ProLip() : new Rla();
            if (file.equals("p0")) {
                method = method.with(Map.of("basis", "text"));
            }
            Training training = Settings.with(
                    method.training(c.get("shots").asInt()),
                    Map.of("rate", c.get("lr").asDouble()));
            golden.assertOptimizer(training);
            VisualProjection layer = problem.projection(null);
            FeatureSet train = problem.support(projects ? "train_pre" : "train", c);
            FeatureSpace space = projects ? problem.withProjection(layer) : problem.clip();
            FeatureMethod.Head head = problem.head(
                    method,
                    problem.matrix("text_norm"),
                    train,
                    FeatureSet.none(train.width()),
                    space,
                    new Trainer(training, 1));
            LearnedTensor a = head.learned().get(0);
            problem.assertFullBatches(
                    golden,
                    key,
                    head,
                    head.samples(train),
                    head.optimizer(training),
                    step -> training.rate(step, 0, 1),
                    c.get("steps").asInt(),
                    Map.of("a", a),
                    values -> file.equals("rla") ? values : transposed(a, values));
            Classifier learned = projects ? problem.classifier(method, head, layer) : problem.classifier(method, head);
            FeatureMatrix logits = learned.logits(projects ? problem.matrix("test_pre") : problem.test());
            assertLogits(golden.floats(key + ".test_logits.step300"), logits, 1e-2, 1);
            problem.assertAccuracy(logits, c.get("accuracy300").asDouble());
        }
    }

    /** The file has the coordinates' matrix as [width, r]. */
    private static float[] transposed(LearnedTensor a, float[] values) {
        return FeatureMatrix.of((int) a.shape()[0], (int) a.shape()[1], values)
                .transposed()
                .toArray();
    }

    /** Within a difference, with logits multiplied by a factor first. */
    private static void assertLogits(float[] expected, FeatureMatrix actual, double difference, double factor) {
        float[] all = actual.toArray();
        assertThat(all).hasSameSizeAs(expected);
        for (int i = 0; i < all.length; i++) {
            assertThat(factor * all[i]).as("logit %d", i).isCloseTo(expected[i], within(difference));
        }
    }

    @Test
    void theBasisOfTextDifferencesEqualsTheAuthors() throws IOException {
        try (GoldenMethods golden = GoldenMethods.open(FOLDER, "p0");
                GoldenProblem problem = GoldenProblem.open(folder)) {
            String key = golden.cases().get(0);
            FeatureMatrix q = ProLip.textBasis(problem.matrix("text_norm"));
            assertThat(q.width()).isEqualTo(golden.of(key).get("rank").asInt());
            golden.assertClose(key, "q", q.toArray());
        }
        FeatureMatrix equal = FeatureMatrix.of(2, 2, new float[] {1, 0, 1, 0});
        assertThrown(() -> ProLip.textBasis(equal), "texts of all classes are equal");
    }

    static List<Arguments> kernels() throws IOException {
        return cases("proker");
    }

    @ParameterizedTest
    @MethodSource("kernels")
    void kernelRidgeRegressionEqualsTheAuthors(String file, String key) throws IOException {
        try (GoldenMethods golden = GoldenMethods.open(FOLDER, file);
                GoldenProblem problem = GoldenProblem.open(folder)) {
            JsonNode c = golden.of(key);
            FeatureMatrix text = problem.matrix("text_norm");
            FeatureSet train = problem.support("train", c);
            FeatureSet none = FeatureSet.none(train.width());
            double fromScale = 1.0 / problem.clip().logitScale();
            ProKeR.Support support = ProKeR.Support.of(train, text);
            FeatureMatrix coefficients = support.kernel(c.get("beta").asDouble())
                    .coefficients(c.get("lambda").asDouble());
            golden.assertClose(key, "coefficients", coefficients.transposed().toArray());

            FeatureMatrix fixed =
                    learned(problem, new ProKeR(), text, train, none).logits(problem.test());
            assertLogits(golden.floats(key + ".logits"), fixed, 2e-5, fromScale);
            problem.assertAccuracy(fixed, c.get("accuracy").asDouble());

            int[] hits = ProKeR.hits(support, text, problem.val());
            int[] expected = golden.ints(key + ".val_hits");
            for (int i = 0; i < hits.length; i++) {
                assertThat(hits[i]).as("hits of %s", ProKeR.grid(i)).isBetween(expected[i] - 1, expected[i] + 1);
            }
            Method best = new ProKeR()
                    .with(Map.of(
                            "beta",
                            c.get("beta_searched").asDouble(),
                            "lambda",
                            c.get("lambda_searched").asDouble()));
            FeatureMatrix searched = learned(problem, best, text, train, none).logits(problem.test());
            assertLogits(golden.floats(key + ".logits_searched"), searched, 1e-4, fromScale);
            FeatureMatrix chosen = learned(problem, new ProKeR(), text, train, problem.val())
                    .logits(problem.val().matrix());
            assertThat(hits(chosen, problem.val()))
                    .isGreaterThanOrEqualTo(c.get("best_val_hits").asInt() - 1);
        }
    }

    private static Classifier learned(
            GoldenProblem problem, Method method, FeatureMatrix text, FeatureSet train, FeatureSet val)
            throws IOException {
        return problem.classifier(method, problem.head(method, text, train, val));
    }

    private static int hits(FeatureMatrix logits, FeatureSet labelled) {
        return (int) IntStream.range(0, labelled.size())
                .filter(i -> Predictions.argmax(logits.row(i)) == labelled.label(i))
                .count();
    }

    static List<Arguments> matchings() throws IOException {
        return cases("timo");
    }

    @ParameterizedTest
    @MethodSource("matchings")
    void matchedTextsAndImagesEqualTheAuthors(String file, String key) throws IOException {
        try (GoldenMethods golden = GoldenMethods.open(FOLDER, file);
                GoldenProblem problem = GoldenProblem.open(folder)) {
            JsonNode c = golden.of(key);
            FeatureSet train = problem.support("train", c);
            Timo.Matching all = Timo.Matching.of(pools(problem), train);
            double gamma = c.get("gamma").asDouble();
            int count = c.get("beta").asInt();
            assertThat(all.texts()).isEqualTo(c.get("texts_per_class").asInt());
            golden.assertClose(
                    key,
                    "image_weights",
                    Timo.Matching.means(all.pools(), all.keys(), train.labels()).toArray());
            golden.assertClose(key, "matching_score", flat(all.scores()));
            assertFit(golden, key, "", all, gamma, count);
            double[] alphas = doubles(golden.json().get("alphas"));
            GoldenMethods.assertHits(all.hits(gamma, count, alphas, problem.val()), c.get("val_hits"));
            if (c.get("shots").asInt() > 1) {
                GoldenMethods.assertHits(all.heldOutHits(gamma, count, alphas), c.get("cross_validation_hits"));
            }

            JsonNode s = c.get("s");
            assertFit(
                    golden,
                    key,
                    "s.",
                    all,
                    s.get("gamma").asDouble(),
                    s.get("beta").asInt());
            GoldenMethods.assertHits(Timo.gammaHits(all, problem.val()), s.get("gamma_hits"));
            assertThat(Timo.counts(all.texts())).isEqualTo(GoldenMethods.ints(s.get("betas")));
            for (int i = 0; i < s.get("betas").size(); i++) {
                int[] hits = all.hits(
                        s.get("gamma").asDouble(), s.get("betas").get(i).asInt(), alphas, problem.val());
                GoldenMethods.assertHits(hits, s.get("val_hits").get(i));
            }
        }
    }

    /** Raw features of each class's templates, then sentences. */
    private static List<FeatureMatrix> pools(GoldenProblem problem) throws IOException {
        FeatureMatrix templates = problem.templates();
        int classes = problem.classes();
        List<FeatureMatrix> pools = new ArrayList<>();
        try (GoldenMethods golden = GoldenMethods.open(FOLDER, "descriptions")) {
            FeatureMatrix sentences = golden.matrix("descriptions");
            int first = 0;
            for (int k = 0; k < classes; k++) {
                List<float[]> rows = new ArrayList<>();
                for (int t = k; t < templates.rows(); t += classes) {
                    rows.add(templates.row(t));
                }
                for (int end = first + golden.ints("counts")[k]; first < end; first++) {
                    rows.add(sentences.row(first));
                }
                pools.add(FeatureMatrix.of(rows, templates.width()));
            }
        }
        return pools;
    }

    private static void assertFit(
            GoldenMethods golden, String key, String prefix, Timo.Matching all, double gamma, int count)
            throws IOException {
        golden.assertClose(key, prefix + "text_weights", flat(all.weights(gamma)));
        golden.assertClose(key, prefix + "text_igt", all.text(gamma).toArray());
        Gda.Gaussians gaussians = all.gaussians(count);
        float[] expected = golden.floats(key + "." + prefix + "w");
        float[] w = gaussians.weights().transposed().toArray();
        double largest = IntStream.range(0, expected.length)
                .mapToDouble(i -> Math.abs(expected[i]))
                .max()
                .orElseThrow();
        for (int i = 0; i < w.length; i++) {
            assertThat((double) w[i]).as("%sw at %d", prefix, i).isCloseTo(expected[i], within(1e-4 * largest));
        }
        golden.assertClose(key, prefix + "b", gaussians.bias());
    }

    private static float[] flat(double[][] rows) {
        float[] all = new float[rows.length * rows[0].length];
        for (int i = 0; i < all.length; i++) {
            all[i] = (float) rows[i / rows[0].length][i % rows[0].length];
        }
        return all;
    }

    private static double[] doubles(JsonNode array) {
        return IntStream.range(0, array.size())
                .mapToDouble(i -> array.get(i).asDouble())
                .toArray();
    }
}
