package org.coop4j.image;

import static org.assertj.core.api.Assertions.assertThat;

import java.awt.image.BufferedImage;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import javax.imageio.ImageIO;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class OutlineTest {

    private static RgbImage photograph(String name) {
        return GoldenImages.expected("/golden/text_image/" + name + ".png");
    }

    private static RgbImage savedAnew(RgbImage image) throws IOException {
        BufferedImage copy = new BufferedImage(image.width(), image.height(), BufferedImage.TYPE_INT_RGB);
        for (int y = 0; y < image.height(); y++) {
            for (int x = 0; x < image.width(); x++) {
                copy.setRGB(x, y, image.rgb(x, y));
            }
        }
        ByteArrayOutputStream jpeg = new ByteArrayOutputStream();
        ImageIO.write(copy, "jpg", jpeg);
        return new ImageDecoder().decode(jpeg.toByteArray(), "copy.jpg");
    }

    @ParameterizedTest
    @ValueSource(strings = {"accordion-image_0001", "airplanes-image_0010", "butterfly-image_0007", "chair-image_0013"})
    void resizedMirroredAndSavedCopiesKeepTheOutline(String name) throws IOException {
        RgbImage image = photograph(name);
        RgbImage half = PillowResize.resize(image, image.width() / 2, image.height() / 2);
        for (RgbImage copy : new RgbImage[] {half, image.flipped(), savedAnew(image), savedAnew(half.flipped())}) {
            assertThat(RgbImage.difference(image.outline(), copy.outline())).isLessThanOrEqualTo(2);
        }
    }

    @Test
    void otherPhotographsHaveOtherOutlines() {
        long chair = photograph("chair-image_0013").outline();
        assertThat(RgbImage.difference(chair, photograph("butterfly-image_0007").outline()))
                .isGreaterThan(12);
        assertThat(RgbImage.difference(chair, chair)).isZero();
    }
}
