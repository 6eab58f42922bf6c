package org.coop4j.graph;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import org.coop4j.graph.MemoryPlan.Slot;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class MemoryPlanTest {

    private static Slot slot(long length, int first, int last) {
        Slot slot = new Slot(length, first);
        slot.last = last;
        return slot;
    }

    @ParameterizedTest
    @ValueSource(ints = {1, 2, 3, 4, 5, 6, 7, 8})
    void valuesThatAreAliveAtOnceNeverOverlap(int seed) {
        Random random = new Random(seed);
        List<Slot> slots = new ArrayList<>();
        int steps = 1 + random.nextInt(80);
        for (int i = 0; i < 200; i++) {
            int first = random.nextInt(steps);
            int last = Math.min(steps, first + random.nextInt(1 + random.nextInt(20)));
            slots.add(slot(random.nextInt(5) * 100L + random.nextInt(50), first, last));
        }
        long length = MemoryPlan.place(slots);
        long most = 0;
        for (int i = 0; i < slots.size(); i++) {
            Slot a = slots.get(i);
            assertThat(a.offset).isNotNegative();
            assertThat(a.offset % 16).as("aligned to 64 bytes").isZero();
            assertThat(a.offset + a.length).isLessThanOrEqualTo(length);
            most = Math.max(most, a.offset + a.length);
            for (int j = 0; j < i; j++) {
                Slot b = slots.get(j);
                boolean together = a.first <= b.last && b.first <= a.last;
                boolean overlap = a.offset < b.offset + b.length && b.offset < a.offset + a.length;
                assertThat(together && overlap).as("slots %d and %d", i, j).isFalse();
            }
        }
        assertThat(length - most).isBetween(0L, 15L);
    }

    @Test
    void valuesOneAfterTheOtherShareOnePlace() {
        List<Slot> chain = new ArrayList<>();
        for (int i = 0; i < 50; i++) {
            chain.add(slot(160, i, i + 1));
        }
        assertThat(MemoryPlan.place(chain)).isEqualTo(320);
    }

    @Test
    void noValuesNeedNoMemory() {
        assertThat(MemoryPlan.place(List.of())).isZero();
    }
}
