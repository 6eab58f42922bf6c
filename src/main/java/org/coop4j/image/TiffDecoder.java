package org.coop4j.image;

import com.twelvemonkeys.imageio.plugins.tiff.TIFFImageReaderSpi;
import java.awt.image.BufferedImage;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.Arrays;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.coop4j.image.ImageDecoder.ImageException;

/**
 * The first picture of a TIFF file by TwelveMonkeys' reader: grey, RGB and palettes, and JPEG's colours.
 *
 * <p>The reader is given a directory of only those entries that make up the pixels, each checked to lie within the
 * file: others (colour profile, EXIF, further pictures) have no effect and cannot fail.
 */
final class TiffDecoder {
    private static final int WIDTH = 256;
    private static final int HEIGHT = 257;
    private static final int BITS = 258;
    private static final int COMPRESSION = 259;
    private static final int PHOTOMETRIC = 262;
    private static final int STRIP_OFFSETS = 273;
    private static final int SAMPLES = 277;
    private static final int STRIP_LENGTHS = 279;
    private static final int TILE_WIDTH = 322;
    private static final int TILE_HEIGHT = 323;
    private static final int TILE_OFFSETS = 324;
    private static final int TILE_LENGTHS = 325;
    private static final int EXTRA_SAMPLES = 338;
    private static final int SAMPLE_FORMAT = 339;

    /** Those above, fill order, rows per strip, planes, fax options, predictor, palette, JPEG tables and YCbCr's. */
    private static final Set<Integer> TAGS = Set.of(
            256, 257, 258, 259, 262, 266, 273, 277, 278, 279, 284, 292, 293, 317, 320, 322, 323, 324, 325, 338, 339,
            347, 530, 531, 532);

    /** Size of a value of each type: unsigned numbers, ratios (5) and bytes of any meaning (7). */
    private static final int[] TYPE_BYTES = {0, 1, 0, 2, 4, 8, 0, 1};

    private static final int ENTRY = 12;

    /** Largest number of values, such as strips, of one entry. */
    private static final int MOST_VALUES = 1 << 20;

    /** TwelveMonkeys refuses a picture that is larger for its file, as a blank one may be. */
    private static final int MOST_EXPANSION = 512;

    private static final int JPEG = 7;

    /** None, fax, LZW, JPEG, deflate under both of its numbers, and PackBits. */
    private static final Set<Integer> COMPRESSIONS = Set.of(1, 2, 3, 4, 5, JPEG, 8, 32_946, 32_773);

    private static final int PALETTE = 3;
    private static final int YCBCR = 6;
    private static final int PREMULTIPLIED = 1;
    private static final LibraryReader READER = new LibraryReader(new TIFFImageReaderSpi());

    private final ImageSource source;
    private final ByteBuffer file;
    private final Map<Integer, long[]> values = new HashMap<>();

    TiffDecoder(ImageSource source) {
        this.source = source;
        file = ByteBuffer.wrap(source.bytes())
                .order(source.startsWith(0, "II") ? ByteOrder.LITTLE_ENDIAN : ByteOrder.BIG_ENDIAN);
    }

    RgbImage decode() throws IOException {
        byte[] reduced = reduce();
        long bits = first(BITS, 1);
        long samples = first(SAMPLES, 1);
        requireKnownKind(bits, samples);
        long work = requireData(STRIP_OFFSETS, STRIP_LENGTHS, JpegDecoder.maxWork(source));
        requireData(TILE_OFFSETS, TILE_LENGTHS, work);
        long width = first(WIDTH, 0);
        long height = first(HEIGHT, 0);
        source.requireSize(width, height);
        long tileWidth = first(TILE_WIDTH, 1);
        long tileHeight = first(TILE_HEIGHT, 1);
        source.requireSize(tileWidth, tileHeight);
        // The samples of the reader's picture, which may be the image itself, a tile or strip of JPEG, and the image.
        int picture = (int) (samples * (bits > 8 ? 2 : 1));
        int strip = first(COMPRESSION, 1) == JPEG ? picture : 0;
        source.takeMemory(width * height + tileWidth * tileHeight, picture + strip + 3);
        byte[] padded =
                Arrays.copyOf(reduced, (int) Math.max(reduced.length, width * height * picture / MOST_EXPANSION + 1));
        BufferedImage image = READER.read(source, padded, tiff -> {
            tiff.addIIOReadWarningListener((ignored, warning) -> {
                throw new IllegalArgumentException(warning);
            });
            return LibraryReader.readWhole(tiff);
        });
        if (image.isAlphaPremultiplied()) {
            return Pixels.copy(image);
        }
        return Pixels.read(image, bits == 16 && samples == 1);
    }

    /** Returns the file with a directory at its end of the entries that count. */
    private byte[] reduce() throws ImageException {
        source.require(0, 8);
        long directory = Integer.toUnsignedLong(file.getInt(4));
        source.require(directory, 2);
        int entries = file.getShort((int) directory) & 0xFFFF;
        source.require(directory + 2, (long) ENTRY * entries);
        int end = source.length() + (source.length() & 1);
        ByteBuffer reduced = ByteBuffer.allocate(end + 6 + ENTRY * entries).order(file.order());
        reduced.put(source.bytes()).position(end + 2);
        for (int i = 0; i < entries; i++) {
            int at = (int) directory + 2 + ENTRY * i;
            int tag = file.getShort(at) & 0xFFFF;
            if (TAGS.contains(tag)) {
                source.refuse(
                        values.put(tag, readValues(tag, at)) != null, "is damaged: it has TIFF entry %s twice", tag);
                reduced.put(source.bytes(), at, ENTRY);
            }
        }
        reduced.putShort(end, (short) values.size()).putInt(4, end);
        return reduced.array();
    }

    private long[] readValues(int tag, int entry) throws ImageException {
        int type = file.getShort(entry + 2) & 0xFFFF;
        long count = Integer.toUnsignedLong(file.getInt(entry + 4));
        int size = type < TYPE_BYTES.length ? TYPE_BYTES[type] : 0;
        source.refuse(
                size == 0 || count == 0 || count > MOST_VALUES,
                "is damaged: its TIFF entry %s has %s values of type %s",
                tag,
                count,
                type);
        long at = count * size <= 4 ? entry + 8 : Integer.toUnsignedLong(file.getInt(entry + 8));
        source.require(at, count * size);
        long[] numbers = new long[(int) count];
        for (int i = 0; i < numbers.length; i++) {
            int place = (int) at + i * size;
            numbers[i] = switch (size) {
                case 1 -> file.get(place) & 0xFF;
                case 2 -> file.getShort(place) & 0xFFFF;
                case 4 -> Integer.toUnsignedLong(file.getInt(place));
                default -> -1; // a ratio, which none of the entries used here may be
            };
        }
        return numbers;
    }

    private long first(int tag, long missing) {
        return values.getOrDefault(tag, new long[] {missing})[0];
    }

    private void requireKnownKind(long bits, long samples) throws ImageException {
        long compression = first(COMPRESSION, 1);
        long colours = first(PHOTOMETRIC, -1);
        String colourName = Map.of(5L, "CMYK", 6L, "YCbCr", 8L, "CIELAB").getOrDefault(colours, "type " + colours);
        require(COMPRESSIONS.contains((int) compression), "TIFF of compression " + compression);
        require(
                colours >= 0 && (colours <= PALETTE || (colours == YCBCR && compression == JPEG)),
                "TIFF with colours of " + colourName);
        require(
                List.of(1L, 2L, 4L, 8L, 16L).contains(bits) && (colours != PALETTE || bits <= 8),
                "TIFF with samples of " + bits + " bits");
        require(first(SAMPLE_FORMAT, 1) == 1, "TIFF with signed or floating-point samples");
        require(samples >= 1 && samples <= 4, "TIFF of " + samples + " samples per pixel");
        require(samples != 2 || first(EXTRA_SAMPLES, 0) != PREMULTIPLIED, "grey TIFF with premultiplied alpha");
    }

    private void require(boolean read, String kind) throws ImageException {
        source.refuse(!read, "is a %s, which is not read: convert it to PNG", kind);
    }

    /**
     * Checks that the strips or tiles lie within the file, and that those in JPEG have few scans.
     *
     * @param allowed pixels of all scans together
     * @return how many of them are left
     */
    private long requireData(int offsets, int lengths, long allowed) throws ImageException {
        long[] at = values.getOrDefault(offsets, new long[0]);
        long[] length = values.getOrDefault(lengths, new long[0]);
        source.refuse(
                at.length != length.length,
                "is damaged: its TIFF strips or tiles have %d offsets and %d lengths",
                at.length,
                length.length);
        boolean jpeg = first(COMPRESSION, 1) == JPEG;
        source.refuse(jpeg && Arrays.stream(length).sum() > source.length(), "is damaged: its strips or tiles overlap");
        long left = allowed;
        for (int i = 0; i < at.length; i++) {
            source.require(at[i], length[i]);
            left = jpeg ? JpegDecoder.requireFewScans(source, (int) at[i], (int) (at[i] + length[i]), left) : left;
        }
        return left;
    }
}
