package org.coop4j.method;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.util.Arrays;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class BatchOrderTest {

    /** Counts from the reference's loaders (Caltech101, DTD and EuroSAT among them). */
    @ParameterizedTest
    @CsvSource({
        "1600, 32, 50, 32",
        "100, 32, 3, 32",
        "47, 32, 1, 32",
        "40, 32, 1, 32",
        "32, 32, 1, 32",
        "31, 32, 1, 31",
        "10, 32, 1, 10",
        "1, 32, 1, 1",
        "7, 1, 7, 1"
    })
    void anIncompleteLastBatchIsDroppedOnlyAfterAFullOne(int examples, int batch, int batches, int size) {
        BatchOrder order = BatchOrder.shuffled(examples, batch, 1);
        assertThat(order.batches()).isEqualTo(batches);
        assertThat(order.batchSize()).isEqualTo(size);
        int[][] epoch = order.epoch(3);
        assertThat(epoch.length).isEqualTo(batches);
        for (int[] b : epoch) {
            assertThat(b).hasSize(size);
        }
        int[] all = Arrays.stream(epoch).flatMapToInt(Arrays::stream).sorted().toArray();
        assertThat(all).hasSize(batches * size).doesNotHaveDuplicates();
        assertThat(all[0]).isNotNegative();
        assertThat(all[all.length - 1]).isLessThan(examples);
    }

    @Test
    void theOrderFollowsFromSeedAndEpochAlone() {
        BatchOrder order = BatchOrder.shuffled(50, 8, 1);
        int[][] seventh = order.epoch(7);
        order.epoch(8);
        assertThat(order.epoch(7)).isDeepEqualTo(seventh);
        assertThat(BatchOrder.shuffled(50, 8, 1).epoch(7)).isDeepEqualTo(seventh);
        assertThat(order.epoch(8)).isNotEqualTo(seventh);
        assertThat(BatchOrder.shuffled(50, 8, 2).epoch(7)).isNotEqualTo(seventh);
    }

    @Test
    void theRemainderIsRedrawnEachEpoch() {
        BatchOrder order = BatchOrder.shuffled(33, 32, 1);
        boolean[] dropped = new boolean[33];
        for (int epoch = 0; epoch < 400; epoch++) {
            boolean[] seen = new boolean[33];
            Arrays.stream(order.epoch(epoch)[0]).forEach(i -> seen[i] = true);
            for (int i = 0; i < 33; i++) {
                dropped[i] |= !seen[i];
            }
        }
        assertThat(dropped).doesNotContain(false);
    }

    @Test
    void emptySetsAndBatchesAreRefused() {
        assertThatThrownBy(() -> BatchOrder.shuffled(0, 32, 1)).hasMessageContaining("0 examples");
        assertThatThrownBy(() -> BatchOrder.shuffled(5, 0, 1)).hasMessageContaining("batches of 0");
    }
}
