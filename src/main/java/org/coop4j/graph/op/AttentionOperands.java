package org.coop4j.graph.op;

import org.coop4j.graph.host.Cursor;
import org.coop4j.graph.host.HostMatrix;
import org.coop4j.graph.op.AttentionLayout.Block;

/**
 * Where queries, keys and values lie: three bands of one matrix, or one matrix and two bands of
 * another.
 */
public final class AttentionOperands {

    /** Query rows of a piece: enough for BLAS to be fast, few enough to spread over the cores. */
    private static final int ROWS_PER_PIECE = 256;

    private final HostMatrix queries;
    private final HostMatrix keysAndValues;
    private final int keyColumn;
    private final int valueColumn;
    private final int headWidth;

    private AttentionOperands(
            HostMatrix queries, HostMatrix keysAndValues, int keyColumn, int width, int heads) {
        this.queries = queries;
        this.keysAndValues = keysAndValues;
        this.keyColumn = keyColumn;
        this.valueColumn = keyColumn + width;
        this.headWidth = width / heads;
    }

    /**
     * Queries, keys and values where they lie in the inputs.
     *
     * @param qkv qkv [rows, 3 · width], or q [queries, width] and kv [rows, 2 · width]
     */
    public static AttentionOperands of(AttentionLayout layout, HostMatrix[] qkv) {
        if (qkv.length == 1) {
            int width = qkv[0].cols() / 3;
            return new AttentionOperands(qkv[0], qkv[0], width, width, layout.heads());
        }
        return new AttentionOperands(qkv[0], qkv[1], 0, qkv[0].cols(), layout.heads());
    }

    static int sequencesPerPiece(Block block) {
        return Math.max(1, ROWS_PER_PIECE / block.queriesEach());
    }

    /**
     * Where the probabilities of the first query of {@code sequence} begin, from {@code key} on.
     */
    static long probability(Block block, int head, int sequence, int key) {
        return block.firstProbability()
                + head * block.probabilitiesPerHead()
                + (long) sequence * block.queriesEach() * block.keys()
                + key;
    }

    /** Columns of one head. */
    public int headWidth() {
        return headWidth;
    }

    /** The factor of the scores, 1 / √(width of a head). */
    public float scale() {
        return (float) (1 / Math.sqrt(headWidth));
    }

    /** Distance between the rows of queries. */
    public int ldq() {
        return queries.cols();
    }

    /** Distance between the rows of keys, and of values. */
    public int ldk() {
        return keysAndValues.cols();
    }

    /** Points at the query of a row. */
    public void q(Cursor cursor, int row, int head) {
        cursor.at(queries, row, (long) head * headWidth);
    }

    /** Points at the key of a row. */
    public void k(Cursor cursor, int row, int head) {
        cursor.at(keysAndValues, row, keyColumn + (long) head * headWidth);
    }

    /** Points at the value of a row. */
    public void v(Cursor cursor, int row, int head) {
        cursor.at(keysAndValues, row, valueColumn + (long) head * headWidth);
    }
}
