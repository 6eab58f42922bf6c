package org.coop4j.findings;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.List;
import org.coop4j.findings.ModelTrial.Example;
import org.junit.jupiter.api.Test;

/** What was published of models whose weights are not here. */
class ModelTrialTest {

    private static float[] floats(List<Double> values, double added) {
        float[] floats = new float[values.size()];
        for (int i = 0; i < floats.length; i++) {
            floats[i] = (float) (values.get(i) + added);
        }
        return floats;
    }

    @Test
    void logitsAndBeginningsOfFeaturesAreComparedWithTheExampleOfTips() {
        Example tips = ModelTrial.EXAMPLES.stream()
                .filter(example -> example.model().equals("tipsv2-b14"))
                .findFirst()
                .orElseThrow();
        assertThat(tips.numbers()).hasSize(4);
        assertThat(tips.text()).hasSize(5);
        assertThat(tips.image()).hasSize(5);
        assertThat(trial(tips, 0, 0, 0).holds()).isTrue();
        assertThat(trial(tips, 0.2, 5e-5, 5e-4).holds()).isTrue();
        assertThat(trial(tips, 0.5, 0, 0).holds()).isFalse();
        assertThat(trial(tips, 0, 2e-4, 0).holds()).isFalse();
        assertThat(trial(tips, 0, 0, 2e-3).holds()).isFalse();
        assertThat(trial(tips, 0, 0, 0).finding())
                .contains("two cats on a sofa 31.1219 (31.1219)", "COCO", "0.69319", "0.03267");
    }

    private static ModelTrial trial(Example example, double ofLogits, double ofText, double ofImage) {
        return ModelTrial.compared(
                example,
                true,
                floats(example.numbers(), ofLogits),
                floats(example.text(), ofText),
                floats(example.image(), ofImage));
    }
}
