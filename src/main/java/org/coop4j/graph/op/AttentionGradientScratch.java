package org.coop4j.graph.op;

import org.coop4j.graph.host.Cursor;
import org.coop4j.graph.host.HostMatrix;

/** What a worker differentiates attention with; {@code ds} holds the score gradients of a piece. */
public final class AttentionGradientScratch implements AutoCloseable {

    public final Cursor a = new Cursor();
    public final Cursor b = new Cursor();
    public final Cursor c = new Cursor();
    public final HostMatrix ds;
    private final float[] p;
    private final float[] d;

    /**
     * @param size scores of a piece at most
     */
    public AttentionGradientScratch(int size) {
        ds = HostMatrix.allocate(1, size);
        p = new float[size];
        d = new float[size];
    }

    /**
     * ds ← p ∘ (ds − Σ p · ds) · scale, row by row.
     *
     * @param probabilities holds p [queries, keys] from element {@code start} on
     */
    public void softmaxGradient(
            HostMatrix probabilities, long start, int queries, int keys, float scale) {
        int n = queries * keys;
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
        ds.close();
    }
}
