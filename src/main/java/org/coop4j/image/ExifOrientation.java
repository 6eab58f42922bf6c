package org.coop4j.image;

import java.io.IOException;
import java.nio.ByteOrder;
import java.util.Locale;
import javax.imageio.stream.ImageInputStream;

/** What is done with the orientation that a camera noted in a file's EXIF data (EXIF 2.3, tag 0x0112). */
public enum ExifOrientation {
    /** The picture is turned upright, as viewers show it and Pillow's {@code exif_transpose}. */
    APPLY,
    /** The pixels stay as they are stored, as the reference and torchvision take them. */
    KEEP;

    /** The orientation of a picture that is stored upright. */
    static final int UPRIGHT = 1;

    private static final int TAG = 0x0112;
    private static final int SHORT = 3;
    private static final int JPEG = 0xFFD8;
    private static final long PNG = 0x89504E470D0A1A0AL;
    private static final int LITTLE_ENDIAN = 0x4949; // "II", with which a TIFF begins
    private static final int BIG_ENDIAN = 0x4D4D; // "MM"
    private static final int APP1 = 0xE1;
    private static final int SOS = 0xDA;
    private static final int EOI = 0xD9;
    private static final long EXIF = 0x457869660000L; // "Exif", two zeros

    /** Files of more parts are made to be slow. */
    private static final int MOST_PARTS = 100_000;

    /** Its name on the command line and in files. */
    public String id() {
        return name().toLowerCase(Locale.ROOT);
    }

    /**
     * The one of a name in any letter case.
     *
     * @throws IllegalArgumentException naming what was expected
     */
    public static ExifOrientation named(String name) {
        for (ExifOrientation exif : values()) {
            if (exif.name().equalsIgnoreCase(name)) {
                return exif;
            }
        }
        throw new IllegalArgumentException("expected keep or apply, got '" + name + "'");
    }

    /** The EXIF orientation of a JPEG, PNG, WebP or TIFF file, 1 to 8; upright where it has none or is damaged. */
    static int read(ImageInputStream in) {
        try {
            in.setByteOrder(ByteOrder.BIG_ENDIAN);
            in.seek(0);
            int first = in.readUnsignedShort();
            if (first == JPEG) {
                return ofJpeg(in);
            }
            if (first == LITTLE_ENDIAN || first == BIG_ENDIAN) {
                return ofTiff(in, 0);
            }
            in.seek(0);
            if (in.readLong() == PNG) {
                return ofChunks(in, true);
            }
            in.seek(8);
            return in.readInt() == fourCharacters("WEBP") ? ofChunks(in, false) : UPRIGHT;
        } catch (IOException e) {
            return UPRIGHT; // ends early or is no image, which decoding it will say
        }
    }

    private static int fourCharacters(String text) {
        return text.charAt(0) << 24 | text.charAt(1) << 16 | text.charAt(2) << 8 | text.charAt(3);
    }

    private static int ofJpeg(ImageInputStream in) throws IOException {
        for (int part = 0; part < MOST_PARTS; part++) {
            int marker = in.readUnsignedShort();
            if (marker >> 8 != 0xFF) {
                return UPRIGHT;
            }
            while (marker == 0xFFFF) {
                marker = 0xFF00 | in.readUnsignedByte();
            }
            int kind = marker & 0xFF;
            if (kind == SOS || kind == EOI) {
                return UPRIGHT;
            }
            int length = in.readUnsignedShort();
            long start = in.getStreamPosition();
            if (kind == APP1 && length >= 8 && in.readInt() == EXIF >> 16) {
                return ofTiff(in, start + 6);
            }
            in.seek(start + Math.max(0, length - 2));
        }
        return UPRIGHT;
    }

    /** Looks through the chunks of a PNG or WebP file. */
    private static int ofChunks(ImageInputStream in, boolean png) throws IOException {
        int exif = fourCharacters(png ? "eXIf" : "EXIF");
        for (int part = 0; part < MOST_PARTS; part++) {
            in.setByteOrder(ByteOrder.BIG_ENDIAN);
            long length = png ? in.readUnsignedInt() : 0;
            int type = in.readInt();
            if (!png) {
                in.setByteOrder(ByteOrder.LITTLE_ENDIAN);
                length = in.readUnsignedInt();
                in.setByteOrder(ByteOrder.BIG_ENDIAN);
            }
            long start = in.getStreamPosition();
            if (type == exif) {
                boolean prefixed = in.readInt() == EXIF >> 16;
                return ofTiff(in, prefixed ? start + 6 : start);
            }
            if (type == fourCharacters("IEND")) {
                return UPRIGHT;
            }
            in.seek(start + length + (png ? 4 : length & 1)); // behind a checksum, or at an even place
        }
        return UPRIGHT;
    }

    /** Looks through the first directory of the TIFF data that EXIF is. */
    private static int ofTiff(ImageInputStream in, long start) throws IOException {
        in.seek(start);
        in.setByteOrder(in.readUnsignedShort() == LITTLE_ENDIAN ? ByteOrder.LITTLE_ENDIAN : ByteOrder.BIG_ENDIAN);
        if (in.readUnsignedShort() != 42) {
            return UPRIGHT;
        }
        in.seek(start + in.readUnsignedInt());
        int entries = in.readUnsignedShort();
        for (int i = 0; i < entries; i++) {
            int tag = in.readUnsignedShort();
            int type = in.readUnsignedShort();
            long count = in.readUnsignedInt();
            int value = in.readUnsignedShort();
            in.readUnsignedShort();
            if (tag == TAG) {
                boolean known = type == SHORT && count == 1 && value >= 1 && value <= 8;
                return known ? value : UPRIGHT;
            }
        }
        return UPRIGHT;
    }

    /**
     * The picture upright.
     *
     * @param value its EXIF orientation, 1 to 8
     */
    static RgbImage turn(RgbImage image, int value) {
        if (value == UPRIGHT) {
            return image;
        }
        boolean swapped = value >= 5;
        int width = swapped ? image.height() : image.width();
        int height = swapped ? image.width() : image.height();
        byte[] from = image.samples();
        byte[] to = new byte[from.length];
        int at = 0;
        for (int y = 0; y < height; y++) {
            for (int x = 0; x < width; x++, at += 3) {
                int column = swapped ? y : x;
                int row = swapped ? x : y;
                boolean mirrored = value == 2 || value == 3 || value == 7 || value == 8;
                boolean upsideDown = value == 3 || value == 4 || value == 6 || value == 7;
                column = mirrored ? image.width() - 1 - column : column;
                row = upsideDown ? image.height() - 1 - row : row;
                int source = 3 * (row * image.width() + column);
                to[at] = from[source];
                to[at + 1] = from[source + 1];
                to[at + 2] = from[source + 2];
            }
        }
        return new RgbImage(width, height, to);
    }
}
