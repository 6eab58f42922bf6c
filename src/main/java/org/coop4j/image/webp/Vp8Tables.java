package org.coop4j.image.webp;

import java.util.Arrays;
import java.util.Iterator;
import java.util.List;
import org.coop4j.base.Resource;

/** The constant tables of VP8 key frames (RFC 6386). */
final class Vp8Tables {
    static final int TYPES = 4;
    static final int BANDS = 8;
    static final int CONTEXTS = 3;
    static final int PROBABILITIES = 11;
    private static final int MODES = 10;
    private static final String RESOURCE = "vp8-tables.txt";

    /** Step of a DC coefficient by quantizer index. */
    final int[] dcSteps;

    /** Step of an AC coefficient by quantizer index. */
    final int[] acSteps;

    /** Of a subblock's mode, [mode above][mode on the left][9]. */
    final int[][][] modeProbabilities;

    /** That a frame changes a coefficient probability, [types][bands][contexts][11]. */
    final int[][][][] updateProbabilities;

    private final int[][][][] coefficientProbabilities;

    private Vp8Tables(Iterator<int[]> rows) {
        dcSteps = rows.next();
        acSteps = rows.next();
        modeProbabilities = new int[MODES][MODES][];
        for (int[][] left : modeProbabilities) {
            Arrays.setAll(left, i -> rows.next());
        }
        updateProbabilities = coefficients(rows);
        coefficientProbabilities = coefficients(rows);
    }

    private static int[][][][] coefficients(Iterator<int[]> rows) {
        int[][][][] table = new int[TYPES][BANDS][CONTEXTS][];
        for (int[][][] bands : table) {
            for (int[][] contexts : bands) {
                Arrays.setAll(contexts, i -> rows.next());
            }
        }
        return table;
    }

    static Vp8Tables load() {
        List<int[]> rows =
                Resource.text(Vp8Tables.class, RESOURCE)
                        .lines()
                        .filter(line -> !line.startsWith("#"))
                        .map(line -> line.split(" "))
                        .map(row -> Arrays.stream(row).mapToInt(Integer::parseInt).toArray())
                        .toList();
        return new Vp8Tables(rows.iterator());
    }

    /** A copy of the default probabilities, for a frame to change: [types][bands][contexts][11]. */
    int[][][][] defaultCoefficients() {
        int[][][][] copy = new int[TYPES][BANDS][CONTEXTS][];
        for (int t = 0; t < TYPES; t++) {
            for (int b = 0; b < BANDS; b++) {
                for (int c = 0; c < CONTEXTS; c++) {
                    copy[t][b][c] = coefficientProbabilities[t][b][c].clone();
                }
            }
        }
        return copy;
    }
}
