package org.coop4j.text;

import java.util.Arrays;
import java.util.stream.IntStream;
import org.coop4j.text.Pieces.Kind;

/**
 * SentencePiece's unigram model (Kudo 2018): the pieces whose scores have the greatest sum, found by Viterbi's algorithm.
 *
 * <p>Exact ties are common in words of repeated characters, and rounding decides them: SentencePiece keeps sums as
 * float32, and compares a new one before it is rounded; Rust's tokenizers library keeps all as float64.
 */
final class Unigram implements PieceModel {
    /** The penalty of an unknown character against the lowest score. */
    private static final float PENALTY = 10;

    private static final double USER_DEFINED = 0.1;

    private final Pieces pieces;
    private final Unknown unknown;
    private final boolean single; // precision of sums
    private final double unknownScore;
    private final double highest;

    /**
     * @param single true for sums in float32, as SentencePiece
     */
    Unigram(Pieces pieces, Unknown unknown, boolean single) {
        this.pieces = pieces;
        this.unknown = unknown;
        this.single = single;
        double[] scores = IntStream.range(0, pieces.size())
                .filter(id -> !single || pieces.kind(id) == Kind.NORMAL)
                .mapToDouble(pieces::score)
                .toArray();
        double lowest = Arrays.stream(scores).min().orElse(0);
        highest = Arrays.stream(scores).max().orElse(0);
        unknownScore = single ? (float) lowest - PENALTY : lowest - PENALTY;
    }

    @Override
    public void split(byte[] text, IntStream.Builder ids) {
        int length = text.length;
        double[] best = new double[length + 1];
        int[] starts = new int[length + 1]; // of the last piece of the best path to a place
        int[] last = new int[length + 1];
        Arrays.fill(starts, -1);
        for (int from = 0; from < length; from = Pieces.endOfCharacter(text, from, length)) {
            int character = Pieces.endOfCharacter(text, from, length);
            boolean covered = false;
            long hash = 0;
            int most = Math.min(length, from + pieces.longest());
            for (int to = from; to < most; ) {
                hash = Pieces.hash(hash, text[to++]);
                int id = to < length && Pieces.isInner(text[to]) ? -1 : pieces.find(hash, text, from, to);
                if (id >= 0 && pieces.kind(id) != Kind.UNUSED) {
                    double sum = score(id, to - from) + best[from];
                    covered |= to == character;
                    if (starts[to] < 0 || sum > best[to]) {
                        keep(to, from, id, sum, best, starts, last);
                    }
                }
            }
            double sum = single ? (float) unknownScore + (float) best[from] : unknownScore + best[from];
            if (!covered && (starts[character] < 0 || sum > best[character])) {
                keep(character, from, -1, sum, best, starts, last);
            }
        }
        append(text, starts, last, ids);
    }

    private double score(int id, int bytes) {
        return pieces.kind(id) == Kind.USER_DEFINED ? bytes * (float) highest - USER_DEFINED : pieces.score(id);
    }

    private void keep(int to, int from, int id, double sum, double[] best, int[] starts, int[] last) {
        best[to] = single ? (float) sum : sum;
        starts[to] = from;
        last[to] = id;
    }

    private void append(byte[] text, int[] starts, int[] last, IntStream.Builder ids) {
        int[] ends = new int[text.length + 1];
        int count = 0;
        for (int end = text.length; end > 0; end = starts[end]) {
            ends[count++] = end;
        }
        boolean run = false; // of unknown characters
        while (count-- > 0) {
            int end = ends[count];
            run = unknown.append(last[end], text, starts[end], end, run, ids);
        }
    }
}
