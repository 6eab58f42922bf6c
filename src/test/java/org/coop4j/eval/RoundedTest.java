package org.coop4j.eval;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.List;
import org.junit.jupiter.api.Test;

class RoundedTest {

    @Test
    void numbersHaveTheirDecimalsAndNoNegativeZero() {
        assertThat(Rounded.number(63.579, 2)).isEqualTo("63.58");
        assertThat(Rounded.number(-1.5, 1)).isEqualTo("−1.5");
        assertThat(Rounded.number(-0.004, 2)).isEqualTo("0.00");
        assertThat(Rounded.number(-0.4, 0)).isEqualTo("0");
        assertThat(Rounded.number(Double.NaN, 2)).isEqualTo("–");
        assertThat(Rounded.percent(12.34, 1)).isEqualTo("12.3 %");
    }

    @Test
    void differencesHaveASignUnlessTheyAreZero() {
        assertThat(Rounded.signed(12.31, 2)).isEqualTo("+12.31");
        assertThat(Rounded.signed(-0.52, 1)).isEqualTo("−0.5");
        assertThat(Rounded.signed(0.04, 1)).isEqualTo("0.0");
        assertThat(Rounded.signed(-0.04, 1)).isEqualTo("0.0");
        assertThat(Rounded.signed(Double.NaN, 1)).isEqualTo("–");
    }

    @Test
    void oneSeedHasNoSpread() {
        assertThat(Rounded.meanSd(SeedSummary.of(62, 63, 64), 1)).isEqualTo("63.0 ± 1.0");
        assertThat(Rounded.meanSd(SeedSummary.of(62), 1)).isEqualTo("62.0");
        assertThat(Rounded.interval(SeedSummary.of(62), 1)).isEqualTo("–");
        // t of 2 degrees of freedom is 4.3027.
        assertThat(Rounded.interval(SeedSummary.of(62, 63, 64), 1)).isEqualTo("60.5 – 65.5");
    }

    @Test
    void probabilitiesAreNeverZero() {
        assertThat(Rounded.probability(0.0001)).isEqualTo("< 0.001");
        assertThat(Rounded.probability(0.0126)).isEqualTo("0.013");
    }

    @Test
    void countsAndListsAreEnglish() {
        assertThat(Rounded.count(1, "class", "classes")).isEqualTo("1 class");
        assertThat(Rounded.count(1000, "class", "classes")).isEqualTo("1,000 classes");
        assertThat(Rounded.list(List.of("a"))).isEqualTo("a");
        assertThat(Rounded.list(List.of("a", "b"))).isEqualTo("a and b");
        assertThat(Rounded.list(List.of("a", "b", "c"))).isEqualTo("a, b and c");
    }
}
