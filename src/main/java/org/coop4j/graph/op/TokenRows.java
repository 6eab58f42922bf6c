package org.coop4j.graph.op;

import org.nd4j.linalg.api.ndarray.INDArray;
import org.nd4j.linalg.factory.Nd4j;

/** Views of the packed rows of images, [batch · tokens, width], each image's first row apart. */
final class TokenRows {

    private final INDArray rows;
    private final long batch;
    private final long tokens;

    TokenRows(INDArray rows, int tokens) {
        this.rows = rows;
        this.tokens = tokens;
        this.batch = rows.size(0) / tokens;
    }

    /** All rows, [batch, tokens, width]. */
    INDArray all() {
        return rows.reshape('c', batch, tokens, rows.size(1));
    }

    /** The first row of each image, [batch, width]. */
    INDArray first() {
        return Nd4j.create(
                rows.data(),
                new long[] {batch, rows.size(1)},
                new long[] {tokens * rows.stride(0), rows.stride(1)},
                rows.offset(),
                'c');
    }

    /** The other rows, [batch, tokens − 1, width]. */
    INDArray others() {
        return Nd4j.create(
                rows.data(),
                new long[] {batch, tokens - 1, rows.size(1)},
                new long[] {tokens * rows.stride(0), rows.stride(0), rows.stride(1)},
                rows.offset() + rows.stride(0),
                'c');
    }

    /** A matrix of the other rows alone, as {@link #others} has them. */
    INDArray patchesOf(INDArray matrix) {
        return matrix.reshape('c', batch, tokens - 1, matrix.size(1));
    }

    /** The positions of the other rows, [1, tokens − 1, width]. */
    static INDArray patches(INDArray positions) {
        return Nd4j.create(
                positions.data(),
                new long[] {1, positions.size(0) - 1, positions.size(1)},
                new long[] {positions.length(), positions.stride(0), positions.stride(1)},
                positions.offset() + positions.stride(0),
                'c');
    }
}
