package org.coop4j.text;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.coop4j.base.InputException.require;

import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.function.IntPredicate;
import java.util.stream.IntStream;
import java.util.zip.GZIPInputStream;
import org.coop4j.base.InputException;
import org.coop4j.base.JsonTree;
import org.coop4j.base.Resource;
import org.coop4j.base.TextFile;
import org.coop4j.text.PairMerging.Merges;
import org.coop4j.text.Pieces.Kind;

/**
 * The symbols of a byte-level BPE vocabulary, by id, and its merges in order of rank: CLIP's, or that of a Hugging Face
 * folder with {@code vocab.json} (id by symbol) and {@code merges.txt}.
 *
 * <p>A printable character stands for each byte. Bytes 33–126, 161–172 and 174–255 stand for themselves, in that order;
 * the other 68, ascending, are U+0100, U+0101, …. That order also numbers the first 256 symbols of CLIP's vocabulary.
 *
 * @param symbols by id; those that end a word end in {@code </w>}
 * @param merges pairs of symbols and their unions, by rank
 */
record Vocabulary(Pieces symbols, Merges merges) {
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
        BYTES.forEach((c, b) -> byteIds[b] = symbols.find(c + end));
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
            byte[] lines = in.readAllBytes();
            Pieces symbols = new Pieces();
            symbols.addAll(byteSymbols());
            forEachMerge(lines, CLIP_MERGES, (union, middle, end) -> symbols.add(union, 0, end, 0, Kind.NORMAL));
            symbols.addAll(List.of(START_TOKEN, END_TOKEN));
            symbols.index();
            return of(symbols, lines, CLIP_MERGES);
        } catch (IOException e) {
            throw new UncheckedIOException("resource " + CLIP_MERGES + " is unreadable", e);
        }
    }

    /** Reads and checks the vocabulary of a Hugging Face folder. */
    static Vocabulary ofHuggingFace(Path folder) throws IOException {
        Path vocabFile = folder.resolve("vocab.json");
        Path mergesFile = folder.resolve(MERGES);
        for (Path file : List.of(vocabFile, mergesFile)) {
            require(
                    Files.isRegularFile(file),
                    "no file %s: expected vocab.json and merges.txt in a tokenizer folder",
                    file);
        }
        Pieces symbols = new Pieces();
        try {
            symbols.addAll(symbolsById(JsonTree.read(vocabFile, json -> json)));
            symbols.index();
            requireSymbols(symbols);
        } catch (IllegalArgumentException | InputException e) {
            throw new InputException(vocabFile + ": " + e.getMessage(), e);
        }
        byte[] lines = String.join("\n", TextFile.lines(mergesFile)).getBytes(UTF_8);
        return of(symbols, lines, mergesFile.toString());
    }

    private static List<String> symbolsById(JsonTree vocab) throws InputException {
        String[] symbols = new String[vocab.fields().size()];
        for (Object symbol : vocab.fields().keySet()) {
            int id = vocab.whole((String) symbol);
            require(
                    id >= 0 && id < symbols.length && symbols[id] == null,
                    "the symbol \"%s\" has the id %s: expected each of 0 to %s once",
                    symbol,
                    id,
                    symbols.length - 1);
            symbols[id] = (String) symbol;
        }
        return List.of(symbols);
    }

    /** Checks that every byte has symbols, within and at the end of a word, and every symbol spells bytes. */
    private static void requireSymbols(Pieces symbols) throws InputException {
        List<String> wanted = byteSymbols();
        wanted.addAll(List.of(START_TOKEN, END_TOKEN));
        for (String symbol : wanted) {
            require(
                    symbols.find(symbol) >= 0,
                    "the symbol \"%s\" is missing: it is not the vocabulary of a CLIP tokenizer",
                    symbol);
        }
        for (int id = 0; id < symbols.size(); id++) {
            String symbol = symbols.text(id);
            require(symbol.chars().allMatch(c -> byteOf((char) c) >= 0), "the symbol \"%s\" spells no bytes", symbol);
        }
    }

    private static Vocabulary of(Pieces symbols, byte[] lines, String name) throws InputException {
        Merges merges = new Merges();
        forEachMerge(lines, name, (union, middle, end) -> merges.add(symbols, union, middle, end));
        return new Vocabulary(symbols, merges);
    }

    /** Takes a pair of symbols: the bytes of both, and where the first and the second end. */
    private interface MergeReader {
        void read(byte[] union, int middle, int end) throws InputException;
    }

    /** Reads the pairs of a file in order of rank: an optional {@code #version} line, then two symbols per line. */
    private static void forEachMerge(byte[] lines, String name, MergeReader reader) throws InputException {
        byte[] union = new byte[lines.length];
        int number = 0;
        for (int at = 0; at < lines.length; at++) {
            number++;
            int begin = at;
            int end = 0;
            int middle = 0;
            for (; at < lines.length && lines[at] != '\n'; at++) {
                if (lines[at] == ' ') {
                    middle = end;
                } else {
                    union[end++] = lines[at];
                }
            }
            if (at == begin || (number == 1 && new String(lines, 0, at, UTF_8).startsWith("#version"))) {
                continue;
            }
            try {
                require(middle > 0 && middle < end && end + 1 == at - begin, "expected two symbols and a space");
                reader.read(union, middle, end);
            } catch (InputException e) {
                throw new InputException("%s line %d: %s".formatted(name, number, e.getMessage()), e);
            }
        }
    }
}
