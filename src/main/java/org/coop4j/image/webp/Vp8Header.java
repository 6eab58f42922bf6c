package org.coop4j.image.webp;

import org.coop4j.image.ImageException;
import org.coop4j.image.ImageSource;

/**
 * The header of a VP8 key frame (RFC 6386, section 9), and what follows from it for each segment.
 */
final class Vp8Header {
    static final int SEGMENTS = 4;
    private static final int FRAME_HEADER = 10;
    private static final int MAX_INDEX = 127;
    private static final int MAX_CHROMA_DC_INDEX = 117;

    final int width;
    final int height;

    /** Of the modes of all macroblocks. */
    final BoolDecoder modes;

    /** Of the coefficients; macroblock row y is in part y modulo their number, a power of two. */
    final BoolDecoder[] parts;

    /** Steps of the coefficients of each segment. */
    final Quantizer[] quantizers = new Quantizer[SEGMENTS];

    /** Filter level of each segment, before the adjustments by mode. */
    final int[] filterLevels = new int[SEGMENTS];

    /** Of the tree that gives a macroblock its segment, or null where all are in segment 0. */
    final int[] segmentProbabilities;

    /** Whether the loop filter runs at all: its level is above 0. */
    final boolean filtered;

    final boolean simpleFilter;
    final int sharpness;

    /** Added to the filter level of every macroblock. */
    final int frameDelta;

    /** Added to the filter level of macroblocks that are predicted by subblock. */
    final int subblockDelta;

    final int[][][][] coefficients;

    /** Probability that a macroblock has coefficients, or -1 where all have. */
    final int skipProbability;

    /**
     * The steps of a segment's coefficients.
     *
     * @param yDc of the first coefficient of luma
     * @param yAc of the others
     * @param y2Dc of the first coefficient of the transform of the luma DCs
     * @param y2Ac of the others
     * @param uvDc of the first coefficient of chroma
     * @param uvAc of the others
     */
    record Quantizer(int yDc, int yAc, int y2Dc, int y2Ac, int uvDc, int uvAc) {}

    Vp8Header(ImageSource source, int start, int end, Vp8Tables tables) throws ImageException {
        int tag = source.u24le(start);
        boolean keyFrame = (tag & 1) == 0;
        if (!keyFrame || !source.startsWith(start + 3, "\u009d\u0001*")) {
            throw source.error("is damaged: its VP8 data do not begin with a key frame");
        }
        width = source.u16le(start + 6) & 0x3FFF;
        height = source.u16le(start + 8) & 0x3FFF;
        int firstEnd = start + FRAME_HEADER + (tag >> 5);
        if (firstEnd > end) {
            throw source.truncated();
        }
        modes = new BoolDecoder(source, start + FRAME_HEADER, firstEnd);
        modes.number(2); // colour space and clamping: libwebp ignores both
        boolean segmented = modes.flag();
        boolean segmentMap = segmented && modes.flag();
        boolean segmentData = segmented && modes.flag();
        boolean absolute = segmentData && modes.flag();
        int[] segmentIndices = new int[SEGMENTS];
        int[] segmentLevels = new int[SEGMENTS];
        if (segmentData) {
            readOptional(segmentIndices, 7);
            readOptional(segmentLevels, 6);
        }
        segmentProbabilities = segmentMap ? readSegmentProbabilities() : null;
        simpleFilter = modes.flag();
        int level = modes.number(6);
        filtered = level > 0;
        sharpness = modes.number(3);
        int[] frameDeltas = new int[4];
        int[] modeDeltas = new int[4];
        boolean deltas = modes.flag();
        if (deltas && modes.flag()) {
            readOptional(frameDeltas, 6);
            readOptional(modeDeltas, 6);
        }
        frameDelta = frameDeltas[0];
        subblockDelta = modeDeltas[0];
        parts = readParts(source, firstEnd, end);
        for (int s = 0; s < SEGMENTS; s++) {
            filterLevels[s] = segmentLevels[s] + (absolute ? 0 : level);
        }
        readQuantizers(segmentIndices, absolute, tables);
        modes.flag(); // whether the probabilities are kept for the next frame
        coefficients = tables.defaultCoefficients();
        readCoefficientProbabilities(tables);
        skipProbability = modes.flag() ? modes.number(8) : -1;
    }

    /** The modes of a macroblock take 2 bits or more: a short file cannot hold a large picture. */
    void requirePlausible(ImageSource source) throws ImageException {
        long macroblocks = (long) ((width + 15) / 16) * ((height + 15) / 16);
        if (macroblocks > 4L * source.length()) {
            throw source.truncated();
        }
    }

    private void readOptional(int[] values, int length) throws ImageException {
        for (int i = 0; i < values.length; i++) {
            values[i] = modes.optional(length);
        }
    }

    private int[] readSegmentProbabilities() throws ImageException {
        int[] probabilities = new int[3];
        for (int i = 0; i < probabilities.length; i++) {
            probabilities[i] = modes.flag() ? modes.number(8) : 255;
        }
        return probabilities;
    }

    private BoolDecoder[] readParts(ImageSource source, int start, int end) throws ImageException {
        BoolDecoder[] decoders = new BoolDecoder[1 << modes.number(2)];
        int at = start + 3 * (decoders.length - 1); // behind the sizes of all but the last
        for (int i = 0; i < decoders.length; i++) {
            boolean last = i == decoders.length - 1;
            int partEnd = last ? end : at + source.u24le(start + 3 * i);
            if (at > end || partEnd > end) {
                throw source.truncated();
            }
            decoders[i] = new BoolDecoder(source, at, partEnd);
            at = partEnd;
        }
        return decoders;
    }

    private void readQuantizers(int[] segmentIndices, boolean absolute, Vp8Tables tables)
            throws ImageException {
        int base = modes.number(7);
        int yDc = modes.optional(4);
        int y2Dc = modes.optional(4);
        int y2Ac = modes.optional(4);
        int uvDc = modes.optional(4);
        int uvAc = modes.optional(4);
        for (int s = 0; s < SEGMENTS; s++) {
            int index = segmentIndices[s] + (absolute ? 0 : base);
            quantizers[s] =
                    new Quantizer(
                            tables.dcSteps[clip(index + yDc, MAX_INDEX)],
                            tables.acSteps[clip(index, MAX_INDEX)],
                            tables.dcSteps[clip(index + y2Dc, MAX_INDEX)] * 2,
                            Math.max(8, tables.acSteps[clip(index + y2Ac, MAX_INDEX)] * 155 / 100),
                            tables.dcSteps[clip(index + uvDc, MAX_CHROMA_DC_INDEX)],
                            tables.acSteps[clip(index + uvAc, MAX_INDEX)]);
        }
    }

    private static int clip(int index, int max) {
        return Math.max(0, Math.min(max, index));
    }

    private void readCoefficientProbabilities(Vp8Tables tables) throws ImageException {
        for (int t = 0; t < Vp8Tables.TYPES; t++) {
            for (int b = 0; b < Vp8Tables.BANDS; b++) {
                for (int c = 0; c < Vp8Tables.CONTEXTS; c++) {
                    int[] update = tables.updateProbabilities[t][b][c];
                    for (int p = 0; p < Vp8Tables.PROBABILITIES; p++) {
                        if (modes.bit(update[p]) == 1) {
                            coefficients[t][b][c][p] = modes.number(8);
                        }
                    }
                }
            }
        }
    }
}
