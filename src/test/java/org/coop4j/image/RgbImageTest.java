package org.coop4j.image;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import org.junit.jupiter.api.Test;

class RgbImageTest {
    @Test
    void samplesAreCheckedAgainstTheSize() {
        assertThatThrownBy(() -> new RgbImage(2, 2, new byte[11]))
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessageContaining("2 x 2")
                .hasMessageContaining("12 samples, not 11");
        assertThatThrownBy(() -> new RgbImage(0, 2, new byte[0]))
                .isInstanceOf(IllegalArgumentException.class);
        // 3 * 65536 * 65536 is 0 as an int.
        assertThatThrownBy(() -> new RgbImage(65_536, 65_536, new byte[0]))
                .isInstanceOf(IllegalArgumentException.class);
    }

    @Test
    void flipMirrorsRowsAndIsItsOwnInverse() {
        RgbImage image = new RgbImage(2, 1, new byte[] {1, 2, 3, (byte) 254, 5, 6});
        assertThat(image.flipped().rgb(0, 0)).isEqualTo(0xFE0506);
        assertThat(image.flipped().rgb(1, 0)).isEqualTo(0x010203);
        assertThat(image.flipped().flipped()).isEqualTo(image);
    }

    @Test
    void equalityIsOfSizeAndSamples() {
        byte[] samples = {1, 2, 3, 4, 5, 6};
        RgbImage image = new RgbImage(2, 1, samples);
        assertThat(image).isEqualTo(new RgbImage(2, 1, samples.clone()));
        assertThat(image).hasSameHashCodeAs(new RgbImage(2, 1, samples.clone()));
        assertThat(image).isNotEqualTo(new RgbImage(1, 2, samples));
        assertThat(image).isNotEqualTo(image.flipped());
    }
}
