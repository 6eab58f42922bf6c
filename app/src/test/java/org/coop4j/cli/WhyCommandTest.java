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

    /** Red pictures among the blue ones of the test are mistakes. */
    @Test
    void thePageOfARunShowsMapsOfItsMistakesAndSaysThatAResNetHasNone() throws IOException {
        Path pictures = TestPictures.folder(folder.resolve("mistaken"), 2, "blue", "red");
        for (int i = 0; i < 5; i++) {
            TestPictures.write(pictures.resolve("test/blue/red-%d.png".formatted(i)), 1, 200 + i);
        }
        Path page = folder.resolve("mistaken run/report.html");
        coop("train -m % -d % -o % --method linear-probe", MODEL, pictures, page.getParent())
                .ok();
        String html = Files.readString(page);
        String maps = html.substring(html.indexOf("<h2>Why these answers"), html.indexOf("<h2>Images that changed"));
        assertThat(maps)
                .contains("red speaks for it, rather than for the other classes", "blue speaks against it")
                .contains("predicted: red", "Covering that part usually makes the answer less sure");
        assertThat(maps.split("Where the picture speaks for red, rather than")).hasSizeBetween(5, 41);
        assertThat(html).hasSizeLessThan(3_000_000);

        Path resNet = folder.resolve("of a ResNet");
        coop("train -m % -d % -o % --method linear-probe", TinyModel.writeResNet(folder), pictures, resNet)
                .ok();
        assertThat(Files.readString(resNet.resolve("report.html")))
                .contains(
                        "There are no maps: a heat map needs the patches of a vision transformer",
                        "use a model with a ViT.")
                .doesNotContain("blue speaks against it");
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
