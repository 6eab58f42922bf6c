package org.coop4j.image;

import com.twelvemonkeys.imageio.plugins.tiff.TIFFImageReaderSpi;
import java.awt.image.BufferedImage;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;

/**
 * The first picture of a TIFF file by TwelveMonkeys' reader: grey, RGB and palettes, and JPEG's colours.
 *
 * <p>The reader is given a directory of the entries alone that make up the pixels, each checked to lie within the file:
 * what others say (colour profile, EXIF, further pictures) has no effect and cannot fail.
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

    /** Those above, fill order, rows of a strip, planes, fax options, predictor, palette, JPEG tables and YCbCr's. */
    private static final Set<Integer> TAGS = Set.of(
            WIDTH,
            HEIGHT,
            BITS,
            COMPRESSION,
            PHOTOMETRIC,
            STRIP_OFFSETS,
            SAMPLES,
            STRIP_LENGTHS,
            TILE_WIDTH,
            TILE_HEIGHT,
            TILE_OFFSETS,
            TILE_LENGTHS,
            EXTRA_SAMPLES,
            SAMPLE_FORMAT,
            266,
            278,
            284,
            292,
            293,
            317,
            320,
            347,
            530,
            531,
            532);

    /** Bytes of a value of each type: unsigned numbers, ratios (5) and bytes of any meaning (7). */
    private static final int[] TYPE_BYTES = {0, 1, 0, 2, 4, 8, 0, 1};

    private static final int ENTRY = 12;

    /** The most strips, say, that a picture is cut into. */
    private static final int MOST_VALUES = 1 << 20;

    private static final int JPEG = 7;

    /** None, fax, LZW, JPEG, deflate under both of its numbers, and PackBits. */
    private static final Set<Long> COMPRESSIONS = Set.of(1L, 2L, 3L, 4L, 5L, (long) JPEG, 8L, 32_946L, 32_773L);

    private static final int PALETTE = 3;
    private static final int YCBCR = 6;
    private static final int PREMULTIPLIED = 1;
    private static final LibraryReader READER = new LibraryReader(new TIFFImageReaderSpi());

    private final ImageSource source;
    private final ByteBuffer file;
    private final Map<Integer, long[]> values = new HashMap<>();

    private TiffDecoder(ImageSource source) {
        this.source = source;
        file = ByteBuffer.wrap(source.bytes())
                .order(source.startsWith(0, "II") ? ByteOrder.LITTLE_ENDIAN : ByteOrder.BIG_ENDIAN);
    }

    static RgbImage decode(ImageSource source) throws IOException {
        return new TiffDecoder(source).decode();
    }

    private RgbImage decode() throws IOException {
        byte[] reduced = reduce();
        requireKnownKind();
        requireData(STRIP_OFFSETS, STRIP_LENGTHS);
        requireData(TILE_OFFSETS, TILE_LENGTHS);
        long width = first(WIDTH, 0);
        long height = first(HEIGHT, 0);
        source.requireSize(width, height);
        long tileWidth = first(TILE_WIDTH, 1);
        long tileHeight = first(TILE_HEIGHT, 1);
        source.requireSize(tileWidth, tileHeight);
        long bits = first(BITS, 1);
        long samples = first(SAMPLES, 1);
        // The samples of the reader's picture, which may be the image itself, a tile or strip of JPEG, and the image.
        int picture = (int) (samples * (bits > 8 ? 2 : 1));
        int strip = first(COMPRESSION, 1) == JPEG ? picture : 0;
        source.takeMemory(width * height + tileWidth * tileHeight, picture + strip + 3);
        BufferedImage image = READER.read(reduced, tiff -> {
            tiff.addIIOReadWarningListener((ignored, warning) -> {
                throw new IllegalArgumentException(warning);
            });
            return LibraryReader.readWhole(tiff);
        });
        if (image.isAlphaPremultiplied()) {
            return Pixels.copy(image);
        }
        boolean deepGrey = bits == 16 && samples == 1;
        return Pixels.read(image, deepGrey ? (v, depth) -> Math.min(v, 255) : Pixels::stretch); // as in a PNG
    }

    /** The file with a directory at its end of the entries that count. */
    private byte[] reduce() throws ImageException {
        source.require(0, 8);
        long directory = file.getInt(4) & 0xFFFF_FFFFL;
        source.require(directory, 2);
        int entries = file.getShort((int) directory) & 0xFFFF;
        source.require(directory + 2, (long) ENTRY * entries);
        int end = source.length() + (source.length() & 1);
        ByteBuffer reduced = ByteBuffer.allocate(end + 6 + ENTRY * entries).order(file.order());
        reduced.put(source.bytes()).position(end + 2);
        for (int at = (int) directory + 2; at < directory + 2 + (long) ENTRY * entries; at += ENTRY) {
            int tag = file.getShort(at) & 0xFFFF;
            if (TAGS.contains(tag)) {
                if (values.put(tag, readValues(tag, at)) != null) {
                    throw source.error("is damaged: it has TIFF entry " + tag + " twice");
                }
                reduced.put(source.bytes(), at, ENTRY);
            }
        }
        reduced.putShort(end, (short) values.size()).putInt(4, end);
        return reduced.array();
    }

    private long[] readValues(int tag, int entry) throws ImageException {
        int type = file.getShort(entry + 2) & 0xFFFF;
        long count = file.getInt(entry + 4) & 0xFFFF_FFFFL;
        int size = type < TYPE_BYTES.length ? TYPE_BYTES[type] : 0;
        if (size == 0 || count == 0 || count > MOST_VALUES) {
            throw source.error("is damaged: its TIFF entry " + tag + " has " + count + " values of type " + type);
        }
        long at = count * size <= 4 ? entry + 8 : file.getInt(entry + 8) & 0xFFFF_FFFFL;
        source.require(at, count * size);
        long[] numbers = new long[(int) count];
        for (int i = 0; i < numbers.length; i++) {
            int place = (int) at + i * size;
            numbers[i] = switch (size) {
                case 1 -> file.get(place) & 0xFF;
                case 2 -> file.getShort(place) & 0xFFFF;
                case 4 -> file.getInt(place) & 0xFFFF_FFFFL;
                default -> -1; // a ratio, which none of the entries that are looked at may be
            };
        }
        return numbers;
    }

    private long first(int tag, long otherwise) {
        long[] numbers = values.get(tag);
        return numbers == null ? otherwise : numbers[0];
    }

    private void requireKnownKind() throws ImageException {
        long compression = first(COMPRESSION, 1);
        if (!COMPRESSIONS.contains(compression)) {
            throw notRead("TIFF of compression " + compression);
        }
        long colours = first(PHOTOMETRIC, -1);
        if (colours < 0 || (colours > PALETTE && !(colours == YCBCR && compression == JPEG))) {
            String name = Map.of(5L, "CMYK", 6L, "YCbCr", 8L, "CIELAB").getOrDefault(colours, "type " + colours);
            throw notRead("TIFF with colours of " + name);
        }
        long bits = first(BITS, 1);
        if (!List.of(1L, 2L, 4L, 8L, 16L).contains(bits) || (colours == PALETTE && bits > 8)) {
            throw notRead("TIFF with samples of " + bits + " bits");
        }
        if (first(SAMPLE_FORMAT, 1) != 1) {
            throw notRead("TIFF with signed or floating-point samples");
        }
        long samples = first(SAMPLES, 1);
        if (samples < 1 || samples > 4) {
            throw notRead("TIFF of " + samples + " samples a pixel");
        }
        if (samples == 2 && first(EXTRA_SAMPLES, 0) == PREMULTIPLIED) {
            throw notRead("grey TIFF with premultiplied alpha");
        }
    }

    private ImageException notRead(String kind) {
        return source.error("is a " + kind + ", which is not read: convert it to PNG");
    }

    /** Checks that the strips or tiles lie within the file. */
    private void requireData(int offsets, int lengths) throws ImageException {
        long[] at = values.getOrDefault(offsets, new long[0]);
        long[] length = values.getOrDefault(lengths, new long[0]);
        if (at.length != length.length) {
            throw source.error("is damaged: its TIFF strips or tiles have " + at.length + " offsets and "
                    + length.length + " lengths");
        }
        for (int i = 0; i < at.length; i++) {
            source.require(at[i], length[i]);
        }
    }
}
