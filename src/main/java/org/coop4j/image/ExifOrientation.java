package org.coop4j.image;

import java.io.IOException;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.util.Locale;
import javax.imageio.stream.ImageInputStream;

/** Treatment of the orientation that a camera recorded in a file's EXIF data (EXIF 2.3, tag 0x0112). */
public enum ExifOrientation {
    /** The picture is turned upright, as in viewers and Pillow's {@code exif_transpose}. */
    APPLY,
    /** The pixels stay as stored, as in the reference and torchvision. */
    KEEP;

    /** The orientation of a picture that is stored upright. */
    static final int UPRIGHT = 1;

    /** The orientation of a picture that is mirrored left to right. */
    static final int MIRRORED = 2;

    private static final int TAG = 0x0112;
    private static final int SHORT = 3;
    private static final int LITTLE_ENDIAN = 0x4949; // "II", with which a TIFF begins
    private static final int APP1 = 0xE1;
    private static final int SOS = 0xDA;
    private static final int EOI = 0xD9;
    private static final String EXIF = "Exif";
    private static final int EXIF_HEADER = 6; // "Exif" and two zeros

    /** More parts than any camera writes; a hostile file could have millions. */
    private static final int MOST_PARTS = 100_000;

    /** Returns the name on the command line and in files. */
    public String id() {
        return name().toLowerCase(Locale.ROOT);
    }

    /**
     * Returns the treatment of a name in any letter case.
     *
     * @throws IllegalArgumentException if there is none
     */
    public static ExifOrientation named(String name) {
        for (ExifOrientation exif : values()) {
            if (exif.name().equalsIgnoreCase(name)) {
                return exif;
            }
        }
        throw new IllegalArgumentException("expected keep or apply, got '" + name + "'");
    }

    /** Returns the EXIF orientation of a JPEG, PNG, WebP or TIFF file, 1 to 8; 1 if it is absent or damaged. */
    static int read(ImageInputStream in) {
        try {
            in.setByteOrder(ByteOrder.BIG_ENDIAN);
            in.seek(0);
            byte[] start = new byte[12];
            in.readFully(start);
            return switch (ImageForm.of(start).orElse(ImageForm.BMP)) {
                case JPEG -> ofJpeg(in);
                case PNG -> ofChunks(in, true);
                case WEBP -> ofChunks(in, false);
                case TIFF -> ofTiff(in, 0);
                case GIF, BMP -> UPRIGHT;
            };
        } catch (IOException e) {
            return UPRIGHT; // too short, or not an image, which decoding reports
        }
    }

    private static String characters(ImageInputStream in, int count) throws IOException {
        byte[] bytes = new byte[count];
        in.readFully(bytes);
        return new String(bytes, StandardCharsets.ISO_8859_1);
    }

    private static int ofJpeg(ImageInputStream in) throws IOException {
        in.seek(2);
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
            if (kind == APP1 && length >= 8 && characters(in, 4).equals(EXIF)) {
                return ofTiff(in, start + EXIF_HEADER);
            }
            in.seek(start + Math.max(0, length - 2));
        }
        return UPRIGHT;
    }

    /** Searches the chunks of a PNG or WebP file. */
    private static int ofChunks(ImageInputStream in, boolean png) throws IOException {
        in.seek(png ? 8 : 12);
        for (int part = 0; part < MOST_PARTS; part++) {
            in.setByteOrder(png ? ByteOrder.BIG_ENDIAN : ByteOrder.LITTLE_ENDIAN);
            long length = png ? in.readUnsignedInt() : 0;
            String type = characters(in, 4);
            length = png ? length : in.readUnsignedInt();
            long start = in.getStreamPosition();
            if (type.equals(png ? "eXIf" : "EXIF")) {
                return ofTiff(in, characters(in, 4).equals(EXIF) ? start + EXIF_HEADER : start);
            }
            if (type.equals("IEND")) {
                return UPRIGHT;
            }
            in.seek(start + length + (png ? 4 : length & 1)); // past a checksum, or to an even offset
        }
        return UPRIGHT;
    }

    /** Searches the first directory of the TIFF data in which EXIF is kept. */
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
     * Returns the picture upright.
     *
     * @param value its EXIF orientation, 1 to 8
     */
    static RgbImage turn(RgbImage image, int value) {
        if (value == UPRIGHT) {
            return image;
        }
        boolean swapped = value >= 5;
        boolean mirrored = value == MIRRORED || value == 3 || value == 7 || value == 8;
        boolean upsideDown = value == 3 || value == 4 || value == 6 || value == 7;
        int width = swapped ? image.height() : image.width();
        int height = swapped ? image.width() : image.height();
        int column = mirrored ? -3 : 3; // step from one to the next
        int row = (upsideDown ? -3 : 3) * image.width();
        int start = (mirrored ? 3 * (image.width() - 1) : 0) - (upsideDown ? row * (image.height() - 1) : 0);
        byte[] turned = new byte[image.samples().length];
        for (int y = 0, at = 0; y < height; y++) {
            for (int x = 0; x < width; x++, at += 3) {
                int from = start + (swapped ? x * row + y * column : x * column + y * row);
                System.arraycopy(image.samples(), from, turned, at, 3);
            }
        }
        return new RgbImage(width, height, turned);
    }
}
