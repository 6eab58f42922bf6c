package org.coop4j.image.webp;

import java.util.Arrays;

/** Intra prediction of VP8 (RFC 6386, section 12). */
final class Vp8Predictor {
    /** How a macroblock's luma or chroma is predicted. */
    enum Mode {
        DC,
        VERTICAL,
        HORIZONTAL,
        TRUE_MOTION
    }

    /** How a subblock is predicted, in the order of the probability tables. */
    enum SubMode {
        DC,
        TRUE_MOTION,
        VERTICAL,
        HORIZONTAL,
        LEFT_DOWN,
        RIGHT_DOWN,
        VERTICAL_RIGHT,
        VERTICAL_LEFT,
        HORIZONTAL_DOWN,
        HORIZONTAL_UP
    }

    private Vp8Predictor() {}

    /** Predicts the square of the given size at x, y. */
    static void predict(Vp8Plane plane, Mode mode, int x, int y, int size) {
        switch (mode) {
            case DC -> fill(plane, x, y, size, dc(plane, x, y, size));
            case VERTICAL -> {
                for (int row = 0; row < size; row++) {
                    System.arraycopy(
                            plane.samples,
                            plane.at(x, y - 1),
                            plane.samples,
                            plane.at(x, y + row),
                            size);
                }
            }
            case HORIZONTAL -> {
                for (int row = 0; row < size; row++) {
                    int at = plane.at(x, y + row);
                    Arrays.fill(plane.samples, at, at + size, plane.samples[at - 1]);
                }
            }
            case TRUE_MOTION -> trueMotion(plane, x, y, size);
        }
    }

    /** The mean of what is within the frame above and on the left. */
    private static int dc(Vp8Plane plane, int x, int y, int size) {
        int sum = 0;
        int count = 0;
        if (y > 0) {
            for (int i = 0; i < size; i++) {
                sum += plane.get(x + i, y - 1);
            }
            count += size;
        }
        if (x > 0) {
            for (int i = 0; i < size; i++) {
                sum += plane.get(x - 1, y + i);
            }
            count += size;
        }
        return count == 0 ? 128 : (sum + count / 2) / count;
    }

    private static void fill(Vp8Plane plane, int x, int y, int size, int value) {
        for (int row = 0; row < size; row++) {
            int at = plane.at(x, y + row);
            Arrays.fill(plane.samples, at, at + size, (byte) value);
        }
    }

    private static void trueMotion(Vp8Plane plane, int x, int y, int size) {
        int corner = plane.get(x - 1, y - 1);
        for (int row = 0; row < size; row++) {
            int base = plane.get(x - 1, y + row) - corner;
            for (int i = 0; i < size; i++) {
                int value = base + plane.get(x + i, y - 1);
                plane.samples[plane.at(x + i, y + row)] = (byte) Math.max(0, Math.min(255, value));
            }
        }
    }

    /**
     * Predicts the 4 x 4 subblock at x, y.
     *
     * @param rightAbove the four samples to the right of those above
     */
    static void predict(Vp8Plane plane, SubMode mode, int x, int y, int[] rightAbove) {
        switch (mode) {
            case DC -> fill(plane, x, y, 4, subblockDc(plane, x, y));
            case TRUE_MOTION -> trueMotion(plane, x, y, 4);
            default -> directional(plane, mode, x, y, edge(plane, x, y, rightAbove));
        }
    }

    /** Unlike that of a macroblock, it includes the border. */
    private static int subblockDc(Vp8Plane plane, int x, int y) {
        int sum = 4;
        for (int i = 0; i < 4; i++) {
            sum += plane.get(x + i, y - 1) + plane.get(x - 1, y + i);
        }
        return sum >> 3;
    }

    /** Index of the corner in the edge. */
    private static final int X = 4;

    /** The samples around a subblock: 4 on the left from the bottom up, the corner, 8 above. */
    private static int[] edge(Vp8Plane plane, int x, int y, int[] rightAbove) {
        int[] edge = new int[13];
        for (int i = 0; i < 4; i++) {
            edge[3 - i] = plane.get(x - 1, y + i);
            edge[X + 1 + i] = plane.get(x + i, y - 1);
            edge[X + 5 + i] = rightAbove[i];
        }
        edge[X] = plane.get(x - 1, y - 1);
        return edge;
    }

    private static void directional(Vp8Plane plane, SubMode mode, int x, int y, int[] edge) {
        for (int row = 0; row < 4; row++) {
            for (int column = 0; column < 4; column++) {
                int value =
                        switch (mode) {
                            case VERTICAL -> three(edge, X + 1 + column);
                            case HORIZONTAL -> horizontal(edge, row);
                            case LEFT_DOWN -> leftDown(edge, row + column);
                            case RIGHT_DOWN -> three(edge, X + column - row);
                            case VERTICAL_RIGHT -> verticalRight(edge, column, row);
                            case VERTICAL_LEFT -> verticalLeft(edge, column, row);
                            case HORIZONTAL_DOWN -> horizontalDown(edge, column, row);
                            case HORIZONTAL_UP -> horizontalUp(edge, column + 2 * row);
                            default -> throw new IllegalArgumentException(mode.toString());
                        };
                plane.samples[plane.at(x + column, y + row)] = (byte) value;
            }
        }
    }

    /** The mean of two neighbours, rounded up. */
    private static int two(int[] edge, int i) {
        return (edge[i] + edge[i + 1] + 1) >> 1;
    }

    /** The mean of a sample, counted twice, and its neighbours. */
    private static int three(int[] edge, int i) {
        return (edge[i - 1] + 2 * edge[i] + edge[i + 1] + 2) >> 2;
    }

    private static int horizontal(int[] edge, int row) {
        return row < 3 ? three(edge, 3 - row) : (edge[1] + 3 * edge[0] + 2) >> 2;
    }

    private static int leftDown(int[] edge, int diagonal) {
        return diagonal < 6
                ? three(edge, X + 2 + diagonal)
                : (edge[X + 7] + 3 * edge[X + 8] + 2) >> 2;
    }

    private static int verticalRight(int[] edge, int column, int row) {
        int shifted = column - row / 2;
        if (shifted < 0) {
            return three(edge, X + 1 - row); // only in column 0
        }
        return row % 2 == 0 ? two(edge, X + shifted) : three(edge, X + shifted);
    }

    private static int verticalLeft(int[] edge, int column, int row) {
        int above = X + 1 + column + row / 2;
        // Two samples break the pattern: they take what is one further to the right.
        if (column == 3 && row >= 2) {
            return three(edge, X + 4 + row);
        }
        return row % 2 == 0 ? two(edge, above) : three(edge, above + 1);
    }

    private static int horizontalDown(int[] edge, int column, int row) {
        int shifted = row - column / 2;
        if (shifted < 0) {
            return three(edge, X - 1 + column); // only in row 0
        }
        return column % 2 == 0 ? two(edge, X - 1 - shifted) : three(edge, X - shifted);
    }

    private static int horizontalUp(int[] edge, int step) {
        if (step > 5) {
            return edge[0];
        }
        if (step == 5) {
            return (edge[1] + 3 * edge[0] + 2) >> 2;
        }
        return step % 2 == 0 ? two(edge, 2 - step / 2) : three(edge, 2 - step / 2);
    }
}
