package org.coop4j.text;

import static java.nio.charset.StandardCharsets.UTF_8;

import java.util.Arrays;
import java.util.HashMap;
import java.util.Map;
import java.util.PriorityQueue;
import java.util.stream.IntStream;
import org.coop4j.base.InputException;
import org.coop4j.text.Pieces.Kind;

/**
 * Byte-pair encoding of a whole text: of the adjacent symbols that may be merged, the best pair is, of equal ones the
 * leftmost, until there is none. User-defined pieces are symbols of their own from the start.
 */
final class PairMerging implements PieceModel {
    /** A pair that may not be merged. */
    private static final int NONE = -1;

    private final Pieces pieces;
    private final Unknown unknown;
    private final Merges merges; // null: the pieces are the merges, the highest score first

    /**
     * @param merges the merges of a list; null to merge whatever makes a piece, as SentencePiece
     */
    PairMerging(Pieces pieces, Unknown unknown, Merges merges) {
        this.pieces = pieces;
        this.unknown = unknown;
        this.merges = merges;
    }

    /** A pair that may be merged: the number of its left symbol, the piece that it makes, and its rank. */
    private record Candidate(int rank, int left, int union) implements Comparable<Candidate> {
        @Override
        public int compareTo(Candidate other) {
            int byRank = Integer.compare(rank, other.rank);
            return byRank != 0 ? byRank : Integer.compare(left, other.left);
        }
    }

    @Override
    public void split(byte[] text, IntStream.Builder ids) {
        new Merging(text).append(ids);
    }

    /** The symbols of a text, linked so that merging two takes the same time in any text. */
    private final class Merging {
        private final byte[] text;
        private final int[] begins; // by number of the symbol; the end of the text after the last
        private final int[] symbols; // ids, -1 for a character that is not a piece
        private final int[] unions; // the piece that a symbol makes with the next one
        private final int[] next; // number of the following symbol
        private final int[] previous;
        private final boolean[] frozen; // never merged
        private final PriorityQueue<Candidate> candidates = new PriorityQueue<>();
        private final Map<Integer, Integer> unused = new HashMap<>(); // length of the left half by unused piece
        private int count;
        private boolean run; // of unknown characters

        Merging(byte[] text) {
            this.text = text;
            int most = text.length + 1;
            begins = new int[most];
            symbols = new int[most];
            unions = new int[most];
            next = new int[most];
            previous = new int[most];
            frozen = new boolean[most];
            for (int from = 0; from < text.length; ) {
                int end = merges == null ? pieces.endOfUserDefined(text, from, text.length) : -1;
                boolean whole = end >= 0;
                end = whole ? end : Pieces.endOfCharacter(text, from, text.length);
                int id = pieces.find(text, from, end);
                if (id < 0 && merges != null && unknown.hasBytes(text, from, end)) {
                    for (int i = from; i < end; i++) {
                        add(i, unknown.bytes()[text[i] & 0xFF], false);
                    }
                } else {
                    add(from, id, whole);
                }
                from = end;
            }
            begins[count] = text.length;
            for (int i = 0; i < count - 1; i++) {
                offer(i);
            }
            mergeAll();
        }

        private void add(int begin, int id, boolean whole) {
            begins[count] = begin;
            symbols[count] = id;
            frozen[count] = whole;
            previous[count] = count - 1;
            next[count] = ++count;
        }

        private int end(int symbol) {
            return begins[next[symbol]];
        }

        /** Looks for a symbol's merge with the next one. */
        private void offer(int left) {
            if (left < 0) {
                return;
            }
            int right = next[left];
            int rank = NONE;
            int union = NONE;
            if (right < count && !frozen[left] && !frozen[right]) {
                if (merges != null) {
                    rank = merges.rank(symbols[left], symbols[right]);
                    union = rank < 0 ? NONE : merges.union(rank);
                } else {
                    union = pieces.find(text, begins[left], end(right));
                    rank = union < 0 ? NONE : rank(union);
                }
            }
            unions[left] = union;
            if (union != NONE) {
                candidates.add(new Candidate(rank, left, union));
                if (merges == null && pieces.kind(union) == Kind.UNUSED) {
                    unused.put(union, begins[right] - begins[left]);
                }
            }
        }

        private void mergeAll() {
            while (!candidates.isEmpty()) {
                Candidate best = candidates.poll();
                int left = best.left;
                if (unions[left] != best.union) {
                    continue; // merged meanwhile
                }
                int right = next[left];
                symbols[left] = best.union;
                next[left] = next[right];
                previous[next[right]] = left;
                unions[right] = NONE;
                offer(previous[left]);
                offer(left);
            }
        }

        void append(IntStream.Builder ids) {
            for (int symbol = 0; symbol < count; symbol = next[symbol]) {
                append(symbols[symbol], begins[symbol], end(symbol), ids);
            }
        }

        /** Appends a symbol, or the pieces that an unused one was merged from. */
        private void append(int id, int from, int end, IntStream.Builder ids) {
            Integer left = id >= 0 && pieces.kind(id) == Kind.UNUSED ? unused.get(id) : null;
            if (left == null) {
                run = unknown.append(id, text, from, end, run, ids);
            } else {
                append(pieces.find(text, from, from + left), from, from + left, ids);
                append(pieces.find(text, from + left, end), from + left, end, ids);
            }
        }
    }

    /** Returns a number that orders pieces by their scores, the highest first. */
    private int rank(int id) {
        int bits = Float.floatToIntBits((float) pieces.score(id) + 0f); // no negative zero
        return ~(bits ^ ((bits >> 31) & Integer.MAX_VALUE));
    }

    /** The merges of a list, found by the ids of their halves. */
    static final class Merges {
        /** More merges than any published vocabulary has. */
        private static final int MOST = 1 << 21;

        private long[] pairs = new long[1 << 12];
        private int[] ranks = new int[1 << 12]; // + 1, or 0
        private int[] unions = new int[1 << 10];
        private int size;

        /** Appends the merge of two pieces, given by the bytes of both and where each of them ends. */
        void add(Pieces pieces, byte[] bytes, int middle, int end) throws InputException {
            int left = pieces.find(bytes, 0, middle);
            int right = pieces.find(bytes, middle, end);
            int union = pieces.find(bytes, 0, end);
            if (left < 0 || right < 0 || union < 0) {
                throw new InputException("\"%s\" and \"%s\" are not two pieces that make another"
                        .formatted(
                                new String(bytes, 0, middle, UTF_8), new String(bytes, middle, end - middle, UTF_8)));
            }
            if (size == MOST) {
                throw new InputException("more than %,d merges: expected a published vocabulary".formatted(MOST));
            }
            if (size == unions.length) {
                unions = Arrays.copyOf(unions, 2 * size);
                long[] oldPairs = pairs;
                int[] oldRanks = ranks;
                pairs = new long[4 * size];
                ranks = new int[4 * size];
                for (int i = 0; i < oldPairs.length; i++) {
                    if (oldRanks[i] > 0) {
                        int slot = slot(oldPairs[i]);
                        pairs[slot] = oldPairs[i];
                        ranks[slot] = oldRanks[i];
                    }
                }
            }
            long pair = pair(left, right);
            int slot = slot(pair);
            if (ranks[slot] != 0) {
                throw new InputException("merge %d is there twice".formatted(size));
            }
            pairs[slot] = pair;
            unions[size++] = union;
            ranks[slot] = size;
        }

        private static long pair(int left, int right) {
            return ((long) left << 32) | right;
        }

        /** Returns the place of a pair, or the one where it belongs. */
        private int slot(long pair) {
            int slot = (int) ((pair * 0x9E37_79B9_7F4A_7C15L) >>> 34) & (pairs.length - 1);
            while (ranks[slot] != 0 && pairs[slot] != pair) {
                slot = (slot + 1) & (pairs.length - 1);
            }
            return slot;
        }

        /** Returns what a pair of a rank makes. */
        int union(int rank) {
            return unions[rank];
        }

        /** Returns the rank of a pair, or -1. */
        int rank(int left, int right) {
            return left < 0 || right < 0 ? -1 : ranks[slot(pair(left, right))] - 1;
        }
    }
}
