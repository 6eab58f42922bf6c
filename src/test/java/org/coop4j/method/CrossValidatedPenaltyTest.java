package org.coop4j.method;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.SplittableRandom;
import org.coop4j.data.FeatureSet;
import org.coop4j.data.FeatureSet.DenseFeatures;
import org.coop4j.graph.host.Workers;
import org.junit.jupiter.api.Test;

class CrossValidatedPenaltyTest {

    private static final Workers WORKERS = new Workers(1);

    /** Noise, and one feature that mostly separates two classes. */
    private static FeatureSet noisy(int images, int noise, double signal) {
        SplittableRandom random = new SplittableRandom(5);
        float[] values = new float[images * (noise + 1)];
        int[] labels = new int[images];
        for (int i = 0; i < images; i++) {
            labels[i] = i % 2;
            for (int j = 0; j <= noise; j++) {
                values[i * (noise + 1) + j] = (float) random.nextGaussian();
            }
            values[i * (noise + 1)] += (float) (signal * (labels[i] == 0 ? -1 : 1));
        }
        return new DenseFeatures(noise + 1, 1, values, labels);
    }

    @Test
    void noiseGetsAStrongPenaltyAndAClearSignalIsFitted() {
        FeatureSet noise = noisy(40, 60, 1.0);
        LinearClassifier chosen = PenaltySearch.crossValidated(noise, WORKERS);
        LinearClassifier weakest = new LogisticRegression(noise, WORKERS).fit(1e3, null);
        FeatureSet fresh = noisy(4000, 60, 1.0);
        assertThat(chosen.c()).isLessThan(1);
        assertThat(chosen.accuracy(fresh)).isGreaterThan(weakest.accuracy(fresh));

        FeatureSet clear = noisy(40, 0, 30);
        assertThat(PenaltySearch.crossValidated(clear, WORKERS).accuracy(clear)).isEqualTo(1);
    }

    @Test
    void oneImagePerClassIsFittedWithCOfOne() {
        FeatureSet two = noisy(2, 3, 1);
        assertThat(PenaltySearch.crossValidated(two, WORKERS).c()).isEqualTo(1);
    }

    @Test
    void theSmallestClassLimitsTheFolds() {
        FeatureSet images = noisy(20, 2, 3);
        FeatureSet few = images.select(new int[] {0, 2, 4, 6, 8, 10, 1, 3});
        assertThat(PenaltySearch.crossValidated(few, WORKERS).accuracy(few)).isGreaterThan(0.7);
    }
}
