package org.coop4j.cli;

import static org.assertj.core.api.Assertions.assertThat;
import static org.coop4j.cli.CommandRun.coop;
import static org.coop4j.cli.CommandRun.json;
import static org.coop4j.cli.TinyModel.MODEL;

import com.fasterxml.jackson.databind.JsonNode;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import org.coop4j.data.bank.TestPictures;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Commands that take a published dataset by name, on a miniature of it with real pictures. */
class BenchmarkDataTest {

    @TempDir
    private static Path folder;

    private static Path data;

    @BeforeAll
    static void write() throws IOException {
        data = folder.resolve("data");
        List<String> classes = List.of("banded", "dotted", "polka-dotted");
        for (int label = 0; label < classes.size(); label++) {
            for (int i = 0; i < 10; i++) {
                Path image = Path.of("dtd", "images", classes.get(label), "image_" + i + ".png");
                TestPictures.write(data.resolve(image), label, i);
            }
        }
        Path shifted = data.resolve("imagenet-adversarial");
        for (int label = 0; label < 2; label++) {
            Path image = shifted.resolve("imagenet-a").resolve("n0" + label).resolve("1.png");
            TestPictures.write(image, label, 7);
        }
        Files.writeString(shifted.resolve("classnames.txt"), "n00 dotted\nn01 great white shark\n");
    }

    private static CommandRun zeroShot(Object... arguments) {
        return coop("zero-shot", "-m", MODEL, "--data", data, arguments);
    }

    private static List<String> texts(JsonNode array) {
        List<String> texts = new ArrayList<>();
        array.forEach(text -> texts.add(text.asText()));
        return texts;
    }

    @Test
    void zeroShotTakesADatasetsTestImagesAndItsTemplate() throws IOException {
        CommandRun run = zeroShot("--dataset", "dtd", "--json");
        JsonNode json = json(run);
        assertThat(texts(json.path("classes"))).containsExactly("banded", "dotted", "polka-dotted");
        assertThat(texts(json.path("templates"))).containsExactly("{} texture.");
        assertThat(json.at("/scores/images").asInt()).isEqualTo(9);
        assertThat(json.path("images").path(0).path("truth").asText()).isEqualTo("banded");
        assertThat(run.err()).contains("DescribableTextures", "9 test images", "3 classes", "{} texture.");
    }

    @Test
    void splitAndHalfChooseThePart() throws IOException {
        JsonNode json = json(zeroShot("--dataset", "DTD", "--split", "val", "--half", "base", "--json"));
        assertThat(json.at("/scores/images").asInt()).isEqualTo(4);
        assertThat(texts(json.path("classes"))).containsExactly("banded", "dotted");
    }

    @Test
    void shiftedImageNetsAreTestedAmongTheirOwnClasses() throws IOException {
        JsonNode json = json(zeroShot("--dataset", "imagenet-a", "--json"));
        assertThat(texts(json.path("classes"))).containsExactly("dotted", "great white shark");
        assertThat(texts(json.path("templates"))).containsExactly("a photo of a {}.");
        assertThat(json.at("/scores/images").asInt()).isEqualTo(2);
        CommandRun val = zeroShot("--dataset", "imagenet-a", "--split", "val");
        assertThat(val.failed(1)).contains("ImageNetA", "val");
    }

    @Test
    void ensemblesAreTheReferences() throws IOException {
        JsonNode seven = json(zeroShot("--dataset", "dtd", "--ensemble", "7", "--json"));
        assertThat(texts(seven.path("templates")))
                .hasSize(8)
                .startsWith("itap of a {}.")
                .endsWith("{} texture.");
        JsonNode eighty = json(zeroShot("--dataset", "dtd", "--ensemble", "80", "--json"));
        assertThat(texts(eighty.path("templates"))).hasSize(80).startsWith("a bad photo of a {}.");
    }

    @Test
    void aPromptLearnedOnADatasetIsComparedWithItsTemplateAndTestedByName() throws IOException {
        Path run = folder.resolve("run");
        CommandRun trained = coop(
                        "train -m % -d % --dataset describable-textures -k 2 --epochs 2 -M 2 --bank % -o % --json",
                        MODEL, data, folder.resolve("bank"), run)
                .ok();
        assertThat(trained.out()).contains("\"{} texture.\"");
        assertThat(Files.readString(run.resolve("config.json"))).contains("\"DescribableTextures\"");
        JsonNode tested = json(coop("eval -p % -d % --dataset dtd --bank % --json", run, data, folder.resolve("bank")));
        assertThat(tested.path("images").asInt()).isEqualTo(9);
        JsonNode elsewhere =
                json(coop("eval -p % -d % --dataset imagenet-a --bank % --json", run, data, folder.resolve("bank")));
        assertThat(elsewhere.path("images").asInt()).isEqualTo(2);
        assertThat(elsewhere.at("/classes/1/class").asText()).isEqualTo("great white shark");
    }

    @Test
    void thereIsNothingToLearnFromAShiftedImageNet() {
        assertThat(coop(
                                "train -m % -d % --dataset imagenet-a --bank % -o %",
                                MODEL, data, folder.resolve("bank"), folder.resolve("no-run"))
                        .failed(1))
                .contains("ImageNetA", "test images")
                .doesNotContain("bug");
    }
}
