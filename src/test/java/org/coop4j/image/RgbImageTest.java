package org.coop4j.image;

import static org.assertj.core.api.Assertions.assertThat;
import static org.coop4j.base.Thrown.assertThrown;

import java.awt.image.BufferedImage;
import org.junit.jupiter.api.Test;

class RgbImageTest {
    @Test
    void samplesAreCheckedAgainstTheSize() {
        assertThrown(
                IllegalArgumentException.class, () -> new RgbImage(2, 2, new byte[11]), "2 x 2", "12 samples, not 11");
        assertThrown(IllegalArgumentException.class, () -> new RgbImage(0, 2, new byte[0]));
        // 3 * 65536 * 65536 is 0 as an int.
        assertThrown(IllegalArgumentException.class, () -> new RgbImage(65_536, 65_536, new byte[0]));
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

    /** Two pixels of colours that every kind can hold: red with some blue, and grey. */
    private static BufferedImage drawn(int type) {
        BufferedImage image = new BufferedImage(2, 1, type);
        image.setRGB(0, 0, 0xFFFF0033);
        image.setRGB(1, 0, 0xFF999999);
        return image;
    }

    @Test
    void anImageOfJavasIsCopied() {
        RgbImage expected =
                new RgbImage(2, 1, new byte[] {(byte) 0xFF, 0, 0x33, (byte) 0x99, (byte) 0x99, (byte) 0x99});
        for (int type : new int[] {
            BufferedImage.TYPE_INT_RGB,
            BufferedImage.TYPE_INT_ARGB,
            BufferedImage.TYPE_INT_ARGB_PRE,
            BufferedImage.TYPE_INT_BGR,
            BufferedImage.TYPE_3BYTE_BGR,
            BufferedImage.TYPE_4BYTE_ABGR,
            BufferedImage.TYPE_4BYTE_ABGR_PRE,
            BufferedImage.TYPE_BYTE_INDEXED
        }) {
            BufferedImage image = drawn(type);
            assertThat(RgbImage.of(image)).as("type %d", type).isEqualTo(expected);
            assertThat(image.getRGB(0, 0)).as("left as it was").isEqualTo(0xFFFF0033);
        }
    }

    @Test
    void samplesOfAnImageOfJavasAreNotConvertedByProfiles() {
        BufferedImage grey = new BufferedImage(1, 1, BufferedImage.TYPE_BYTE_GRAY);
        grey.getRaster().setSample(0, 0, 0, 100);
        assertThat(RgbImage.of(grey).rgb(0, 0)).isEqualTo(0x646464);
        BufferedImage deep = new BufferedImage(1, 1, BufferedImage.TYPE_USHORT_GRAY);
        deep.getRaster().setSample(0, 0, 0, 0x6480);
        assertThat(RgbImage.of(deep).rgb(0, 0)).isEqualTo(0x646464);
        BufferedImage clear = new BufferedImage(1, 1, BufferedImage.TYPE_INT_ARGB);
        clear.setRGB(0, 0, 0x01123456);
        assertThat(RgbImage.of(clear).rgb(0, 0)).as("alpha is dropped").isEqualTo(0x123456);
    }

    @Test
    void aPartOfAnImageOfJavasIsThatPart() {
        BufferedImage image = drawn(BufferedImage.TYPE_3BYTE_BGR);
        RgbImage right = RgbImage.of(image.getSubimage(1, 0, 1, 1));
        assertThat(right).isEqualTo(new RgbImage(1, 1, new byte[] {(byte) 0x99, (byte) 0x99, (byte) 0x99}));
    }
}
