package org.coop4j.graph.op;

import java.util.function.IntUnaryOperator;
import org.coop4j.graph.host.Cursor;
import org.coop4j.graph.host.Exponential;
import org.coop4j.graph.host.HostMatrix;

/** What a worker attends with: cursors for the products, and memory for the scores of a piece. */
public final class AttentionScratch {

    public final Cursor a = new Cursor();
    public final Cursor b = new Cursor();
    public final Cursor c = new Cursor();
    private final float[] scores;
    private final Exponential exponential;

    /**
     * @param size scores of a piece at most
     */
    public AttentionScratch(int size) {
        scores = new float[size];
        exponential = new Exponential(size);
    }

    /**
     * Turns scores into probabilities in place: softmax of {@code scale} times each row.
     *
     * @param matrix holds the scores [queries, keys] from element {@code start} on
     * @param visible how many keys query i sees, the first ones; the others get probability 0
     */
    public void softmax(
            HostMatrix matrix,
            long start,
            int queries,
            int keys,
            IntUnaryOperator visible,
            float scale) {
        int n = queries * keys;
        int from = Math.toIntExact(start);
        matrix.get(0, from, scores, n);
        for (int i = 0; i < queries; i++) {
            shift(scores, i * keys, visible.applyAsInt(i), scale);
        }
        exponential.apply(scores, n);
        for (int i = 0; i < queries; i++) {
            normalise(scores, i * keys, visible.applyAsInt(i), keys);
        }
        matrix.put(0, from, scores, n);
    }

    /** Scales a row's visible scores and subtracts their maximum. */
    private static void shift(float[] p, int offset, int visible, float scale) {
        float max = Float.NEGATIVE_INFINITY;
        for (int j = offset; j < offset + visible; j++) {
            max = Math.max(max, p[j]);
        }
        for (int j = offset; j < offset + visible; j++) {
            p[j] = (p[j] - max) * scale;
        }
    }

    /** Divides a row's visible entries by their sum and clears the hidden ones. */
    private static void normalise(float[] p, int offset, int visible, int keys) {
        float sum = 0;
        for (int j = offset; j < offset + visible; j++) {
            sum += p[j];
        }
        float inverse = 1f / sum;
        for (int j = offset; j < offset + visible; j++) {
            p[j] *= inverse;
        }
        for (int j = offset + visible; j < offset + keys; j++) {
            p[j] = 0f;
        }
    }
}
