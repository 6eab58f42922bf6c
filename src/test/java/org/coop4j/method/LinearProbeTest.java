package org.coop4j.method;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import com.fasterxml.jackson.databind.JsonNode;
import java.io.IOException;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import org.assertj.core.data.Offset;
import org.coop4j.method.logistic.LabelledFeatures;
import org.junit.jupiter.api.Test;

class LinearProbeTest {
    /** Accuracies are quotients of small integers. */
    private static final Offset<Double> EXACT = within(1e-12);

    @Test
    void searchTakesScikitLearnsPathForEveryShotAndSeed() throws IOException {
        JsonNode golden = GoldenFeatures.read("linear_probe.json");
        LabelledFeatures train = GoldenFeatures.features(golden, "train");
        LabelledFeatures val = GoldenFeatures.features(golden, "val");
        LabelledFeatures test = GoldenFeatures.features(golden, "test");

        assertThat(golden.get("runs").size()).isEqualTo(15);
        for (JsonNode run : golden.get("runs")) {
            String name = run.get("shots") + " shots, seed " + run.get("seed");
            LinearProbeResult result =
                    LinearProbe.run(
                            train, val, test, run.get("shots").asInt(), run.get("seed").asInt());
            for (int i = 0; i < result.grid().size(); i++) {
                assertThat(result.grid().get(i).valAccuracy())
                        .as(name + ", C = " + result.grid().get(i).c())
                        .isEqualTo(run.get("grid").get(i).asDouble(), EXACT);
            }
            for (int i = 0; i < result.steps().size(); i++) {
                assertStep(name + ", step " + i, result.steps().get(i), run.get("steps").get(i));
            }
            assertThat(result.steps()).hasSize(8);
            assertThat(result.testAccuracy())
                    .isEqualTo(run.get("steps").get(7).get("test").asDouble(), EXACT);
            assertThat(result.c())
                    .isEqualTo(
                            run.get("steps").get(7).get("kept").asDouble(),
                            within(1e-9 * result.c()));
        }
    }

    @Test
    void searchOnTheDrawnImagesIsTheRun() throws IOException {
        JsonNode golden = GoldenFeatures.read("linear_probe.json");
        LabelledFeatures train = GoldenFeatures.features(golden, "train");
        LabelledFeatures val = GoldenFeatures.features(golden, "val");
        LabelledFeatures test = GoldenFeatures.features(golden, "test");
        JsonNode run = golden.get("runs").get(7);

        assertThat(
                        LinearProbe.search(
                                train.select(GoldenFeatures.ints(run.get("train_positions"))),
                                val.select(GoldenFeatures.ints(run.get("val_positions"))),
                                test))
                .isEqualTo(
                        LinearProbe.run(
                                train,
                                val,
                                test,
                                run.get("shots").asInt(),
                                run.get("seed").asInt()));
    }

    @Test
    void theReferencesImagesAreDrawnFromLabelsAlone() throws IOException {
        JsonNode golden = GoldenFeatures.read("linear_probe.json");
        JsonNode run = golden.get("runs").get(7);
        LinearProbe.Drawn drawn =
                LinearProbe.draw(
                        GoldenFeatures.ints(golden.get("train_labels")),
                        GoldenFeatures.ints(golden.get("val_labels")),
                        run.get("shots").asInt(),
                        run.get("seed").asInt());
        assertThat(drawn.train())
                .containsExactly(boxed(GoldenFeatures.ints(run.get("train_positions"))));
        assertThat(drawn.val())
                .containsExactly(boxed(GoldenFeatures.ints(run.get("val_positions"))));
    }

    private static Integer[] boxed(int[] values) {
        return Arrays.stream(values).boxed().toArray(Integer[]::new);
    }

    @Test
    void aDrawTakesAllOfAClassWithTooFewImages() {
        LinearProbe.Drawn drawn = LinearProbe.draw(new int[] {1, 0, 1, 1, 1}, new int[] {1}, 2, 1);
        assertThat(drawn.train()).hasSize(3).startsWith(1).doesNotHaveDuplicates();
        assertThat(drawn.val()).containsExactly(0);
    }

    @Test
    void theClassifierKeptHasTheAccuracyOfTheLastStep() throws IOException {
        JsonNode golden = GoldenFeatures.read("linear_probe.json");
        LabelledFeatures train = GoldenFeatures.features(golden, "train");
        LabelledFeatures test = GoldenFeatures.features(golden, "test");
        LinearProbe.Fitted fitted =
                LinearProbe.fit(train, GoldenFeatures.features(golden, "val"), test);
        assertThat(fitted.classifier().c()).isEqualTo(fitted.path().c());
        assertThat(fitted.classifier().accuracy(test)).isEqualTo(fitted.path().testAccuracy());
    }

    @Test
    void everyFitIsTold() throws IOException {
        JsonNode golden = GoldenFeatures.read("linear_probe.json");
        LabelledFeatures train = GoldenFeatures.features(golden, "train");
        List<String> told = new ArrayList<>();
        LinearProbe.fit(
                train,
                GoldenFeatures.features(golden, "val"),
                GoldenFeatures.features(golden, "test"),
                (done, total) -> told.add(done + " of " + total));
        assertThat(told).hasSize(15).startsWith("1 of 15").endsWith("15 of 15");
    }

    @Test
    void tiesGoToTheLargestCThenToTheLeft() {
        LabelledFeatures easy =
                new LabelledFeatures(
                        1,
                        new float[] {-1, -2, -3, -4, 1, 2, 3, 4},
                        new int[] {0, 0, 0, 0, 1, 1, 1, 1});
        LinearProbeResult result = LinearProbe.search(easy, easy, easy);

        assertThat(result.grid()).allMatch(point -> point.valAccuracy() == 1);
        assertThat(result.steps().get(0).leftC()).isEqualTo(1e5, within(1e-6));
        assertThat(result.steps().get(0).rightC()).isEqualTo(1e7, within(1e-4));
        assertThat(result.c()).isEqualTo(1e5, within(1e-6));
        assertThat(result.testAccuracy()).isEqualTo(1);
    }

    @Test
    void classesWithTooFewImagesAreNamed() {
        LabelledFeatures features =
                new LabelledFeatures(1, new float[] {1, 2, 3}, new int[] {0, 0, 1});

        assertThatThrownBy(() -> LinearProbe.run(features, features, features, 2, 1))
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessageContaining("class 1 has 1 train images")
                .hasMessageContaining("draws 2");
        assertThatThrownBy(() -> LinearProbe.run(features, features, features, 0, 1))
                .hasMessageContaining("shots is 0");
    }

    private static void assertStep(String name, LinearProbeResult.Step step, JsonNode expected) {
        assertThat(step.leftC())
                .as(name)
                .isEqualTo(expected.get("left").asDouble(), within(1e-9 * step.leftC()));
        assertThat(step.rightC())
                .as(name)
                .isEqualTo(expected.get("right").asDouble(), within(1e-9 * step.rightC()));
        assertThat(step.leftValAccuracy())
                .as(name)
                .isEqualTo(expected.get("val_left").asDouble(), EXACT);
        assertThat(step.rightValAccuracy())
                .as(name)
                .isEqualTo(expected.get("val_right").asDouble(), EXACT);
        assertThat(step.testAccuracy()).as(name).isEqualTo(expected.get("test").asDouble(), EXACT);
    }
}
