package org.coop4j.graph.op;

import org.coop4j.graph.host.HostMatrix;
import org.coop4j.graph.host.Workers;

/**
 * The transforms of a 3×3 kernel for Winograd's F(2×2, 3×3): U = G g Gᵀ, the same of the kernel
 * turned by 180 degrees, and the adjoint dg = Gᵀ dU G.
 *
 * <p>A kernel [9 · in, out] is nine planes of in · out elements, a transformed one sixteen; the
 * transform is elementwise over planes.
 */
final class WinogradWeights {

    private static final int PIECE = 1024;
    private static final int TAPS = Convolution.TAPS;
    private static final int PLANES = WinogradTiles.PLANES;

    /** Which way round the kernel is read. */
    enum Turn {
        /** As it is. */
        NONE,
        /** By 180 degrees, for the gradient of the input. */
        HALF
    }

    private final float[][][] taps;
    private final float[][][] middle;
    private final float[][][] planes;
    private final Workers workers;

    WinogradWeights(Workers workers) {
        this.workers = workers;
        this.taps = new float[workers.count()][TAPS][PIECE];
        this.middle = new float[workers.count()][12][PIECE];
        this.planes = new float[workers.count()][PLANES][PIECE];
    }

    /** Some elements of each plane: where they begin, and how many they are. */
    private interface Piece {
        void run(int part, int offset, int n);
    }

    private void eachPiece(int elements, Piece piece) {
        workers.rows(
                (elements + PIECE - 1) / PIECE,
                (part, first, last) -> {
                    for (int i = first; i < last; i++) {
                        int offset = i * PIECE;
                        piece.run(part, offset, Math.min(PIECE, elements - offset));
                    }
                });
    }

    /**
     * U = G g Gᵀ.
     *
     * @param kernel [9 · in, out]
     * @param to [16 · in, out]
     */
    void transform(HostMatrix kernel, Turn turn, HostMatrix to) {
        int elements = kernel.rows() / TAPS * kernel.cols();
        eachPiece(
                elements,
                (part, offset, n) -> {
                    for (int tap = 0; tap < TAPS; tap++) {
                        int read = turn == Turn.HALF ? TAPS - 1 - tap : tap;
                        kernel.get(0, read * elements + offset, taps[part][tap], n);
                    }
                    transform(part, n);
                    for (int plane = 0; plane < PLANES; plane++) {
                        to.put(0, plane * elements + offset, planes[part][plane], n);
                    }
                });
    }

    /** Columns first, [3, 3] → [4, 3], then rows, → [4, 4]. */
    private void transform(int part, int n) {
        float[][] g = taps[part];
        float[][] m = middle[part];
        float[][] u = planes[part];
        for (int x = 0; x < 3; x++) {
            widen(g[x], g[3 + x], g[6 + x], m[x], m[3 + x], m[6 + x], m[9 + x], n);
        }
        for (int y = 0; y < 4; y++) {
            int i = 3 * y;
            int o = 4 * y;
            widen(m[i], m[i + 1], m[i + 2], u[o], u[o + 1], u[o + 2], u[o + 3], n);
        }
    }

    /** G: g0, (g0 + g1 + g2)/2, (g0 − g1 + g2)/2, g2. */
    private static void widen(
            float[] g0,
            float[] g1,
            float[] g2,
            float[] u0,
            float[] u1,
            float[] u2,
            float[] u3,
            int n) {
        for (int i = 0; i < n; i++) {
            float outer = g0[i] + g2[i];
            u0[i] = g0[i];
            u1[i] = 0.5f * (outer + g1[i]);
            u2[i] = 0.5f * (outer - g1[i]);
            u3[i] = g2[i];
        }
    }

    /**
     * dg = Gᵀ (Σ dU) G, the sum over the given addends.
     *
     * @param from addends [16 · in, out]
     * @param kernel [9 · in, out]
     */
    void gradient(HostMatrix[] from, HostMatrix kernel) {
        int elements = kernel.rows() / TAPS * kernel.cols();
        eachPiece(
                elements,
                (part, offset, n) -> {
                    for (int plane = 0; plane < PLANES; plane++) {
                        sum(from, plane * elements + offset, planes[part][plane], part, n);
                    }
                    gradient(part, n);
                    for (int tap = 0; tap < TAPS; tap++) {
                        kernel.put(0, tap * elements + offset, taps[part][tap], n);
                    }
                });
    }

    private void sum(HostMatrix[] from, int offset, float[] to, int part, int n) {
        from[0].get(0, offset, to, n);
        float[] addend = middle[part][0];
        for (int i = 1; i < from.length; i++) {
            from[i].get(0, offset, addend, n);
            for (int j = 0; j < n; j++) {
                to[j] += addend[j];
            }
        }
    }

    private void gradient(int part, int n) {
        float[][] g = taps[part];
        float[][] m = middle[part];
        float[][] u = planes[part];
        for (int y = 0; y < 4; y++) {
            int i = 4 * y;
            int o = 3 * y;
            narrow(u[i], u[i + 1], u[i + 2], u[i + 3], m[o], m[o + 1], m[o + 2], n);
        }
        for (int x = 0; x < 3; x++) {
            narrow(m[x], m[3 + x], m[6 + x], m[9 + x], g[x], g[3 + x], g[6 + x], n);
        }
    }

    /** Gᵀ: u0 + (u1 + u2)/2, (u1 − u2)/2, (u1 + u2)/2 + u3. */
    private static void narrow(
            float[] u0,
            float[] u1,
            float[] u2,
            float[] u3,
            float[] g0,
            float[] g1,
            float[] g2,
            int n) {
        for (int i = 0; i < n; i++) {
            float half = 0.5f * (u1[i] + u2[i]);
            g0[i] = u0[i] + half;
            g1[i] = 0.5f * (u1[i] - u2[i]);
            g2[i] = half + u3[i];
        }
    }
}
