package org.coop4j.weights;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.api.Test;

class HalfFloatsTest {
    @Test
    void everyHalfHasItsIeeeValue() {
        for (int bits = 0; bits < 0x7c00; bits++) {
            int exponent = bits >>> 10;
            double fraction = (bits & 0x3ff) / 1024.0;
            double value = exponent == 0 ? Math.scalb(fraction, -14) : Math.scalb(1 + fraction, exponent - 15);
            assertThat(HalfFloats.fromHalf((short) bits)).isEqualTo((float) value);
            assertThat(HalfFloats.fromHalf((short) (bits | 0x8000))).isEqualTo((float) -value);
        }
        assertThat(HalfFloats.fromHalf((short) 0x7c00)).isEqualTo(Float.POSITIVE_INFINITY);
        assertThat(HalfFloats.fromHalf((short) 0xfc00)).isEqualTo(Float.NEGATIVE_INFINITY);
        assertThat(HalfFloats.fromHalf((short) 0x7c01)).isNaN();
        assertThat(1 / HalfFloats.fromHalf((short) 0x8000)).isEqualTo(Float.NEGATIVE_INFINITY);
    }

    @Test
    void everyHalfRoundsToItself() {
        for (int bits = 0; bits < 1 << 16; bits++) {
            float value = HalfFloats.fromHalf((short) bits);
            if (!Float.isNaN(value)) {
                assertThat(HalfFloats.toHalf(value)).isEqualTo((short) bits);
            }
        }
        assertThat(HalfFloats.fromHalf(HalfFloats.toHalf(Float.NaN))).isNaN();
    }

    @Test
    void roundingGoesToTheNearestHalfAndTiesToEven() {
        for (int bits = 0; bits < 0x7bff; bits++) {
            float low = HalfFloats.fromHalf((short) bits);
            float high = HalfFloats.fromHalf((short) (bits + 1));
            float middle = (low + high) / 2;
            int even = (bits & 1) == 0 ? bits : bits + 1;
            assertThat(HalfFloats.toHalf(middle)).isEqualTo((short) even);
            assertThat(HalfFloats.toHalf(Math.nextDown(middle))).isEqualTo((short) bits);
            assertThat(HalfFloats.toHalf(Math.nextUp(middle))).isEqualTo((short) (bits + 1));
        }
        assertThat(HalfFloats.toHalf(65519.996f)).isEqualTo((short) 0x7bff);
        assertThat(HalfFloats.toHalf(65520f)).isEqualTo((short) 0x7c00);
        assertThat(HalfFloats.toHalf(1e9f)).isEqualTo((short) 0x7c00);
        assertThat(HalfFloats.toHalf(-1e-10f)).isEqualTo((short) 0x8000);
    }

    @Test
    void bfloat16KeepsTheUpperHalfOfASingle() {
        assertThat(HalfFloats.fromBfloat16((short) 0x3fc0)).isEqualTo(1.5f);
        assertThat(HalfFloats.toBfloat16(1.5f)).isEqualTo((short) 0x3fc0);
        // 1 + 2^-8 lies between 0x3f80 and 0x3f81: the even one wins.
        assertThat(HalfFloats.toBfloat16(1 + 0x1p-8f)).isEqualTo((short) 0x3f80);
        assertThat(HalfFloats.toBfloat16(1 + 3 * 0x1p-8f)).isEqualTo((short) 0x3f82);
        assertThat(HalfFloats.fromBfloat16(HalfFloats.toBfloat16(Float.NaN))).isNaN();
        assertThat(HalfFloats.toBfloat16(Float.MAX_VALUE)).isEqualTo((short) 0x7f80);
    }
}
