package org.coop4j.eval;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.json.JsonMapper;
import java.io.IOException;
import java.io.InputStream;
import java.util.stream.IntStream;
import org.assertj.core.data.Offset;
import org.coop4j.eval.Evaluation.ConfusionMatrix;
import org.junit.jupiter.api.Test;

class EvaluationTest {
    /** Percentages computed in another order of operations. */
    private static final Offset<Double> ROUNDING = within(1e-10);

    @Test
    void everyFigureEqualsScikitLearns() throws IOException {
        JsonNode golden = golden();
        assertThat(golden.get("cases").size()).isEqualTo(7);
        for (JsonNode expected : golden.get("cases")) {
            Evaluation result = Evaluation.of(ints(expected.get("truth")), ints(expected.get("predicted")));
            assertThat(result.accuracy()).isEqualTo(expected.get("accuracy").asDouble(), ROUNDING);
            assertThat(result.macroF1()).isEqualTo(expected.get("macro_f1").asDouble(), ROUNDING);
            for (int i = 0; i < result.classes().size(); i++) {
                Evaluation.ClassResult found = result.classes().get(i);
                assertThat(found.accuracy())
                        .isEqualTo(expected.get("recall").get(i).asDouble(), ROUNDING);
                assertThat(found.f1()).isEqualTo(expected.get("f1").get(i).asDouble(), ROUNDING);
            }
        }
    }

    @Test
    void confusionEqualsScikitLearns() throws IOException {
        for (JsonNode expected : golden().get("cases")) {
            ConfusionMatrix found = ConfusionMatrix.of(ints(expected.get("truth")), ints(expected.get("predicted")));
            assertThat(found.labels()).isEqualTo(ints(expected.get("labels")));
            for (int row = 0; row < found.size(); row++) {
                for (int column = 0; column < found.size(); column++) {
                    assertThat(found.count(row, column))
                            .isEqualTo(expected.get("confusion")
                                    .get(row)
                                    .get(column)
                                    .asInt());
                }
            }
            JsonNode normalised = expected.get("confusion_normalised");
            for (int row = 0; row < normalised.size(); row++) {
                for (int column = 0; column < found.size(); column++) {
                    assertThat(found.normalised()[row][column])
                            .isEqualTo(normalised.get(row).get(column).asDouble(), ROUNDING);
                }
            }
        }
    }

    @Test
    void agreesWithTheReferencesEvaluator() {
        Evaluation result = Evaluation.of(new int[] {0, 0, 0, 1, 1, 2, 2, 2, 2}, new int[] {0, 0, 3, 1, 0, 2, 2, 1, 3});

        assertThat(result.accuracy()).isEqualTo(55.56, within(5e-3));
        assertThat(result.errorRate()).isEqualTo(44.44, within(5e-3));
        assertThat(result.macroF1()).isEqualTo(61.1111, within(5e-5));
        assertThat(result.classes()).hasSize(3);
        assertThat(result.confusion().normalised()).isDeepEqualTo(new double[][] {
            {2.0 / 3, 0, 0, 1.0 / 3},
            {0.5, 0.5, 0, 0},
            {0, 0.25, 0.5, 0.25},
            {0, 0, 0, 0}
        });
    }

    @Test
    void equalScoresPredictTheFirst() {
        assertThat(Predictions.argmax(new float[][] {{1, 3, 3}, {2, 2, 2}, {0, -0f, 0}}))
                .containsExactly(1, 0, 0);
        assertThat(new Scores(new int[] {1, 2}, new float[][] {{1, 3, 3}, {1, 3, 3}}).right())
                .isEqualTo(1);
    }

    @Test
    void nanScoresAreRefused() {
        assertThatThrownBy(() -> Predictions.argmax(new float[] {1, Float.NaN}))
                .isInstanceOf(Predictions.ScoreException.class)
                .hasMessageContainingAll("class 1", "NaN");
        assertThatThrownBy(() -> Predictions.argmax(new float[0])).isInstanceOf(IllegalArgumentException.class);
    }

    @Test
    void listsOfDifferentOrZeroLengthAreRefused() {
        assertThatThrownBy(() -> Evaluation.of(new int[2], new int[3]))
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessageContaining("2 and 3");
        assertThatThrownBy(() -> Evaluation.of(new int[0], new int[0])).isInstanceOf(IllegalArgumentException.class);
    }

    private static JsonNode golden() throws IOException {
        try (InputStream in = EvaluationTest.class.getResourceAsStream("metrics.json")) {
            return new JsonMapper().readTree(in);
        }
    }

    private static int[] ints(JsonNode array) {
        return IntStream.range(0, array.size()).map(i -> array.get(i).asInt()).toArray();
    }
}
