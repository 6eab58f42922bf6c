package org.coop4j.cli;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;
import static org.coop4j.cli.CommandRun.coop;
import static org.coop4j.cli.CommandRun.picture;
import static org.coop4j.cli.TinyModel.MODEL;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import org.coop4j.clip.Clip;
import org.coop4j.clip.FeatureMatrix;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class ZeroShotCommandTest {

    @TempDir
    private static Path folder;

    private static Path damaged;

    private final Path accordion = picture("accordion-image_0001");
    private final Path chair = picture("chair-image_0013");

    @BeforeAll
    static void writeFiles() throws IOException {
        damaged = Files.writeString(folder.resolve("damaged.png"), "\u0089PNG, but not really");
    }

    private static CommandRun zeroShot(Object... arguments) {
        return coop("zero-shot", "--model", MODEL, "--precision", "float32", arguments);
    }

    private static JsonNode json(CommandRun run) throws IOException {
        return new ObjectMapper().readTree(run.out());
    }

    @Test
    void aTableShowsTheMostProbableClasses() {
        CommandRun run =
                zeroShot("-c", "cat,dog,chair", "-k", 2, accordion, chair).ok();
        assertThat(run.err()).isEmpty();
        assertThat(run.out().lines()).hasSize(5);
        assertThat(run.out()).startsWith("IMAGE ").containsPattern("\\d\\d\\.\\d %");
    }

    @Test
    void probabilitiesAreThoseOfTheModel() throws IOException {
        JsonNode found = json(zeroShot("-c", "cat,dog", "--json", accordion));
        JsonNode predictions = found.path("guesses");
        assertThat(predictions).hasSize(2);
        try (Clip clip = Clip.open(MODEL)) {
            FeatureMatrix images = clip.encodeImages(List.of(accordion));
            FeatureMatrix texts = clip.encodeTexts(List.of("a photo of a cat.", "a photo of a dog."));
            float[] expected = clip.probabilities(images, texts)[0];
            for (JsonNode prediction : predictions) {
                boolean cat = prediction.path("label").asText().equals("cat");
                assertThat(prediction.path("probability").asDouble()).isCloseTo(expected[cat ? 0 : 1], within(1e-6));
            }
        }
    }

    @Test
    void aFolderWithAFolderAClassIsScored() throws IOException {
        Path data = classFolders("scored");
        CommandRun run = zeroShot(data).ok();
        assertThat(run.out())
                .containsPattern("CLASS +IMAGES +CORRECT +ACCURACY")
                .containsPattern("folding_chair +1 ")
                .containsPattern("accordion +2 ")
                .contains("macro f1");
        JsonNode json = json(zeroShot("--json", data));
        assertThat(json.path("scores").path("images").asInt()).isEqualTo(3);
        assertThat(json.path("precision").asText()).isEqualTo("float32");
        assertThat(json.path("guesses").path(0).path("truth").asText()).isEqualTo("accordion");
        int correct = 0;
        for (JsonNode guess : json.path("guesses")) {
            boolean right = guess.path("label").equals(guess.path("truth"));
            correct += right && guess.path("rank").asInt() == 1 ? 1 : 0;
        }
        assertThat(json.path("scores").path("correct").asInt()).isEqualTo(correct);
    }

    @Test
    void foldersAreMatchedWithTheClassesGiven() throws IOException {
        Path data = classFolders("matched");
        zeroShot("-c", "Folding Chair,accordion,cat", data).ok();
        assertThat(zeroShot("-c", "accordion,cat", data).failed(1)).contains("folding_chair");
    }

    @Test
    void anUnreadableImageIsReportedAndTheRestGoesOn() throws IOException {
        Path absent = folder.resolve("absent.jpg");
        CommandRun run = zeroShot("-c", "cat,dog", "--json", accordion, damaged, absent, chair);
        assertThat(run.failed(1))
                .contains("damaged.png")
                .contains("absent.jpg")
                .contains("2 of 4 images")
                .doesNotContain("\tat ");
        assertThat(json(run).path("guesses")).hasSize(2 * 2);
    }

    @Test
    void noReadableImageIsAnErrorWithoutATable() {
        CommandRun run = zeroShot("-c", "cat,dog", damaged);
        run.failed(1);
        assertThat(run.out()).isEmpty();
    }

    @Test
    void classesComeFromAFile() throws IOException {
        Path names = Files.writeString(folder.resolve("names.txt"), "cat\n\n sea, lake \n");
        JsonNode json = json(zeroShot("--classes-file", names, "--json", accordion));
        assertThat(json.path("classes").toString()).isEqualTo("[\"cat\",\"sea, lake\"]");
        Path empty = Files.writeString(folder.resolve("empty.txt"), "\n");
        assertThat(zeroShot("--classes-file", empty, accordion).failed(1)).contains("empty.txt", "class");
    }

    @Test
    void tooLongAPromptIsAnErrorUnlessTruncated() {
        String name = "very ".repeat(80) + "long cat";
        assertThat(zeroShot("-c", name + ",dog", accordion).failed(1)).contains("exceeds the context length 77");
        zeroShot("-c", name + ",dog", "--truncate", accordion).ok();
    }

    @Test
    void aFolderOfImagesMeansItsImages() throws IOException {
        Path flat = Files.createDirectory(folder.resolve("flat"));
        Files.copy(accordion, flat.resolve("b.png"));
        Files.copy(chair, flat.resolve("a.png"));
        Files.writeString(flat.resolve("notes.txt"), "no image");
        CommandRun run = zeroShot("-c", "cat,dog", "--csv", "-k", "1", flat).ok();
        assertThat(run.out()).startsWith("image,rank,label,probability\n");
        assertThat(run.out().lines().skip(1).map(line -> line.replaceAll(".*/|,.*", "")))
                .containsExactly("a.png", "b.png");
    }

    @Test
    void aFolderThatCannotBeUnderstoodIsRefused() throws IOException {
        Path mixed = classFolders("mixed");
        Files.copy(chair, mixed.resolve("loose.png"));
        assertThat(zeroShot("-c", "cat,dog", mixed).err()).contains("both images and folders");
        Path empty = Files.createDirectory(folder.resolve("empty"));
        assertThat(zeroShot("-c", "cat,dog", empty).err()).contains("has no images");
        Path divided = folder.resolve("divided");
        Files.createDirectories(divided.resolve("train/cat"));
        Files.copy(chair, divided.resolve("train/cat/1.png"));
        assertThat(zeroShot("-c", "cat,dog", divided).err()).contains("name one of them");
    }

    private Path classFolders(String name) throws IOException {
        Path data = folder.resolve(name);
        Path first = Files.createDirectories(data.resolve("accordion"));
        Path second = Files.createDirectories(data.resolve("folding_chair"));
        Files.copy(accordion, first.resolve("1.png"));
        Files.copy(picture("grey"), first.resolve("2.png"));
        Files.copy(chair, second.resolve("1.png"));
        return data;
    }
}
