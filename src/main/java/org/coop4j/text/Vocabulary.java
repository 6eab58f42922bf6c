package org.coop4j.text;

import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;

/**
 * The symbols of a byte-level BPE vocabulary, by id, and its merges in order of rank.
 *
 * @param symbols symbol of each id; those that end a word carry {@code </w>}
 * @param ids id of each symbol
 * @param merges ids of the left symbol, the right symbol and their union, by rank
 */
record Vocabulary(List<String> symbols, Map<String, Integer> ids, List<Merge> merges) {
    static final String END_OF_WORD = "</w>";
    static final String START_TOKEN = "<|startoftext|>";
    static final String END_TOKEN = "<|endoftext|>";

    record Merge(int left, int right, int union) {}

    /**
     * CLIP's vocabulary built from its merges: 256 bytes, the same ending a word, the unions by
     * rank, start and end token.
     *
     * @param pairs the two symbols of each merge, by rank
     */
    static Vocabulary ofMerges(List<String[]> pairs, ByteAlphabet alphabet) {
        List<String> symbols = new ArrayList<>();
        for (char c : alphabet.inOrder()) {
            symbols.add(String.valueOf(c));
        }
        for (char c : alphabet.inOrder()) {
            symbols.add(c + END_OF_WORD);
        }
        for (String[] pair : pairs) {
            symbols.add(pair[0] + pair[1]);
        }
        symbols.add(START_TOKEN);
        symbols.add(END_TOKEN);
        Map<String, Integer> ids = new HashMap<>(symbols.size() * 2);
        for (int id = 0; id < symbols.size(); id++) {
            ids.put(symbols.get(id), id);
        }
        int firstUnion = symbols.size() - pairs.size() - 2;
        List<Merge> merges = new ArrayList<>(pairs.size());
        for (String[] pair : pairs) {
            int union = firstUnion + merges.size();
            merges.add(new Merge(ids.get(pair[0]), ids.get(pair[1]), union));
        }
        return new Vocabulary(symbols, ids, merges);
    }
}
