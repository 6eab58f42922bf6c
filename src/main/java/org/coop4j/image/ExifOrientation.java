package org.coop4j.image;

import java.io.IOException;
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
        int[] found = {UPRIGHT};
        try {
            Metadata.blocks(in, (block, start, length) -> {
                if (block != Metadata.Block.FIELDS) {
                    return true;
                }
                Metadata.fields(in, start, (tag, type, count, at) -> {
                    int value = in.readUnsignedShort();
                    boolean known = type == SHORT && count == 1 && value >= 1 && value <= 8;
                    found[0] = tag == TAG && known ? value : UPRIGHT;
                    return tag != TAG;
                });
                return false;
            });
        } catch (IOException e) {
            return found[0]; // too short, or not an image, which decoding reports
        }
        return found[0];
    }

    /** Returns true if width and height change places when the picture is turned upright. */
    static boolean swaps(int value) {
        return value >= 5;
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
        boolean swapped = swaps(value);
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
