package org.coop4j.method;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.Arrays;
import java.util.List;
import org.coop4j.clip.FeatureMatrix;
import org.coop4j.clip.FeatureSpace;
import org.coop4j.clip.FeatureSpace.FeatureTable;
import org.coop4j.graph.host.Precision;
import org.coop4j.graph.host.Workers;
import org.coop4j.method.FeatureMethod.ClassTexts;
import org.coop4j.method.train.BatchOrder;
import org.coop4j.method.train.Trainer;
import org.junit.jupiter.api.Test;

/** The batches of the cross-modal linear probe. */
class CrossModalTest {

    @Test
    void halfOfEachBatchIsTextAndEachHalfRestartsOnItsOwn() {
        List<String> names = List.of("a", "b", "c");
        List<String> prompts = List.of("0 a", "0 b", "0 c", "1 a", "1 b", "1 c");
        FeatureMatrix features = FeatureMatrix.of(6, 1, new float[] {1, 2, 3, 4, 5, 6});
        FeatureSpace space = FeatureTable.of(Precision.FLOAT32, "", 1, prompts, features, new Workers(1));
        Trainer trainer = new Trainer(new CrossModal().training(1), 1);
        FeatureMethod.Head model = new CrossModal()
                .start(new ClassTexts(new PromptEnsemble(List.of("0 {}", "1 {}")), space, names), null, trainer);
        BatchOrder order = model.order(20, trainer);
        assertThat(order.epoch(0).length).isEqualTo(order.batches());
        int[] counts = new int[20];
        for (int[] batch : order.epoch(0)) {
            assertThat(batch).hasSize(8);
            assertThat(Arrays.stream(batch, 0, 4)).allMatch(i -> i < 14);
            assertThat(Arrays.stream(batch, 4, 8)).allMatch(i -> i >= 14 && i < 20);
            Arrays.stream(batch).forEach(i -> counts[i]++);
        }
        assertThat(counts).doesNotContain(0);
        assertThat(order.epoch(1)).isDeepEqualTo(model.order(20, trainer).epoch(1));
        assertThat(order.epoch(1)[0]).isNotEqualTo(order.epoch(0)[0]);
    }
}
