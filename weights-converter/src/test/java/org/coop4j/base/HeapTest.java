package org.coop4j.base;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import org.junit.jupiter.api.Test;

class HeapTest {

    @Test
    void whatDoesNotFitIsRefusedWithALimitThatWouldDo() {
        long most = Runtime.getRuntime().maxMemory() + 1; // more than is ever free
        assertThatThrownBy(() -> Heap.require(most))
                .isInstanceOf(RefusedException.class)
                .hasMessageContaining("%,d MB of memory are needed at once", most >> 20)
                .hasMessageEndingWith("-Xmx%dm", (3 * most - 1) >> 20);
        int rows = (int) (most >> 12) + 1;
        assertThatThrownBy(() -> Heap.length(rows, 1 << 9, Long.BYTES)).isInstanceOf(RefusedException.class);
        assertThat(Heap.floats(3, 5)).hasSize(15).containsOnly(0);
    }

    @Test
    void arraysLongerThanJavasAreRefused() {
        assertThatThrownBy(() -> Heap.floats(1 << 20, 1 << 12))
                .isInstanceOf(RefusedException.class)
                .hasMessageContaining("1,048,576 x 4,096 numbers");
        assertThatThrownBy(() -> Heap.length(1 << 16, 1 << 15, 0)).isInstanceOf(RefusedException.class);
    }
}
