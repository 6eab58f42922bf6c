package org.coop4j.image;

import java.io.ByteArrayOutputStream;

/**
 * What a JPEG file says before its first scan, and the file reduced to what its pixels need.
 *
 * <p>The reduced file has no application data and comments (colour profiles, EXIF and its
 * thumbnail), but one Adobe segment that says which colour transform libjpeg would choose for the
 * file. The runtime's reader chooses by rules of its own only where that segment is missing.
 */
final class JpegHeader {
    private static final int SOF0 = 0xC0;
    private static final int SOF1 = 0xC1;
    private static final int SOF2 = 0xC2;
    private static final int SOF10 = 0xCA;
    private static final int SOF15 = 0xCF;
    private static final int DHT = 0xC4;
    private static final int JPG = 0xC8;
    private static final int SOF9 = 0xC9;
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

    private final ImageSource source;
    private final ByteArrayOutputStream kept = new ByteArrayOutputStream();
    private boolean jfif;
    private int adobeTransform = -1;
    private int frame;
    private int frameMarker = -1;
    private int components;
    private boolean singleScan;
    private byte[] reduced;

    private JpegHeader(ImageSource source) {
        this.source = source;
    }

    static JpegHeader read(ImageSource source) throws ImageException {
        JpegHeader header = new JpegHeader(source);
        header.readSegments();
        return header;
    }

    int components() {
        return components;
    }

    /**
     * Whether all there is of the picture is in one sequential scan, so that its last row is the
     * end of the data.
     */
    boolean singleScan() {
        return singleScan;
    }

    byte[] reduced() {
        return reduced;
    }

    /** Whether four components are YCCK rather than CMYK. */
    boolean ycck() {
        return components == 4 && adobeTransform > TRANSFORM_NONE;
    }

    private void readSegments() throws ImageException {
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
                readScan(at);
                return;
            }
            readSegment(marker, at, length + 2);
            at += length + 2;
        }
    }

    private void readSegment(int marker, int at, int length) throws ImageException {
        boolean isFrame =
                marker >= SOF0
                        && marker <= SOF15
                        && marker != DHT
                        && marker != JPG
                        && marker != DAC;
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
            throw source.error(
                    "is a JPEG of "
                            + components
                            + " components: expected 1 (grey), 3 (colour) or 4 (CMYK)");
        }
        source.require(at, 10 + 3L * components);
        requirePlausible(width, height);
        int rgb = components == 3 ? 0 : 3; // three components are the image itself
        int coefficients = isProgressive() ? 2 * components : 0; // libjpeg's
        source.takeMemory((long) width * height, components + rgb + coefficients);
    }

    private boolean isProgressive() {
        return frameMarker == SOF2 || frameMarker == SOF10;
    }

    /**
     * Huffman codes take a bit or more for each block: a short file cannot hold a large picture.
     */
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
                    "is truncated: %s bytes cannot hold %s x %s pixels"
                            .formatted(source.length(), width, height));
        }
    }

    private void readScan(int at) throws ImageException {
        if (frameMarker < 0) {
            throw source.error("is damaged: it has no frame header before its first scan");
        }
        boolean sequential = frameMarker == SOF0 || frameMarker == SOF1;
        singleScan = sequential && source.u8(at + 4) == components;
        ByteArrayOutputStream out =
                new ByteArrayOutputStream(kept.size() + source.length() - at + 18);
        out.write(0xFF);
        out.write(SOI);
        if (components > 1) {
            byte[] adobe = {
                (byte) 0xFF, (byte) APP14, 0, 14, 'A', 'd', 'o', 'b', 'e', 0, 100, 0, 0, 0, 0, 0
            };
            adobe[adobe.length - 1] = (byte) transform();
            out.write(adobe, 0, adobe.length);
        }
        out.writeBytes(kept.toByteArray());
        out.write(source.bytes(), at, source.length() - at);
        reduced = out.toByteArray();
    }

    /**
     * What libjpeg takes the colours for ({@code jdapimin.c}, {@code default_decompress_parms}).
     */
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
        boolean rgb =
                source.u8(frame + 10) == 'R'
                        && source.u8(frame + 13) == 'G'
                        && source.u8(frame + 16) == 'B';
        return rgb ? TRANSFORM_NONE : TRANSFORM_YCC;
    }
}
