package org.coop4j.text;

import static org.assertj.core.api.Assertions.assertThat;
import static org.coop4j.base.Thrown.assertThrown;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.io.IOException;
import java.io.InputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.function.Consumer;
import java.util.stream.IntStream;
import java.util.zip.GZIPInputStream;
import org.coop4j.base.Sha256;
import org.coop4j.text.Tokenizer.Overflow;
import org.coop4j.text.Tokenizer.TextTooLongException;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvFileSource;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class TokenizerTest {
    private static final Tokenizer TOKENIZER = Tokenizer.load();
    private static final int CONTEXT = 77;

    @Test
    void everyGoldenTextHasClipsIds() throws IOException {
        JsonNode lines;
        try (InputStream in = getClass().getResourceAsStream("/golden/text_image/tokenizer.json")) {
            lines = new ObjectMapper().readTree(in);
        }
        assertThat(lines).hasSize(91);
        for (JsonNode line : lines) {
            String text = line.get("text").asText();
            int[] wanted = IntStream.range(0, line.get("ids").size())
                    .map(i -> line.get("ids").get(i).asInt())
                    .toArray();
            assertThat(TOKENIZER.encode(text)).as(text).isEqualTo(wanted);
        }
    }

    @ParameterizedTest
    @CsvFileSource(resources = "token-ids.txt", delimiter = '|', quoteCharacter = '`')
    void textsHaveTheIdsOfClipsPattern(String text, String ids) {
        assertThat(TOKENIZER.encode(text)).isEqualTo(ints(ids));
    }

    @Test
    void vocabularyIsClips() {
        assertThat(TOKENIZER.vocabularySize()).isEqualTo(49408);
        assertThat(TOKENIZER.frame()).isEqualTo(Tokenizer.Frame.of(49406, 49407));
        assertThat(symbols(0, 93, 94, 187, 188, 255)).containsExactly("!", "~", "¡", "ÿ", "Ā", "Ń");
        assertThat(symbols(256, 512, 49405)).containsExactly("!</w>", "in", "jekyll</w>");
        assertThat(symbols(13, 269, 320, 1125, 539, 318, 268))
                .containsExactly(".", ".</w>", "a</w>", "photo</w>", "of</w>", "_</w>", "-</w>");
        assertThat(symbols(49406, 49407)).containsExactly("<|startoftext|>", "<|endoftext|>");
    }

    @Test
    void mergesAreThoseOfOpenAisModels() throws Exception {
        byte[] merges;
        try (InputStream in = Tokenizer.class.getResourceAsStream("merges.txt.gz")) {
            merges = new GZIPInputStream(in).readAllBytes();
        }
        assertThat(Sha256.of(merges)).isEqualTo("9fd691f7c8039210e0fced15865466c65820d09b63988b0174bfe25de299051a");
    }

    @Test
    void tokenizeFramesAndPadsWithZeros() {
        int[] tokens = TOKENIZER.tokenize("Hello World!", CONTEXT);
        assertThat(tokens).hasSize(CONTEXT).startsWith(49406, 3306, 1002, 256, 49407);
        assertThat(Arrays.copyOfRange(tokens, 5, CONTEXT)).containsOnly(0);
    }

    @Test
    void textThatFillsTheContextFits() {
        int[] tokens = TOKENIZER.tokenize("cat ".repeat(CONTEXT - 2), CONTEXT);
        assertThat(tokens[CONTEXT - 2]).isEqualTo(2368);
        assertThat(tokens[CONTEXT - 1]).isEqualTo(49407);
    }

    @Test
    void tooLongTextIsAnErrorThatNamesItAndTheCounts() {
        String text = "photo of a cat ".repeat(20);
        assertThrown(
                TextTooLongException.class,
                () -> TOKENIZER.tokenize(text, CONTEXT),
                "82 tokens",
                "context length 77",
                "photo of a cat photo");
    }

    @Test
    void truncatedTextKeepsTheEndToken() {
        int[] tokens = TOKENIZER.tokenize("cat ".repeat(100), CONTEXT, Overflow.TRUNCATE);
        assertThat(tokens).hasSize(CONTEXT).endsWith(2368, 49407);
        assertThat(TOKENIZER.tokenize("a cat", 3, Overflow.TRUNCATE)).containsExactly(49406, 320, 49407);
    }

    @Test
    void contextWithoutRoomForTheFrameIsRefused() {
        assertThrown(IllegalArgumentException.class, () -> TOKENIZER.tokenize("", 1), "context length", "got 1");
        assertThat(TOKENIZER.tokenize("", 2)).containsExactly(49406, 49407);
    }

    @Test
    void decodeSpellsCleanedText() {
        int[] ids = TOKENIZER.encode("Naïve  東京 isn't 🙂");
        assertThat(TOKENIZER.decode(ids)).isEqualTo("naïve 東京 isn 't 🙂 ");
        assertThat(TOKENIZER.decode(new int[] {49406, 2368, 49407})).isEqualTo("<|startoftext|>cat <|endoftext|>");
    }

    @Test
    void decodeReplacesBytesThatAreNotUtf8() {
        assertThat(TOKENIZER.decode(new int[] {TOKENIZER.encode("東")[0]})).contains("\uFFFD");
    }

    @Test
    void idsOutsideOfTheVocabularyAreRefused() {
        assertThrown(Exception.class, () -> TOKENIZER.symbol(49408), "49408", "0 to 49407");
        assertThrown(IllegalArgumentException.class, () -> TOKENIZER.decode(new int[] {-1}));
    }

    @Test
    void anyTextIsEncodedAndItsSymbolsSpellItsBytes() {
        Random random = new Random(3);
        TextCleaner cleaner = new TextCleaner(HtmlEntities.load());
        for (int n = 0; n < 2000; n++) {
            String text = random.ints(random.nextInt(40), 0, 0x20000)
                    .filter(Character::isLetterOrDigit)
                    .collect(StringBuilder::new, StringBuilder::appendCodePoint, StringBuilder::append)
                    .toString();
            String cleaned = cleaner.clean(text);
            String decoded = TOKENIZER.decode(TOKENIZER.encode(text));
            assertThat(decoded.replace(" ", "")).isEqualTo(cleaned.replace(" ", ""));
            if (n == 20) {
                assertThat(cleaned).isNotEmpty();
            }
        }
    }

    @Test
    void longWordsAreMergedLikeShortOnes() {
        String word = "ab".repeat(50_000);
        assertThat(TOKENIZER.decode(TOKENIZER.encode(word))).isEqualTo(word + " ");
    }

    @Test
    void threadsShareATokenizer() {
        List<String> texts = IntStream.range(0, 40_000)
                .mapToObj(i -> "photo of word" + i % 37_000)
                .toList();
        List<int[]> alone = texts.stream().map(Tokenizer.load()::encode).toList();
        Tokenizer shared = Tokenizer.load();
        List<int[]> together = texts.parallelStream().map(shared::encode).toList();
        for (int i = 0; i < texts.size(); i++) {
            assertThat(together.get(i)).isEqualTo(alone.get(i));
        }
    }

    private static List<String> symbols(int... ids) {
        return Arrays.stream(ids).mapToObj(TOKENIZER::symbol).toList();
    }

    private static int[] ints(String ids) {
        return Arrays.stream(ids.trim().split(" ")).mapToInt(Integer::parseInt).toArray();
    }

    /** Their cleaning takes a time that grows with the square of their length: marks of two kinds are put in order. */
    @Test
    void veryLongTextsAreNotTokenized() {
        String marks = "a" + "\u0301".repeat(10_000) + "\u0323".repeat(10_000);
        assertThrown(
                TextTooLongException.class,
                () -> TOKENIZER.tokenize(marks, 77),
                "text of 20,001 characters exceeds the limit of 10,000");
        String cut = marks.substring(0, 10_000);
        assertThat(TOKENIZER.tokenize(marks, 77, Overflow.TRUNCATE))
                .isEqualTo(TOKENIZER.tokenize(cut, 77, Overflow.TRUNCATE));
    }

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
        Tokenizer fromFolder = Tokenizer.ofFolder(folder);
        assertThat(fromFolder.vocabularySize()).isEqualTo(builtIn.vocabularySize());
        assertThat(fromFolder.frame()).isEqualTo(builtIn.frame());
        for (String text : new String[] {"a photo of a Mexican hairless dog.", "東京 🙂 1,234"}) {
            assertThat(fromFolder.encode(text)).isEqualTo(builtIn.encode(text));
        }
        for (int id = 0; id < builtIn.vocabularySize(); id++) {
            assertThat(fromFolder.symbol(id)).isEqualTo(builtIn.symbol(id));
            String text = builtIn.symbol(id).replace("</w>", "");
            assertThat(fromFolder.encode(text)).as(text).isEqualTo(builtIn.encode(text));
        }
        assertThat(ids).hasSize(builtIn.vocabularySize());
    }

    @Test
    void idsAndMergesOfTheFolderAreHonoured() throws IOException {
        Tokenizer small = Tokenizer.ofFolder(folder);
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
        "q u, 'merges.txt line 1: \"q\" and \"u\" are not two pieces'",
        "a t</w>;a t</w>, merges.txt line 2: merge 1 is there twice",
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
        assertThrown(IOException.class, () -> Tokenizer.ofFolder(folder), message);
    }
}
