package org.coop4j.text;

import static java.nio.charset.StandardCharsets.UTF_8;

import java.util.Arrays;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ConcurrentMap;
import java.util.regex.Pattern;

/**
 * CLIP's byte-level BPE ({@code clip/simple_tokenizer.py}): 49,408 symbols, lower-cased text, words ended by {@code
 * </w>}.
 */
final class ClipCodec implements Tokenizer.Codec {
    /**
     * CLIP's pattern, for text with single spaces. U+0345 belongs to no word: Python's {@code regex} folds it to the
     * letter iota when it looks for other characters, but not when it looks for letters.
     */
    private static final Pattern WORD = Pattern.compile(
            "<\\|startoftext\\|>|<\\|endoftext\\|>|'s|'t|'re|'ve|'m|'ll|'d"
                    + "|\\p{L}+|\\p{N}|[^ \\u0345\\p{L}\\p{N}]+",
            Pattern.CASE_INSENSITIVE | Pattern.UNICODE_CASE);

    private static final int MAX_CACHED_WORDS = 1 << 15;
    private static final int MAX_CACHED_LENGTH = 64;

    private final TextCleaner cleaner = new TextCleaner(HtmlEntities.load());
    private final Pieces symbols;
    private final BytePairEncoding merges;
    private final int[] innerBytes; // id of each byte within a word
    private final int[] finalBytes; // id of each byte that ends a word
    private final int startToken;
    private final int endToken;

    /** Ids by word: most words of a dataset's prompts repeat. Emptied when full. */
    private final ConcurrentMap<String, int[]> cache = new ConcurrentHashMap<>();

    private ClipCodec(Vocabulary vocabulary) {
        this.symbols = vocabulary.symbols();
        this.merges = new BytePairEncoding(vocabulary.merges());
        this.innerBytes = vocabulary.byteIds("");
        this.finalBytes = vocabulary.byteIds(Vocabulary.END_OF_WORD);
        this.startToken = symbols.find(Vocabulary.START_TOKEN);
        this.endToken = symbols.find(Vocabulary.END_TOKEN);
    }

    static Tokenizer tokenizer(Vocabulary vocabulary) {
        ClipCodec codec = new ClipCodec(vocabulary);
        return new Tokenizer(codec, Tokenizer.Frame.of(codec.startToken, codec.endToken));
    }

    @Override
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
        byte[] bytes = word.getBytes(UTF_8);
        int[] ids = new int[bytes.length];
        for (int i = 0; i < bytes.length; i++) {
            int[] table = i == bytes.length - 1 ? finalBytes : innerBytes;
            ids[i] = table[bytes[i] & 0xFF];
        }
        return merges.merge(ids);
    }

    @Override
    public String decode(int[] ids) {
        StringBuilder spelled = new StringBuilder();
        for (int id : ids) {
            spelled.append(symbol(id));
        }
        byte[] bytes = new byte[spelled.length()];
        for (int i = 0; i < bytes.length; i++) {
            bytes[i] = (byte) Vocabulary.byteOf(spelled.charAt(i));
        }
        return new String(bytes, UTF_8).replace(Vocabulary.END_OF_WORD, " ");
    }

    @Override
    public String symbol(int id) {
        return symbols.text(id);
    }

    @Override
    public boolean isWord(int id) {
        return symbol(id).endsWith(Vocabulary.END_OF_WORD);
    }

    @Override
    public String part(String text) {
        return text + "…";
    }

    @Override
    public int size() {
        return symbols.size();
    }
}
