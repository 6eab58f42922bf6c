package org.coop4j.data;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.stream.IntStream;
import org.coop4j.clip.FeatureMatrix;
import org.junit.jupiter.api.Test;

class FeatureSetTest {

    @Test
    void aSampleIsDrawnFromEachClass() {
        FeatureSet images = FeatureSet.of( // 40, 40 and 10 images, whose feature is their position
                positions(), IntStream.range(0, 90).map(i -> i < 80 ? i % 2 : 2));

        FeatureSet drawn = images.drawn(16);

        float[] from = drawn.matrix().toArray();
        assertThat(from).hasSize(42).isSorted().doesNotHaveDuplicates();
        assertThat(from).isEqualTo(images.drawn(16).matrix().toArray());
        assertThat(IntStream.of(drawn.labels()).filter(label -> label == 0)).hasSize(16);
        assertThat(IntStream.of(drawn.labels()).filter(label -> label == 2)).hasSize(10);
        assertThat(from[31]).isGreaterThan(40);
        assertThat(images.drawn(40)).isSameAs(images);
    }

    private static FeatureMatrix positions() {
        float[] positions = new float[90];
        for (int i = 0; i < 90; i++) {
            positions[i] = i;
        }
        return FeatureMatrix.of(90, 1, positions);
    }
}
