package org.coop4j.cli;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;
import static org.coop4j.cli.CommandRun.coop;
import static org.coop4j.cli.CommandRun.json;

import com.fasterxml.jackson.databind.JsonNode;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import org.coop4j.clip.GoldenModels;
import org.coop4j.data.bank.TestPictures;
import org.coop4j.model.ConvertedModel;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Commands with a golden TIPSv2 and its own vocabulary. */
class TipsCommandsTest {

    @TempDir
    private static Path folder;

    private static Path hub;
    private static Path model;
    private static Path pictures;
    private static Path picture;

    @BeforeAll
    static void make() throws IOException {
        hub = GoldenModels.file("tips/b/huggingface");
        model = folder.resolve("tips.safetensors");
        CommandRun converted = coop("convert", hub, "-o", model).ok();
        assertThat(converted.out()).contains("TIPS of 3 layers", "56 px", "gelu (images), relu (texts)");
        pictures = TestPictures.folder(folder.resolve("pictures"), 3, "red sky", "blue sea");
        picture = pictures.resolve("test/red sky/picture-1.png");
    }

    /** The golden values of other sizes are compared by the converter's tests, from the source. */
    @Test
    void aConvertedModelIsConvertedForAnotherSizeAsItsSourceIs() throws IOException {
        Path ofSource = folder.resolve("source-28.safetensors");
        Path ofModel = folder.resolve("model-28.safetensors");
        coop("convert", hub, "--size", "28", "-o", ofSource).ok();
        coop("convert", model, "--size", "28", "-o", ofModel).ok();
        try (ConvertedModel one = ConvertedModel.open(ofSource);
                ConvertedModel other = ConvertedModel.open(ofModel)) {
            assertThat(other.metadata()).isEqualTo(one.metadata());
            assertThat(other.vocabulary().orElseThrow())
                    .isEqualTo(one.vocabulary().orElseThrow());
            for (String name : one.weights().names()) {
                if (!name.equals("vocabulary")) {
                    float[] expected = one.weights().floats(name);
                    float[] found = other.weights().floats(name);
                    for (int i = 0; i < expected.length; i++) {
                        assertThat((double) found[i]).as(name).isCloseTo(expected[i], within(1e-6));
                    }
                }
            }
        }
        CommandRun odd = coop("convert", model, "--size", "30", "-o", folder.resolve("odd.safetensors"));
        assertThat(odd.code()).isEqualTo(1);
        assertThat(odd.err()).contains("multiple of patch size 14, got 30");
        assertThat(coop("convert", model, "-o", folder.resolve("again.safetensors"))
                        .err())
                .contains("a converted model already");
    }

    @Test
    void learnedPromptsSayTheirCostBeforehand() throws IOException {
        Path run = folder.resolve("coop");
        CommandRun coop = coop(
                "train -m % -d % --method coop -k 2 --epochs 1 --context 4 -o % --bank %",
                model, pictures, run, folder.resolve("bank"));
        coop.ok();
        assertThat(coop.err()).containsPattern("coop: about .+ text tower of TIPS computes all 20 rows of 2 prompts");
        assertThat(json(coop("predict", "-p", run, "--json", picture))).isNotEmpty();
        JsonNode vectors =
                json(coop("interpret", "-p", run, "--words", "--json")).path("nearest");
        assertThat(vectors.path(0).path("symbol").asText()).startsWith("▁");
    }

    @Test
    void textsAreTokenizedAsInTheModelAndEmptyOnesRefused() throws IOException {
        JsonNode expected = GoldenModels.json("tips/b/tokens.json");
        String text = expected.path("texts").path(0).asText();
        JsonNode tokens = json(coop("tokenize", "--vocabulary", hub, "--json", text));
        assertThat(tokens.toString()).contains(expected.path("expected").path(0).toString());
        assertThat(coop("tokenize", "--vocabulary", hub, text).ok().out()).doesNotContain("end token");
        CommandRun empty = coop("embed", "-m", model, "--text", " ", "-o", folder.resolve("empty.safetensors"));
        assertThat(empty.code()).isEqualTo(1);
        assertThat(empty.err()).contains("no tokens").doesNotContain("Exception");
    }

    @Test
    void doctorHasNoExampleOfAModelThatWasNeverPublished() {
        CommandRun done = coop("doctor", "-m", model, "--example", picture);
        assertThat(done.code()).isNotZero();
        assertThat(done.err()).contains("no example of this TIPS was published");
    }

    @Test
    void aFolderWithoutItsVocabularyEncodesImagesAndNamesWhatItsTextsNeed() throws IOException {
        Path bare = Files.createDirectories(folder.resolve("bare"));
        for (String file : new String[] {"config.json", "model.safetensors"}) {
            Files.copy(hub.resolve(file), bare.resolve(file));
        }
        Path converted = folder.resolve("bare.safetensors");
        coop("convert", bare, "-o", converted).ok();
        coop("embed", "-m", converted, picture, "-o", folder.resolve("image.safetensors"))
                .ok();
        CommandRun texts = coop("zero-shot", "-m", converted, "-c", "cat,dog", picture);
        assertThat(texts.code()).isEqualTo(1);
        assertThat(texts.err()).contains("no vocabulary", "tokenizer.model");
    }
}
