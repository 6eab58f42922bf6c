package org.coop4j.image;

import java.awt.image.ComponentSampleModel;
import java.awt.image.DataBufferByte;
import java.awt.image.Raster;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import javax.imageio.ImageReadParam;
import org.coop4j.image.ImageDecoder.ImageException;

/**
 * JPEG by the Java runtime's reader, which is libjpeg as Pillow's is: the accurate integer IDCT and smooth chroma
 * upsampling, so that the pixels are equal.
 *
 * <p>The reader is given the file without application data and comments (colour profiles, EXIF and its thumbnail), but
 * with one Adobe segment that names the colour transform that libjpeg would choose for the file: only without that
 * segment it follows its own rules. A picture with up to four times the pixels that are allowed is decoded at half its
 * sides, every other pixel of every other row. libjpeg fills the missing part of a damaged picture with grey and only warns; here
 * the warning is an error.
 */
final class JpegDecoder {
    private static final int SOF0 = 0xC0;
    private static final int SOF1 = 0xC1;
    private static final int SOF2 = 0xC2;
    private static final int SOF9 = 0xC9;
    private static final int SOF10 = 0xCA;
    private static final int SOF15 = 0xCF;
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

    /** Largest number of scans. Progressive files have about ten. */
    private static final int MAX_SCANS = 100;

    /** Largest number of scans of a picture that has as many pixels as allowed: the reader makes all pixels of each. */
    private static final int MAX_LARGE_SCANS = 12;

    /** Factor between the sides of a picture with too many pixels, as from telephones, and what is decoded of it. */
    private static final int REDUCED = 2;

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
    private int reduction = 1;

    /** True if the whole picture is in one sequential scan, so that its last row is the end of the data. */
    private boolean singleScan;

    JpegDecoder(ImageSource source) {
        this.source = source;
    }

    RgbImage decode() throws IOException {
        byte[] reduced = reduce(readSegments());
        List<String> warnings = new ArrayList<>();
        Raster raster = READER.read(source, reduced, jpeg -> {
            jpeg.addIIOReadWarningListener((ignored, warning) -> warnings.add(warning));
            ImageReadParam part = jpeg.getDefaultReadParam();
            part.setSourceSubsampling(reduction, reduction, 0, 0);
            // As an image, YCbCr becomes RGB; CMYK can only be read as a raster.
            return components == 4
                    ? jpeg.readRaster(0, part)
                    : jpeg.read(0, part).getRaster();
        });
        requireWhole(warnings);
        byte[] samples = ((DataBufferByte) raster.getDataBuffer()).getData();
        int[] offsets = ((ComponentSampleModel) raster.getSampleModel()).getBandOffsets();
        byte[] rgb =
                switch (raster.getNumBands()) {
                    case 1 -> Pixels.greyToRgb(samples);
                    case 3 -> Pixels.orderRgb(samples, offsets);
                    default -> cmykToRgb(samples, offsets, adobeTransform > TRANSFORM_NONE);
                };
        return new RgbImage(raster.getWidth(), raster.getHeight(), rgb);
    }

    /** Reads and keeps the segments before the first scan, and returns the offset of the scan. */
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
            int length = source.be(at + 2, 2);
            source.require(at + 2, Math.max(2, length));
            if (marker == SOS) {
                return at;
            }
            readSegment(marker, at, length + 2);
            at += length + 2;
        }
    }

    /** Returns true for SOF0 to SOF15; every fourth but the first is another segment. */
    private static boolean isFrame(int marker) {
        return marker == SOF0 || (marker > SOF0 && marker <= SOF15 && marker % 4 != 0);
    }

    private void readSegment(int marker, int at, int length) throws ImageException {
        if (isFrame(marker)) {
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
        source.refuse(frameMarker >= 0, "is damaged: it has two frame headers");
        frame = at;
        frameMarker = marker;
        int precision = source.u8(at + 4);
        int height = source.be(at + 5, 2);
        int width = source.be(at + 7, 2);
        components = source.u8(at + 9);
        reduction = (long) width * height > source.maxPixels() ? REDUCED : 1;
        source.requireSize((width + reduction - 1) / reduction, (height + reduction - 1) / reduction);
        source.refuse(precision != 8, "has JPEG samples of %s bits: expected 8", precision);
        source.refuse(
                components != 1 && components != 3 && components != 4,
                "is a JPEG of %s components: expected 1 (grey), 3 (colour) or 4 (CMYK)",
                components);
        source.require(at, 10 + 3L * components);
        requirePlausible(width, height);
        int rgb = components == 3 ? 0 : 3; // three components are the image itself
        boolean progressive = marker == SOF2 || marker == SOF10;
        int coefficients = progressive ? 2 * components : 0; // libjpeg's
        long pixels = (long) width * height;
        int decoded = components + rgb;
        source.takeMemory(pixels / ((long) reduction * reduction), decoded + coefficients * reduction * reduction);
    }

    /** Refuses a short file of a large picture: Huffman codes take a bit or more per block. */
    private void requirePlausible(int width, int height) throws ImageException {
        int maxH = 1;
        int maxV = 1;
        long blocksPerUnit = 0;
        for (int c = 0; c < components; c++) {
            int h = source.u8(frame + 11 + 3 * c) >> 4;
            int v = source.u8(frame + 11 + 3 * c) & 15;
            maxH = Math.max(maxH, h);
            maxV = Math.max(maxV, v);
            blocksPerUnit += (long) h * v;
        }
        long blocks = components == 1
                ? (long) width * height / 64
                : (long) width * height / (64L * maxH * maxV) * blocksPerUnit;
        boolean arithmetic = frameMarker >= SOF9; // which takes less
        source.refuse(
                !arithmetic && blocks > 8L * source.length(),
                "is truncated: %s bytes cannot hold %s x %s pixels",
                source.length(),
                width,
                height);
    }

    /** Returns the file of the segments kept and everything starting at its first scan. */
    private byte[] reduce(int scan) throws ImageException {
        source.refuse(frameMarker < 0, "is damaged: it has no frame header before its first scan");
        boolean sequential = frameMarker == SOF0 || frameMarker == SOF1;
        singleScan = sequential && source.u8(scan + 4) == components;
        if (!singleScan) {
            requireFewScans(source, frame, source.length(), maxWork(source));
        }
        ByteArrayOutputStream out = new ByteArrayOutputStream(kept.size() + source.length() - scan + 18);
        out.writeBytes(new byte[] {(byte) 0xFF, (byte) SOI});
        if (components > 1) {
            out.writeBytes(new byte[] {
                (byte) 0xFF, (byte) APP14, 0, 14, 'A', 'd', 'o', 'b', 'e', 0, 100, 0, 0, 0, 0, (byte) transform()
            });
        }
        out.writeBytes(kept.toByteArray());
        out.write(source.bytes(), scan, source.length() - scan);
        return out.toByteArray();
    }

    /**
     * Refuses JPEG data whose scans are too much work. Counts them as libjpeg meets them: it skips segments by their
     * lengths, and everything else up to a marker.
     *
     * @param allowed pixels of all scans together
     * @return how many of them are left
     */
    static long requireFewScans(ImageSource source, int from, int end, long allowed) throws ImageException {
        byte[] bytes = source.bytes();
        long pixels = 0;
        int scans = 0;
        for (int at = from; at + 3 < end; ) {
            int marker = bytes[at] == (byte) 0xFF ? bytes[at + 1] & 0xFF : 0;
            boolean hasLength = marker >= SOF0 && marker != 0xFF && (marker < RST0 || marker > EOI);
            if (marker == EOI) {
                break;
            }
            if (isFrame(marker)) {
                pixels = (long) source.be(at + 5, 2) * source.be(at + 7, 2);
            }
            long most = Math.min(MAX_SCANS, allowed / Math.max(1, pixels));
            if (marker == SOS && ++scans > most) {
                throw source.error("has more than " + most + " scans: save it anew, not as a progressive JPEG");
            }
            at += hasLength ? 2 + Math.max(2, source.be(at + 2, 2)) : 1;
        }
        return allowed - pixels * scans;
    }

    /** Returns the largest number of pixels of all scans of a picture. */
    static long maxWork(ImageSource source) {
        return MAX_LARGE_SCANS * source.maxPixels();
    }

    /** Returns libjpeg's choice of the colour transform ({@code jdapimin.c}, {@code default_decompress_parms}). */
    private int transform() throws ImageException {
        if (components == 4) {
            return TRANSFORM_NONE; // the runtime's reader has no YCCK
        }
        boolean rgb;
        if (jfif || adobeTransform >= 0) {
            rgb = !jfif && adobeTransform == 0;
        } else {
            rgb = source.u8(frame + 10) == 'R' && source.u8(frame + 13) == 'G' && source.u8(frame + 16) == 'B';
        }
        return rgb ? TRANSFORM_NONE : TRANSFORM_YCC;
    }

    /**
     * Refuses a picture with an undefined part. A file without its end marker, or with left-over bytes behind its
     * last row, as from some cameras, is whole.
     */
    private void requireWhole(List<String> warnings) throws ImageException {
        // libjpeg reports only its first warning in words, so that one before a missing end may stand for others.
        boolean missingEnd = warnings.stream().anyMatch(warning -> warning.contains(MISSING_END));
        if (missingEnd && (!singleScan || warnings.size() > 1)) {
            throw source.truncated();
        }
        for (String warning : warnings) {
            source.refuse(
                    !warning.contains(MISSING_END) && !(singleScan && warning.contains(EXTRANEOUS)),
                    "is damaged: %s",
                    warning);
        }
    }

    /**
     * Converts CMYK stored inverted, as Adobe does in JPEG, like Pillow's {@code Convert.c}: channel = K' - (255 - C')
     * K' / 255, rounded, where ' marks the stored value. YCCK becomes CMYK first as in libjpeg ({@code jdcolor.c},
     * {@code ycck_cmyk_convert}): the complement of RGB, K as it is.
     */
    private static byte[] cmykToRgb(byte[] samples, int[] offsets, boolean ycck) {
        byte[] rgb = new byte[samples.length / 4 * 3];
        int[] ink = new int[3];
        for (int from = 0, to = 0; from < samples.length; from += 4) {
            for (int band = 0; band < 3; band++) {
                ink[band] = 255 - (samples[from + offsets[band]] & 0xFF);
            }
            if (ycck) {
                int y = 255 - ink[0];
                int cb = 127 - ink[1];
                int cr = 127 - ink[2];
                ink[0] = Pixels.clamp(y + ((91_881 * cr + HALF) >> FRACTION)); // 1.402
                ink[1] = Pixels.clamp(y + ((HALF - 22_554 * cb - 46_802 * cr) >> FRACTION)); // 0.34414, 0.71414
                ink[2] = Pixels.clamp(y + ((116_130 * cb + HALF) >> FRACTION)); // 1.772
            }
            int k = samples[from + offsets[3]] & 0xFF;
            for (int band = 0; band < 3; band++) {
                int product = ink[band] * k + 128;
                rgb[to++] = (byte) (k - ((product + (product >> 8)) >> 8)); // ink · k / 255, rounded
            }
        }
        return rgb;
    }
}
