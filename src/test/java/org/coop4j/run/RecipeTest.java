package org.coop4j.run;

import static org.assertj.core.api.Assertions.assertThat;
import static org.coop4j.base.Thrown.assertThrown;

import java.util.HashMap;
import java.util.Map;
import org.coop4j.clip.FeatureSpace;
import org.coop4j.clip.FeatureSpace.FeatureTable;
import org.coop4j.graph.host.Precision;
import org.coop4j.graph.host.Workers;
import org.coop4j.method.CoOp;
import org.coop4j.method.Method;
import org.junit.jupiter.api.Test;

/** The one place that decides epochs, rate, views and sample. */
class RecipeTest {

    private static FeatureSpace space(double logitScale) {
        return new FeatureTable(1, Precision.FLOAT32, "", (float) Math.log(logitScale), Map.of(), new Workers(1));
    }

    private static Recipe recipe(Map<String, ?> settings, int each, double logitScale) {
        return Recipe.of(new CoOp(), settings, new Recipe.Lists(2 * each, 2, false), space(logitScale));
    }

    @Test
    void theStepsOfPromptsDoNotGrowWithALargeFolder() {
        Map<Integer, Integer> epochs = Map.of(12, 200, 160, 200, 400, 80, 50_000, 10);
        epochs.forEach((each, expected) -> {
            Recipe recipe = recipe(Map.of(), each, 100);
            assertThat(recipe.training().epochs()).isEqualTo(expected);
            assertThat(recipe.adaptations(new Recipe.Lists(2 * each, 2, false), 100))
                    .hasSize(expected < 200 ? 1 : 0)
                    .allMatch(note -> note.startsWith(expected + " epochs of all images: the reference's 200"));
        });
        assertThat(recipe(Map.of("epochs", "30"), 2500, 100).training().epochs())
                .isEqualTo(30);
        assertThat(recipe(Map.of("shots", 16), 2500, 100).training().epochs()).isEqualTo(200);
    }

    @Test
    void theRateFollowsTheLogitScaleAndIsSaid() {
        Recipe recipe = recipe(Map.of("shots", 4), 8, 50);
        assertThat(recipe.training().rate()).isEqualTo(0.008);
        assertThat(recipe.training().gradientLimit()).isPositive();
        assertThat(recipe.adaptations(new Recipe.Lists(16, 2, false), 50))
                .containsExactly("rate 0.008: the reference's 0.002, adapted to a logit scale of 50");
        assertThat(recipe(Map.of("shots", 4, "rate", 0.5), 8, 50).training().rate())
                .isEqualTo(0.5);
    }

    @Test
    void settingsOfTheRunMakeTheSample() {
        Map<String, Object> settings = new HashMap<>(Map.of(
                "shots", 4, "seed", 7, "views", "epochs", "epochs", 12, "own-thresholds", true, "unlabelled", "true"));
        Sample sample = recipe(settings, 8, 100).sample();
        assertThat(sample)
                .isEqualTo(new Sample(4, 7, 12, Sample.Negatives.DRAWN, Sample.Thresholds.OWN, Sample.Val.CALIBRATES));
        assertThat(Recipe.checked(Method.of("gda"), Map.of("views", 3)).sample().views())
                .isZero(); // nothing is trained on them
        settings.put("views", "some");
        assertThrown(() -> recipe(settings, 8, 100), "views: expected epochs or a whole");
        assertThrown(() -> recipe(Map.of("shots", "few"), 8, 100), "shots: expected");
        assertThrown(() -> recipe(Map.of("shot", 1), 8, 100), "unknown setting \"shot\"");
    }
}
