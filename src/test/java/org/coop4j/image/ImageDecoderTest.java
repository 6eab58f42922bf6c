package org.coop4j.image;

import static java.nio.charset.StandardCharsets.ISO_8859_1;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.coop4j.base.Thrown.assertThrown;

import java.awt.image.BufferedImage;
import java.io.ByteArrayInputStream;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.net.URISyntaxException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HexFormat;
import java.util.List;
import java.util.Random;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicLong;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import java.util.zip.CRC32;
import java.util.zip.Deflater;
import javax.imageio.IIOImage;
import javax.imageio.ImageIO;
import javax.imageio.ImageWriteParam;
import javax.imageio.ImageWriter;
import javax.imageio.stream.ImageOutputStream;
import org.coop4j.image.ImageDecoder.ImageException;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.MethodSource;
import org.junit.jupiter.params.provider.ValueSource;

class ImageDecoderTest {
    private final ImageDecoder decoder = new ImageDecoder();

    /** Returns a decoder of images of at most a number of pixels. */
    private static ImageDecoder limited(long maxPixels) {
        return new ImageDecoder(maxPixels, ImageDecoder.ANY_TIME);
    }

    /** Returns a decoder that has a share of the memory. */
    private static ImageDecoder sharing(long maxPixels, DecodeMemory memory) {
        return new ImageDecoder(maxPixels, ImageDecoder.ANY_TIME, System::nanoTime, memory);
    }

    /** Checks that a decoder refuses a file by its name, and says some words. */
    private static void assertRefused(ImageDecoder decoder, byte[] file, String name, String... words) {
        assertThatThrownBy(() -> decoder.decode(file, name))
                .isInstanceOf(ImageException.class)
                .hasMessageContaining(name)
                .satisfies(
                        e -> assertThat(words).allSatisfy(word -> assertThat(e).hasMessageContaining(word)));
    }

    private void assertRefused(byte[] file, String name, String... words) {
        assertRefused(decoder, file, name, words);
    }

    static List<String> forms() throws IOException, URISyntaxException {
        Path folder =
                Path.of(ImageDecoderTest.class.getResource("/images/forms").toURI());
        try (Stream<Path> files = Files.list(folder)) {
            return files.map(file -> file.getFileName().toString()).sorted().toList();
        }
    }

    private static byte[] form(String name) {
        return GoldenImages.bytes("/images/forms/" + name);
    }

    /** Their pixels are close to Pillow's, not equal. */
    static List<String> lossyWebp() {
        return List.of(
                "webp-alpha.webp",
                "webp-animated-offset.webp",
                "webp-lossy.webp",
                "webp-lossy-coarse.webp",
                "webp-lossy-fine.webp",
                "webp-simple-filter.webp");
    }

    @ParameterizedTest
    @MethodSource("forms")
    void everyFormHasPillowsPixels(String name) throws IOException {
        RgbImage wanted = GoldenImages.expected("/images/expected/" + name + ".png");
        RgbImage image = decoder.decode(form(name), name);
        if (!lossyWebp().contains(name)) {
            assertThat(image).isEqualTo(wanted);
        }
        assertThat(image.width()).isEqualTo(wanted.width());
        assertThat(image.height()).isEqualTo(wanted.height());
    }

    /** The largest differences measured: 1.65 levels in the mean, 32 at one sample (docs/numerics.md). */
    @ParameterizedTest
    @MethodSource("lossyWebp")
    void lossyWebpIsCloseToPillowsPixels(String name) throws IOException {
        byte[] wanted =
                GoldenImages.expected("/images/expected/" + name + ".png").samples();
        byte[] samples = decoder.decode(form(name), name).samples();
        int sum = 0;
        for (int i = 0; i < samples.length; i++) {
            int difference = Math.abs((samples[i] & 0xFF) - (wanted[i] & 0xFF));
            assertThat(difference).isLessThanOrEqualTo(32);
            sum += difference;
        }
        assertThat((double) sum / samples.length).isLessThan(1.66);
    }

    @ParameterizedTest
    @MethodSource("forms")
    void truncatedFileIsAnErrorOrStillWhole(String name) throws IOException {
        byte[] whole = form(name);
        RgbImage image = decoder.decode(whole, name);
        for (int length = 0; length < whole.length; length += 1 + whole.length / 97) {
            byte[] part = Arrays.copyOf(whole, length);
            try {
                assertThat(decoder.decode(part, name)).as("%s bytes", length).isEqualTo(image);
                assertThat(length).isGreaterThan(whole.length / 4);
            } catch (ImageException e) {
                assertThat(e).hasMessageContaining(name);
            }
        }
    }

    @ParameterizedTest
    @MethodSource("forms")
    void flippedBitsAreAnErrorOrAnImage(String name) {
        Random random = new Random(name.hashCode());
        // Small, so that a damaged size fails instead of taking memory.
        ImageDecoder small = limited(1_000_000);
        for (int n = 0; n < 60; n++) {
            byte[] content = form(name);
            content[random.nextInt(content.length)] ^= (byte) (1 << random.nextInt(8));
            try {
                assertThat(small.decode(content, name)).isNotNull();
            } catch (ImageException e) {
                assertThat(e).hasMessageContaining(name);
            }
        }
    }

    @Test
    void contentDecidesNotTheExtension(@TempDir Path folder) throws IOException {
        Path file = Files.write(folder.resolve("picture.jpg"), form("png-rgb.png"));
        assertThat(decoder.decode(file)).isEqualTo(GoldenImages.expected("/images/expected/png-rgb.png.png"));
    }

    @Test
    void missingFileIsNamed(@TempDir Path folder) {
        assertThrown(ImageException.class, () -> decoder.decode(folder.resolve("absent.png")), "absent.png");
    }

    @Test
    void emptyAndForeignFilesAreNamed() {
        assertRefused(new byte[0], "empty.png", "is empty");
        byte[] text = "hello, no picture".getBytes(StandardCharsets.US_ASCII);
        assertRefused(text, "a.png", "JPEG, PNG, GIF, BMP, WebP", "TIFF", "hello");
        assertRefused(new byte[100], "zeros.jpg");
    }

    @ParameterizedTest
    @ValueSource(ints = {13_378, 1 << 20, Integer.MAX_VALUE, -1})
    void hugeDeclaredSizeIsRefusedBeforeMemoryIsTaken(int side) throws IOException {
        assertRefused(png(side, new byte[100]), "bomb.png", "declares", "178956970");
    }

    @Test
    void sizeThatTheFileCannotHoldIsRefusedBeforeMemoryIsTaken() throws IOException {
        assertRefused(png(13_000, new byte[1000]), "bomb.png", "truncated");
        byte[] jpeg = form("jpeg-420.jpg");
        int frame = indexOf(jpeg, (byte) 0xFF, (byte) 0xC0);
        ByteBuffer.wrap(jpeg).putShort(frame + 5, (short) 13_000).putShort(frame + 7, (short) 13_000);
        assertRefused(jpeg, "bomb.jpg", "cannot hold 13000 x 13000 pixels");
        byte[] gif = form("gif-plain.gif");
        int image = indexOf(gif, (byte) 0x2C, (byte) 0);
        ByteBuffer.wrap(gif).putShort(image + 5, (short) 0x401F).putShort(image + 7, (short) 0x401F); // 8000
        assertRefused(gif, "bomb.gif", "truncated");
    }

    @Test
    void limitOfPixelsIsTheCallers() throws IOException {
        byte[] content = form("png-rgb.png"); // 37 x 23
        assertThat(limited(37 * 23).decode(content, "a.png").width()).isEqualTo(37);
        assertRefused(limited(37 * 23 - 1), content, "a.png", "37 x 23", "limit of 850");
        assertThrown(IllegalArgumentException.class, () -> limited(0));
        assertThrown(IllegalArgumentException.class, () -> limited(1L << 40));
    }

    @Test
    void jpegCutWithinItsDataIsAnErrorEvenWithAnEndMarker() {
        byte[] whole = form("jpeg-420.jpg");
        byte[] cut = Arrays.copyOf(whole, whole.length - 100);
        cut[cut.length - 2] = (byte) 0xFF;
        cut[cut.length - 1] = (byte) 0xD9;
        assertRefused(cut, "cut.jpg", "cut.jpg is damaged");
    }

    private static int lastScan(byte[] jpeg) {
        int scan = jpeg.length - 2;
        while (jpeg[scan] != (byte) 0xFF || jpeg[scan + 1] != (byte) 0xDA) {
            scan--;
        }
        return scan;
    }

    /** Repeats a progressive picture's last scan, after a comment that contains an end marker. */
    private static byte[] repeatedScans(int times) throws IOException {
        byte[] whole = form("jpeg-progressive.jpg");
        int scan = lastScan(whole);
        ByteArrayOutputStream bomb = new ByteArrayOutputStream();
        bomb.write(whole, 0, scan);
        bomb.write(new byte[] {(byte) 0xFF, (byte) 0xFE, 0, 4, (byte) 0xFF, (byte) 0xD9});
        for (int i = 0; i < times; i++) {
            bomb.write(whole, scan, whole.length - 2 - scan);
        }
        bomb.write(whole, whole.length - 2, 2);
        return bomb.toByteArray();
    }

    /** A picture of the form has 851 pixels. */
    @ParameterizedTest
    @CsvSource({"101, 1000000, 100", "20, 851, 12", "20, 1800, 25"})
    void jpegOfTooManyScansIsRefused(int scans, int maxPixels, int most) throws IOException {
        byte[] bomb = repeatedScans(scans);
        assertRefused(limited(maxPixels), bomb, "bomb.jpg", "more than " + most + " scans");
    }

    /** Each of its strips is the JPEG of 851 pixels. */
    @ParameterizedTest
    @CsvSource({"1, 101, 1000000, 100", "1, 20, 851, 12", "4, 20, 5000, 12"})
    void jpegOfTooManyScansInTiffIsRefused(int strips, int scans, int maxPixels, int most) throws IOException {
        byte[] bomb = repeatedScans(scans);
        int[][] entries = {{256, 37}, {257, 23 * strips}, {258, 8}, {259, 7}, {262, 6}, {277, 3}, {278, 23}};
        ByteBuffer tiff = ByteBuffer.allocate(150 + strips * (bomb.length + 8)).order(ByteOrder.LITTLE_ENDIAN);
        tiff.putInt(0x002A4949).putInt(8).putShort((short) (entries.length + 2));
        for (int[] entry : entries) {
            tiff.putShort((short) entry[0]).putShort((short) 4).putInt(1).putInt(entry[1]);
        }
        int lists = tiff.position() + 24 + 4;
        int data = lists + 8 * strips;
        for (int tag : new int[] {273, 279}) {
            int list = lists + (tag == 273 ? 0 : 4 * strips);
            int one = tag == 273 ? data : bomb.length;
            tiff.putShort((short) tag).putShort((short) 4).putInt(strips).putInt(strips == 1 ? one : list);
        }
        tiff.putInt(0);
        IntStream.range(0, strips).forEach(i -> tiff.putInt(data + i * bomb.length));
        IntStream.range(0, strips).forEach(i -> tiff.putInt(bomb.length));
        IntStream.range(0, strips).forEach(i -> tiff.put(bomb));
        assertRefused(limited(maxPixels), tiff.array(), "bomb.tif", "more than " + most + " scans");
    }

    /** The limit of time holds to the end: the clock is looked at in each row of each scan. */
    @Test
    void jpegOfManyScansIsGivenUpInItsLastScan() throws IOException {
        byte[] bomb = repeatedScans(60);
        AtomicLong looks = new AtomicLong();
        int height = decoder.decode(form("jpeg-progressive.jpg"), "form.jpg").height();
        ImageDecoder slow = new ImageDecoder(
                1_000_000, Duration.ofNanos(60L * height), looks::getAndIncrement, DecodeMemory.standard());
        assertRefused(slow, bomb, "bomb.jpg", "takes more than");
        assertThat(looks).hasValue(60L * height + 2);
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "jpeg-progressive.jpg",
                "png-rgb.png",
                "gif-plain.gif",
                "bmp-os2.bmp",
                "tiff-rgb.tif",
                "webp-alpha.webp",
                "webp-lossy.webp"
            })
    void decodingThatTakesTooLongIsGivenUp(String file) {
        ImageDecoder hasty = new ImageDecoder(1_000_000, Duration.ofNanos(1));
        assertRefused(hasty, form(file), file, "takes more than");
    }

    @Test
    void progressiveJpegWithoutItsLastScansIsAnError() {
        byte[] whole = form("jpeg-progressive.jpg");
        assertRefused(Arrays.copyOf(whole, lastScan(whole)), "cut.jpg", "cut.jpg is truncated");
    }

    @Test
    void gifWhoseDataEndEarlyIsAnErrorEvenInWholeBlocks() {
        byte[] whole = form("gif-plain.gif");
        int block = indexOf(whole, (byte) 0x2C, (byte) 0) + 11; // behind the code size
        for (int length = 0; length < (whole[block] & 0xFF); length++) {
            byte[] cut = Arrays.copyOf(whole, block + 1 + length + 2);
            cut[block] = (byte) length;
            cut[block + 1 + length] = 0;
            cut[block + 2 + length] = 0x3B;
            assertRefused(cut, "cut.gif", "cut.gif is truncated");
        }
    }

    @Test
    void pngWithAWrongChecksumIsDamaged() {
        byte[] content = form("png-rgb.png");
        content[indexOf(content, (byte) 'I', (byte) 'D') + 20] ^= 1;
        assertRefused(content, "a.png", "a.png is damaged", "checksum");
    }

    @Test
    void pngWhoseDataEndEarlyIsDamaged() throws IOException {
        byte[] rows = deflate(new byte[91 * 29]); // one row is missing
        assertRefused(png(30, rows), "a.png");
        assertThat(decoder.decode(png(30, deflate(new byte[91 * 30])), "a.png").height())
                .isEqualTo(30);
    }

    /** How many bytes at the end of the VP8 data libwebp 1.5 does without. */
    @ParameterizedTest
    @CsvSource({
        "webp-lossy.webp, 1",
        "webp-lossy-coarse.webp, 3",
        "webp-lossy-fine.webp, 3",
        "webp-simple-filter.webp, 1"
    })
    void lossyWebpOfTooFewBytesIsRefusedWhereLibwebpRefusesIt(String name, int spare) throws IOException {
        byte[] whole = form(name);
        int length = ByteBuffer.wrap(whole).order(ByteOrder.LITTLE_ENDIAN).getInt(16);
        for (int cut = 1; cut <= 6; cut++) {
            int left = length - cut;
            byte[] file = cutWebp(whole, left);
            if (cut <= spare) {
                assertThat(decoder.decode(file, name)).isEqualTo(decoder.decode(whole, name));
            } else {
                assertRefused(file, name, "truncated");
            }
        }
    }

    /** Returns a picture with some bytes of its data, and lengths that agree with it. */
    private static byte[] cutWebp(byte[] whole, int left) {
        byte[] file = Arrays.copyOf(Arrays.copyOf(whole, 20 + left), 20 + left + (left & 1));
        ByteBuffer.wrap(file)
                .order(ByteOrder.LITTLE_ENDIAN)
                .putInt(4, file.length - 8)
                .putInt(16, left);
        return file;
    }

    @Test
    void losslessWebpOfTooFewBytesIsTruncated() throws IOException {
        byte[] whole = form("webp-lossless.webp");
        int length = ByteBuffer.wrap(whole).order(ByteOrder.LITTLE_ENDIAN).getInt(16);
        for (int left = 6; left < length - 2; left += 7) {
            byte[] file = cutWebp(whole, left);
            assertRefused(file, "cut.webp", "cut.webp is truncated");
        }
    }

    /** They are small for their pixels, but whole. */
    @Test
    void largePicturesOfOneColourAreRead() throws IOException {
        byte[] webp = blankWebp(500);
        assertRefused(
                limited(749_999), webp, "a.webp", "500 x 500 pixels, more than the limit of 249999 for lossless WebP");
        RgbImage image = limited(750_000).decode(webp, "a.webp");
        assertThat(image.width()).isEqualTo(500);
        assertThat(image.rgb(499, 499)).isEqualTo(image.rgb(0, 0));
        BufferedImage white = new BufferedImage(2480, 3508, BufferedImage.TYPE_BYTE_BINARY);
        RgbImage page = decoder.decode(tiff(white, "CCITT T.6"), "page.tif");
        assertThat(page.height()).isEqualTo(3508);
        assertThat(page.rgb(2479, 3507)).isZero();
    }

    @Test
    void runLengthBmpThatEndsEarlyIsTruncated() throws IOException {
        byte[] row = {16, 5, 0, 0}; // 16 times colour 5, end of the row
        assertThat(decoder.decode(runLengthBmp(16, 16, row, 16), "a.bmp").rgb(15, 15))
                .isEqualTo(0x050505);
        for (int rows : new int[] {0, 2, 15}) {
            byte[] file = runLengthBmp(16, 16, row, rows);
            assertRefused(file, "a.bmp", "a.bmp is truncated");
        }
    }

    /** Grey levels as palette, the same data for each row, and the end of the image. */
    private static byte[] runLengthBmp(int width, int height, byte[] row, int rows) {
        int data = 14 + 40 + 1024;
        ByteBuffer file = ByteBuffer.allocate(data + rows * row.length + 2).order(ByteOrder.LITTLE_ENDIAN);
        file.put((byte) 'B').put((byte) 'M').putInt(file.capacity()).putInt(0).putInt(data);
        file.putInt(40).putInt(width).putInt(height).putShort((short) 1).putShort((short) 8);
        file.putInt(1).putInt(0).putInt(0).putInt(0).putInt(256).putInt(0);
        for (int i = 0; i < 256; i++) {
            file.put((byte) i).put((byte) i).put((byte) i).put((byte) 0);
        }
        for (int i = 0; i < rows; i++) {
            file.put(row);
        }
        return file.put((byte) 0).put((byte) 1).array();
    }

    /** A square picture of one colour, which is whole. */
    private static byte[] blankWebp(int side) {
        byte[] file = HexFormat.of().parseHex("5249464614000000574542505650384c080000002f00000000888808");
        int size = side - 1;
        ByteBuffer.wrap(file).order(ByteOrder.LITTLE_ENDIAN).putInt(21, size | size << 14);
        return file;
    }

    /** Telephones make pictures of 200 million pixels. */
    @Test
    void aJpegOfMoreThanTheAllowedPixelsIsDecodedAtHalfItsSides() throws IOException {
        byte[] jpeg = form("jpeg-420.jpg");
        RgbImage whole = new ImageDecoder().decode(jpeg, "a.jpg");
        int pixels = whole.width() * whole.height();
        assertThat(limited(pixels).decode(jpeg, "a.jpg")).isEqualTo(whole);
        RgbImage half = limited(pixels - 1).decode(jpeg, "a.jpg");
        assertThat(half.width()).isEqualTo((whole.width() + 1) / 2);
        assertThat(half.height()).isEqualTo((whole.height() + 1) / 2);
        for (int x = 0; x < half.width(); x++) {
            assertThat(half.rgb(x, 1)).isEqualTo(whole.rgb(2 * x, 2));
        }
        assertRefused(limited(half.width() * half.height() - 1), jpeg, "a.jpg", "more than the limit");
    }

    @Test
    void pictureThatNeedsMoreThanItsShareOfMemoryIsRefused() {
        ImageDecoder small = sharing(ImageDecoder.DEFAULT_MAX_PIXELS, new DecodeMemory(1 << 20, 64 << 20));
        byte[] moves = {0, 2, (byte) 255, (byte) 255}; // 255 to the right and up
        byte[] bmp = runLengthBmp(10_000, 10_000, moves, 40);
        for (byte[] file : List.of(blankWebp(7000), bmp)) {
            assertRefused(small, file, "huge", "64 MB", "-Xmx");
        }
    }

    @Test
    void fileOfMoreThanItsShareOfMemoryIsNotRead(@TempDir Path folder) throws IOException {
        ImageDecoder small = sharing(1000, new DecodeMemory(1 << 20, 1 << 20));
        Path file = Files.write(folder.resolve("a.png"), new byte[2 << 20]);
        assertThrown(ImageException.class, () -> small.decode(file), "a.png", "2 MB", "1 MB", "-Xmx");
    }

    @Test
    void pictureWhoseDecodingFindsNoMemoryIsRefused(@TempDir Path folder) throws IOException {
        Path file = Files.write(folder.resolve("a.png"), form("png-rgb.png"));
        assertThrown(
                ImageException.class,
                () -> decoder.decode(file, ExifOrientation.KEEP, image -> {
                    throw new OutOfMemoryError("Java heap space");
                }),
                "a.png",
                "Java heap space");
    }

    @ParameterizedTest
    @CsvSource({"heic, HEIC", "mif1, HEIC", "avif, AVIF", "avis, AVIF"})
    void formsOfPhonesThatAreNotReadAreNamedWithWhatToDo(String brand, String form) {
        byte[] file = ("\0\0\0\u0018ftyp" + brand + "\0\0\0\0mif1").getBytes(ISO_8859_1);
        assertRefused(
                file, "IMG_1.HEIC", "IMG_1.HEIC is in the format " + form, "JPEG", "Preview", "heif-convert", "Photos");
        byte[] bigTiff = {'I', 'I', '+', 0, 8, 0, 0, 0};
        assertRefused(bigTiff, "a.tif", "BigTIFF", "PNG");
        byte[] cut = "\0\0\0\u0018ftyp".getBytes(ISO_8859_1);
        assertThrown(Exception.class, () -> new ImageDecoder().decode(cut, "a"), "HEIC");
    }

    /** A form with the first value of an entry of its TIFF directory changed. */
    private static byte[] changedTiff(String name, int tag, int value) {
        ByteBuffer file = ByteBuffer.wrap(form(name));
        file.order(file.get(0) == 'I' ? ByteOrder.LITTLE_ENDIAN : ByteOrder.BIG_ENDIAN);
        int directory = file.getInt(4);
        for (int at = directory + 2; at < directory + 2 + 12 * file.getShort(directory); at += 12) {
            if ((file.getShort(at) & 0xFFFF) == tag) {
                int place = file.getInt(at + 4) > 2 ? file.getInt(at + 8) : at + 8;
                if (file.getShort(at + 2) == 3) {
                    file.putShort(place, (short) value);
                } else {
                    file.putInt(place, value);
                }
                return file.array();
            }
        }
        throw new IllegalArgumentException("no entry " + tag);
    }

    @ParameterizedTest
    @CsvSource({
        "tiff-rgb.tif, 259, 34712, is a TIFF of compression 34712",
        "tiff-rgb.tif, 262, 5, is a TIFF with colours of CMYK",
        "tiff-rgb.tif, 262, 6, is a TIFF with colours of YCbCr",
        "tiff-rgb.tif, 262, 32803, is a TIFF with colours of type 32803",
        "tiff-grey-deflate.tif, 258, 12, is a TIFF with samples of 12 bits",
        "tiff-palette-packbits.tif, 258, 16, is a TIFF with samples of 16 bits",
        "tiff-rgb.tif, 277, 5, is a TIFF of 5 samples per pixel"
    })
    void kindsOfTiffThatAreNotReadAreNamed(String name, int tag, int value, String message) {
        assertRefused(changedTiff(name, tag, value), "a.tif", message);
    }

    @ParameterizedTest
    @ValueSource(ints = {0, 13_378, 1 << 15})
    void tiffOfAHugeDeclaredSizeIsRefused(int side) {
        assertRefused(changedTiff("tiff-rgb.tif", 256, side), "bomb.tif");
        assertRefused(limited(37 * 23 - 1), form("tiff-rgb.tif"), "a.tif", "37 x 23", "limit of 850");
    }

    @Test
    void tiffWhoseStripsReachBeyondTheFileIsTruncated() {
        assertRefused(changedTiff("tiff-rgb.tif", 279, 1 << 15), "a.tif", "a.tif is truncated");
        assertRefused(changedTiff("tiff-rgb-lzw.tif", 279, 10), "a.tif");
    }

    /** As photographs of a scanner are; the colours' loss is JPEG's. */
    @Test
    void tiffOfJpegIsRead() throws IOException {
        RgbImage written = decoder.decode(form("png-grey.png"), "a.png");
        BufferedImage image = ImageIO.read(new ByteArrayInputStream(form("png-grey.png")));
        byte[] read = decoder.decode(tiff(image, "JPEG"), "a.tif").samples();
        for (int i = 0; i < read.length; i++) {
            assertThat((read[i] & 0xFF) - (written.samples()[i] & 0xFF)).isBetween(-2, 2);
        }
    }

    @ParameterizedTest
    @CsvSource({"CCITT T.6, 12", "Deflate, 1", "LZW, 1"}) // BufferedImage's black and white, RGB
    void blankTiffsAreReadHoweverSmall(String compression, int type) throws IOException {
        BufferedImage blank = new BufferedImage(1500, 1500, type);
        assertThat(decoder.decode(tiff(blank, compression), "a.tif").width()).isEqualTo(1500);
    }

    private static byte[] tiff(BufferedImage image, String compression) throws IOException {
        ImageWriter writer = null;
        for (var all = ImageIO.getImageWritersByFormatName("tiff"); all.hasNext(); ) {
            ImageWriter next = all.next();
            writer = "java.desktop".equals(next.getClass().getModule().getName()) ? next : writer;
        }
        ImageWriteParam compressed = writer.getDefaultWriteParam();
        compressed.setCompressionMode(ImageWriteParam.MODE_EXPLICIT);
        compressed.setCompressionType(compression);
        ByteArrayOutputStream out = new ByteArrayOutputStream();
        try (ImageOutputStream file = ImageIO.createImageOutputStream(out)) {
            writer.setOutput(file);
            writer.write(null, new IIOImage(image, null, null), compressed);
        }
        return out.toByteArray();
    }

    /** Each takes more than half of the memory, so that they would never fit together. */
    @Test
    @SuppressWarnings("ThreadPriorityCheck") // gives others the chance to come in
    void largePicturesAreDecodedOneAfterTheOther(@TempDir Path folder) throws Exception {
        ImageDecoder one = sharing(1_000_000, new DecodeMemory(1 << 20, 8192)); // 37 · 23 · 6 bytes
        Path file = Files.write(folder.resolve("a.png"), form("png-rgb.png"));
        AtomicInteger inside = new AtomicInteger();
        AtomicInteger most = new AtomicInteger();
        ExecutorService threads = Executors.newFixedThreadPool(4);
        try {
            List<Future<RgbImage>> decoded = new ArrayList<>();
            for (int i = 0; i < 40; i++) {
                decoded.add(threads.submit(() -> one.decode(file, ExifOrientation.KEEP, image -> {
                    most.accumulateAndGet(inside.incrementAndGet(), Math::max);
                    Thread.yield();
                    inside.decrementAndGet();
                    return image;
                })));
            }
            for (Future<RgbImage> image : decoded) {
                assertThat(image.get().width()).isEqualTo(37);
            }
        } finally {
            threads.shutdownNow();
        }
        assertThat(most).hasValue(1);
    }

    /** A square picture of three bytes per pixel. */
    private static byte[] png(int side, byte[] data) throws IOException {
        byte[] header = ByteBuffer.allocate(13)
                .putInt(side)
                .putInt(side)
                .putShort((short) 0x0802)
                .array();
        ByteArrayOutputStream out = new ByteArrayOutputStream();
        out.write(new byte[] {(byte) 0x89, 'P', 'N', 'G', '\r', '\n', 0x1A, '\n'});
        out.write(chunk("IHDR", header));
        out.write(chunk("IDAT", data));
        out.write(chunk("IEND", new byte[0]));
        return out.toByteArray();
    }

    private static byte[] chunk(String type, byte[] data) {
        ByteBuffer chunk = ByteBuffer.allocate(12 + data.length);
        chunk.putInt(data.length).put(type.getBytes(StandardCharsets.US_ASCII)).put(data);
        CRC32 crc = new CRC32();
        crc.update(chunk.array(), 4, 4 + data.length);
        return chunk.putInt((int) crc.getValue()).array();
    }

    private static byte[] deflate(byte[] raw) {
        Deflater deflater = new Deflater();
        deflater.setInput(raw);
        deflater.finish();
        byte[] out = new byte[1 << 16];
        int length = deflater.deflate(out);
        deflater.end();
        return Arrays.copyOf(out, length);
    }

    private static int indexOf(byte[] content, byte first, byte second) {
        for (int i = 12; i < content.length - 1; i++) {
            if (content[i] == first && content[i + 1] == second) {
                return i;
            }
        }
        throw new IllegalArgumentException("bytes not found");
    }

    @Test
    void whatARuntimesDecoderDoesOtherwiseIsFound() {
        assertThat(JpegCheck.failures(decoder::decode)).isEmpty();
        assertThat(JpegCheck.failures(
                        (content, name) -> decoder.decode(content, name).flipped()))
                .containsExactly("4:4:0", "arithmetic coding");
        assertThat(JpegCheck.failures((content, name) -> {
                    if (name.contains("arithmetic")) {
                        throw new ImageException(name + " is not supported");
                    }
                    return decoder.decode(content, name);
                }))
                .containsExactly("arithmetic coding");
    }
}
