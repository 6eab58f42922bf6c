package org.coop4j.method;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import com.fasterxml.jackson.databind.JsonNode;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import org.coop4j.base.Settings;
import org.coop4j.clip.FeatureMatrix;
import org.coop4j.clip.FeatureSpace;
import org.coop4j.clip.FeatureSpace.FeatureKind;
import org.coop4j.data.FeatureSet;
import org.coop4j.method.Method.FewShotFeatures;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;

/**
 * Whole trainings of the feature methods at the defaults on the golden few-shot problem reach the
 * accuracies that the references' reach, up to what other random batches change.
 */
class GoldenAccuracyTest {

    /** Percentage points; batches and initial values are drawn otherwise. */
    private static final double NOISE = 2.5;

    @TempDir
    static Path folder;

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
            head.train(problem.clip(), new FewShotFeatures(train, val), problem.classes(), trainer);
            Classifier learned = problem.classifier(row.method, head);
            FeatureMatrix test = before ? problem.matrix("test_pre") : problem.test();
            assertThat(problem.accuracy(learned.logits(test))).isCloseTo(accuracy, within(NOISE));
        }
    }
}
