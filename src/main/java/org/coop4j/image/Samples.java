package org.coop4j.image;

/** Conversions of packed samples to packed RGB, as Pillow's {@code Convert.c} does them. */
final class Samples {
    /** Fractional bits of libjpeg's colour conversion. */
    private static final int FRACTION = 16;

    private static final int HALF = 1 << (FRACTION - 1);

    private Samples() {}

    static byte[] greyToRgb(byte[] grey) {
        byte[] rgb = new byte[Math.multiplyExact(3, grey.length)];
        for (int i = 0, at = 0; i < grey.length; i++, at += 3) {
            rgb[at] = grey[i];
            rgb[at + 1] = grey[i];
            rgb[at + 2] = grey[i];
        }
        return rgb;
    }

    /**
     * Puts three packed bands into the order red, green, blue, in place.
     *
     * @param offsets where red, green and blue are
     */
    static byte[] orderRgb(byte[] samples, int[] offsets) {
        if (offsets[0] == 0 && offsets[1] == 1) {
            return samples;
        }
        for (int at = 0; at < samples.length; at += 3) {
            byte red = samples[at + offsets[0]];
            byte green = samples[at + offsets[1]];
            byte blue = samples[at + offsets[2]];
            samples[at] = red;
            samples[at + 1] = green;
            samples[at + 2] = blue;
        }
        return samples;
    }

    /**
     * Converts YCCK to CMYK in place as libjpeg does ({@code jdcolor.c}, {@code
     * ycck_cmyk_convert}): the complement of RGB, K as it is.
     */
    static void ycckToCmyk(byte[] ycck, int[] offsets) {
        for (int at = 0; at < ycck.length; at += 4) {
            int y = ycck[at + offsets[0]] & 0xFF;
            int cb = (ycck[at + offsets[1]] & 0xFF) - 128;
            int cr = (ycck[at + offsets[2]] & 0xFF) - 128;
            int red = y + ((91_881 * cr + HALF) >> FRACTION); // 1.402
            int green = y + ((HALF - 22_554 * cb - 46_802 * cr) >> FRACTION); // 0.34414, 0.71414
            int blue = y + ((116_130 * cb + HALF) >> FRACTION); // 1.772
            ycck[at + offsets[0]] = complement(red);
            ycck[at + offsets[1]] = complement(green);
            ycck[at + offsets[2]] = complement(blue);
        }
    }

    private static byte complement(int value) {
        return (byte) Math.max(0, Math.min(255, 255 - value));
    }

    /**
     * Converts CMYK stored inverted, as Adobe does in JPEG: channel = K' - (255 - C') K' / 255,
     * rounded, where ' marks the stored value.
     */
    static byte[] invertedCmykToRgb(byte[] cmyk, int[] offsets) {
        byte[] rgb = new byte[cmyk.length / 4 * 3];
        for (int from = 0, to = 0; from < cmyk.length; from += 4, to += 3) {
            int k = cmyk[from + offsets[3]] & 0xFF;
            for (int band = 0; band < 3; band++) {
                int ink = 255 - (cmyk[from + offsets[band]] & 0xFF);
                rgb[to + band] = (byte) (k - multiply(ink, k));
            }
        }
        return rgb;
    }

    /** a · b / 255, rounded. */
    private static int multiply(int a, int b) {
        int product = a * b + 128;
        return (product + (product >> 8)) >> 8;
    }
}
