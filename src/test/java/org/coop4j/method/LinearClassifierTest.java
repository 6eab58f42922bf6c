package org.coop4j.method;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import org.coop4j.data.FeatureSet;
import org.coop4j.data.FeatureSet.DenseFeatures;
import org.coop4j.graph.host.Workers;
import org.junit.jupiter.api.Test;

class LinearClassifierTest {

    private static final Workers WORKERS = new Workers(1);

    private static final FeatureSet IMAGES = new DenseFeatures(
            2, 1, new float[] {-1, 0.3f, -2, 0.1f, 0.2f, 5, 0.1f, 4, 3, -1, 2, -2}, new int[] {0, 0, 1, 1, 2, 2});

    private static LinearClassifier probe() {
        return new LogisticRegression(IMAGES, WORKERS).fit(10, null);
    }

    @Test
    void scoresDecideAsPredictionsDoAndTheirLargestIsZero() {
        float[][] scores = probe().logits(IMAGES.matrix()).toRows();
        int[] predicted = probe().predict(IMAGES);
        for (int i = 0; i < scores.length; i++) {
            for (int c = 0; c < 3; c++) {
                assertThat(scores[i][c]).isLessThanOrEqualTo(0);
            }
            assertThat(scores[i][predicted[i]]).isZero();
        }
    }

    @Test
    void someOfTheClassesKeepTheirScores() {
        LinearClassifier few = probe().select(new int[] {2, 0});
        float[][] all = probe().logits(IMAGES.matrix()).toRows();
        float[][] some = few.logits(IMAGES.matrix()).toRows();
        for (int i = 0; i < some.length; i++) {
            assertThat(some[i][0] - some[i][1]).isCloseTo(all[i][2] - all[i][0], within(1e-5f));
        }
        assertThat(few.predict(IMAGES.select(new int[] {0, 4}))).containsExactly(1, 0);
    }
}
