package org.coop4j.pretrain.op;

/**
 * Two sums a column over many rows, for one worker: in float for some rows at a time, so that the
 * loops are vector instructions, and in double over all.
 */
final class ColumnSums {

    /** Rows summed in float before the sums are taken over to double. */
    private static final int FLUSH = 64;

    final float[] first;
    final float[] second;
    private final double[] firstTotal;
    private final double[] secondTotal;
    private int rows;

    ColumnSums(int width) {
        first = new float[width];
        second = new float[width];
        firstTotal = new double[width];
        secondTotal = new double[width];
    }

    void clear() {
        java.util.Arrays.fill(firstTotal, 0);
        java.util.Arrays.fill(secondTotal, 0);
        java.util.Arrays.fill(first, 0f);
        java.util.Arrays.fill(second, 0f);
        rows = 0;
    }

    /** To be called after each row has been added to {@link #first} and {@link #second}. */
    void rowAdded() {
        if (++rows == FLUSH) {
            flush();
        }
    }

    private void flush() {
        for (int i = 0; i < first.length; i++) {
            firstTotal[i] += first[i];
            secondTotal[i] += second[i];
            first[i] = 0f;
            second[i] = 0f;
        }
        rows = 0;
    }

    /** Adds the totals to {@code a} and {@code b}, column i to place i modulo their length. */
    void addTo(double[] a, double[] b) {
        flush();
        for (int i = 0; i < first.length; i++) {
            a[i % a.length] += firstTotal[i];
            b[i % b.length] += secondTotal[i];
        }
    }
}
