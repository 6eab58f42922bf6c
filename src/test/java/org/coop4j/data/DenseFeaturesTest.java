package org.coop4j.data;

import static org.assertj.core.api.Assertions.assertThat;
import static org.coop4j.base.Thrown.assertThrown;

import org.coop4j.data.FeatureSet.DenseFeatures;
import org.junit.jupiter.api.Test;

class DenseFeaturesTest {

    /** Two images of three views of width 2. */
    private static final float[] ROWS = {3, 4, 1, 0, 0, 2, 5, 12, 8, 6, 7, 24};

    private static final FeatureSet FEATURES = new DenseFeatures(2, 3, ROWS, new int[] {4, 0});

    @Test
    void rowsAreImagesThenViews() {
        float[] row = new float[4];
        FEATURES.copy(1, 2, row, 1);
        assertThat(row).containsExactly(0, 7, 24, 0);
        assertThat(FEATURES.size()).isEqualTo(2);
        assertThat(FEATURES.views()).isEqualTo(3);
        assertThat(FEATURES.width()).isEqualTo(2);
        assertThat(FEATURES.label(0)).isEqualTo(4);
        assertThat(FEATURES.labels()).containsExactly(4, 0);
    }

    @Test
    void viewsAreTakenInTurn() {
        float[] row = new float[2];
        FEATURES.copy(0, 4, row, 0);
        assertThat(row).containsExactly(1, 0);
    }

    @Test
    void normalizedRowsHaveNormOne() {
        float[] row = new float[3];
        FEATURES.copyNormalized(0, 3, row, 1);
        assertThat(row).containsExactly(0, 0.6f, 0.8f);
        assertThat(ROWS[0]).as("the features themselves stay").isEqualTo(3);
    }

    @Test
    void inconsistentSizesAreRefused() {
        assertThrown(
                IllegalArgumentException.class,
                () -> new DenseFeatures(2, 3, ROWS, new int[3]),
                "3 images",
                "3 views",
                "width 2",
                "18",
                "got 12");
        assertThrown(IllegalArgumentException.class, () -> new DenseFeatures(2, 0, ROWS, new int[2]));
        assertThrown(
                IllegalArgumentException.class,
                () -> new DenseFeatures(2, 3, ROWS, new int[] {0, -1}),
                "label -1 of image 1");
    }
}
