package org.coop4j.text;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.io.IOException;
import java.net.URISyntaxException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Optional;
import java.util.stream.IntStream;
import org.coop4j.text.Tokenizer.Overflow;
import org.coop4j.weights.model.ModelVocabulary;
import org.coop4j.weights.model.ModelVocabulary.Cleaning;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** Token ids of the references' own tokenizers, on vocabularies small enough to keep. */
class SiglipTokenizerTest {

    private static Path golden(String name) {
        try {
            return Path.of(SiglipTokenizerTest.class
                    .getResource("/golden/siglip/" + name)
                    .toURI());
        } catch (URISyntaxException e) {
            throw new IllegalStateException(e);
        }
    }

    private static Tokenizer tokenizer(String folder, String file, Cleaning cleaning) throws IOException {
        ModelVocabulary own =
                ModelVocabulary.of(golden(folder), Optional.of(cleaning)).orElseThrow();
        ModelVocabulary given = new ModelVocabulary(file, own.cleaning(), own.endToken(), own.padToken());
        return PieceCodec.tokenizer(given, Files.readAllBytes(golden(folder + "/" + file)));
    }

    @ParameterizedTest
    @CsvSource({
        "siglip1, huggingface, spiece.model, PUNCTUATION, expected",
        "siglip1, open_clip, tokenizer.json, CANONICALIZE, open_clip",
        "siglip2, huggingface, tokenizer.model, LOWER, expected",
        "siglip2, huggingface, tokenizer.json, LOWER, expected",
        "siglip2, open_clip, tokenizer.json, CANONICALIZE, open_clip"
    })
    void everyGoldenTextHasTheReferencesIds(String model, String form, String file, Cleaning cleaning, String key)
            throws IOException {
        JsonNode json =
                new ObjectMapper().readTree(golden(model + "/tokens.json").toFile());
        int context = json.get("context").asInt();
        Tokenizer tokenizer = tokenizer(model + "/" + form, file, cleaning);
        assertThat(tokenizer.frame().end()).isEqualTo(json.get("eos").asInt());
        assertThat(tokenizer.frame().padding()).isEqualTo(json.get("pad").asInt());
        assertThat(json.get("texts")).hasSizeGreaterThan(70);
        for (int i = 0; i < json.get("texts").size(); i++) {
            String text = json.get("texts").get(i).asText();
            assertThat(tokenizer.tokenize(text, context, Overflow.TRUNCATE))
                    .as("%d: %s", i, text)
                    .isEqualTo(ints(json.get(key).get(i)));
        }
    }

    /** Without cleaning, which hides what normalization does to capitals, spaces and marks. */
    @ParameterizedTest
    @CsvSource({
        "siglip1, huggingface/spiece.model, sentencepiece",
        "siglip1, open_clip/tokenizer.json, tokenizer_json",
        "siglip2, huggingface/tokenizer.model, sentencepiece",
        "siglip2, huggingface/tokenizer.json, tokenizer_json"
    })
    void textsAsTheyAreHaveTheReferencesIds(String model, String file, String key) throws IOException {
        JsonNode json =
                new ObjectMapper().readTree(golden(model + "/tokens.json").toFile());
        byte[] content = Files.readAllBytes(golden(model + "/" + file));
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

    private static int[] ints(JsonNode list) {
        return IntStream.range(0, list.size()).map(i -> list.get(i).asInt()).toArray();
    }
}
