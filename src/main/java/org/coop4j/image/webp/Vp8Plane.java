package org.coop4j.image.webp;

import java.util.Arrays;

/**
 * One of the planes Y, U and V, with the border that prediction sees around the frame: 127 above,
 * also beyond the right end, and 129 on the left (RFC 6386, section 12.2).
 */
final class Vp8Plane {
    private static final int LEFT_BORDER = 1;
    private static final int RIGHT_BORDER = 4;

    final int stride;
    final byte[] samples;

    Vp8Plane(int width, int height) {
        stride = LEFT_BORDER + width + RIGHT_BORDER;
        samples = new byte[Math.multiplyExact(stride, height + 1)];
        Arrays.fill(samples, 0, stride, (byte) 127);
        for (int y = 0; y < height; y++) {
            samples[at(-1, y)] = (byte) 129;
        }
    }

    /** Where a sample is; x from -1, y from -1. */
    int at(int x, int y) {
        return (y + 1) * stride + LEFT_BORDER + x;
    }

    int get(int x, int y) {
        return samples[at(x, y)] & 0xFF;
    }
}
