package org.coop4j.pretrain;

import static org.assertj.core.api.Assertions.assertThat;

import org.assertj.core.data.Offset;
import org.junit.jupiter.api.Test;

class WarmupCosineTest {

    @Test
    void risesLinearlyThenFallsToZero() {
        WarmupCosine schedule = new WarmupCosine(2, 4, 104);
        assertThat(schedule.at(0)).isEqualTo(0.5);
        assertThat(schedule.at(3)).isEqualTo(2);
        assertThat(schedule.at(4)).isEqualTo(2);
        assertThat(schedule.at(54)).isCloseTo(1, Offset.offset(1e-12));
        assertThat(schedule.at(103)).isBetween(0.0, 1e-3);
        assertThat(schedule.at(104)).isCloseTo(0, Offset.offset(1e-12));
    }
}
