package org.coop4j.image.webp;

import org.coop4j.image.RgbImage;

/**
 * Turns the planes of a VP8 frame into RGB as libwebp does: chroma is interpolated between the
 * nearest four samples with weights 9, 3, 3 and 1 sixteenths, then converted by BT.601 in fixed
 * point.
 */
final class YuvUpsampler {
    private YuvUpsampler() {}

    static RgbImage toRgb(Vp8Plane luma, Vp8Plane u, Vp8Plane v, int width, int height) {
        byte[] rgb = new byte[Math.multiplyExact(3 * width, height)];
        int[] rowU = new int[width];
        int[] rowV = new int[width];
        int at = 0;
        for (int y = 0; y < height; y++) {
            interpolate(u, y, height, rowU);
            interpolate(v, y, height, rowV);
            for (int x = 0; x < width; x++, at += 3) {
                int light = scale(luma.get(x, y), 19077);
                rgb[at] = clamp(light + scale(rowV[x], 26149) - 14234);
                rgb[at + 1] = clamp(light - scale(rowU[x], 6419) - scale(rowV[x], 13320) + 8708);
                rgb[at + 2] = clamp(light + scale(rowU[x], 33050) - 17685);
            }
        }
        return new RgbImage(width, height, rgb);
    }

    /**
     * One full row of a chroma plane, whose samples lie between two columns and two rows of luma.
     */
    private static void interpolate(Vp8Plane chroma, int y, int height, int[] row) {
        int width = row.length;
        int nearY = y / 2;
        int farY = neighbour(y, (height + 1) / 2);
        for (int x = 0; x < width; x++) {
            int nearX = x / 2;
            int side = x % 2 == 0 ? nearX - 1 : nearX + 1;
            int near = chroma.get(nearX, nearY);
            int above = chroma.get(nearX, farY);
            if (side < 0 || side >= (width + 1) / 2) {
                row[x] = (3 * near + above + 2) >> 2;
            } else {
                int beside = chroma.get(side, nearY);
                int across = chroma.get(side, farY);
                int sum = near + beside + above + across + 8;
                int diagonal = (sum + 2 * (beside + above)) >> 3;
                row[x] = (diagonal + near) >> 1;
            }
        }
    }

    private static int neighbour(int position, int count) {
        int other = position % 2 == 0 ? position / 2 - 1 : position / 2 + 1;
        return Math.max(0, Math.min(count - 1, other));
    }

    private static int scale(int value, int factor) {
        return (value * factor) >> 8;
    }

    /** From 6 fractional bits. */
    private static byte clamp(int value) {
        return (byte) Math.max(0, Math.min(255, value >> 6));
    }
}
