package org.coop4j.image.webp;

/**
 * The loop filter of one macroblock (RFC 6386, section 15): smooths its left and upper edge and
 * those of its subblocks.
 */
final class Vp8LoopFilter {
    private final boolean inner;
    private final int interiorLimit;
    private final int edgeLimit; // twice plus 1, for subblock edges
    private final int highVariance;

    private int p3;
    private int p2;
    private int p1;
    private int p0;
    private int q0;
    private int q1;
    private int q2;
    private int q3;

    /**
     * Derives the limits.
     *
     * @param level 1 to 63
     * @param inner whether the edges of subblocks are filtered too
     */
    Vp8LoopFilter(int level, int sharpness, boolean inner) {
        this.inner = inner;
        int limit = level;
        if (sharpness > 0) {
            limit = Math.min(limit >> (sharpness > 4 ? 2 : 1), 9 - sharpness);
        }
        interiorLimit = Math.max(1, limit);
        edgeLimit = 2 * (2 * level + interiorLimit) + 1;
        if (level >= 40) {
            highVariance = 2;
        } else {
            highVariance = level >= 15 ? 1 : 0;
        }
    }

    /** Macroblock edges have a limit greater by 4, doubled as the limit is. */
    private int macroblockLimit() {
        return edgeLimit + 8;
    }

    /** Filters luma alone, two samples at each edge. */
    void simple(Vp8Plane plane, int column, int row) {
        int origin = plane.at(16 * column, 16 * row);
        int stride = plane.stride;
        if (column > 0) {
            simpleEdge(plane.samples, origin, stride, 1, macroblockLimit());
        }
        for (int i = 4; inner && i < 16; i += 4) {
            simpleEdge(plane.samples, origin + i, stride, 1, edgeLimit);
        }
        if (row > 0) {
            simpleEdge(plane.samples, origin, 1, stride, macroblockLimit());
        }
        for (int i = 4; inner && i < 16; i += 4) {
            simpleEdge(plane.samples, origin + i * stride, 1, stride, edgeLimit);
        }
    }

    /** Filters one plane of the macroblock, up to three samples on each side. */
    void normal(Vp8Plane plane, int column, int row, int size) {
        int origin = plane.at(size * column, size * row);
        int stride = plane.stride;
        if (column > 0) {
            macroblockEdge(plane.samples, origin, stride, 1, size);
        }
        for (int i = 4; inner && i < size; i += 4) {
            subblockEdge(plane.samples, origin + i, stride, 1, size);
        }
        if (row > 0) {
            macroblockEdge(plane.samples, origin, 1, stride, size);
        }
        for (int i = 4; inner && i < size; i += 4) {
            subblockEdge(plane.samples, origin + i * stride, 1, stride, size);
        }
    }

    /**
     * Filters 16 positions of an edge.
     *
     * @param along distance between the positions
     * @param across distance between the samples on both sides of the edge
     */
    private void simpleEdge(byte[] s, int origin, int along, int across, int limit) {
        for (int i = 0, at = origin; i < 16; i++, at += along) {
            loadInner(s, at, across);
            if (4 * Math.abs(p0 - q0) + Math.abs(p1 - q1) <= limit) {
                adjustTwo(s, at, across);
            }
        }
    }

    private void macroblockEdge(byte[] s, int origin, int along, int across, int size) {
        for (int i = 0, at = origin; i < size; i++, at += along) {
            loadAll(s, at, across);
            if (isSmooth(macroblockLimit())) {
                if (hasHighVariance()) {
                    adjustTwo(s, at, across);
                } else {
                    adjustSix(s, at, across);
                }
            }
        }
    }

    private void subblockEdge(byte[] s, int origin, int along, int across, int size) {
        for (int i = 0, at = origin; i < size; i++, at += along) {
            loadAll(s, at, across);
            if (isSmooth(edgeLimit)) {
                if (hasHighVariance()) {
                    adjustTwo(s, at, across);
                } else {
                    adjustFour(s, at, across);
                }
            }
        }
    }

    private void loadInner(byte[] s, int at, int across) {
        p1 = s[at - 2 * across] & 0xFF;
        p0 = s[at - across] & 0xFF;
        q0 = s[at] & 0xFF;
        q1 = s[at + across] & 0xFF;
    }

    private void loadAll(byte[] s, int at, int across) {
        loadInner(s, at, across);
        p3 = s[at - 4 * across] & 0xFF;
        p2 = s[at - 3 * across] & 0xFF;
        q2 = s[at + 2 * across] & 0xFF;
        q3 = s[at + 3 * across] & 0xFF;
    }

    private boolean isSmooth(int limit) {
        return 4 * Math.abs(p0 - q0) + Math.abs(p1 - q1) <= limit
                && Math.abs(p3 - p2) <= interiorLimit
                && Math.abs(p2 - p1) <= interiorLimit
                && Math.abs(p1 - p0) <= interiorLimit
                && Math.abs(q3 - q2) <= interiorLimit
                && Math.abs(q2 - q1) <= interiorLimit
                && Math.abs(q1 - q0) <= interiorLimit;
    }

    private boolean hasHighVariance() {
        return Math.abs(p1 - p0) > highVariance || Math.abs(q1 - q0) > highVariance;
    }

    private void adjustTwo(byte[] s, int at, int across) {
        int a = 3 * (q0 - p0) + signedByte(p1 - q1);
        s[at - across] = clamp(p0 + eighth(a + 3));
        s[at] = clamp(q0 - eighth(a + 4));
    }

    private void adjustFour(byte[] s, int at, int across) {
        int a = 3 * (q0 - p0);
        int q = eighth(a + 4);
        int outer = (q + 1) >> 1;
        s[at - 2 * across] = clamp(p1 + outer);
        s[at - across] = clamp(p0 + eighth(a + 3));
        s[at] = clamp(q0 - q);
        s[at + across] = clamp(q1 - outer);
    }

    private void adjustSix(byte[] s, int at, int across) {
        int a = signedByte(3 * (q0 - p0) + signedByte(p1 - q1));
        int near = (27 * a + 63) >> 7;
        int middle = (18 * a + 63) >> 7;
        int far = (9 * a + 63) >> 7;
        s[at - 3 * across] = clamp(p2 + far);
        s[at - 2 * across] = clamp(p1 + middle);
        s[at - across] = clamp(p0 + near);
        s[at] = clamp(q0 - near);
        s[at + across] = clamp(q1 - middle);
        s[at + 2 * across] = clamp(q2 - far);
    }

    private static int signedByte(int value) {
        return Math.max(-128, Math.min(127, value));
    }

    private static int eighth(int value) {
        return Math.max(-16, Math.min(15, value >> 3));
    }

    private static byte clamp(int value) {
        return (byte) Math.max(0, Math.min(255, value));
    }
}
