package org.coop4j.cli;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;
import static org.coop4j.cli.CommandRun.coop;
import static org.coop4j.cli.CommandRun.json;

import com.fasterxml.jackson.databind.JsonNode;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import org.coop4j.clip.Clip;
import org.coop4j.clip.GoldenModels;
import org.coop4j.data.bank.TestPictures;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Commands with a golden SigLIP 2 and its own vocabulary. */
class SiglipCommandsTest {

    @TempDir
    private static Path folder;

    private static Path model;
    private static Path pictures;
    private static Path picture;

    @BeforeAll
    static void make() throws IOException {
        model = folder.resolve("siglip.safetensors");
        coop("convert", GoldenModels.file("siglip2/huggingface"), "-o", model).ok();
        pictures = TestPictures.folder(folder.resolve("pictures"), 3, "red sky", "blue sea");
        picture = pictures.resolve("test/red sky/picture-1.png");
    }

    @Test
    void eachClassIsJudgedByItself() throws IOException {
        JsonNode found =
                json(coop("zero-shot", "-m", model, "-c", "cat,dog,river", "--independent", "--json", picture));
        JsonNode answers = found.path("guesses");
        assertThat(answers).hasSize(3);
        try (Clip clip = Clip.open(model)) {
            float[] expected = clip.independentProbabilities(
                            clip.encodeImages(List.of(picture)),
                            clip.encodeTexts(List.of("a photo of a cat.", "a photo of a dog.", "a photo of a river.")))[
                    0];
            List<String> names = List.of("cat", "dog", "river");
            for (JsonNode answer : answers) {
                float probability = expected[names.indexOf(answer.path("label").asText())];
                assertThat(answer.path("probability").floatValue()).isCloseTo(probability, within(1e-5f));
                assertThat(answer.path("answer").asText()).isEqualTo(probability >= 0.5 ? "yes" : "no");
            }
            JsonNode alone = json(coop("zero-shot", "-m", model, "-c", "dog", "--independent", "--json", picture));
            assertThat(alone.path("guesses")).hasSize(1);
            assertThat(alone.at("/guesses/0/probability").floatValue()).isCloseTo(expected[1], within(1e-5f));
        }
    }

    @Test
    void learnedPromptsSayTheirCostBeforehandAndFeatureMethodsHaveNone() throws IOException {
        Path bank = folder.resolve("bank");
        CommandRun coop = coop(
                "train -m % -d % --method coop -k 2 --epochs 1 --context 4 -o % --bank %",
                model, pictures, folder.resolve("coop"), bank);
        coop.ok();
        assertThat(coop.err()).containsPattern("coop: about .+ all 64 rows of 2 prompts; .* gda");
        CommandRun gda =
                coop("train -m % -d % --method gda -k 2 -o % --bank %", model, pictures, folder.resolve("gda"), bank);
        assertThat(gda.ok().err()).doesNotContain("about");
        JsonNode vectors = json(coop("interpret", "-p", folder.resolve("coop"), "--words", "--json"))
                .path("nearest");
        assertThat(vectors).hasSize(4 * 3);
        assertThat(vectors.path(0).path("symbol").asText()).startsWith("▁");
        assertThat(json(coop("predict", "-p", folder.resolve("coop"), "--json", picture)))
                .isNotEmpty();
    }

    @Test
    void aSweepSaysTheCostOfAllItsLearnedPromptsBeforehand() throws IOException {
        Path plan = folder.resolve("plan.yaml");
        Files.writeString(
                plan,
                "datasets: [%s]\nmethods: [coop-m4-end, gda]\nshots: [1, 2]\nseeds: [1]\nepochs: 1\n"
                        .formatted(pictures.getFileName()));
        CommandRun sweep = coop("sweep", plan, "-m", model, "-d", pictures.getParent(), "-o", folder.resolve("sweep"));
        assertThat(sweep.ok().err())
                .containsPattern("coop-m4-end: about .+ all 64 rows of 4 prompts")
                .doesNotContain("gda: about");
    }

    @Test
    void doctorHasNoExampleOfAModelThatWasNeverPublished() {
        CommandRun done = coop("doctor", "-m", model, "--example", picture);
        assertThat(done.code()).isNotZero();
        assertThat(done.err()).contains("no example of this SigLIP was published");
    }
}
