package org.coop4j.text;

import java.util.Arrays;
import java.util.List;

/**
 * Byte-pair encoding of one word over symbol ids: while any adjacent pair is a merge, all left-to-right occurrences of
 * the one with the lowest rank are merged (Sennrich et al. 2016, as in CLIP's tokenizer).
 */
final class BytePairEncoding {
    private static final int NO_MERGE = Integer.MAX_VALUE;
    private static final int STALE = -1;
    private static final long EMPTY = -1;

    /** Open-addressed hash table from a pair of ids, packed into a long, to its rank. */
    private final long[] pairs;

    private final int[] ranks;
    private final int[] unions;

    BytePairEncoding(List<int[]> merges) {
        int capacity = Integer.highestOneBit(Math.max(2, merges.size())) * 4;
        pairs = new long[capacity];
        ranks = new int[capacity];
        unions = new int[merges.size()];
        Arrays.fill(pairs, EMPTY);
        for (int rank = 0; rank < unions.length; rank++) {
            int[] merge = merges.get(rank); // left, right, union
            unions[rank] = merge[2];
            int slot = slot(merge[0], merge[1]);
            pairs[slot] = pack(merge[0], merge[1]);
            ranks[slot] = rank;
        }
    }

    private static long pack(int left, int right) {
        return ((long) left << 32) | right;
    }

    /** Returns the slot of the pair, or the empty one where it belongs. */
    private int slot(int left, int right) {
        long pair = pack(left, right);
        int mask = pairs.length - 1;
        long mixed = pair * 0x9E3779B97F4A7C15L;
        int slot = (int) (mixed >>> 40) & mask;
        while (pairs[slot] != EMPTY && pairs[slot] != pair) {
            slot = (slot + 1) & mask;
        }
        return slot;
    }

    private int rank(int left, int right) {
        int slot = slot(left, right);
        return pairs[slot] == EMPTY ? NO_MERGE : ranks[slot];
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
                pairRanks[i] = rank(symbols[i], symbols[i + 1]);
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
                symbols[to] = unions[rank];
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
