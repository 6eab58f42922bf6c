package org.coop4j.page;

import static org.assertj.core.api.Assertions.assertThat;

import java.awt.image.BufferedImage;
import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.util.Collections;
import java.util.List;
import javax.imageio.ImageIO;
import org.coop4j.image.ExifOrientation;
import org.coop4j.image.ImageDecoder;
import org.coop4j.predict.HeatMap;
import org.coop4j.predict.HeatMap.Check;
import org.junit.jupiter.api.Test;

/** The colours of a heat map, and what is said about it. */
class HeatPictureTest {

    /** A map of 2 × 2 patches in the middle of a picture of 60 × 20 pixels, or over a picture of 20 × 20. */
    private static HeatMap map(boolean compared, int width, Float... values) {
        return new HeatMap("umbrella", compared, 1, List.of(values), 2, width, 20, (width - 20) / 2.0, 0, 10, 10);
    }

    @Test
    void onlyAClassThatIsComparedSpeaksAgainstOthers() {
        assertThat(HeatPicture.title(map(true, 60, 1f, 0f, 0f, 0f)))
                .isEqualTo("Where the picture speaks for umbrella, rather than for the other classes");
        assertThat(HeatPicture.title(map(false, 60, 1f, 0f, 0f, 0f)))
                .isEqualTo("Where the picture speaks for umbrella");
        assertThat(HeatPicture.legend(map(false, 60, 1f, 0f, 0f, 0f)))
                .containsExactly(
                        "red speaks for umbrella",
                        "blue speaks against it",
                        "hatched: cut off, the model did not see it");
        assertThat(HeatPicture.legend(map(true, 20, 1f, 0f, 0f, 0f)))
                .containsExactly(
                        "red speaks for umbrella, rather than for the other classes", "blue speaks against it");
        assertThat(HeatPicture.scale(map(true, 20, 0.1f, -0.842f, 0.5f, 0f))).contains("counts −0.842 log-odds");
    }

    @Test
    void aCheckSaysIfTheMapExplainsTheAnswer() {
        List<List<Integer>> covered = Collections.nCopies(5, List.of(0));
        Check holds = new Check(0.92, 0.41, List.of(0.9, 0.88, 0.87, 0.87), covered);
        assertThat(HeatPicture.verdict(holds)).isEqualTo("The marked part matters.");
        assertThat(HeatPicture.sentence(holds))
                .isEqualTo("Without the marked quarter 41.0 % (92.0 % before); without a random quarter 88.0 %.");
        for (Check fails :
                List.of(new Check(0.92, 0.88, List.of(0.88), covered), new Check(0.01, 0.02, List.of(0.03), covered))) {
            assertThat(HeatPicture.verdict(fails)).isEqualTo("The map does not explain this answer.");
        }
    }

    /** The left half speaks for the class, the right one against it, below a fifth nothing is drawn. */
    @Test
    void redIsForBlueAgainstAndWhatWasCutOffIsHatched() throws IOException {
        BufferedImage grey = new BufferedImage(60, 20, BufferedImage.TYPE_INT_RGB);
        for (int i = 0; i < 60 * 20; i++) {
            grey.setRGB(i % 60, i / 60, 0x808080);
        }
        byte[] png = new ImageDecoder()
                .decode(
                        Thumbnails.encoded(grey, "png"),
                        "grey",
                        ExifOrientation.KEEP,
                        image -> HeatPicture.of(image, map(true, 60, 1f, -1f, 0.1f, 0f), 60, "png"));
        BufferedImage drawn = ImageIO.read(new ByteArrayInputStream(png));
        assertThat(red(drawn, 22, 2)).isPositive();
        assertThat(red(drawn, 38, 2)).isNegative();
        assertThat(red(drawn, 22, 18)).isZero();
        assertThat(drawn.getRGB(22, 18) & 0xFFFFFF).isEqualTo(0x808080);
        assertThat(drawn.getRGB(5, 2) & 0xFFFFFF).isNotEqualTo(0x808080);
        assertThat(drawn.getRGB(0, 0) & 0xFFFFFF).isEqualTo(0x1C2026);
    }

    private static int red(BufferedImage image, int x, int y) {
        int rgb = image.getRGB(x, y);
        return (rgb >> 16 & 0xFF) - (rgb & 0xFF);
    }
}
