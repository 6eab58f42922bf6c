package org.coop4j.image;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;
import static org.coop4j.weights.model.PreprocessConfig.Interpolation.BICUBIC;

import java.util.ArrayList;
import java.util.List;
import java.util.SplittableRandom;
import org.coop4j.image.RgbImage.CropBox;
import org.coop4j.image.TrainTransform.View;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class TrainTransformTest {
    private static final int DRAWS = 20_000;
    private final TrainTransform transform = new TrainTransform(Preprocessing.clip(16));

    private List<View> draw(int width, int height, int count) {
        SplittableRandom random = new SplittableRandom(1);
        List<View> views = new ArrayList<>();
        for (int i = 0; i < count; i++) {
            views.add(transform.draw(width, height, random));
        }
        return views;
    }

    @ParameterizedTest
    @CsvSource({"500, 375", "375, 500", "224, 224", "640, 100", "7, 5", "1, 1", "1, 900"})
    void cropsLieWithinTheImage(int width, int height) {
        for (View view : draw(width, height, 2000)) {
            CropBox box = view.crop();
            assertThat(box.left() + box.width()).isLessThanOrEqualTo(width);
            assertThat(box.top() + box.height()).isLessThanOrEqualTo(height);
        }
    }

    @Test
    void areasAndRatiosKeepTheirBounds() {
        double area = 500 * 375;
        for (View view : draw(500, 375, DRAWS)) {
            CropBox box = view.crop();
            // Rounding of the sides moves area and ratio by up to a pixel's share.
            assertThat(box.width() * box.height() / area).isBetween(0.078, 1.0);
            assertThat((double) box.width() / box.height()).isBetween(0.745, 1.345);
        }
    }

    /**
     * On a large square image with crops of at most a quarter of its area no attempt is rejected:
     * the area is uniform, the logarithm of the ratio is uniform around 0, and the centre is the
     * image's on average.
     */
    @Test
    void areaLogRatioAndPlaceAreUniform() {
        SplittableRandom random = new SplittableRandom(2);
        double area = 0;
        double logRatio = 0;
        double logRatioSquared = 0;
        double place = 0;
        for (int i = 0; i < DRAWS; i++) {
            CropBox box = TrainTransform.drawCrop(4000, 4000, 0.25, random);
            double log = Math.log((double) box.width() / box.height());
            area += box.width() * (double) box.height() / (4000.0 * 4000);
            logRatio += log;
            logRatioSquared += log * log;
            place += (double) box.left() / (4000 - box.width());
        }
        double width = 2 * Math.log(4.0 / 3);
        // Five standard errors of each mean.
        assertThat(area / DRAWS).isCloseTo(0.165, within(5 * 0.17 / Math.sqrt(12.0 * DRAWS)));
        assertThat(logRatio / DRAWS).isCloseTo(0, within(5 * width / Math.sqrt(12.0 * DRAWS)));
        assertThat(logRatioSquared / DRAWS).isCloseTo(width * width / 12, within(0.002));
        assertThat(place / DRAWS).isCloseTo(0.5, within(5 / Math.sqrt(12.0 * DRAWS)));
    }

    @Test
    void halfOfTheViewsAreFlipped() {
        long flipped = draw(50, 50, DRAWS).stream().filter(View::flipped).count();
        // Five standard deviations of a fair coin.
        assertThat((double) flipped).isCloseTo(DRAWS / 2.0, within(5 * Math.sqrt(DRAWS) / 2));
    }

    @Test
    void everyRowAndColumnCanBeFirst() {
        List<View> views = draw(8, 6, DRAWS);
        assertThat(views.stream().map(v -> v.crop().left() + v.crop().width()).distinct())
                .contains(8);
        assertThat(views.stream().map(v -> v.crop().top() + v.crop().height()).distinct())
                .contains(6);
        assertThat(views.stream().map(v -> v.crop().left()).distinct()).contains(0, 1, 2, 3, 4);
    }

    @Test
    void narrowImagesFallBackToTheirCentre() {
        assertThat(draw(10, 1000, 50)).extracting(View::crop).contains(new CropBox(0, 493, 10, 13));
        assertThat(draw(1000, 10, 50)).extracting(View::crop).contains(new CropBox(493, 0, 13, 10));
    }

    /**
     * Pinned, so that a seed keeps its views from version to version and from runtime to runtime.
     */
    @Test
    void viewsOfASeedAreKept() {
        assertThat(draw(500, 375, 3))
                .containsExactly(
                        new View(new CropBox(62, 61, 360, 313), true),
                        new View(new CropBox(21, 17, 427, 343), false),
                        new View(new CropBox(106, 42, 300, 282), true));
    }

    @Test
    void viewIsCroppedResizedAndFlipped() {
        RgbImage image = PillowResizeTest.noise(60, 40, 1);
        CropBox box = new CropBox(5, 6, 30, 20);
        RgbImage resized = PillowResize.resize(image, box, 16, 16, BICUBIC);
        assertThat(transform.apply(image, new View(box, false))).isEqualTo(resized);
        RgbImage flipped = transform.apply(image, new View(box, true));
        for (int y = 0; y < 16; y++) {
            for (int x = 0; x < 16; x++) {
                assertThat(flipped.rgb(x, y)).isEqualTo(resized.rgb(15 - x, y));
            }
        }
    }
}
