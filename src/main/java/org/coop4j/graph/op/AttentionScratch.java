package org.coop4j.graph.op;

import java.util.function.IntUnaryOperator;
import org.coop4j.graph.host.Exponential;
import org.coop4j.graph.host.HostMatrix;
import org.coop4j.graph.host.HostMatrix.Cursor;

/** Memory of one worker for attention: cursors for the products, and the scores of a task. */
public final class AttentionScratch implements AutoCloseable {

    public final Cursor a = new Cursor();
    public final Cursor b = new Cursor();
    public final Cursor c = new Cursor();

    /** Gradients of the scores, [1, size]; null in the forward direction. */
    public final HostMatrix ds;

    private final float[] scores;
    private final float[] gradients;
    private final Exponential exponential;

    /**
     * @param size most scores in a task
     * @param backward true for the gradient
     */
    public AttentionScratch(int size, boolean backward) {
        ds = backward ? HostMatrix.allocate(1, size) : null;
        scores = new float[size];
        gradients = backward ? new float[size] : null;
        exponential = backward ? null : new Exponential(size);
    }

    /**
     * Turns scores into probabilities in place: softmax of {@code scale} times each row.
     *
     * @param matrix holds the scores [queries, keys] from element {@code start} on
     * @param visible number of keys that query i sees, the first ones; the others have probability 0
     */
    public void softmax(HostMatrix matrix, long start, int queries, int keys, IntUnaryOperator visible, float scale) {
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

    /**
     * ds ← p ∘ (ds − Σ p · ds) · scale, row by row.
     *
     * @param probabilities holds p [queries, keys] from element {@code start} on
     */
    public void softmaxGradient(HostMatrix probabilities, long start, int queries, int keys, float scale) {
        int n = queries * keys;
        float[] p = scores;
        float[] d = gradients;
        probabilities.get(0, Math.toIntExact(start), p, n);
        ds.get(0, 0, d, n);
        for (int offset = 0; offset < n; offset += keys) {
            float sum = 0;
            for (int j = offset; j < offset + keys; j++) {
                sum += p[j] * d[j];
            }
            for (int j = offset; j < offset + keys; j++) {
                d[j] = p[j] * (d[j] - sum) * scale;
            }
        }
        ds.put(0, 0, d, n);
    }

    @Override
    public void close() {
        if (ds != null) {
            ds.close();
        }
    }
}
