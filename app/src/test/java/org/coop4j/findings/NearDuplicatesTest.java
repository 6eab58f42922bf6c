package org.coop4j.findings;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import java.util.Set;
import java.util.stream.Collectors;
import org.coop4j.clip.FeatureMatrix;
import org.coop4j.data.LabelledImage;
import org.coop4j.findings.RunComparison.Located;
import org.coop4j.findings.RunComparison.NearDuplicates;
import org.coop4j.image.ImageDecoder;
import org.coop4j.image.PillowResize;
import org.coop4j.image.RgbImage;
import org.junit.jupiter.api.Test;

/** Copies that features alone do not show. */
class NearDuplicatesTest {

    @Test
    void aResizedAndAMirroredCopyAreFoundByTheirOutlines() throws Exception {
        Path golden = Path.of("../src/test/resources/golden/text_image");
        RgbImage chair = new ImageDecoder().decode(golden.resolve("chair-image_0013.png"));
        RgbImage butterfly = new ImageDecoder().decode(golden.resolve("butterfly-image_0007.png"));
        RgbImage half = PillowResize.resize(chair, chair.width() / 2, chair.height() / 2);
        List<RgbImage> images = List.of(chair, butterfly, half, chair.flipped());
        List<Located> located = new ArrayList<>();
        for (int i = 0; i < images.size(); i++) {
            located.add(
                    new Located(new LabelledImage(Path.of(i + ".png"), 0, "thing").read("content" + i, 1), "training"));
        }
        float[] features = new float[images.size() * images.size()]; // at right angles: they find nothing
        for (int i = 0; i < images.size(); i++) {
            features[i * images.size() + i] = 1;
        }
        Set<String> pairs = NearDuplicates.of(
                        located,
                        FeatureMatrix.of(images.size(), images.size(), features),
                        images.stream().map(RgbImage::outline).toList())
                .stream()
                .map(pair -> pair.first().image().path() + " "
                        + pair.second().image().path())
                .collect(Collectors.toSet());
        assertThat(pairs).containsExactlyInAnyOrder("0.png 2.png", "0.png 3.png", "2.png 3.png");
    }

    /** Comparing all pairs of so many would take minutes. */
    @Test
    void copiesAmongManyAreFoundByContentsAndOutlinesWithoutComparingAll() {
        int n = 60_000;
        Random random = new Random(5);
        List<Located> located = new ArrayList<>();
        List<Long> outlines = new ArrayList<>();
        for (int i = 0; i < n; i++) {
            located.add(
                    new Located(new LabelledImage(Path.of(i + ".png"), 0, "thing").read("content" + i, 1), "training"));
            outlines.add(i % 7 == 0 ? null : random.nextLong());
        }
        for (int i = 1; i <= 3; i++) { // copies that were resized, mirrored, or both
            outlines.set(n - i, outlines.get(i) ^ (1L << (20 * i)) ^ (1L << (63 - i)));
        }
        outlines.set(n - 4, RgbImage.mirrored(outlines.get(4)) ^ 1);
        for (int i = 5; i <= 6; i++) {
            located.set(
                    n - i, new Located(new LabelledImage(Path.of("copy" + i), 0, "thing").read("content5", 1), "test"));
        }
        outlines.set(n - 7, outlines.get(6) ^ 7); // differs in three signs
        FeatureMatrix none = FeatureMatrix.of(n, 1, new float[n]);
        assertThat(NearDuplicates.groups(NearDuplicates.of(located, none, outlines)).stream()
                        .map(group ->
                                group.stream().map(located::indexOf).sorted().toList()))
                .containsExactlyInAnyOrder(
                        List.of(1, n - 1),
                        List.of(2, n - 2),
                        List.of(3, n - 3),
                        List.of(4, n - 4),
                        List.of(5, n - 6, n - 5));
        assertThat(NearDuplicates.of(located, none, outlines).stream()
                        .filter(NearDuplicates.Pair::sameFile)
                        .toList())
                .hasSize(2);
    }
}
