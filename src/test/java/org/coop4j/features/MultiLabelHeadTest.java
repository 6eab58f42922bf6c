package org.coop4j.features;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;
import static org.coop4j.base.Thrown.assertThrown;

import com.fasterxml.jackson.databind.JsonNode;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.function.Function;
import java.util.function.IntPredicate;
import java.util.stream.IntStream;
import org.coop4j.base.Settings;
import org.coop4j.clip.FeatureMatrix;
import org.coop4j.clip.FeatureSpace;
import org.coop4j.clip.FeatureSpace.FeatureTable;
import org.coop4j.clip.Step;
import org.coop4j.data.FeatureSet;
import org.coop4j.data.FeatureSet.DenseFeatures;
import org.coop4j.eval.Folds;
import org.coop4j.eval.LabelScores;
import org.coop4j.eval.LabelScores.Decision;
import org.coop4j.eval.Labels;
import org.coop4j.features.SigmoidHead.EntryLoss;
import org.coop4j.graph.LearnedTensor;
import org.coop4j.graph.host.Precision;
import org.coop4j.graph.host.Workers;
import org.coop4j.method.Classifier;
import org.coop4j.method.ClassifierFile;
import org.coop4j.method.FeatureMethod.Head;
import org.coop4j.method.GoldenMethods;
import org.coop4j.method.Method;
import org.coop4j.method.Method.FewShotFeatures;
import org.coop4j.method.Method.Task;
import org.coop4j.method.PromptEnsemble.TextPrompts;
import org.coop4j.method.Trainer;
import org.coop4j.method.Training;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.MethodSource;

/** The linear head against NumPy, and one-vs-rest logistic regression against scikit-learn. */
class MultiLabelHeadTest {

    private static final String FOLDER = "multi_label";

    @TempDir
    static Path folder;

    private static List<String> cases(String file) throws IOException {
        try (GoldenMethods golden = GoldenMethods.open(FOLDER, file)) {
            return golden.cases();
        }
    }

    private static FeatureSet images(GoldenMethods golden, String rows, String labels) throws IOException {
        FeatureMatrix matrix = golden.matrix(rows);
        return new DenseFeatures(matrix.width(), 1, matrix.toArray(), golden.labels(labels));
    }

    /** A space in which each class has the file's text features. */
    private static FeatureSpace space(GoldenMethods problem) throws IOException {
        FeatureMatrix text = problem.matrix("text_norm");
        float scale = (float) Math.log(problem.json().get("logit_scale").asDouble());
        return FeatureTable.of(Precision.FLOAT32, "", scale, names(text.rows()), text, new Workers(2));
    }

    private static List<String> names(int classes) {
        return IntStream.range(0, classes).mapToObj(k -> "class " + k).toList();
    }

    static List<String> heads() throws IOException {
        return cases("linear_head");
    }

    @ParameterizedTest
    @MethodSource("heads")
    void threeHundredStepsOfTheLinearHeadEqualNumPys(String key) throws IOException {
        try (GoldenMethods golden = GoldenMethods.open(FOLDER, "linear_head");
                GoldenMethods problem = GoldenMethods.open(FOLDER, "problem");
                FeatureSpace space = space(problem)) {
            JsonNode c = golden.of(key);
            FeatureSet train =
                    images(problem, "train", c.get("labels").asText()).select(golden.ints(key + ".indices"));
            FeatureMatrix text = problem.matrix("text_norm");
            SigmoidHead method =
                    new SigmoidHead(1, EntryLoss.valueOf(c.get("loss").asText().toUpperCase(Locale.ROOT)), prompts());
            float scale = space.logitScale();
            Head head = method.head(text, train, scale, c.get("lambda_").asDouble());
            LearnedTensor w = head.learned().get(0);
            LearnedTensor b = head.learned().get(1);
            golden.assertClose(key, "b.init", times(b.values(), scale));
            Training training = method.training(1);
            int steps = c.get("steps").asInt();
            assertThat(training.epochs()).isEqualTo(steps);
            assertThat(training.epsilon())
                    .isEqualTo(golden.json().get("optimiser").get("eps").asDouble());
            GoldenMethods.train(head, space, train, text.rows(), training, (step, loss) -> {
                if (step < c.get("losses10").size()) {
                    golden.assertLoss(key, "losses10", step, loss);
                }
                if (step == 0) {
                    golden.assertClose(key, "w.grad", w.gradient());
                    golden.assertClose(key, "b.grad", times(b.gradient(), 1 / scale));
                }
                if (step == 10) {
                    GoldenMethods.assertWithin("w", golden.floats(key + ".w.step10"), w.values(), 1e-5);
                    GoldenMethods.assertWithin("b", golden.floats(key + ".b.step10"), times(b.values(), scale), 1e-4);
                }
                if (step == steps) {
                    assertThat(loss).isCloseTo(c.get("loss_last").asDouble(), within(2e-3));
                }
            });
            GoldenMethods.assertWithin("w", golden.floats(key + ".w.step300"), w.values(), 1e-4);
            GoldenMethods.assertWithin("b", golden.floats(key + ".b.step300"), times(b.values(), scale), 1e-3);
            try (Classifier learned = head.addTo(ClassifierFile.of(method, names(text.rows()), space.modelSha256()))
                    .open(space)) {
                FeatureMatrix logits = learned.logits(problem.matrix("test"));
                GoldenMethods.assertWithin(
                        "logits", golden.floats(key + ".test_logits.step300"), logits.toArray(), 1e-2);
                GoldenMethods.assertMeanAveragePrecision(logits, problem.labels("test_labels"), c.get("mAP"));
            }
        }
    }

    @ParameterizedTest
    @CsvSource({"100, 1", "20, 25"})
    void aSmallLogitScaleHoldsTheWeightsNearerToTheTexts(float scale, double factor) throws IOException {
        try (GoldenMethods problem = GoldenMethods.open(FOLDER, "problem")) {
            FeatureMatrix text = problem.matrix("text_norm");
            List<String> names = names(text.rows());
            FeatureSet train = images(problem, "train", "train_labels");
            double[] losses = new double[2];
            for (int penalty = 0; penalty < 2; penalty++) {
                Head head = new SigmoidHead().head(text, train, scale, penalty);
                head.learned().get(0).values()[0] += 0.5f;
                float logScale = (float) Math.log(scale);
                float[][] targets = head.targets().apply(train.labelSets());
                try (FeatureSpace space =
                                FeatureTable.of(Precision.FLOAT32, "", logScale, names, text, new Workers(1));
                        Step step = space.step(head.learned(), train.size(), train.width(), names.size(), head::loss)) {
                    step.run(train.matrix().normalized().toArray(), targets);
                    losses[penalty] = step.loss();
                }
            }
            assertThat(losses[1] - losses[0]).isCloseTo(factor * 0.25, within(1e-4));
        }
    }

    static List<String> crossValidated() throws IOException {
        try (GoldenMethods golden = GoldenMethods.open(FOLDER, "thresholds")) {
            return golden.cases().stream()
                    .filter(key -> golden.of(key).has("folds"))
                    .toList();
        }
    }

    @ParameterizedTest
    @MethodSource("crossValidated")
    void scoresOfFoldsHeldOutDecide(String key) throws IOException {
        try (GoldenMethods golden = GoldenMethods.open(FOLDER, "thresholds");
                GoldenMethods problem = GoldenMethods.open(FOLDER, "problem");
                FeatureSpace space = space(problem)) {
            JsonNode c = golden.of(key);
            FeatureSet support = images(problem, "train", "train_labels").select(golden.ints(key + ".indices"));
            FeatureMatrix text = problem.matrix("text_norm");
            SigmoidHead method = new SigmoidHead();
            Folds folds = Folds.of(support.labelSets(), 5);
            float[][] scores = new float[support.size()][];
            for (int fold = 0; fold < 5; fold++) {
                FeatureSet rest = support.select(folds.without(fold));
                Head head = method.head(
                        text, rest, space.logitScale(), c.get("lambda_").asDouble());
                GoldenMethods.train(head, space, rest, text.rows(), method.training(1), (step, loss) -> {});
                int[] held = folds.of(fold);
                float[][] rows = head.addTo(ClassifierFile.of(method, names(text.rows()), space.modelSha256()))
                        .open(space)
                        .logits(support.select(held).matrix())
                        .toRows();
                IntStream.range(0, held.length).forEach(i -> scores[held[i]] = rows[i]);
            }
            FeatureMatrix all = FeatureMatrix.of(scores);
            GoldenMethods.assertWithin("scores", golden.floats(key + ".scores"), all.toArray(), 1e-2);
            Decision decision = Decision.of(LabelScores.of(support.labelSets(), scores), 0);
            assertThat(decision.shared()).isCloseTo(c.get("shared").asDouble(), within(1e-2));
            assertThat(decision.slope()).isCloseTo(c.get("platt").get("a").asDouble(), within(1e-3));
            assertThat(decision.offset()).isCloseTo(c.get("platt").get("b").asDouble(), within(1e-3));
        }
    }

    private static TextPrompts prompts() {
        return new TextPrompts(List.of("{}"), false);
    }

    private static float[] times(float[] values, float factor) {
        return FeatureMatrix.of(1, values.length, values).times(factor).row(0);
    }

    static List<String> regressions() throws IOException {
        return cases("one_vs_rest");
    }

    @ParameterizedTest
    @MethodSource("regressions")
    void regressionsOfEachClassEqualScikitLearns(String key) throws IOException {
        try (GoldenMethods golden = GoldenMethods.open(FOLDER, "one_vs_rest");
                GoldenMethods problem = GoldenMethods.open(FOLDER, "problem");
                Workers workers = new Workers(2)) {
            JsonNode c = golden.of(key);
            FeatureSet train = images(problem, "train", c.get("labels").asText());
            int classes = problem.json().get("classes").asInt();
            for (String tensor : golden.tensors()) {
                if (tensor.matches(key + "\\.c.*\\.w")) {
                    String of = tensor.substring(0, tensor.length() - 1);
                    double penalty = Double.parseDouble(of.substring(key.length() + 2, of.length() - 1));
                    LinearClassifier fitted =
                            OneVsRest.Regression.of(train, classes, workers).fit(penalty, null);
                    float[] w = golden.floats(tensor);
                    float[] b = golden.floats(of + "b");
                    for (int i = 0; i < fitted.weights().length; i++) {
                        int k = i % classes;
                        int feature = i / classes;
                        double expected = feature < train.width() ? w[k * train.width() + feature] : b[k];
                        double tolerance = feature < train.width() ? 1e-5 : 1e-4;
                        assertThat(fitted.weights()[i])
                                .as("%s, feature %d of class %d", tensor, feature, k)
                                .isCloseTo(expected, within(tolerance));
                    }
                }
            }
            double[] losses = OneVsRest.losses(train, classes, golden.ints(key + ".folds"), workers);
            for (int i = 0; i < losses.length; i++) {
                double expected = c.get("cross_validation_loss").get(i).asDouble();
                assertThat(losses[i]).isCloseTo(expected, within(1e-6));
            }
        }
    }

    @Test
    void aNewClassHasTheMeanLogitOfTheOthersAtTheStart() throws IOException {
        try (GoldenMethods problem = GoldenMethods.open(FOLDER, "problem");
                FeatureSpace space = space(problem)) {
            FeatureSet train = images(problem, "train", "train_labels_partial");
            List<String> all = names(problem.json().get("classes").asInt());
            List<String> learned = all.subList(1, all.size());
            FeatureSet fewer = without(train, 0);
            Method method = new SigmoidHead(0.1, EntryLoss.BCE, prompts());
            Training training = method.training(1);
            Classifier classifier = method.learner(space, new Task(learned, "{}", 1))
                    .fit(new FewShotFeatures(fewer, FeatureSet.none(train.width())), new Trainer(training, 1));
            Path file = folder.resolve("head.safetensors");
            List<Double> own = new ArrayList<>();
            learned.forEach(name -> own.add(own.isEmpty() ? (Double) 3.0 : null));
            classifier.save().withDecision(new Decision(1.0, own, 0.5, -1)).write(file);
            Classifier read = ClassifierFile.read(file).open(space);
            assertThat(read.save().decision().threshold(0)).isEqualTo(3);
            List<String> more = List.of(learned.get(0), all.get(0));
            Classifier extended = read.forClasses(more);
            assertThat(extended.save().decision().own()).containsExactly(3.0, null);
            float[] logits = {4, 0};
            assertThat(extended.probabilities(logits)[0]).isCloseTo(1 / (1 + Math.exp(-1)), within(1e-12));
            FeatureMatrix before = method.learner(space, new Task(learned, "{}", 1))
                    .fit(
                            new FewShotFeatures(fewer, FeatureSet.none(train.width())),
                            new Trainer(Settings.with(training, Map.of("epochs", 0)), 1))
                    .logits(train.matrix());
            FeatureMatrix after = extended.logits(train.matrix());
            double expected = mean(before, k -> true);
            assertThat(mean(after, k -> k == 1)).isCloseTo(expected, within(1e-2));
            assertThrown(
                    () -> new OneVsRest()
                            .learner(space, new Task(learned, "{}", 1))
                            .fit(new FewShotFeatures(fewer, FeatureSet.none(train.width())), new Trainer(training, 1))
                            .forClasses(more),
                    "one-vs-rest knows only the classes");
        }
    }

    private static double mean(FeatureMatrix logits, IntPredicate classes) {
        return IntStream.range(0, logits.rows() * logits.width())
                .filter(i -> classes.test(i % logits.width()))
                .mapToDouble(i -> logits.get(i / logits.width(), i % logits.width()))
                .average()
                .orElseThrow();
    }

    private static FeatureSet without(FeatureSet images, int removed) {
        Function<Labels, Labels> fewer = own -> own.renumbered(k -> k == removed ? -1 : k > removed ? k - 1 : k);
        return new DenseFeatures(
                images.width(),
                1,
                images.matrix().toArray(),
                images.labelSets().stream().map(fewer).toList());
    }
}
