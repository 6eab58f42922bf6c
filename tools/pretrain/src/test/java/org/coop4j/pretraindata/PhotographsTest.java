package org.coop4j.pretraindata;

import static org.assertj.core.api.Assertions.assertThat;

import java.awt.image.BufferedImage;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import javax.imageio.ImageIO;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class PhotographsTest {

    @TempDir
    private Path work;

    @Test
    void everyClassHasCaptionsOfItsOwnThatNameItFirst() {
        Map<String, List<String>> captions = Photographs.captions();
        assertThat(captions).hasSize(200);
        assertThat(captions.values()).extracting(list -> list.get(0)).doesNotHaveDuplicates();
        assertThat(captions.values()).allSatisfy(list -> assertThat(list)
                .hasSizeBetween(5, 12)
                .doesNotHaveDuplicates()
                .allMatch(caption -> !caption.contains("|")));
        assertThat(captions.get("n02125311"))
                .containsExactly(
                        "a photo of a cougar.",
                        "cougar",
                        "a picture of a cougar",
                        "a blurry photo of a cougar.",
                        "a photo of a puma.",
                        "a photo of a mountain lion.",
                        "a photo of a cougar, a type of wild cat.",
                        "a photo of a wild cat.",
                        "a photo of an animal.");
    }

    @Test
    void tablesListEveryPhotographUnderEveryCaption() throws IOException {
        Path archive = work.resolve(Photographs.FOLDER);
        List<String> annotations = new ArrayList<>();
        for (String wnid : Photographs.captions().keySet()) {
            Path images = archive.resolve("train").resolve(wnid).resolve("images");
            Files.createDirectories(images);
            BufferedImage picture = new BufferedImage(32, 32, BufferedImage.TYPE_INT_RGB);
            ImageIO.write(picture, "png", images.resolve(wnid + "_0.JPEG").toFile());
            for (int i = 0; i < 12; i++) {
                annotations.add("val_" + wnid + "_" + i + ".JPEG\t" + wnid + "\t0\t0\t31\t31");
            }
        }
        Files.createDirectories(archive.resolve("val"));
        Files.write(archive.resolve("val").resolve("val_annotations.txt"), annotations);
        Files.writeString(work.resolve("train.csv"), "path,caption\nimages/a.png,a drawing\n");
        Path hashes = work.resolve("hashes");
        Photographs.main(new String[] {work.toString(), hashes.toString()});
        List<String> pairs = Files.readAllLines(work.resolve("pairs.csv"));
        int captions =
                Photographs.captions().values().stream().mapToInt(List::size).sum();
        assertThat(pairs)
                .startsWith("path,caption", "images/a.png,a drawing")
                .hasSize(2 + captions)
                .contains("tiny-imagenet/train/n07873807/images/n07873807_0.JPEG,a photo of a" + " pizza.");
        assertThat(Files.readAllLines(work.resolve("photographs-val.csv"))).hasSize(1 + 200 * 10);
        assertThat(hashes).hasSize(200 * 8);
    }
}
