package org.coop4j.report;

import static org.assertj.core.api.Assertions.assertThat;

import java.awt.image.BufferedImage;
import java.io.IOException;
import java.nio.file.Path;
import java.util.List;
import javax.imageio.ImageIO;
import org.coop4j.eval.Evaluation.ConfusionMatrix;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class ConfusionFilesTest {

    @TempDir
    private Path folder;

    private BufferedImage drawn(String name) throws IOException {
        ConfusionMatrix matrix = ConfusionMatrix.of(new int[] {0, 1, 1}, new int[] {0, 1, 0});
        Path file = folder.resolve("matrix.png");
        new ConfusionFiles(matrix, List.of("cat", name)).writePng(file);
        return ImageIO.read(file.toFile());
    }

    @Test
    void theBeginningOfALongNameIsDrawn() throws IOException {
        int longest = drawn("a".repeat(61)).getWidth();
        assertThat(longest).isGreaterThan(drawn("a".repeat(30)).getWidth());
        assertThat(drawn("a".repeat(60_000)).getWidth()).isEqualTo(longest);
    }
}
