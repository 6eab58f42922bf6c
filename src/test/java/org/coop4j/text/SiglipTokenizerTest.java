package org.coop4j.text;

import static org.assertj.core.api.Assertions.assertThat;
import static org.coop4j.base.Thrown.assertThrown;

import com.fasterxml.jackson.databind.JsonNode;
import java.io.IOException;
import java.nio.FloatBuffer;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;
import java.util.stream.IntStream;
import org.coop4j.base.Progress;
import org.coop4j.clip.Clip;
import org.coop4j.clip.GoldenModels;
import org.coop4j.model.ConvertedModel;
import org.coop4j.model.convert.Converter;
import org.coop4j.text.Tokenizer.Overflow;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** Token ids of the references' own tokenizers, on vocabularies small enough to keep. */
class SiglipTokenizerTest {

    @TempDir
    private static Path folder;

    /** Without cleaning, which hides what normalization does to capitals, spaces and marks. */
    @ParameterizedTest
    @CsvSource({
        "siglip1, huggingface/spiece.model, sentencepiece",
        "siglip1, open_clip/tokenizer.json, tokenizer_json",
        "siglip2, huggingface/tokenizer.model, sentencepiece",
        "siglip2, huggingface/tokenizer.json, tokenizer_json"
    })
    void textsAsTheyAreHaveTheReferencesIds(String model, String file, String key) throws IOException {
        JsonNode json = GoldenModels.json(model + "/tokens.json");
        byte[] content = Files.readAllBytes(GoldenModels.file(model + "/" + file));
        PieceCodec.Encoding encoding =
                file.endsWith("json") ? TokenizerJson.read(content) : SentencePieceFile.read(content);
        for (int i = 0; i < json.get("texts").size(); i++) {
            String text = json.get("texts").get(i).asText();
            IntStream.Builder ids = IntStream.builder();
            encoding.ids().accept(text, ids);
            assertThat(ids.build().toArray())
                    .as("%d: %s", i, text)
                    .isEqualTo(ints(json.get(key).get(i)));
        }
    }

    @ParameterizedTest
    @CsvSource({
        "siglip1/huggingface, expected",
        "siglip1/open_clip, open_clip",
        "siglip2/huggingface, expected",
        "siglip2/open_clip, open_clip"
    })
    void aConvertedModelTokenizesAsItsFolder(String name, String key) throws IOException {
        JsonNode json = GoldenModels.json(name.substring(0, name.indexOf('/')) + "/tokens.json");
        Tokenizer ofFolder = Tokenizer.ofFolder(GoldenModels.file(name));
        try (ConvertedModel model = ConvertedModel.open(GoldenModels.convert(name, folder))) {
            Tokenizer ofModel = Tokenizer.of(model);
            assertThat(ofModel.vocabularySize())
                    .isEqualTo(model.architecture().text().vocabularySize());
            for (int i = 0; i < json.get("texts").size(); i++) {
                String text = json.get("texts").get(i).asText();
                int context = json.get("context").asInt();
                int[] wanted = ints(json.get(key).get(i));
                assertThat(ofModel.tokenize(text, context, Overflow.TRUNCATE)).isEqualTo(wanted);
                assertThat(ofFolder.tokenize(text, context, Overflow.TRUNCATE)).isEqualTo(wanted);
            }
        }
    }

    @Test
    void aModelWithoutItsVocabularyEncodesImagesAndNamesWhatItsTextsNeed() throws IOException {
        Path source = Files.createDirectories(folder.resolve("bare"));
        for (String file : List.of("config.json", "model.safetensors", "preprocessor_config.json")) {
            Files.copy(GoldenModels.file("siglip1/huggingface/" + file), source.resolve(file));
        }
        Path model = folder.resolve("bare.safetensors");
        Converter.convert(source, model, Optional.empty(), Progress.NONE);
        try (Clip clip = Clip.open(model)) {
            int side = clip.architecture().vision().imageSize();
            assertThat(clip.encodePixels(FloatBuffer.allocate(3 * side * side), 1)
                            .rows())
                    .isEqualTo(1);
            assertThrown(
                    () -> clip.encodeTexts(List.of("a cat")),
                    "bare.safetensors",
                    "no vocabulary",
                    "spiece.model",
                    "convert its folder again");
        }
    }

    /** Within a prompt a word begins with a space, which is a part of its first piece. */
    @Test
    void aTextThatFollowsOthersBeginsWithASpace() throws IOException {
        Tokenizer second = Tokenizer.ofFolder(GoldenModels.file("siglip2/huggingface"));
        assertThat(second.encodeAfter("Cat")).isEqualTo(second.encode(" cat")).isNotEqualTo(second.encode("cat"));
        assertThat(second.decode(second.encodeAfter("cat"))).isEqualTo(" cat");
        assertThat(second.encodeAfter("  ")).isEmpty();
        Tokenizer first = Tokenizer.ofFolder(GoldenModels.file("siglip1/huggingface"));
        assertThat(first.encodeAfter("cat")).isEqualTo(first.encode("cat"));
        assertThat(first.encodeAfter("!")).isEmpty();
    }

    @Test
    void piecesOfWordsAreReadable() throws IOException {
        Tokenizer tokenizer = Tokenizer.ofFolder(GoldenModels.file("siglip2/huggingface"));
        int words = 0;
        int parts = 0;
        for (int id = 0; id < tokenizer.vocabularySize(); id++) {
            String symbol = tokenizer.symbol(id);
            if (symbol.matches("▁[a-z]+")) {
                assertThat(tokenizer.readable(id)).isEqualTo(symbol.substring(1));
                assertThat(tokenizer.isWord(id)).isTrue();
                words++;
            } else if (symbol.matches("[a-z]+")) {
                assertThat(tokenizer.readable(id)).isEqualTo("…" + symbol);
                parts++;
            } else if (symbol.startsWith("▁▁")) {
                assertThat(tokenizer.isWord(id)).isFalse();
            }
        }
        assertThat(words).isPositive();
        assertThat(parts).isPositive();
        assertThat(tokenizer.readable(tokenizer.frame().end().orElseThrow()))
                .startsWith("<")
                .endsWith(">");
        assertThat(tokenizer.decode(tokenizer.encode("naïve 😊"))).isEqualTo("naïve 😊");
    }

    private static int[] ints(JsonNode list) {
        return IntStream.range(0, list.size()).map(i -> list.get(i).asInt()).toArray();
    }
}
