package org.coop4j.cli;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;
import static org.coop4j.cli.CommandRun.coop;
import static org.coop4j.cli.TinyModel.MODEL;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.UUID;
import javax.imageio.ImageIO;
import org.coop4j.data.bank.TestPictures;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** {@code coop predict --why}: where a picture speaks for a class. */
class WhyCommandTest {

    @TempDir
    private static Path folder;

    private static Path run;
    private static Path image;

    @BeforeAll
    static void train() throws IOException {
        Path pictures = TestPictures.folder(folder.resolve("pictures"), 2, "blue", "red");
        run = folder.resolve("run");
        image = Files.copy(
                pictures.resolve("test/red/picture-0.png"), folder.resolve("p" + UUID.randomUUID() + ".png"));
        coop("train -m % -d % -o % --method linear-probe", MODEL, pictures, run).ok();
    }

    /** The picture is written into the working directory, here the module's, under a name that is free. */
    @Test
    void aPictureOfTheMapIsWrittenAndTheSentenceSaysWhatItShows() throws IOException {
        String name = image.getFileName().toString().replace(".png", ".why");
        Path first = Path.of(name + ".png");
        Path second = Path.of(name + "-2.png");
        try {
            CommandRun done = coop("predict -p % % --why red", run, image).ok();
            assertThat(done.err().replaceAll("\\s+", " "))
                    .contains("Where the picture speaks for red, rather than for the other classes", "log-odds")
                    .contains("Covering that part usually makes the answer less sure");
            assertThat(ImageIO.read(first.toFile()).getWidth()).isEqualTo(672);
            coop("predict -p % --why %", run, image).ok(); // the image is no class
            assertThat(second).exists();
        } finally {
            Files.deleteIfExists(first);
            Files.deleteIfExists(second);
        }
    }

    @Test
    void jsonHasTheNumbersOfThePatchesAndWritesNoPicture() throws IOException {
        JsonNode why = new ObjectMapper()
                .readTree(coop("predict -p % --json -q % --why blue", run, image)
                        .ok()
                        .out())
                .get(0)
                .get("why");
        assertThat(why.get("label").asText()).isEqualTo("blue");
        int patches = why.get("rows").asInt() * why.get("columns").asInt();
        assertThat(why.get("values")).hasSize(patches);
        assertThat(why.get("patch_width").asDouble() * why.get("columns").asInt()
                        + 2 * why.get("left").asDouble())
                .isCloseTo(why.get("width").asDouble(), within(2.0));
    }

    @Test
    void aClassThatThereIsNotAndAFileOfFeaturesAreRefusedInALine() throws IOException {
        assertThat(coop("predict -p % % --why green", run, image).failed(2))
                .contains("\"green\" is not one of the 2 classes", "blue, red");
        assertThat(coop("predict -p % --why", run).failed(2)).contains("name one or more images");
        Path features = folder.resolve("features.safetensors");
        coop("embed -m % -o % %", MODEL, features, image).ok();
        assertThat(coop("predict -p % % --why", run, features).failed(1)).contains("features.safetensors", "not a");
    }
}
