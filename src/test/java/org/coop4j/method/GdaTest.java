package org.coop4j.method;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import com.fasterxml.jackson.databind.JsonNode;
import java.io.IOException;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.function.IntToDoubleFunction;
import org.coop4j.ProgressRecorder;
import org.coop4j.clip.FeatureMatrix;
import org.coop4j.clip.MemoryLimit;
import org.coop4j.data.FeatureSet;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/** Against NumPy's double precision: weights, bias, means, and what chooses α. */
class GdaTest {

    @TempDir
    static Path folder;

    private static final double RELATIVE = 1e-4;

    static List<String> cases() throws IOException {
        return GoldenMethods.cases("gda");
    }

    @ParameterizedTest
    @MethodSource("cases")
    void theClosedFormAndItsSearchesEqualTheReferences(String key) throws IOException {
        try (GoldenMethods golden = GoldenMethods.open("gda");
                GoldenProblem problem = GoldenProblem.open(folder)) {
            JsonNode c = golden.of(key);
            FeatureSet train = problem.support("train", c);
            FeatureMatrix text = problem.matrix("text_norm");
            FeatureSet pool = ViewPooling.pooled(train);
            Gda.Gaussians gaussians = Gda.Moments.of(pool, text.rows()).gaussians();
            float[] w = golden.floats(key + ".w");
            float[] b = golden.floats(key + ".b");
            double largest = 1e-3;
            for (float value : w) {
                largest = Math.max(largest, Math.abs(value));
            }
            int classes = text.rows();
            for (int i = 0; i < w.length; i++) {
                assertThat((double) gaussians.weights().get(i % classes, i / classes))
                        .as("%s w %d", key, i)
                        .isCloseTo(w[i], within(RELATIVE * largest));
            }
            for (int k = 0; k < classes; k++) {
                assertThat((double) gaussians.bias()[k])
                        .isCloseTo(b[k], within(RELATIVE * Math.max(1, Math.abs(b[k]))));
            }
            FeatureMatrix products = problem.test().normalized().products(gaussians.weights());
            assertClose(
                    golden.floats(key + ".gaussian_logits"),
                    i -> products.get(i / classes, i % classes) + gaussians.bias()[i % classes]);
            float scale = (float) golden.json().get("logit_scale").asDouble();
            assertHits(Gda.hits(gaussians, text, scale, problem.val()), c.get("val_hits"));
            assertHits(Gda.crossValidationHits(train, text, scale), c.get("cross_validation_hits"));
            assertLogits(golden, problem, key, "searched", gaussians);
            assertLogits(golden, problem, key, "cross_validated", gaussians);
            assertLogits(golden, problem, key, "alpha1", gaussians);
        }
    }

    /** Within a share of the largest. */
    private static void assertClose(float[] expected, IntToDoubleFunction actual) {
        double largest = 1;
        for (float value : expected) {
            largest = Math.max(largest, Math.abs(value));
        }
        for (int i = 0; i < expected.length; i++) {
            assertThat(actual.applyAsDouble(i)).isCloseTo(expected[i], within(RELATIVE * largest));
        }
    }

    /** One image per class has no covariance; a second view of it, or a second image, gives one. */
    @Test
    void oneImagePerClassInOneViewEqualsZeroShotWithAWarning() throws IOException {
        try (GoldenProblem problem = GoldenProblem.open(folder)) {
            FeatureMatrix text = problem.matrix("text_norm");
            ProgressRecorder one = new ProgressRecorder();
            FeatureMatrix logits = problem.classifier(new Gda(), head(problem, problem.support("train", 1, 0), one))
                    .logits(problem.test());
            FeatureMatrix cosines = problem.test().normalized().products(text);
            float scale = problem.clip().logitScale();
            for (int i = 0; i < logits.rows(); i++) {
                for (int k = 0; k < text.rows(); k++) {
                    float difference = logits.get(i, k) - logits.get(i, 0);
                    float zeroShot = scale * (cosines.get(i, k) - cosines.get(i, 0));
                    assertThat(difference).isCloseTo(zeroShot, within(1e-3f));
                }
            }
            assertThat(one.warnings).singleElement().asString().contains("equals zero-shot");

            ProgressRecorder more = new ProgressRecorder();
            head(problem, problem.support("train", 1, 0, 1), more);
            head(problem, problem.support("train", 2, 0), more);
            assertThat(more.warnings).isEmpty();
        }
    }

    private static FeatureMethod.Head head(GoldenProblem problem, FeatureSet train, ProgressRecorder progress)
            throws IOException {
        Trainer trainer = new Trainer(Training.none(), 1, MemoryLimit.none(), progress, null);
        FeatureSet none = FeatureSet.none(train.width());
        return problem.head(new Gda(), problem.matrix("text_norm"), train, none, problem.clip(), trainer);
    }

    private static void assertLogits(
            GoldenMethods golden, GoldenProblem problem, String key, String name, Gda.Gaussians gaussians)
            throws IOException {
        double alpha = golden.of(key).path("alpha_" + name).asDouble(1);
        FeatureMatrix text = problem.matrix("text_norm");
        FeatureMatrix logits = problem.classifier(
                        new Gda().with(Map.of("alpha", alpha)),
                        new FeatureMethod.Head(file -> Gda.addTo(file, gaussians, text)))
                .logits(problem.test());
        float[] all = logits.toArray();
        assertClose(golden.floats(key + ".logits_" + name), i -> all[i]);
        problem.assertAccuracy(logits, golden.of(key).get("accuracy_" + name).asDouble());
    }

    /** One image may fall to the other side by rounding. */
    private static void assertHits(int[] actual, JsonNode expected) {
        for (int a = 0; a < actual.length; a++) {
            assertThat(actual[a])
                    .as("alpha %d", a)
                    .isBetween(expected.get(a).asInt() - 1, expected.get(a).asInt() + 1);
        }
    }
}
