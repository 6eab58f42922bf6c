package org.coop4j.pretrain.op;

import org.coop4j.graph.host.HostMatrix;

/**
 * A matrix with few columns read some rows at a time, so that a loop over columns is long enough
 * for vector instructions to pay.
 *
 * @param count how many wide rows there are
 * @param width columns of a wide row: {@code repeats} rows of the matrix
 * @param repeats rows of the matrix in a wide row
 */
record WideRows(int count, int width, int repeats) {

    /** Elements of a wide row at most, if there are not more columns than that. */
    private static final int WIDEST = 1024;

    static WideRows of(HostMatrix matrix) {
        int repeats = 1;
        while (matrix.rows() % (2 * repeats) == 0 && 2 * repeats * matrix.cols() <= WIDEST) {
            repeats *= 2;
        }
        return new WideRows(matrix.rows() / repeats, matrix.cols() * repeats, repeats);
    }

    /** Copies wide row {@code row} of {@code matrix} into {@code to}. */
    void get(HostMatrix matrix, int row, float[] to) {
        matrix.get(row * repeats, 0, to, width);
    }

    /** Copies {@code from} into wide row {@code row} of {@code matrix}. */
    void put(HostMatrix matrix, int row, float[] from) {
        matrix.put(row * repeats, 0, from, width);
    }

    /** Repeats the first {@code width / repeats} elements over the array. */
    void repeat(float[] columns) {
        int n = width / repeats;
        for (int i = n; i < width; i += n) {
            System.arraycopy(columns, 0, columns, i, n);
        }
    }
}
