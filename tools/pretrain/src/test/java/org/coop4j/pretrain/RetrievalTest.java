package org.coop4j.pretrain;

import static org.assertj.core.api.Assertions.assertThat;

import org.coop4j.clip.FeatureMatrix;
import org.junit.jupiter.api.Test;

class RetrievalTest {

    @Test
    void countsImagesWhoseOwnCaptionIsAmongTheNearest() {
        FeatureMatrix images = FeatureMatrix.of(3, 1, new float[] {1, 1, 1});
        FeatureMatrix texts = FeatureMatrix.of(7, 1, new float[] {7, 6, 5, 4, 3, 2, 1});
        int[][] own = {{0}, {4}, {5}}; // nearest, fifth, sixth
        Retrieval retrieval = Retrieval.of(images, texts, own);
        assertThat(retrieval).isEqualTo(new Retrieval(3, 7, 1 / 3.0, 2 / 3.0));
    }

    @Test
    void anImageMayHaveSeveralCaptions() {
        FeatureMatrix images = FeatureMatrix.of(1, 1, new float[] {1});
        FeatureMatrix texts = FeatureMatrix.of(3, 1, new float[] {1, 3, 2});
        assertThat(Retrieval.of(images, texts, new int[][] {{0, 1}}).recallAt1())
                .isEqualTo(1);
        assertThat(Retrieval.of(images, texts, new int[][] {{0, 2}}).recallAt1())
                .isEqualTo(0);
    }

    @Test
    void aModelThatSaysTheSameOfAllScoresNothing() {
        FeatureMatrix same = FeatureMatrix.of(6, 1, new float[] {1, 1, 1, 1, 1, 1});
        int[][] own = {{0}, {1}, {2}, {3}, {4}, {5}};
        assertThat(Retrieval.of(same, same, own).recallAt5()).isZero();
    }
}
