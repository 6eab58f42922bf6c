package org.coop4j.cli;

import static org.assertj.core.api.Assertions.assertThat;
import static org.coop4j.cli.CommandRun.coop;
import static org.coop4j.cli.TinyModel.MODEL;

import com.fasterxml.jackson.databind.JsonNode;
import java.awt.image.BufferedImage;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import javax.imageio.ImageIO;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** The output of bench and doctor, apart from the speed. */
class BenchCommandTest {

    @TempDir
    private static Path folder;

    @Test
    void aStepHasTimesSpeedAndMemory() throws IOException {
        JsonNode said = json("step", "-m", MODEL, "--classes", 3, "--context", 2, "--runs", 2, "--profile");
        assertThat(said.get("model").asText()).isEqualTo(MODEL.toString());
        assertThat(said.has("arch")).isFalse();
        assertThat(said.get("runs").asInt()).isEqualTo(2);
        assertThat(said.get("least_s").asDouble())
                .isPositive()
                .isLessThanOrEqualTo(said.get("median_s").asDouble());
        assertThat(said.get("gflops").asDouble()).isPositive();
        assertThat(said.get("parts").asInt()).isEqualTo(1);
        assertThat(said.get("profile")).isNotEmpty();
    }

    @Test
    void aStepOfAnyMethodIsMeasured() throws IOException {
        JsonNode said = json("step", "-m", MODEL, "--method", "clip-lora", "--set", "vision_start=1", "--runs", 1);
        assertThat(said.get("step_mb").asLong()).isPositive();
        // Its prompt is the data's, of which there are none.
        assertThat(json("step", "-m", MODEL, "--method", "mmrl", "--runs", 1)
                        .get("step_mb")
                        .asLong())
                .isPositive();
    }

    @Test
    void classesGoInPartsWhereMemoryIsShort() throws IOException {
        JsonNode said = json("step", "-m", MODEL, "--classes", 200, "--runs", 1, "--memory", "4M", "--csc");
        assertThat(said.get("parts").asInt()).isGreaterThan(1);
    }

    @Test
    void imagesAndFilesAreMeasured() throws IOException {
        assertThat(json("encode", "-m", MODEL, "--batch", 2, "--runs", 1).get("images_per_second"))
                .isNotNull();

        Path pictures = Files.createDirectory(folder.resolve("pictures"));
        for (int i = 0; i < 3; i++) {
            BufferedImage image = new BufferedImage(40, 30, BufferedImage.TYPE_INT_RGB);
            image.setRGB(i, i, 0xffffff);
            ImageIO.write(image, "jpg", pictures.resolve(i + ".jpg").toFile());
        }
        JsonNode files = json("files", pictures, "-m", MODEL);
        assertThat(files.get("images").asInt()).isEqualTo(3);
        assertThat(files.get("reading_s").asDouble()).isPositive();
    }

    private static JsonNode json(Object... words) throws IOException {
        return CommandRun.json(coop("bench", words, "--json", "-q"));
    }

    @Test
    void doctorTellsWhatTheMachineIs() {
        CommandRun done = coop("doctor").ok();
        assertThat(done.out())
                .contains("java", "cores", "threads", "ND4J backend", "BLAS", "GFLOP/s on")
                .containsPattern("(?m)^(avx2|asimd) +(yes: |no; it would allow )|^instructions +unknown")
                .containsPattern("(?m)^JPEG decoder +\\S.* libjpeg-turbo")
                .containsPattern("(?m)^(advice: .+|nothing to change)$");
    }

    @Test
    void doctorFindsTheShippedModelSound() {
        CommandRun done = coop("doctor", "-m", "coop4j-small");
        assertThat(done.code()).as(done.out() + done.err()).isZero();
        assertThat(done.out())
                .containsPattern("(?m)^features +finite")
                .containsPattern("(?m)^repetition +the same")
                .containsPattern("(?m)^agreement +[2-6]\\d of 85 ");
    }

    @Test
    void doctorFindsThatModelsOfRandomWeightsKnowNoNames() throws IOException {
        Path perceptionEncoder = org.coop4j.clip.TinyModel.write(
                org.coop4j.clip.TinyModel.PE_CORE, folder.resolve("pe-core.safetensors"), 1);
        for (Path random : List.of(MODEL, perceptionEncoder)) {
            CommandRun done = coop("doctor", "-m", random);
            assertThat(done.code()).as(done.out() + done.err()).isEqualTo(1);
            assertThat(done.out())
                    .containsPattern("(?m)^model +[\\d,]+ parameters, logit scale \\d+\\.\\d$")
                    .containsPattern("(?m)^features +finite")
                    .containsPattern("(?m)^repetition +the same")
                    .containsPattern("(?m)^agreement +wrong$")
                    .containsPattern("(?m)^advice: .* of 85 shipped");
        }
    }

    /** The picture is not CLIP.png, and the model not the published one. */
    @Test
    void doctorComparesWithThePublishedExample() throws IOException {
        Path picture = folder.resolve("other.png");
        ImageIO.write(new BufferedImage(40, 30, BufferedImage.TYPE_INT_RGB), "png", picture.toFile());
        CommandRun done = coop("doctor", "-m", "coop4j-small", "--example", picture);
        assertThat(done.code()).as(done.out() + done.err()).isEqualTo(1);
        assertThat(done.out()).containsPattern("(?m)^example +wrong$").contains("0.9928", "0.0042", "0.0030");
    }
}
