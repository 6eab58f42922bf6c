package org.coop4j.text;

import static org.assertj.core.api.Assertions.assertThat;
import static org.coop4j.base.Thrown.assertThrown;

import com.fasterxml.jackson.databind.ObjectMapper;
import java.io.IOException;
import java.io.InputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.function.Consumer;
import java.util.zip.GZIPInputStream;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class HuggingFaceVocabularyTest {
    private static final int BYTES = 256;

    @TempDir
    private Path folder;

    /**
     * All bytes, within and at the end of a word, two merges and the special tokens: 516 symbols.
     */
    @BeforeEach
    void writeSmallFolder() throws IOException {
        writeVocabulary(ids -> {});
        Files.writeString(folder.resolve("merges.txt"), "#version: 0.2\na t</w>\nc at</w>\n");
    }

    private void writeVocabulary(Consumer<Map<String, Integer>> change) throws IOException {
        Map<String, Integer> ids = new LinkedHashMap<>();
        for (String symbol : Vocabulary.byteSymbols()) {
            ids.put(symbol, ids.size());
        }
        ids.put("at</w>", 512);
        ids.put("cat</w>", 513);
        ids.put("<|startoftext|>", 514);
        ids.put("<|endoftext|>", 515);
        change.accept(ids);
        new ObjectMapper().writeValue(folder.resolve("vocab.json").toFile(), ids);
    }

    @Test
    void folderOfOpenAisModelEqualsTheBuiltIn() throws IOException {
        Tokenizer builtIn = Tokenizer.load();
        Map<String, Integer> ids = new LinkedHashMap<>();
        for (int id = 0; id < builtIn.vocabularySize(); id++) {
            ids.put(builtIn.symbol(id), id);
        }
        new ObjectMapper().writeValue(folder.resolve("vocab.json").toFile(), ids);
        try (InputStream in = new GZIPInputStream(Tokenizer.class.getResourceAsStream("merges.txt.gz"))) {
            Files.write(folder.resolve("merges.txt"), in.readAllBytes());
        }
        Tokenizer fromFolder = Tokenizer.fromHuggingFace(folder);
        assertThat(fromFolder.vocabularySize()).isEqualTo(builtIn.vocabularySize());
        assertThat(fromFolder.startToken()).isEqualTo(builtIn.startToken());
        assertThat(fromFolder.endToken()).isEqualTo(builtIn.endToken());
        for (String text : new String[] {"a photo of a Mexican hairless dog.", "東京 🙂 1,234"}) {
            assertThat(fromFolder.encode(text)).isEqualTo(builtIn.encode(text));
        }
    }

    @Test
    void idsAndMergesOfTheFolderAreHonoured() throws IOException {
        Tokenizer small = Tokenizer.fromHuggingFace(folder);
        assertThat(small.vocabularySize()).isEqualTo(516);
        assertThat(small.tokenize("cat that", 8))
                .containsExactly(514, 513, 'T' - '!' + 32, 'H' - '!' + 32, 512, 515, 0, 0);
    }

    @Test
    void missingFilesAreNamed() throws IOException {
        Files.delete(folder.resolve("merges.txt"));
        assertRefused("merges.txt");
        Files.delete(folder.resolve("vocab.json"));
        assertRefused("vocab.json");
    }

    @ParameterizedTest
    @ValueSource(ints = {60_000, 7, -7})
    void idsWithGapsAreRefused(int id) throws IOException {
        writeVocabulary(ids -> ids.put("cat</w>", id));
        assertRefused("the id " + id);
    }

    @Test
    void vocabularyWithoutABytesSymbolIsRefused() throws IOException {
        writeVocabulary(ids -> {
            ids.remove("~</w>");
            ids.put("~~~", BYTES + '~' - '!');
        });
        assertRefused("\"~</w>\"");
    }

    @Test
    void symbolThatSpellsNoBytesIsRefused() throws IOException {
        writeVocabulary(ids -> {
            ids.remove("cat</w>");
            ids.put("日本", 513);
        });
        assertRefused("日本");
    }

    @ParameterizedTest
    @CsvSource({
        "q u, '\"qu\"'",
        "a t</w>;a t</w>, '\"a t</w>\" twice'",
        "a t</w>;in, merges.txt line 2",
        "a t</w>;i n g, merges.txt line 2",
        "a t</w>; in, merges.txt line 2",
        "'a t</w>;in ', merges.txt line 2"
    })
    void invalidMergesAreRefused(String lines, String message) throws IOException {
        Files.writeString(folder.resolve("merges.txt"), lines.replace(';', '\n') + "\n");
        assertRefused(message);
    }

    @Test
    void brokenFilesAreRefused() throws IOException {
        Files.write(folder.resolve("merges.txt"), new byte[] {'i', ' ', (byte) 0xFF, '\n'});
        assertRefused("UTF-8");
        for (String json : new String[] {"", "[1]", "{\"a\": 1", "{\"a\": \"b\"}", "{\"a\":1e99}"}) {
            Files.writeString(folder.resolve("vocab.json"), json);
            assertRefused("vocab.json");
        }
        Files.writeString(folder.resolve("vocab.json"), "{\"a\": 99999999999}");
        assertRefused("vocab.json");
        Files.writeString(folder.resolve("vocab.json"), "{\"a\": 0, \"a\": 1}");
        assertRefused("'a'");
    }

    private void assertRefused(String message) {
        assertThrown(IOException.class, () -> Tokenizer.fromHuggingFace(folder), message);
    }
}
