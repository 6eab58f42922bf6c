package org.coop4j.text;

import static org.assertj.core.api.Assertions.assertThat;
import static org.coop4j.base.Thrown.assertThrown;

import com.fasterxml.jackson.databind.JsonNode;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.stream.IntStream;
import org.coop4j.base.InputException;
import org.coop4j.base.RefusedException;
import org.coop4j.clip.Clip;
import org.coop4j.clip.GoldenModels;
import org.coop4j.model.ModelVocabulary;
import org.coop4j.model.ModelVocabulary.Cleaning;
import org.coop4j.text.Tokenizer.Overflow;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Token ids of TIPSv2: lower case of every character, no frame, no padding. */
class TipsTokenizerTest {

    @TempDir
    private static Path folder;

    @ParameterizedTest
    @ValueSource(strings = {"tips/b", "tips/g"})
    void textsHaveTheExpectedIds(String model) throws IOException {
        JsonNode json = GoldenModels.json(model + "/tokens.json");
        assertThat(json.get("texts").size()).isGreaterThanOrEqualTo(50);
        try (Clip clip = GoldenModels.open(model, folder)) {
            int context = clip.architecture().text().contextLength();
            assertThat(context).isEqualTo(json.get("context").asInt());
            for (int i = 0; i < json.get("texts").size(); i++) {
                String text = json.get("texts").get(i).asText();
                JsonNode wanted = json.get("expected").get(i);
                assertThat(clip.tokenizer().tokenize(text, context, Overflow.TRUNCATE))
                        .as("%d: %s", i, text)
                        .isEqualTo(IntStream.range(0, wanted.size())
                                .map(token -> wanted.get(token).asInt())
                                .toArray());
            }
        }
    }

    @Test
    void anEmptyTextIsRefused() throws IOException {
        try (Clip clip = GoldenModels.open("tips/b", folder)) {
            for (String text : List.of("", "  ")) {
                assertThrown(RefusedException.class, () -> clip.embed(text), "no tokens", "use words");
                assertThrown(RefusedException.class, () -> clip.embedTexts(List.of("cat", text)), "no tokens");
            }
        }
    }

    /** SigLIP 1's vocabulary has none. */
    @Test
    void aVocabularyWithoutPiecesOfBytesIsRefused() throws IOException {
        byte[] siglip = Files.readAllBytes(GoldenModels.file("siglip1/huggingface/spiece.model"));
        ModelVocabulary bare = new ModelVocabulary("tokenizer.model", Cleaning.LOWER, "", "");
        assertThrown(
                InputException.class,
                () -> PieceCodec.tokenizer(bare, siglip),
                "tokenizer.model",
                "256 bytes",
                "got 0");
    }
}
