package org.coop4j.cli;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;
import static org.coop4j.cli.CommandRun.coop;
import static org.coop4j.cli.CommandRun.picture;
import static org.coop4j.cli.TinyModel.MODEL;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import org.coop4j.clip.Clip;
import org.coop4j.image.ImageDecoder;
import org.coop4j.weights.safetensors.SafetensorsFile;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class EmbedCommandTest {

    @TempDir
    private static Path folder;

    @TempDir
    private Path outFolder;

    private Path out;

    private final Path accordion = picture("accordion-image_0001");
    private final Path chair = picture("chair-image_0013");

    @BeforeEach
    void chooseOutput() {
        out = outFolder.resolve("features.safetensors");
    }

    @Test
    void textFeaturesAreThoseOfTheModelInOrder() throws IOException {
        coop("embed", "-m", MODEL, "--text", "a dog", "--text", "a cat", "-o", out)
                .ok();
        try (SafetensorsFile file = SafetensorsFile.open(out);
                Clip clip = Clip.open(MODEL)) {
            assertThat(file.shape("features").dims()).containsExactly(2L, 32L);
            assertThat(file.floats("features"))
                    .containsExactly(clip.encodeTexts(List.of("a dog", "a cat")).toArray());
            assertThat(file.metadata())
                    .containsEntry("coop4j.inputs", "[\"a dog\",\"a cat\"]")
                    .containsEntry("coop4j.kind", "text")
                    .containsEntry("coop4j.normalized", "false")
                    .containsEntry("coop4j.model_sha256", clip.model().sha256());
        }
    }

    @Test
    void normalizedFeaturesHaveNormOne() throws IOException {
        coop("embed", "-m", MODEL, "--text", "a dog", "--normalize", "-o", out);
        try (SafetensorsFile file = SafetensorsFile.open(out)) {
            double square = 0;
            for (float value : file.floats("features")) {
                square += (double) value * value;
            }
            assertThat(square).isCloseTo(1, within(1e-6));
        }
    }

    @Test
    void textsComeFromAFile() throws IOException {
        Path texts = Files.writeString(folder.resolve("texts.txt"), "a dog\na \"big\" cat\n");
        coop("embed", "-m", MODEL, "--texts", texts, "-o", out).ok();
        try (SafetensorsFile file = SafetensorsFile.open(out)) {
            assertThat(file.metadata().get("coop4j.inputs")).isEqualTo("[\"a dog\",\"a \\\"big\\\" cat\"]");
        }
        Path gap = Files.writeString(folder.resolve("gap.txt"), "a dog\n\na cat\n");
        assertThat(coop("embed", "-m", MODEL, "--texts", gap, "-o", out).failed(1))
                .contains("line 2 of");
    }

    @Test
    void pixelsAreThePreprocessedImages() throws IOException {
        coop("embed -m % % % --pixels --precision float32 -o %", MODEL, accordion, chair, out)
                .ok();
        try (SafetensorsFile file = SafetensorsFile.open(out);
                Clip clip = Clip.open(MODEL)) {
            assertThat(file.shape("pixels").dims()).containsExactly(2L, 3L, 32L, 32L);
            float[] second =
                    clip.preprocessing().toTensor(clip.preprocessing().fitted(new ImageDecoder().decode(chair)));
            float[] pixels = file.floats("pixels");
            assertThat(java.util.Arrays.copyOfRange(pixels, second.length, pixels.length))
                    .containsExactly(second);
            // Batches of another size: the last bits differ.
            assertThat(file.floats("features"))
                    .usingComparatorWithPrecision(1e-5f)
                    .containsExactly(
                            clip.encodeImages(List.of(accordion, chair)).toArray());
        }
    }

    @Test
    void unreadableImagesAreLeftOutAndReported() throws IOException {
        Path damaged = Files.writeString(folder.resolve("damaged.jpg"), "no picture");
        assertThat(coop("embed", "-m", MODEL, accordion, damaged, chair, "--pixels", "-o", out)
                        .failed(1))
                .contains("damaged.jpg", "1 of 3 images");
        try (SafetensorsFile file = SafetensorsFile.open(out)) {
            assertThat(file.shape("features").dim(0)).isEqualTo(2);
            assertThat(file.shape("pixels").dim(0)).isEqualTo(2);
            assertThat(file.metadata().get("coop4j.inputs"))
                    .contains("accordion")
                    .contains("chair")
                    .doesNotContain("damaged");
        }
    }

    @Test
    void aFolderMeansAllImagesBelowIt() throws IOException {
        Path mixed = Files.createDirectories(folder.resolve("mixed/below")).getParent();
        Files.copy(chair, mixed.resolve("below/a.png"));
        Files.copy(accordion, mixed.resolve("b.png"));
        coop("embed", "-m", MODEL, mixed, "-o", out).ok();
        try (SafetensorsFile file = SafetensorsFile.open(out)) {
            assertThat(file.metadata().get("coop4j.inputs")).matches("\\[\".*mixed/b.png\",\".*mixed/below/a.png\"]");
        }
    }

    @Test
    void nothingIsWrittenWhenNothingCanBeReadOrATextIsTooLong() {
        assertThat(coop("embed", "-m", MODEL, folder.resolve("absent.png"), "-o", out)
                        .failed(1))
                .contains("nothing is written");
        assertThat(coop("embed -m % --text % --text b -o %", MODEL, "cat ".repeat(100), out)
                        .failed(1))
                .contains("exceeds the context length");
        assertThat(outFolder).isEmptyDirectory();
    }
}
