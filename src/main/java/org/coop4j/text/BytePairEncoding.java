package org.coop4j.text;

import java.util.Arrays;
import org.coop4j.text.PairMerging.Merges;

/**
 * Byte-pair encoding of one word over symbol ids: while any adjacent pair is a merge, all left-to-right occurrences of
 * the one with the lowest rank are merged (Sennrich et al. 2016, as in CLIP's tokenizer).
 */
final class BytePairEncoding {
    private static final int NO_MERGE = Integer.MAX_VALUE;
    private static final int STALE = -1;
    private final Merges merges;

    BytePairEncoding(Merges merges) {
        this.merges = merges;
    }

    /**
     * Merges the symbols of a word.
     *
     * @param symbols ids of the word's bytes, the last one ending the word; overwritten
     * @return ids of the merged symbols
     */
    int[] merge(int[] symbols) {
        int count = symbols.length;
        int[] pairRanks = new int[count]; // of the pair (i, i + 1)
        Arrays.fill(pairRanks, STALE);
        while (count > 1) {
            int best = lowestRank(symbols, pairRanks, count);
            if (best == NO_MERGE) {
                break;
            }
            count = mergeAll(best, symbols, pairRanks, count);
        }
        return Arrays.copyOf(symbols, count);
    }

    private int lowestRank(int[] symbols, int[] pairRanks, int count) {
        int best = NO_MERGE;
        for (int i = 0; i < count - 1; i++) {
            if (pairRanks[i] == STALE) {
                int rank = merges.rank(symbols[i], symbols[i + 1]);
                pairRanks[i] = rank < 0 ? NO_MERGE : rank;
            }
            best = Math.min(best, pairRanks[i]);
        }
        return best;
    }

    /** Merges every non-overlapping pair of that rank in place and returns the new count. */
    private int mergeAll(int rank, int[] symbols, int[] pairRanks, int count) {
        int to = 0;
        for (int from = 0; from < count; to++) {
            if (from < count - 1 && pairRanks[from] == rank) {
                symbols[to] = merges.union(rank);
                pairRanks[to] = STALE;
                if (to > 0) {
                    pairRanks[to - 1] = STALE;
                }
                from += 2;
            } else {
                symbols[to] = symbols[from];
                pairRanks[to] = pairRanks[from];
                from++;
            }
        }
        return to;
    }
}
