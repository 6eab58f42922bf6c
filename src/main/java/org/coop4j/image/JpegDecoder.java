package org.coop4j.image;

import java.awt.image.ComponentSampleModel;
import java.awt.image.DataBufferByte;
import java.awt.image.Raster;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.util.ArrayList;
import java.util.List;

/**
 * JPEG by the Java runtime's reader, which is libjpeg as Pillow's is: the accurate integer IDCT and smooth chroma
 * upsampling, so that the pixels are equal.
 *
 * <p>The reader is given the file without application data and comments (colour profiles, EXIF and its thumbnail), but
 * with one Adobe segment that says which colour transform libjpeg would choose for the file: it chooses by rules of its
 * own only where that segment is missing. libjpeg fills what is missing of a damaged picture with grey and only warns;
 * here the warning is an error.
 */
final class JpegDecoder {
    private static final int SOF0 = 0xC0;
    private static final int SOF1 = 0xC1;
    private static final int SOF2 = 0xC2;
    private static final int SOF9 = 0xC9;
    private static final int SOF10 = 0xCA;
    private static final int SOF15 = 0xCF;
    private static final int DHT = 0xC4;
    private static final int JPG = 0xC8;
    private static final int DAC = 0xCC;
    private static final int RST0 = 0xD0;
    private static final int SOI = 0xD8;
    private static final int EOI = 0xD9;
    private static final int SOS = 0xDA;
    private static final int APP0 = 0xE0;
    private static final int APP14 = 0xEE;
    private static final int APP15 = 0xEF;
    private static final int COM = 0xFE;

    private static final int TRANSFORM_NONE = 0;
    private static final int TRANSFORM_YCC = 1;

    private static final String MISSING_END = "EOI";
    private static final String EXTRANEOUS = "extraneous bytes before marker";

    /** Fractional bits of libjpeg's colour conversion. */
    private static final int FRACTION = 16;

    private static final int HALF = 1 << (FRACTION - 1);

    private static final LibraryReader READER = LibraryReader.ofRuntime("jpeg");

    private final ImageSource source;
    private final ByteArrayOutputStream kept = new ByteArrayOutputStream();
    private boolean jfif;
    private int adobeTransform = -1;
    private int frame;
    private int frameMarker = -1;
    private int components;

    /** True if all there is of the picture is in one sequential scan, so that its last row is the end of the data. */
    private boolean singleScan;

    private JpegDecoder(ImageSource source) {
        this.source = source;
    }

    static RgbImage decode(ImageSource source) throws IOException {
        return new JpegDecoder(source).decode();
    }

    private RgbImage decode() throws IOException {
        byte[] reduced = reduce(readSegments());
        List<String> warnings = new ArrayList<>();
        Raster raster = READER.read(reduced, jpeg -> {
            jpeg.addIIOReadWarningListener((ignored, warning) -> warnings.add(warning));
            // As an image, YCbCr becomes RGB; CMYK can only be read as a raster.
            return components == 4 ? jpeg.readRaster(0, null) : jpeg.read(0).getRaster();
        });
        requireWhole(warnings);
        byte[] samples = ((DataBufferByte) raster.getDataBuffer()).getData();
        int[] offsets = ((ComponentSampleModel) raster.getSampleModel()).getBandOffsets();
        if (components == 4 && adobeTransform > TRANSFORM_NONE) {
            ycckToCmyk(samples, offsets);
        }
        byte[] rgb =
                switch (raster.getNumBands()) {
                    case 1 -> Pixels.greyToRgb(samples);
                    case 3 -> Pixels.orderRgb(samples, offsets);
                    default -> invertedCmykToRgb(samples, offsets);
                };
        return new RgbImage(raster.getWidth(), raster.getHeight(), rgb);
    }

    /** Reads and keeps the segments before the first scan, and returns where that is. */
    private int readSegments() throws ImageException {
        int at = 2;
        while (true) {
            while (source.u8(at) != 0xFF || source.u8(at + 1) == 0xFF || source.u8(at + 1) == 0) {
                at++; // fill bytes, and garbage that libjpeg skips too
            }
            int marker = source.u8(at + 1);
            if (marker == EOI) {
                throw source.truncated();
            }
            if ((marker >= RST0 && marker <= SOI) || marker == 1) {
                at += 2; // markers without a segment
                continue;
            }
            int length = source.u16(at + 2);
            source.require(at + 2, Math.max(2, length));
            if (marker == SOS) {
                return at;
            }
            readSegment(marker, at, length + 2);
            at += length + 2;
        }
    }

    private void readSegment(int marker, int at, int length) throws ImageException {
        boolean isFrame = marker >= SOF0 && marker <= SOF15 && marker != DHT && marker != JPG && marker != DAC;
        if (isFrame) {
            readFrame(marker, at);
        } else if (marker == APP0) {
            jfif |= length >= 16 && source.startsWith(at + 4, "JFIF\0");
        } else if (marker == APP14 && length >= 16 && source.startsWith(at + 4, "Adobe")) {
            adobeTransform = source.u8(at + 15);
        }
        if (marker < APP0 || (marker > APP15 && marker != COM)) {
            kept.write(source.bytes(), at, length);
        }
    }

    private void readFrame(int marker, int at) throws ImageException {
        if (frameMarker >= 0) {
            throw source.error("is damaged: it has two frame headers");
        }
        frame = at;
        frameMarker = marker;
        int precision = source.u8(at + 4);
        int height = source.u16(at + 5);
        int width = source.u16(at + 7);
        components = source.u8(at + 9);
        source.requireSize(width, height);
        if (precision != 8) {
            throw source.error("has JPEG samples of " + precision + " bits: expected 8");
        }
        if (components != 1 && components != 3 && components != 4) {
            throw source.error("is a JPEG of " + components + " components: expected 1 (grey), 3 (colour) or 4 (CMYK)");
        }
        source.require(at, 10 + 3L * components);
        requirePlausible(width, height);
        int rgb = components == 3 ? 0 : 3; // three components are the image itself
        boolean progressive = marker == SOF2 || marker == SOF10;
        int coefficients = progressive ? 2 * components : 0; // libjpeg's
        source.takeMemory((long) width * height, components + rgb + coefficients);
    }

    /** Huffman codes take a bit or more for each block: a short file cannot hold a large picture. */
    private void requirePlausible(int width, int height) throws ImageException {
        if (frameMarker >= SOF9) {
            return; // arithmetic coding takes less
        }
        int maxH = 1;
        int maxV = 1;
        long blocksPerUnit = 0;
        for (int c = 0; c < components; c++) {
            int sampling = source.u8(frame + 11 + 3 * c);
            maxH = Math.max(maxH, sampling >> 4);
            maxV = Math.max(maxV, sampling & 15);
            blocksPerUnit += (long) (sampling >> 4) * (sampling & 15);
        }
        int units = components == 1 ? 1 : maxH * maxV;
        long blocks = (long) width * height / (64L * units) * (components == 1 ? 1 : blocksPerUnit);
        if (blocks > 8L * source.length()) {
            throw source.error(
                    "is truncated: %s bytes cannot hold %s x %s pixels".formatted(source.length(), width, height));
        }
    }

    /** The file of what was kept and all from its first scan on. */
    private byte[] reduce(int scan) throws ImageException {
        if (frameMarker < 0) {
            throw source.error("is damaged: it has no frame header before its first scan");
        }
        boolean sequential = frameMarker == SOF0 || frameMarker == SOF1;
        singleScan = sequential && source.u8(scan + 4) == components;
        ByteArrayOutputStream out = new ByteArrayOutputStream(kept.size() + source.length() - scan + 18);
        out.write(0xFF);
        out.write(SOI);
        if (components > 1) {
            byte[] adobe = {
                (byte) 0xFF, (byte) APP14, 0, 14, 'A', 'd', 'o', 'b', 'e', 0, 100, 0, 0, 0, 0, (byte) transform()
            };
            out.write(adobe, 0, adobe.length);
        }
        out.writeBytes(kept.toByteArray());
        out.write(source.bytes(), scan, source.length() - scan);
        return out.toByteArray();
    }

    /** The colours that libjpeg takes the file's for ({@code jdapimin.c}, {@code default_decompress_parms}). */
    private int transform() throws ImageException {
        if (components == 4) {
            return TRANSFORM_NONE; // the runtime's reader has no YCCK
        }
        if (jfif) {
            return TRANSFORM_YCC;
        }
        if (adobeTransform >= 0) {
            return adobeTransform == 0 ? TRANSFORM_NONE : TRANSFORM_YCC;
        }
        boolean rgb = source.u8(frame + 10) == 'R' && source.u8(frame + 13) == 'G' && source.u8(frame + 16) == 'B';
        return rgb ? TRANSFORM_NONE : TRANSFORM_YCC;
    }

    /**
     * Fails on what leaves a part of the picture undefined. A file that lacks only the end marker, or has bytes left
     * over behind its last row, as those of some cameras, is whole.
     */
    private void requireWhole(List<String> warnings) throws ImageException {
        boolean missingEnd = false;
        String corrupt = null;
        for (String warning : warnings) {
            if (warning.contains(MISSING_END)) {
                missingEnd = true;
            } else if (!(singleScan && warning.contains(EXTRANEOUS))) {
                corrupt = warning;
            }
        }
        // libjpeg words only its first warning, so that one of any kind before a missing end may stand for others.
        if (missingEnd && (!singleScan || warnings.size() > 1)) {
            throw source.truncated();
        }
        if (corrupt != null) {
            throw source.error("is damaged: " + corrupt);
        }
    }

    /**
     * Converts YCCK to CMYK in place as libjpeg does ({@code jdcolor.c}, {@code ycck_cmyk_convert}): the complement of
     * RGB, K as it is.
     */
    private static void ycckToCmyk(byte[] ycck, int[] offsets) {
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
     * Converts CMYK stored inverted, as Adobe does in JPEG, as Pillow's {@code Convert.c}: channel = K' - (255 - C')
     * K' / 255, rounded, where ' marks the stored value.
     */
    private static byte[] invertedCmykToRgb(byte[] cmyk, int[] offsets) {
        byte[] rgb = new byte[cmyk.length / 4 * 3];
        for (int from = 0, to = 0; from < cmyk.length; from += 4, to += 3) {
            int k = cmyk[from + offsets[3]] & 0xFF;
            for (int band = 0; band < 3; band++) {
                int ink = 255 - (cmyk[from + offsets[band]] & 0xFF);
                int product = ink * k + 128;
                rgb[to + band] = (byte) (k - ((product + (product >> 8)) >> 8)); // ink · k / 255, rounded
            }
        }
        return rgb;
    }
}
