package org.coop4j.console;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import org.junit.jupiter.api.Test;

class SeedSummaryTest {

    /** scipy.stats.t.ppf(0.975, 2) · numpy.std(ddof=1) / √3, SciPy 1.15. */
    @Test
    void studentsIntervalIsScipys() {
        SeedSummary summary = SeedSummary.of(91.81, 92.01, 92.17);
        assertThat(summary.mean()).isEqualTo(91.9967, within(5e-5)); // the reference's
        assertThat(summary.sampleSd()).isEqualTo(0.1803699901129156, within(1e-9));
        assertThat(summary.studentCi95()).isEqualTo(0.44806389450197526, within(1e-9));
    }

    /** Of 92 and 98, t · sd / √n is 38.1; of 88, 97 and 99 it is 14.5. */
    @Test
    void intervalsOfPercentagesStayWithinThemAndNeedThreeSeeds() {
        assertThat(SeedSummary.of(50).percentInterval()).isEmpty();
        assertThat(SeedSummary.of(92, 98).percentInterval()).isEmpty();
        Interval high = SeedSummary.of(88, 97, 99).percentInterval().orElseThrow();
        assertThat(high.low()).isEqualTo(80.1106, within(1e-3));
        assertThat(high.high()).isEqualTo(100);
        assertThat(SeedSummary.of(0, 1, 3).percentInterval().orElseThrow().low())
                .isZero();
    }

    @Test
    void emptyOrNonFiniteValuesAreRefused() {
        assertThatThrownBy(SeedSummary::of).hasMessageContaining("no values");
        assertThatThrownBy(() -> SeedSummary.of(1, Double.NaN)).hasMessageContaining("NaN");
    }

    @Test
    void oneSeedHasNoSpread() {
        assertThat(SeedSummary.of(62, 63, 64).meanSd(1)).isEqualTo("63.0 ± 1.0");
        assertThat(SeedSummary.of(62).meanSd(1)).isEqualTo("62.0");
        assertThat(SeedSummary.of(62)).isEqualTo(new SeedSummary(1, 62, Double.NaN));
        assertThat(SeedSummary.of(62).studentCi95()).isNaN();
        assertThat(SeedSummary.of(62).interval(1)).isEqualTo("–");
        assertThat(SeedSummary.of(62, 99).interval(1)).isEqualTo("–");
        // t of 2 degrees of freedom is 4.3027.
        assertThat(SeedSummary.of(62, 63, 64).interval(1)).isEqualTo("60.5 – 65.5");
    }
}
