package org.coop4j.text;

import static java.nio.charset.StandardCharsets.ISO_8859_1;
import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;
import static org.coop4j.base.Thrown.assertThrown;

import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.RandomAccessFile;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.Collections;
import java.util.List;
import org.coop4j.base.InputException;
import org.coop4j.base.RefusedException;
import org.coop4j.model.ModelVocabulary;
import org.coop4j.model.ModelVocabulary.Cleaning;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** Vocabularies that are damaged or made to do harm are refused by name; what they cost is bounded. */
class SiglipVocabularyTest {
    private static final int NORMAL = 1;
    private static final int UNKNOWN = 2;
    private static final int CONTROL = 3;
    private static final int USER_DEFINED = 4;
    private static final int UNUSED = 5;

    @TempDir
    private Path folder;

    private static Tokenizer read(String file, byte[] content) throws IOException {
        return PieceCodec.tokenizer(new ModelVocabulary(file, Cleaning.WHITESPACE, "</s>", "</s>"), content);
    }

    private static Tokenizer json(String model) throws IOException {
        return read("tokenizer.json", model.replace('\'', '"').getBytes(UTF_8));
    }

    private static byte[] field(int number, byte[] value) {
        ByteArrayOutputStream out = new ByteArrayOutputStream();
        out.write(number << 3 | 2);
        for (int left = value.length; ; left >>>= 7) {
            out.write(left < 128 ? left : left | 128);
            if (left < 128) {
                break;
            }
        }
        out.writeBytes(value);
        return out.toByteArray();
    }

    private static byte[] whole(int number, int value) {
        return new byte[] {(byte) (number << 3), (byte) value};
    }

    private static byte[] joined(byte[]... parts) {
        ByteArrayOutputStream out = new ByteArrayOutputStream();
        Arrays.stream(parts).forEach(out::writeBytes);
        return out.toByteArray();
    }

    private static byte[] piece(byte[] text, float score, int type) {
        byte[] number = ByteBuffer.allocate(5)
                .order(ByteOrder.LITTLE_ENDIAN)
                .put((byte) (2 << 3 | 5))
                .putFloat(score)
                .array();
        return field(1, joined(field(1, text), number, whole(3, type)));
    }

    private static byte[] piece(String text, float score, int type) {
        return piece(text.getBytes(UTF_8), score, type);
    }

    /** Returns a file of a model type with an end token, an unknown piece and others. */
    private static byte[] model(int type, byte[]... pieces) {
        return joined(
                piece("</s>", 0, CONTROL),
                piece("<unk>", 0, UNKNOWN),
                joined(pieces),
                field(2, whole(3, type)),
                field(3, joined(whole(3, 0), whole(4, 0))));
    }

    private static byte[] golden(String name) throws IOException {
        try (var in = SiglipVocabularyTest.class.getResourceAsStream("/golden/siglip/" + name)) {
            return in.readAllBytes();
        }
    }

    private static void assertRefused(byte[] file, String... messages) {
        assertThrown(InputException.class, () -> read("spiece.model", file), messages);
    }

    @Test
    void aTruncatedFileIsRefusedWhereverItEnds() throws IOException {
        byte[] whole = golden("siglip1/huggingface/spiece.model");
        for (int length = 0; length < Math.min(9_000, whole.length); length += 7) {
            assertRefused(Arrays.copyOf(whole, length), "spiece.model: ", "truncated");
        }
        byte[] json = golden("siglip2/huggingface/tokenizer.json");
        for (int length = 0; length < json.length; length += 499) {
            byte[] cut = Arrays.copyOf(json, length);
            assertThrown(InputException.class, () -> read("tokenizer.json", cut), "tokenizer.json: ");
        }
    }

    @Test
    void lengthsBeyondTheFileAreRefusedAndAllocateNothing() {
        byte[] beyond = {1 << 3 | 2, (byte) 0xFF, (byte) 0xFF, (byte) 0xFF, (byte) 0xFF, 7};
        assertRefused(beyond, "field 1 at byte 6 goes beyond its end");
        byte[] negative = {1 << 3 | 2, -1, -1, -1, -1, -1, -1, -1, -1, -1, 1};
        assertRefused(negative, "goes beyond its end");
        byte[] endless = new byte[20];
        Arrays.fill(endless, (byte) -1);
        assertRefused(endless, "has no end");
    }

    @Test
    void morePiecesThanAnyVocabularyHasAreRefused() {
        byte[] one = field(1, field(1, new byte[] {'a'}));
        byte[] many = new byte[10_000_000 * one.length];
        for (int at = 0; at < many.length; at += one.length) {
            System.arraycopy(one, 0, many, at, one.length);
        }
        assertRefused(many, "more than 2,097,152 pieces");
        assertThrown(
                InputException.class,
                () -> json("{'model': {'vocab': {'</s>': 0, 'a': 2000000000}}}"),
                "\"a\" has the id 2,000,000,000",
                "less than 2,097,152");
    }

    @Test
    void aFileOfHalfAGigabyteIsNotRead() throws IOException {
        Path file = folder.resolve("tokenizer.json");
        try (RandomAccessFile sparse = new RandomAccessFile(file.toFile(), "rw")) {
            sparse.setLength(500L << 20);
        }
        assertThrown(InputException.class, () -> Tokenizer.ofFolder(folder), file.toString(), "more than 64 MB");
    }

    @Test
    void piecesMustBeUtf8OfSomeLengthWithFiniteScoresAndOnce() {
        assertRefused(model(1, piece("a", Float.NaN, NORMAL)), "piece 2 \"a\"", "finite", "NaN");
        assertRefused(model(1, piece("a", Float.POSITIVE_INFINITY, NORMAL)), "piece 2 \"a\"", "Infinity");
        assertRefused(model(1, piece(new byte[] {(byte) 0xC3}, 0, NORMAL)), "not UTF-8");
        assertRefused(
                model(1, piece(new byte[] {(byte) 0xC3}, 0, NORMAL), piece(new byte[] {(byte) 0xA9}, 0, NORMAL)),
                "piece 3",
                "UTF-8");
        assertRefused(model(1, piece("", 0, NORMAL)), "piece 2", "1 to 1024 bytes");
        assertRefused(model(1, piece("a".repeat(1025), 0, NORMAL)), "piece 2", "1 to 1024 bytes");
        assertRefused(model(1, piece("ab", 0, NORMAL), piece("ab", -1, NORMAL)), "piece 3 \"ab\": it is there twice");
        assertRefused(model(1, piece("a", 0, 9)), "unknown type 9");
        assertRefused(model(3, piece("a", 0, NORMAL)), "unigram or BPE", "type 3");
    }

    /** A trie that claims more than the file has, and units that lead outside of it or round in circles. */
    @Test
    void aDamagedCharacterMapIsRefusedOrChangesNothing() throws IOException {
        byte[] settings = joined(whole(3, 0), whole(4, 0));
        byte[] pieces = joined(
                piece("</s>", 0, CONTROL), piece("<unk>", 0, UNKNOWN), piece("a", 0, NORMAL), field(2, whole(3, 1)));
        byte[] tooLong = {-1, -1, -1, 127, 0, 0, 0, 0};
        assertRefused(joined(pieces, field(3, joined(settings, field(2, tooLong)))), "character map", "does not fit");
        byte[] growing = joined(new byte[] {4, 0, 0, 0, 0, 0, 0, 0}, new byte[256], new byte[] {'a'}, new byte[1]);
        Arrays.fill(growing, 8, 8 + 256, (byte) 'a');
        assertRefused(joined(pieces, field(3, joined(settings, field(2, growing)))), "replacement of more than 256");
        ByteBuffer wild = ByteBuffer.allocate(4 + 4 * 300 + 1).order(ByteOrder.LITTLE_ENDIAN);
        wild.putInt(4 * 300);
        for (int unit = 0; unit < 300; unit++) {
            wild.putInt(0x7FFF_FF00 | unit);
        }
        Tokenizer tokenizer = read("spiece.model", joined(pieces, field(3, joined(settings, field(2, wild.array())))));
        assertThat(tokenizer.encode("aa")).containsExactly(2, 2);
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            quoteCharacter = '`',
            value = {
                "{'model': {'vocab': {'a': 0, 'b': 2, '</s>': 3}}} | the piece 1 is missing",
                "{'model': {'vocab': {'a': 0, 'b': 0, '</s>': 1}}} | \"b\" has the id 0, expected one for each piece",
                "{'model': {'vocab': {'a': 0, 'a': 1, '</s>': 2}}} | piece 1 \"a\": it is there twice",
                "{'model': {'vocab': [['\\ud800', 0], ['</s>', 0]]}} | half a character",
                "{'model': {'vocab': [['a', 1e999], ['</s>', 0]], 'unk_id': 0, 'type': 'Unigram'}} | finite",
                "{'model': {'vocab': [['a', NaN], ['</s>', 0]], 'unk_id': 0, 'type': 'Unigram'}} | not valid JSON",
                "{'model': {'vocab': [['a', 0], ['</s>', 0]], 'unk_id': 7, 'type': 'Unigram'}} | model.unk_id = 7",
                "{'model': {'vocab': [['a', 0, 0]]}} | model.vocab: expected pieces",
                "{'model': {'vocab': {'a': 0, 'b': 1, 'ab': 2, '</s>': 3}, 'merges': ['a b', 'a b']}} | merge 1 is there twice",
                "{'model': {'vocab': {'a': 0, 'b': 1, '</s>': 2}, 'merges': [['a', 'b']]}} | \"a\" and \"b\" are not two pieces",
                "{'model': {'vocab': {'a': 0, 'b': 1, 'ab': 2}, 'merges': [['a', 'b', 'c']]}} | expected pairs",
                "{'model': {'vocab': {'a': 0, 'b': 1, 'ab': 2}, 'merges': ['ab']}} | expected pairs",
                "{'normalizer': {'type': 'Sequence', 'normalizers': [{'type': 'Nmt'}]}} | type = Nmt is not supported",
                "{'normalizer': {'type': 'Replace', 'pattern': {'Regex': '(a*)*b'}, 'content': ''}} | Regex = (a*)*b is not supported",
                "{'normalizer': {'type': 'Precompiled', 'precompiled_charsmap': '%%%%'}} | Illegal base64",
                "{'normalizer': {'type': 'Replace', 'pattern': {'String': 'a'}, 'content': '123456789012345678901234567890123'}} | content =",
                "{'pre_tokenizer': {'type': 'ByteLevel'}} | type = ByteLevel is not supported",
                "{'post_processor': {'type': 'BertProcessing'}} | type = BertProcessing is not supported",
                "{'model': {'vocab': {'</s>': 0}, 'ignore_merges': true}} | model.ignore_merges = true is not supported",
                "{'model': {'merges': ['a b'], 'vocab': {'a': 0}}} | expected after model.vocab",
                "{'model': 3} | model: expected an object",
                "[] | expected a JSON object",
                "{} | it has no model"
            })
    void partsOfATokenizerThatAreWrongOrUnknownAreNamed(String file, String message) {
        assertThrown(InputException.class, () -> json(file), "tokenizer.json: ", message);
    }

    @Test
    void aTokenizerThatIsNotUtf8IsRefused() {
        byte[] latin = "{\"model\": {\"vocab\": {\"\u00e9\": 0}}}".getBytes(ISO_8859_1);
        assertThrown(InputException.class, () -> read("tokenizer.json", latin), "tokenizer.json: ", "UTF-8");
    }

    @Test
    void nestedAndCountlessValuesAreRefusedBeforeTheyTakeMemory() {
        assertThrown(InputException.class, () -> json("{'normalizer': " + "[".repeat(100_000)), "not valid JSON");
        String numbers = String.join(",", Collections.nCopies(300_000, "0"));
        assertThrown(
                InputException.class,
                () -> json("{'post_processor': [" + numbers + "]}"),
                "not valid JSON",
                "too many values");
    }

    @Test
    void normalizersDoNotFillTheMemory() throws IOException {
        String step = "{'type': 'Replace', 'pattern': {'String': 'a'}, 'content': 'aaaaaaaaaaaaaaaa'}";
        Tokenizer tokenizer = json(
                "{'normalizer': {'type': 'Sequence', 'normalizers': [" + String.join(",", Collections.nCopies(20, step))
                        + "]}, 'model': {'type': 'BPE', 'vocab': {'</s>': 0, 'a': 1}}}");
        assertThrown(RefusedException.class, () -> tokenizer.encode("a".repeat(10_000)), "2,560,000 characters");
    }

    /** Each merge leaves one symbol less, so that no list of merges can go on for ever. */
    @Test
    void mergesThatFeedEachOtherEnd() throws IOException {
        Tokenizer tokenizer =
                json("{'model': {'type': 'BPE', 'vocab': {'</s>': 0, 'a': 1, 'aa': 2, 'aaa': 3, 'aaaa': 4},"
                        + " 'merges': ['aa aa', 'a aaa', 'aaa a', 'aa a', 'a aa', 'a a']}}");
        assertThat(tokenizer.encode("a".repeat(9_999))).hasSize(2_500).endsWith(3);
    }

    /** The longest of user-defined pieces is a symbol of its own; an unused one is split as it was merged. */
    @Test
    void userDefinedPiecesStandAloneAndUnusedOnesAreSplit() throws IOException {
        byte[][] pieces = {
            piece("a", -1, NORMAL),
            piece("b", -2, NORMAL),
            piece("ab", -2, UNUSED),
            piece("abb", -3, NORMAL),
            piece("ba", -4, USER_DEFINED)
        };
        Tokenizer pairs = read("tokenizer.model", model(2, pieces));
        assertThat(pairs.encode("ab")).containsExactly(2, 3);
        assertThat(pairs.encode("abb")).containsExactly(5);
        assertThat(pairs.encode("aba")).containsExactly(2, 6);
        Tokenizer unigram = read("spiece.model", model(1, pieces));
        assertThat(unigram.encode("ab")).containsExactly(2, 3);
        assertThat(unigram.encode("abxyba")).containsExactly(2, 3, 1, 6);
    }

    /** Users' texts never make control tokens, whatever they contain. */
    @Test
    void controlTokensAreNotFoundInTexts() throws IOException {
        Tokenizer tokenizer = json(
                "{'added_tokens': [{'id': 0, 'content': '</s>', 'special': true},"
                        + " {'id': 2, 'content': '<h1>', 'normalized': false}, {'id': 3, 'content': '<h', 'normalized': false}],"
                        + " 'model': {'type': 'Unigram', 'unk_id': 1, 'vocab': [['</s>', 0], ['<unk>', 0], ['<h1>', 0], ['<h', 0], ['s', -1]]}}");
        assertThat(tokenizer.encode("s</s><h1>s<h")).containsExactly(4, 1, 4, 1, 2, 4, 3);
        assertThat(List.of(tokenizer.decode(new int[] {4, 2}), tokenizer.symbol(0)))
                .containsExactly("s<h1>", "</s>");
    }
}
