package org.coop4j.method;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import com.fasterxml.jackson.databind.JsonNode;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import org.coop4j.base.Progress;
import org.coop4j.base.Settings;
import org.coop4j.clip.FeatureMatrix;
import org.coop4j.clip.FeatureSpace.FeatureKind;
import org.coop4j.clip.VisualProjection;
import org.coop4j.data.FeatureSet;
import org.coop4j.method.Method.FewShotFeatures;
import org.coop4j.method.TipAdapter.CacheWeights;
import org.coop4j.method.TipAdapter.KeyCache;
import org.coop4j.method.train.Trainer;
import org.coop4j.method.train.Training;
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

    /** Makes a method's model of the problem's features. */
    private interface Start {
        FeatureMethod.Model of(GoldenProblem problem, FewShotFeatures data) throws IOException;
    }

    /**
     * A row of the table.
     *
     * @param val whether the val images may choose
     * @param rate in place of the default; 0: the default
     */
    private record Row(Method method, boolean val, double rate, Start start) {}

    private static final Map<String, Row> ROWS = Map.ofEntries(
            row("prototypes", new Prototypes(), GoldenAccuracyTest::prototypes),
            row("Tip-Adapter", new TipAdapter(), GoldenAccuracyTest::cache),
            onVal("Tip-Adapter (val search)", new TipAdapter(), GoldenAccuracyTest::cache),
            row("Tip-Adapter-F", new TipAdapterF(), (problem, data) -> new TipAdapterF()
                    .model(problem.clip(), data, problem.text("text_norm"))),
            row("CLIP-Adapter", new ClipAdapter(), (problem, data) -> new ClipAdapter()
                    .model(problem.text("text_norm"), 1)),
            row("TaskRes", new TaskRes(), (problem, data) -> new TaskRes().model(problem.text("text_raw"))),
            row("cross-modal LP", new CrossModal(), GoldenAccuracyTest::head),
            row("cross-modal LP + WiSE-FT", new CrossModal().with(Map.of("blend", 0.5)), GoldenAccuracyTest::head),
            row("ZS-LP", new ZsLp(), (problem, data) -> prototypes(problem, data, null)),
            row("CLAP", new Clap(), (problem, data) -> {
                FeatureMatrix text = problem.text("text_raw");
                float scale = problem.clip().logitScale();
                float[] multipliers = Clap.multipliers(text, data.train(), scale);
                return prototypes(problem, data, multipliers);
            }),
            row("LP++", new LpPlusPlus(), GoldenAccuracyTest::blend),
            onVal("LP++ (val epoch)", new LpPlusPlus(), GoldenAccuracyTest::blend),
            row("GDA (support CV)", new Gda(), GoldenAccuracyTest::gaussians),
            onVal("GDA (val alpha)", new Gda(), GoldenAccuracyTest::gaussians),
            row("ProLIP lr 1e-05", new ProLip(), GoldenAccuracyTest::projector),
            Map.entry("ProLIP lr 0.001", new Row(new ProLip(), false, 0.001, GoldenAccuracyTest::projector)));

    private static Map.Entry<String, Row> row(String name, Method method, Start start) {
        return Map.entry(name, new Row(method, false, 0, start));
    }

    private static Map.Entry<String, Row> onVal(String name, Method method, Start start) {
        return Map.entry(name, new Row(method, true, 0, start));
    }

    private static FeatureMethod.Model prototypes(GoldenProblem problem, FewShotFeatures data) {
        return new Prototypes().start(null, data, null);
    }

    private static FeatureMethod.Model cache(GoldenProblem problem, FewShotFeatures data) throws IOException {
        FeatureMatrix text = problem.text("text_norm");
        FeatureMatrix keys = KeyCache.keys(data.train());
        return new FeatureMethod.Model(
                file -> KeyCache.addTo(file, problem.clip(), new CacheWeights(), data, keys, text));
    }

    private static FeatureMethod.Model head(GoldenProblem problem, FewShotFeatures data) throws IOException {
        return CrossModal.model(problem.templates(), problem.classes());
    }

    private static FeatureMethod.Model prototypes(GoldenProblem problem, FewShotFeatures data, float[] multipliers)
            throws IOException {
        return ZsLp.model(problem.text("text_raw"), data.train().size(), multipliers);
    }

    private static FeatureMethod.Model blend(GoldenProblem problem, FewShotFeatures data) throws IOException {
        return new LpPlusPlus.Blend(problem.text("text_norm"), ViewPooling.first(data.train()), data.val());
    }

    private static FeatureMethod.Model gaussians(GoldenProblem problem, FewShotFeatures data) throws IOException {
        float scale = problem.clip().logitScale();
        return new Gda().model(problem.text("text_norm"), data, scale, Progress.NONE);
    }

    private static FeatureMethod.Model projector(GoldenProblem problem, FewShotFeatures data) throws IOException {
        VisualProjection before =
                new VisualProjection("visual.proj", problem.matrix("proj").transposed(), null);
        double penalty = (double) problem.classes() / data.train().size();
        return ProLip.model(before, problem.text("text_norm"), penalty);
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
            FeatureSet train = before ? problem.wholeSupportBeforeProjection(shots) : problem.wholeSupport(shots);
            FeatureSet val = row.val ? problem.val() : FeatureSet.none(train.width());
            Training training = row.method.training(shots);
            if (row.rate > 0) {
                training = Settings.with(training, Map.of("rate", row.rate));
            }
            FewShotFeatures data = new FewShotFeatures(train, val);
            FeatureMethod.Model model = row.start.of(problem, data);
            Trainer trainer = new Trainer(training, 1);
            FeatureMethod.train(problem.clip(), model, data, problem.classes(), trainer);
            Classifier learned = problem.classifier(row.method, model);
            FeatureMatrix test = before ? problem.matrix("test_pre") : problem.test();
            assertThat(problem.accuracy(learned.logits(test))).isCloseTo(accuracy, within(NOISE));
        }
    }
}
