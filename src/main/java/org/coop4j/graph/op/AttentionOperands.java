package org.coop4j.graph.op;

import org.coop4j.graph.host.Cursor;
import org.coop4j.graph.host.HostMatrix;
import org.coop4j.graph.op.AttentionLayout.Block;
import org.nd4j.linalg.api.buffer.DataType;
import org.nd4j.linalg.factory.Nd4j;

/**
 * Where queries, keys and values lie: three bands of one matrix, or one matrix and two bands of
 * another.
 */
final class AttentionOperands {

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

    static AttentionOperands of(AttentionLayout layout, HostMatrix[] qkv) {
        if (qkv.length == 1) {
            int width = qkv[0].cols() / 3;
            return new AttentionOperands(qkv[0], qkv[0], width, width, layout.heads());
        }
        return new AttentionOperands(qkv[0], qkv[1], 0, qkv[0].cols(), layout.heads());
    }

    static HostMatrix allocate(long length) {
        return HostMatrix.of(Nd4j.createUninitialized(DataType.FLOAT, length));
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

    int headWidth() {
        return headWidth;
    }

    float scale() {
        return (float) (1 / Math.sqrt(headWidth));
    }

    int ldq() {
        return queries.cols();
    }

    int ldk() {
        return keysAndValues.cols();
    }

    void q(Cursor cursor, int row, int head) {
        cursor.at(queries, row, (long) head * headWidth);
    }

    void k(Cursor cursor, int row, int head) {
        cursor.at(keysAndValues, row, keyColumn + (long) head * headWidth);
    }

    void v(Cursor cursor, int row, int head) {
        cursor.at(keysAndValues, row, valueColumn + (long) head * headWidth);
    }
}
