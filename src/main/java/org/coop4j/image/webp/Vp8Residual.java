package org.coop4j.image.webp;

import java.util.Arrays;
import org.coop4j.image.ImageException;

/** The coefficients of one macroblock at a time, and what is added by them to its prediction. */
final class Vp8Residual {

    /** Block types, which choose the coefficient probabilities. */
    private static final int LUMA_WITHOUT_DC = 0;

    private static final int LUMA_DCS = 1;
    private static final int CHROMA = 2;
    private static final int LUMA = 3;

    private final Vp8Header header;
    private final int[] coefficients = new int[(16 + 4 + 4) * 16];
    private final Nonzero[] nonzeroAbove;
    private Nonzero nonzeroLeft = new Nonzero();

    Vp8Residual(Vp8Header header, int columns) {
        this.header = header;
        nonzeroAbove = new Nonzero[columns];
        Arrays.setAll(nonzeroAbove, i -> new Nonzero());
    }

    /**
     * Which blocks at the edge of a macroblock have coefficients: 4 of Y, 2 of U, 2 of V and the
     * one of the luma DCs.
     */
    private static final class Nonzero {
        final int[] luma = new int[4];
        final int[][] chroma = new int[2][2];
        int lumaDcs;

        void clearBlocks() {
            Arrays.fill(luma, 0);
            Arrays.fill(chroma[0], 0);
            Arrays.fill(chroma[1], 0);
        }
    }

    /** A row of macroblocks begins. */
    void beginRow() {
        nonzeroLeft = new Nonzero();
    }

    /** A macroblock without coefficients; returns that it has none. */
    boolean skip(int column, boolean bySubblock) {
        Arrays.fill(coefficients, 0);
        Nonzero above = nonzeroAbove[column];
        above.clearBlocks();
        nonzeroLeft.clearBlocks();
        if (!bySubblock) {
            above.lumaDcs = 0;
            nonzeroLeft.lumaDcs = 0;
        }
        return false;
    }

    /** Reads a macroblock's coefficients and returns whether it has any. */
    boolean read(BoolDecoder in, int column, int segment, boolean bySubblock)
            throws ImageException {
        Arrays.fill(coefficients, 0);
        Nonzero above = nonzeroAbove[column];
        Vp8Header.Quantizer step = header.quantizers[segment];
        if (!bySubblock) {
            readLumaDcs(in, above, step);
        }
        boolean coded = readLuma(in, above, bySubblock, step);
        for (int plane = 0; plane < 2; plane++) {
            coded |= readChroma(in, plane, above, step);
        }
        return coded;
    }

    private void readLumaDcs(BoolDecoder in, Nonzero above, Vp8Header.Quantizer step)
            throws ImageException {
        int[] dcs = new int[16];
        int end =
                Vp8Coefficients.decode(
                        in,
                        header.coefficients[LUMA_DCS],
                        above.lumaDcs + nonzeroLeft.lumaDcs,
                        0,
                        step.y2Dc(),
                        step.y2Ac(),
                        dcs,
                        0);
        above.lumaDcs = end > 0 ? 1 : 0;
        nonzeroLeft.lumaDcs = above.lumaDcs;
        Vp8Transform.inverseWalshHadamard(dcs, coefficients);
    }

    private boolean readLuma(
            BoolDecoder in, Nonzero above, boolean bySubblock, Vp8Header.Quantizer step)
            throws ImageException {
        int first = bySubblock ? 0 : 1;
        int[][][] probabilities = header.coefficients[bySubblock ? LUMA : LUMA_WITHOUT_DC];
        boolean coded = false;
        for (int i = 0; i < 16; i++) {
            int context = above.luma[i % 4] + nonzeroLeft.luma[i / 4];
            int end =
                    Vp8Coefficients.decode(
                            in,
                            probabilities,
                            context,
                            first,
                            step.yDc(),
                            step.yAc(),
                            coefficients,
                            16 * i);
            int nonzero = end > first ? 1 : 0;
            above.luma[i % 4] = nonzero;
            nonzeroLeft.luma[i / 4] = nonzero;
            coded |= end > 1 || coefficients[16 * i] != 0;
        }
        return coded;
    }

    private boolean readChroma(BoolDecoder in, int plane, Nonzero above, Vp8Header.Quantizer step)
            throws ImageException {
        int[] upper = above.chroma[plane];
        int[] left = nonzeroLeft.chroma[plane];
        boolean coded = false;
        for (int i = 0; i < 4; i++) {
            int at = 16 * (16 + 4 * plane + i);
            int end =
                    Vp8Coefficients.decode(
                            in,
                            header.coefficients[CHROMA],
                            upper[i % 2] + left[i / 2],
                            0,
                            step.uvDc(),
                            step.uvAc(),
                            coefficients,
                            at);
            upper[i % 2] = end > 0 ? 1 : 0;
            left[i / 2] = upper[i % 2];
            coded |= end > 1 || coefficients[at] != 0;
        }
        return coded;
    }

    /**
     * Adds the residual of a block, 0 to 15 of Y, then 4 of U and 4 of V, to what was predicted.
     */
    void add(int block, Vp8Plane plane, int x, int blockY) {
        int at = 16 * block;
        for (int i = at; i < at + 16; i++) {
            if (coefficients[i] != 0) {
                Vp8Transform.addInverseDct(
                        coefficients, at, plane.samples, plane.at(x, blockY), plane.stride);
                return;
            }
        }
    }
}
