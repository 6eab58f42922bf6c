package org.coop4j.image.webp;

import java.util.Arrays;
import org.coop4j.image.ImageException;
import org.coop4j.image.ImageSource;
import org.coop4j.image.RgbImage;
import org.coop4j.image.webp.Vp8Predictor.Mode;
import org.coop4j.image.webp.Vp8Predictor.SubMode;

/**
 * Decodes a VP8 key frame, the lossy form of WebP, to the planes that libwebp decodes (RFC 6386).
 * Macroblocks are 16 x 16 luma samples: 16 subblocks of 4 x 4, and 4 each of U and V.
 */
final class Vp8Decoder {
    private static final int NO_FILTER = 0;

    private static final SubMode[] SUB_MODES = SubMode.values();

    // Numbers of some of them.
    private static final int DC = 0;
    private static final int TRUE_MOTION = 1;
    private static final int VERTICAL = 2;
    private static final int HORIZONTAL = 3;

    /** Pairs of branches; a negative number ends the walk at that mode, less 1. */
    private static final int[] SUB_MODE_TREE = {
        -1, 2, -2, 4, -3, 6, 8, 12, -4, 10, -6, -7, -5, 14, -8, 16, -9, -10
    };

    private final Vp8Header header;
    private final Vp8Tables tables;
    private final int columns;
    private final int rows;
    private final Vp8Plane y;
    private final Vp8Plane u;
    private final Vp8Plane v;

    // What the macroblocks above and on the left have, by subblock column and row.
    private final int[] modesAbove; // numbers of subblock modes
    private final int[] modesLeft = new int[4];

    // The macroblock that is being decoded.
    private int segment;
    private boolean skipped;
    private boolean bySubblock;
    private Mode lumaMode = Mode.DC;
    private Mode chromaMode = Mode.DC;
    private final SubMode[] subModes = new SubMode[16];
    private final Vp8Residual residual;

    /** Of each macroblock: the filter level and, in bit 6, whether its inner edges are filtered. */
    private final byte[] filters;

    private static final int INNER = 64;

    private Vp8Decoder(Vp8Header header, Vp8Tables tables) {
        this.header = header;
        this.tables = tables;
        columns = (header.width + 15) / 16;
        rows = (header.height + 15) / 16;
        y = new Vp8Plane(16 * columns, 16 * rows);
        u = new Vp8Plane(8 * columns, 8 * rows);
        v = new Vp8Plane(8 * columns, 8 * rows);
        modesAbove = new int[4 * columns];
        residual = new Vp8Residual(header, columns);
        filters = new byte[columns * rows];
    }

    /**
     * Decodes the frame from {@code start} to {@code end} of the file.
     *
     * @param canvas pixels of what it will be put on, 0 for nothing
     */
    static RgbImage decode(ImageSource source, int start, int end, Vp8Tables tables, long canvas)
            throws ImageException {
        Vp8Header header = new Vp8Header(source, start, end, tables);
        source.requireSize(header.width, header.height);
        header.requirePlausible(source);
        long pixels = (long) header.width * header.height;
        source.takeMemory(Math.max(pixels, canvas), canvas > 0 ? 8 : 5); // YUV 4:2:0 and RGB
        Vp8Decoder decoder = new Vp8Decoder(header, tables);
        decoder.decodeMacroblocks();
        decoder.filter();
        return YuvUpsampler.toRgb(decoder.y, decoder.u, decoder.v, header.width, header.height);
    }

    private void decodeMacroblocks() throws ImageException {
        for (int row = 0; row < rows; row++) {
            BoolDecoder part = header.parts[row & (header.parts.length - 1)];
            Arrays.fill(modesLeft, DC);
            residual.beginRow();
            for (int column = 0; column < columns; column++) {
                readModes(column);
                boolean coded =
                        skipped
                                ? residual.skip(column, bySubblock)
                                : residual.read(part, column, segment, bySubblock);
                reconstruct(column, row);
                filters[row * columns + column] = filterOf(coded);
            }
        }
    }

    private void readModes(int column) throws ImageException {
        BoolDecoder in = header.modes;
        int[] tree = header.segmentProbabilities;
        segment = tree == null ? 0 : readSegment(in, tree);
        skipped = header.skipProbability >= 0 && in.bit(header.skipProbability) == 1;
        bySubblock = in.bit(145) == 0;
        if (bySubblock) {
            for (int i = 0; i < 16; i++) {
                readSubMode(in, i, 4 * column + i % 4);
            }
        } else {
            lumaMode = readLumaMode(in);
            int likeIt = subModeLike(lumaMode);
            Arrays.fill(modesAbove, 4 * column, 4 * column + 4, likeIt);
            Arrays.fill(modesLeft, likeIt);
        }
        chromaMode = readChromaMode(in);
    }

    private static int readSegment(BoolDecoder in, int[] tree) throws ImageException {
        return in.bit(tree[0]) == 0 ? in.bit(tree[1]) : 2 + in.bit(tree[2]);
    }

    private void readSubMode(BoolDecoder in, int block, int column) throws ImageException {
        int[] probabilities = tables.modeProbabilities[modesAbove[column]][modesLeft[block / 4]];
        int node = 0;
        do {
            node = SUB_MODE_TREE[node + in.bit(probabilities[node >> 1])];
        } while (node > 0);
        int mode = -node - 1;
        subModes[block] = SUB_MODES[mode];
        modesAbove[column] = mode;
        modesLeft[block / 4] = mode;
    }

    private static Mode readLumaMode(BoolDecoder in) throws ImageException {
        if (in.bit(156) == 1) {
            return in.bit(128) == 1 ? Mode.TRUE_MOTION : Mode.HORIZONTAL;
        }
        return in.bit(163) == 1 ? Mode.VERTICAL : Mode.DC;
    }

    private static Mode readChromaMode(BoolDecoder in) throws ImageException {
        if (in.bit(142) == 0) {
            return Mode.DC;
        }
        if (in.bit(114) == 0) {
            return Mode.VERTICAL;
        }
        return in.bit(183) == 1 ? Mode.TRUE_MOTION : Mode.HORIZONTAL;
    }

    /** What a macroblock that is predicted as a whole counts as for its neighbours' subblocks. */
    private static int subModeLike(Mode mode) {
        return switch (mode) {
            case DC -> DC;
            case VERTICAL -> VERTICAL;
            case HORIZONTAL -> HORIZONTAL;
            case TRUE_MOTION -> TRUE_MOTION;
        };
    }

    private void reconstruct(int column, int row) {
        if (bySubblock) {
            reconstructSubblocks(16 * column, 16 * row, column == columns - 1);
        } else {
            Vp8Predictor.predict(y, lumaMode, 16 * column, 16 * row, 16);
            for (int i = 0; i < 16; i++) {
                residual.add(i, y, 16 * column + 4 * (i % 4), 16 * row + 4 * (i / 4));
            }
        }
        Vp8Predictor.predict(u, chromaMode, 8 * column, 8 * row, 8);
        Vp8Predictor.predict(v, chromaMode, 8 * column, 8 * row, 8);
        for (int i = 0; i < 4; i++) {
            int blockX = 8 * column + 4 * (i % 2);
            int blockY = 8 * row + 4 * (i / 2);
            residual.add(16 + i, u, blockX, blockY);
            residual.add(20 + i, v, blockX, blockY);
        }
    }

    private void reconstructSubblocks(int left, int top, boolean lastColumn) {
        // The samples above and to the right of the macroblock serve all four of its rows: those of
        // the macroblock there are
        // not decoded yet in the lower ones. Beyond the last column the last sample above repeats.
        int[] macroblockRight = new int[4];
        for (int i = 0; i < 4; i++) {
            boolean repeat = lastColumn && top > 0;
            macroblockRight[i] = y.get(repeat ? left + 15 : left + 16 + i, top - 1);
        }
        int[] right = new int[4];
        for (int i = 0; i < 16; i++) {
            int x = left + 4 * (i % 4);
            int blockY = top + 4 * (i / 4);
            boolean edge = i % 4 == 3;
            for (int k = 0; k < 4; k++) {
                right[k] = edge ? macroblockRight[k] : y.get(x + 4 + k, blockY - 1);
            }
            Vp8Predictor.predict(y, subModes[i], x, blockY, right);
            residual.add(i, y, x, blockY);
        }
    }

    private byte filterOf(boolean coded) {
        int level = header.filterLevels[segment] + header.frameDelta;
        level += bySubblock ? header.subblockDelta : 0;
        int clipped = Math.max(NO_FILTER, Math.min(63, level));
        return (byte) (coded || bySubblock ? clipped | INNER : clipped);
    }

    /**
     * Filters the edges of all macroblocks, in their order; prediction has seen the samples before.
     */
    private void filter() {
        if (!header.filtered) {
            return;
        }
        for (int row = 0; row < rows; row++) {
            for (int column = 0; column < columns; column++) {
                int filter = filters[row * columns + column];
                int level = filter & 63;
                if (level != NO_FILTER) {
                    boolean inner = (filter & INNER) != 0;
                    Vp8LoopFilter edges = new Vp8LoopFilter(level, header.sharpness, inner);
                    if (header.simpleFilter) {
                        edges.simple(y, column, row);
                    } else {
                        edges.normal(y, column, row, 16);
                        edges.normal(u, column, row, 8);
                        edges.normal(v, column, row, 8);
                    }
                }
            }
        }
    }
}
