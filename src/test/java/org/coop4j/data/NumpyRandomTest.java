package org.coop4j.data;

import static org.assertj.core.api.Assertions.assertThat;
import static org.coop4j.base.Thrown.assertThrown;

import org.coop4j.data.FewShotSampler.NumpyRandom;
import org.junit.jupiter.api.Test;

class NumpyRandomTest {
    @Test
    void choosesAsNumpysLegacyGenerator() {
        NumpyRandom random = new NumpyRandom(1);

        assertThat(random.choice(60, 4)).containsExactly(39, 41, 2, 48);
        assertThat(random.choice(24, 4)).containsExactly(17, 14, 12, 11);
    }

    /** numpy.random.seed(7); numpy.random.permutation(12), NumPy 2.2. */
    @Test
    void permutesAsNumpysLegacyGenerator() {
        assertThat(new NumpyRandom(7).permutation(12)).containsExactly(7, 10, 2, 5, 0, 1, 11, 8, 3, 6, 9, 4);
        assertThat(new NumpyRandom(7).permutation(1)).containsExactly(0);
    }

    @Test
    void refusesToChooseMoreThanAvailable() {
        assertThrown(IllegalArgumentException.class, () -> new NumpyRandom(1).choice(3, 4), "4 of 3");
    }
}
