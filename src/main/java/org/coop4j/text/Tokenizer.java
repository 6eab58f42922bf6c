package org.coop4j.text;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ConcurrentMap;
import java.util.regex.Pattern;
import org.coop4j.base.Require;
import org.coop4j.base.SafeText;

/**
 * CLIP's byte-level BPE tokenizer ({@code clip/simple_tokenizer.py} and {@code clip.tokenize}): 49,408 symbols,
 * lower-cased text, words ended by {@code </w>}.
 *
 * <p>Token ids equal CLIP's for every text but mojibake, which CLIP's dependency ftfy repairs and this class does not.
 * Instances are safe for use by several threads.
 */
public final class Tokenizer {
    /**
     * CLIP's pattern, for text with single spaces. U+0345 belongs to no word: Python's {@code regex} folds it to the
     * letter iota when it looks for other characters, but not when it looks for letters.
     */
    private static final Pattern WORD = Pattern.compile(
            "<\\|startoftext\\|>|<\\|endoftext\\|>|'s|'t|'re|'ve|'m|'ll|'d"
                    + "|\\p{L}+|\\p{N}|[^ \\u0345\\p{L}\\p{N}]+",
            Pattern.CASE_INSENSITIVE | Pattern.UNICODE_CASE);

    /** Largest number of characters of a text; what follows is cut off where texts are truncated. */
    private static final int MAX_LENGTH = 10_000;

    private static final int MAX_CACHED_WORDS = 1 << 15;
    private static final int MAX_CACHED_LENGTH = 64;

    /** Treatment of a text that has more tokens than the context can hold. */
    public enum Overflow {
        /** It is an error. */
        FAIL,
        /** Its last tokens are cut off; the end token stays. */
        TRUNCATE;

        /** Returns the treatment that cuts off, or else the one that fails. */
        public static Overflow of(boolean truncate) {
            return truncate ? TRUNCATE : FAIL;
        }
    }

    private final TextCleaner cleaner = new TextCleaner(HtmlEntities.load());
    private final List<String> symbols;
    private final BytePairEncoding merges;
    private final int[] innerBytes; // id of each byte within a word
    private final int[] finalBytes; // id of each byte that ends a word
    private final int startToken;
    private final int endToken;

    /** Ids by word: most words of a dataset's prompts repeat. Emptied when full. */
    private final ConcurrentMap<String, int[]> cache = new ConcurrentHashMap<>();

    private Tokenizer(Vocabulary vocabulary) {
        this.symbols = vocabulary.symbols();
        this.merges = new BytePairEncoding(vocabulary.merges());
        this.innerBytes = vocabulary.byteIds("");
        this.finalBytes = vocabulary.byteIds(Vocabulary.END_OF_WORD);
        this.startToken = vocabulary.ids().get(Vocabulary.START_TOKEN);
        this.endToken = vocabulary.ids().get(Vocabulary.END_TOKEN);
    }

    /** Loads the vocabulary of OpenAI's CLIP models, which nearly all CLIP models share. */
    public static Tokenizer load() {
        return new Tokenizer(Vocabulary.clip());
    }

    /**
     * Loads the vocabulary of a Hugging Face folder.
     *
     * @param folder holds {@code vocab.json} (id by symbol) and {@code merges.txt}
     * @throws IOException if a file is missing or not a CLIP tokenizer's, naming the file and the entry
     */
    public static Tokenizer fromHuggingFace(Path folder) throws IOException {
        return new Tokenizer(Vocabulary.ofHuggingFace(folder));
    }

    /** Returns the text's token ids, without start and end token. */
    public int[] encode(String text) {
        return WORD.matcher(cleaner.clean(text))
                .results()
                .flatMapToInt(word -> Arrays.stream(encodeWord(word.group())))
                .toArray();
    }

    private int[] encodeWord(String word) {
        if (word.equals(Vocabulary.START_TOKEN)) {
            return new int[] {startToken};
        }
        if (word.equals(Vocabulary.END_TOKEN)) {
            return new int[] {endToken};
        }
        if (word.length() > MAX_CACHED_LENGTH) {
            return mergeBytes(word);
        }
        if (cache.size() >= MAX_CACHED_WORDS) {
            cache.clear();
        }
        return cache.computeIfAbsent(word, this::mergeBytes);
    }

    private int[] mergeBytes(String word) {
        byte[] bytes = word.getBytes(StandardCharsets.UTF_8);
        int[] ids = new int[bytes.length];
        for (int i = 0; i < bytes.length; i++) {
            int[] table = i == bytes.length - 1 ? finalBytes : innerBytes;
            ids[i] = table[bytes[i] & 0xFF];
        }
        return merges.merge(ids);
    }

    /**
     * Returns start token, the text's tokens, end token, and zeros up to the context length.
     *
     * @throws TextTooLongException if the text has more than {@code contextLength - 2} tokens
     */
    public int[] tokenize(String text, int contextLength) {
        return tokenize(text, contextLength, Overflow.FAIL);
    }

    /**
     * Returns start token, the text's tokens, end token, and zeros up to the context length. Zero is the token "!", as
     * in CLIP; nothing after the end token affects the text's features.
     *
     * @param overflow treatment of a text of more than {@code contextLength - 2} tokens
     * @throws TextTooLongException if the text is too long, or has more than 10,000 characters, and {@code overflow} is
     *     {@code FAIL}
     */
    public int[] tokenize(String text, int contextLength, Overflow overflow) {
        Require.that(
                contextLength >= 2,
                "context length: expected 2 or more, for start and end token, got %s",
                contextLength);
        if (text.length() > MAX_LENGTH && overflow == Overflow.FAIL) {
            throw new TextTooLongException(
                    "%,d characters".formatted(text.length()), "limit of %,d".formatted(MAX_LENGTH), text);
        }
        int[] ids = encode(text.substring(0, Math.min(text.length(), MAX_LENGTH)));
        int room = contextLength - 2;
        if (ids.length > room && overflow == Overflow.FAIL) {
            throw new TextTooLongException(
                    "%s tokens (including start and end)".formatted(ids.length + 2),
                    "context length " + contextLength,
                    text);
        }
        int kept = Math.min(ids.length, room);
        int[] tokens = new int[contextLength];
        tokens[0] = startToken;
        System.arraycopy(ids, 0, tokens, 1, kept);
        tokens[kept + 1] = endToken;
        return tokens;
    }

    /**
     * Returns the text of token ids as CLIP does: a space after each word, start and end token spelled out. Bytes that
     * are not UTF-8 become U+FFFD.
     */
    public String decode(int[] ids) {
        StringBuilder spelled = new StringBuilder();
        for (int id : ids) {
            spelled.append(symbol(id));
        }
        byte[] bytes = new byte[spelled.length()];
        for (int i = 0; i < bytes.length; i++) {
            bytes[i] = (byte) Vocabulary.byteOf(spelled.charAt(i));
        }
        return new String(bytes, StandardCharsets.UTF_8).replace(Vocabulary.END_OF_WORD, " ");
    }

    /**
     * Returns the vocabulary's string of an id, in its byte alphabet, including {@code </w>}: 320 is {@code a</w>}.
     *
     * @throws IllegalArgumentException if the vocabulary has no such id
     */
    public String symbol(int id) {
        Require.that(
                id >= 0 && id < symbols.size(),
                "token id %s is not in the vocabulary: expected 0 to %s",
                id,
                symbols.size() - 1);
        return symbols.get(id);
    }

    /** Returns the id before every text: 49406 in CLIP. */
    public int startToken() {
        return startToken;
    }

    /** Returns the id after every text, at whose position the text's features are read: 49407 in CLIP. */
    public int endToken() {
        return endToken;
    }

    /** Returns the number of symbols: 49,408 in CLIP. */
    public int vocabularySize() {
        return symbols.size();
    }

    /** A text that has more tokens than the context can hold. */
    public static final class TextTooLongException extends IllegalArgumentException {
        private static final int SHOWN = 120;

        TextTooLongException(String size, String limit, String text) {
            super("text of %s exceeds the %s: shorten or truncate it: \"%s\""
                    .formatted(size, limit, SafeText.shortened(text, SHOWN)));
        }
    }
}
