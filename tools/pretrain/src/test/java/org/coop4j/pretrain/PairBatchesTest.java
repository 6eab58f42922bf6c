package org.coop4j.pretrain;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.util.HashSet;
import java.util.List;
import java.util.Set;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;

class PairBatchesTest {

    /** 60 pictures: a caption of their own, one that a third shares, and one that all share. */
    private static int[][] captions() {
        int[][] captions = new int[60][];
        for (int p = 0; p < captions.length; p++) {
            captions[p] = new int[] {p, 100 + p % 3, 200};
        }
        return captions;
    }

    @Test
    void anEpochShowsEachPictureAtMostOnceAndAsManyAsFillBatches() {
        PairBatches batches = new PairBatches(new PairBatches.Rule(16, 0.5, 0), 1, captions());
        List<PairBatches.Batch> epoch = batches.epoch(0);
        Set<Integer> seen = new HashSet<>();
        for (PairBatches.Batch batch : epoch) {
            for (int picture : batch.pictures()) {
                assertThat(seen.add(picture)).as("picture %d", picture).isTrue();
            }
            for (int i = 0; i < 16; i++) {
                assertThat(captions()[batch.pictures()[i]]).contains(batch.captions()[i]);
            }
        }
        assertThat(epoch).hasSize(3);
    }

    @Test
    void epochsDifferAndCanBeMadeAgain() {
        PairBatches batches = new PairBatches(new PairBatches.Rule(16, 0.5, 0), 1, captions());
        int[] first = batches.epoch(0).get(0).pictures();
        assertThat(batches.epoch(0).get(0).pictures()).isEqualTo(first);
        assertThat(batches.epoch(1).get(0).pictures()).isNotEqualTo(first);
        PairBatches other = new PairBatches(new PairBatches.Rule(16, 0.5, 0), 2, captions());
        assertThat(other.epoch(0).get(0).pictures()).isNotEqualTo(first);
    }

    @Test
    void firstCaptionsAreShownAtLeastAsOftenAsAsked() {
        PairBatches batches = new PairBatches(new PairBatches.Rule(20, 0.4, 0), 3, captions());
        int firsts = 0;
        int all = 0;
        for (int epoch = 0; epoch < 50; epoch++) {
            for (PairBatches.Batch batch : batches.epoch(epoch)) {
                for (int i = 0; i < 20; i++, all++) {
                    firsts += batch.captions()[i] == batch.pictures()[i] ? 1 : 0;
                }
            }
        }
        // 0.4 + 0.6 / 3 = 0.6, within 4 standard deviations of 3,000 draws.
        assertThat((double) firsts / all).isBetween(0.56, 0.64);
    }

    @Test
    void picturesWithTheSameCaptionsAreAClassWhoseOwnCaptionEachBatchHas() {
        int[][] captions = new int[60][];
        for (int p = 0; p < 60; p++) {
            int kind = p % 4; // the last kind's pictures differ in a caption
            captions[p] = kind < 3 ? new int[] {10 + kind, 20 + kind, 99} : new int[] {p + 100, 30, 99};
        }
        PairBatches batches = new PairBatches(new PairBatches.Rule(16, 0.5, 15), 1, captions);
        assertThat(batches.classes()).isEqualTo(3);
        Set<Integer> shown = new HashSet<>();
        for (PairBatches.Batch batch : IntStream.range(0, 8)
                .mapToObj(batches::epoch)
                .flatMap(List::stream)
                .toList()) {
            for (int i = 0; i < 16; i++) {
                int kind = batch.pictures()[i] % 4;
                assertThat(batch.classes()[i]).isEqualTo(kind < 3 ? kind : -1);
            }
            assertThat(batch.captions()).hasSize(16 + 3);
            for (int c = 0; c < 3; c++) {
                assertThat(batch.captions()[16 + c]).isIn(10 + c, 20 + c);
                shown.add(batch.captions()[16 + c]);
            }
        }
        assertThat(shown).hasSize(6);
        assertThat(new PairBatches(new PairBatches.Rule(16, 0.5, 16), 1, captions).classes())
                .isZero();
    }

    @Test
    void aBatchLargerThanTheDataIsRefused() {
        assertThatThrownBy(() -> new PairBatches(new PairBatches.Rule(61, 0, 0), 1, captions()))
                .hasMessageContainingAll("61 pairs", "60 pictures");
    }
}
