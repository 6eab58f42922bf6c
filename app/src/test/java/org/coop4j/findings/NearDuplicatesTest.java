package org.coop4j.findings;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
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
}
