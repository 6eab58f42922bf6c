package org.coop4j.method;

import java.io.IOException;
import java.nio.file.Path;
import java.util.List;
import org.coop4j.clip.FeatureMatrix;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/** Against PyTorch: the class means and the logits of the test images. */
class PrototypesTest {

    @TempDir
    static Path folder;

    static List<String> cases() throws IOException {
        return GoldenMethods.cases("classifiers").stream()
                .filter(key -> key.startsWith("prototypes"))
                .toList();
    }

    @ParameterizedTest
    @MethodSource("cases")
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
}
