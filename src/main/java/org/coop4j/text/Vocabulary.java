package org.coop4j.text;

import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Collections;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.function.IntPredicate;
import java.util.stream.IntStream;
import java.util.zip.GZIPInputStream;
import org.coop4j.base.JsonTree;
import org.coop4j.base.Resource;
import org.coop4j.base.TextFile;
import org.coop4j.text.PairMerging.Merges;

/**
 * The symbols of a byte-level BPE vocabulary, by id, and its merges in order of rank: CLIP's, or that of a Hugging Face
 * folder with {@code vocab.json} (id by symbol) and {@code merges.txt}.
 *
 * <p>A printable character stands for each byte. Bytes 33–126, 161–172 and 174–255 stand for themselves, in that order;
 * the other 68, ascending, are U+0100, U+0101, …. That order also numbers the first 256 symbols of CLIP's vocabulary.
 *
 * @param symbols symbol of each id; those that end a word end in {@code </w>}
 * @param ids id of each symbol
 * @param merges pairs of symbols and their unions, by rank
 */
record Vocabulary(List<String> symbols, Map<String, Integer> ids, Merges merges) {
    static final String END_OF_WORD = "</w>";
    static final String START_TOKEN = "<|startoftext|>";
    static final String MERGES = "merges.txt";
    static final String END_TOKEN = "<|endoftext|>";

    private static final String CLIP_MERGES = "merges.txt.gz";

    /** Each byte, 0 to 255, by the character that stands for it, in vocabulary order: "!" first, that of 173 last. */
    private static final Map<Character, Integer> BYTES = new LinkedHashMap<>();

    static {
        IntPredicate printable = b -> (b >= '!' && b <= '~') || (b >= 0xA1 && b <= 0xAC) || b >= 0xAE;
        IntStream.range(0, 256).filter(printable).forEach(b -> BYTES.put((char) b, b));
        int printed = BYTES.size();
        IntStream.range(0, 256)
                .filter(printable.negate())
                .forEach(b -> BYTES.put((char) (256 + BYTES.size() - printed), b));
    }

    /** Returns the ids of the symbols of single bytes, 0 to 255, that end so. */
    int[] byteIds(String end) {
        int[] byteIds = new int[BYTES.size()];
        BYTES.forEach((c, b) -> byteIds[b] = ids.get(c + end));
        return byteIds;
    }

    /** Returns the byte 0–255 that the character stands for, or -1. */
    static int byteOf(char c) {
        return BYTES.getOrDefault(c, -1);
    }

    /** Returns the symbols of single bytes in the order of CLIP's ids: within a word, then ending one. */
    static List<String> byteSymbols() {
        List<String> symbols = new ArrayList<>();
        for (String end : List.of("", END_OF_WORD)) {
            for (char c : BYTES.keySet()) {
                symbols.add(c + end);
            }
        }
        return symbols;
    }

    /** Returns CLIP's vocabulary, built from its merges: single bytes, the unions by rank, start and end token. */
    static Vocabulary clip() {
        try (InputStream in = new GZIPInputStream(Resource.open(Vocabulary.class, CLIP_MERGES), 1 << 16)) {
            List<String[]> pairs = pairs(new String(in.readAllBytes(), StandardCharsets.UTF_8), CLIP_MERGES);
            List<String> symbols = byteSymbols();
            pairs.forEach(pair -> symbols.add(pair[0] + pair[1]));
            symbols.addAll(List.of(START_TOKEN, END_TOKEN));
            Map<String, Integer> ids = new HashMap<>(symbols.size() * 2);
            symbols.forEach(symbol -> ids.put(symbol, ids.size()));
            return new Vocabulary(symbols, ids, merges(pairs, ids, CLIP_MERGES));
        } catch (IOException e) {
            throw new UncheckedIOException("resource " + CLIP_MERGES + " is unreadable", e);
        }
    }

    /**
     * Returns the pairs of a {@code merges.txt} in order of rank: an optional {@code #version} line, then two symbols
     * per line.
     *
     * @param name of the file in messages
     */
    private static List<String[]> pairs(String merges, String name) throws IOException {
        List<String[]> pairs = new ArrayList<>();
        int number = 0;
        for (String line : (Iterable<String>) merges.lines()::iterator) {
            number++;
            if (line.isEmpty() || (number == 1 && line.startsWith("#version"))) {
                continue;
            }
            int space = line.indexOf(' ');
            if (space <= 0 || space == line.length() - 1 || line.indexOf(' ', space + 1) >= 0) {
                throw new IOException(name + " line " + number + ": expected two symbols separated by a space");
            }
            pairs.add(new String[] {line.substring(0, space), line.substring(space + 1)});
        }
        return pairs;
    }

    /** Reads and checks the vocabulary of a Hugging Face folder. */
    static Vocabulary ofHuggingFace(Path folder) throws IOException {
        Path vocabFile = folder.resolve("vocab.json");
        Path mergesFile = folder.resolve(MERGES);
        for (Path file : List.of(vocabFile, mergesFile)) {
            if (!Files.isRegularFile(file)) {
                throw new IOException("no file " + file + ": expected vocab.json and merges.txt in a tokenizer folder");
            }
        }
        JsonTree vocab = JsonTree.read(vocabFile, json -> json);
        Map<String, Integer> ids = new HashMap<>();
        try {
            vocab.fields().keySet().forEach(symbol -> ids.put((String) symbol, vocab.whole((String) symbol)));
        } catch (IllegalArgumentException e) {
            throw new IOException(vocabFile + ": " + e.getMessage(), e);
        }
        List<String> symbols = symbolsById(ids, vocabFile);
        requireSymbols(ids, vocabFile);
        List<String[]> pairs = pairs(TextFile.read(mergesFile), mergesFile.toString());
        return new Vocabulary(symbols, ids, merges(pairs, ids, mergesFile.toString()));
    }

    private static List<String> symbolsById(Map<String, Integer> ids, Path vocabFile) throws IOException {
        List<String> symbols = new ArrayList<>(Collections.nCopies(ids.size(), null));
        for (Map.Entry<String, Integer> entry : ids.entrySet()) {
            int id = entry.getValue();
            if (id < 0 || id >= symbols.size() || symbols.get(id) != null) {
                throw new IOException("%s gives the symbol \"%s\" the id %s: expected each of 0 to %s once"
                        .formatted(vocabFile, entry.getKey(), id, symbols.size() - 1));
            }
            symbols.set(id, entry.getKey());
        }
        return symbols;
    }

    /** Checks that every byte has symbols, within and at the end of a word, and every symbol spells bytes. */
    private static void requireSymbols(Map<String, Integer> ids, Path vocabFile) throws IOException {
        List<String> wanted = byteSymbols();
        wanted.addAll(List.of(START_TOKEN, END_TOKEN));
        for (String symbol : wanted) {
            if (!ids.containsKey(symbol)) {
                throw new IOException("%s lacks the symbol \"%s\": it is not the vocabulary of a CLIP tokenizer"
                        .formatted(vocabFile, symbol));
            }
        }
        for (String symbol : ids.keySet()) {
            if (!symbol.chars().allMatch(c -> byteOf((char) c) >= 0)) {
                throw new IOException(vocabFile + " has the symbol \"" + symbol + "\", which spells no bytes");
            }
        }
    }

    private static Merges merges(List<String[]> pairs, Map<String, Integer> ids, String name) throws IOException {
        Merges merges = new Merges();
        for (String[] pair : pairs) {
            String union = pair[0] + pair[1];
            for (String symbol : List.of(pair[0], pair[1], union)) {
                if (!ids.containsKey(symbol)) {
                    throw new IOException("%s uses the symbol \"%s\", which vocab.json lacks".formatted(name, symbol));
                }
            }
            int left = ids.get(pair[0]);
            int right = ids.get(pair[1]);
            if (merges.rank(left, right) >= 0) {
                throw new IOException(name + " has the merge \"" + pair[0] + ' ' + pair[1] + "\" twice");
            }
            merges.add(left, right, ids.get(union));
        }
        return merges;
    }
}
