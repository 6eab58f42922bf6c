package org.coop4j.image;

import static org.assertj.core.api.Assertions.assertThat;
import static org.coop4j.base.Thrown.assertThrown;

import java.awt.Dimension;
import java.awt.image.BufferedImage;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class OrientationTest {

    @TempDir
    Path folder;

    /** Two columns and three rows of pixels 1 to 6. */
    private static RgbImage image(int width, int height, String pixels) {
        byte[] samples = new byte[3 * pixels.length()];
        for (int i = 0; i < pixels.length(); i++) {
            Arrays.fill(samples, 3 * i, 3 * i + 3, (byte) (pixels.charAt(i) - '0'));
        }
        return new RgbImage(width, height, samples);
    }

    /** As Pillow's {@code ImageOps.exif_transpose}. */
    @ParameterizedTest
    @CsvSource({
        "1, 2, 3, 123456",
        "2, 2, 3, 214365",
        "3, 2, 3, 654321",
        "4, 2, 3, 563412",
        "5, 3, 2, 135246",
        "6, 3, 2, 531642",
        "7, 3, 2, 642531",
        "8, 3, 2, 246135"
    })
    void picturesAreTurnedUpright(int orientation, int width, int height, String pixels) {
        RgbImage turned = ExifOrientation.turn(image(2, 3, "123456"), orientation);
        assertThat(turned).isEqualTo(image(width, height, pixels));
    }

    /** EXIF data whose first directory has the orientation behind another tag. */
    private static byte[] exif(ByteOrder order, int orientation) {
        ByteBuffer data = ByteBuffer.allocate(8 + 2 + 2 * 12 + 4).order(order);
        data.put((byte) (order == ByteOrder.BIG_ENDIAN ? 'M' : 'I')).put(data.get(0));
        data.putShort((short) 42).putInt(8).putShort((short) 2);
        data.putShort((short) 0x0100).putShort((short) 4).putInt(1).putInt(7);
        data.putShort((short) 0x0112).putShort((short) 3).putInt(1).putShort((short) orientation);
        return data.array();
    }

    private static byte[] insert(byte[] file, int at, byte[] more) {
        ByteArrayOutputStream out = new ByteArrayOutputStream();
        out.write(file, 0, at);
        out.writeBytes(more);
        out.write(file, at, file.length - at);
        return out.toByteArray();
    }

    private static byte[] form(String name) {
        return GoldenImages.bytes("/images/forms/" + name);
    }

    private static byte[] jpeg(byte[] exif) {
        ByteBuffer segment = ByteBuffer.allocate(10 + exif.length);
        segment.putShort((short) 0xFFE1).putShort((short) (8 + exif.length));
        segment.put("Exif\0\0".getBytes(java.nio.charset.StandardCharsets.US_ASCII))
                .put(exif);
        return insert(form("jpeg-444.jpg"), 2, segment.array());
    }

    private static byte[] png(byte[] exif) {
        ByteBuffer chunk = ByteBuffer.allocate(12 + exif.length);
        chunk.putInt(exif.length).putInt(0x65584966).put(exif);
        return insert(form("png-rgb.png"), 33, chunk.array());
    }

    private static byte[] webp(byte[] exif) {
        byte[] still = form("webp-lossy.webp");
        ByteBuffer chunk = ByteBuffer.allocate(8 + exif.length).order(ByteOrder.LITTLE_ENDIAN);
        chunk.putInt(0x46495845).putInt(exif.length).put(exif);
        byte[] file = insert(still, still.length, chunk.array());
        ByteBuffer.wrap(file).order(ByteOrder.LITTLE_ENDIAN).putInt(4, file.length - 8);
        return file;
    }

    /** A TIFF whose first directory has the orientation in place of the resolution's unit. */
    private static byte[] tiff(ByteOrder order, int orientation) {
        byte[] file = form(order == ByteOrder.BIG_ENDIAN ? "tiff-rgb.tif" : "tiff-rgb-lzw.tif");
        ByteBuffer data = ByteBuffer.wrap(file).order(order);
        int directory = data.getInt(4);
        for (int at = directory + 2; ; at += 12) {
            if (data.getShort(at) == 0x0128) {
                data.putShort(at, (short) 0x0112).putShort(at + 8, (short) orientation);
                return file;
            }
        }
    }

    @ParameterizedTest
    @ValueSource(strings = {"LITTLE_ENDIAN", "BIG_ENDIAN"})
    void orientationIsReadFromEachFormThatHasOne(String name) throws IOException {
        ByteOrder order = name.equals("BIG_ENDIAN") ? ByteOrder.BIG_ENDIAN : ByteOrder.LITTLE_ENDIAN;
        ImageDecoder decoder = new ImageDecoder();
        for (int orientation = 1; orientation <= 8; orientation++) {
            byte[] exif = exif(order, orientation);
            for (byte[] content : new byte[][] {jpeg(exif), png(exif), webp(exif), tiff(order, orientation)}) {
                Path file = Files.write(folder.resolve("a"), content);
                assertThat(ImageDecoder.exifOrientation(file)).isEqualTo(orientation);
                RgbImage stored = decoder.decode(file);
                assertThat(stored.width()).isEqualTo(37);
                RgbImage upright = decoder.decode(file, ExifOrientation.APPLY, image -> image);
                assertThat(upright).isEqualTo(ExifOrientation.turn(stored, orientation));
                assertThat(ImageDecoder.size(file)).contains(new Dimension(upright.width(), upright.height()));
            }
        }
    }

    @Test
    void damagedExifDataAreNone() throws IOException {
        byte[] whole = jpeg(exif(ByteOrder.BIG_ENDIAN, 6));
        for (int length = 0; length < 50; length++) {
            Path file = Files.write(folder.resolve("a"), Arrays.copyOf(whole, length));
            assertThat(ImageDecoder.exifOrientation(file)).isIn(1, 6);
        }
        for (int orientation : new int[] {0, 9, 65535}) {
            byte[] content = png(exif(ByteOrder.LITTLE_ENDIAN, orientation));
            Path file = Files.write(folder.resolve("a"), content);
            assertThat(ImageDecoder.exifOrientation(file)).isEqualTo(1);
        }
        assertThat(ImageDecoder.exifOrientation(folder.resolve("absent"))).isEqualTo(1);
        assertThat(ImageDecoder.size(Files.writeString(folder.resolve("a"), "no picture")))
                .isEmpty();
    }

    @Test
    void samplesAreCheckedAgainstTheSize() {
        assertThrown(
                IllegalArgumentException.class, () -> new RgbImage(2, 2, new byte[11]), "2 x 2", "12 samples, not 11");
        assertThrown(IllegalArgumentException.class, () -> new RgbImage(0, 2, new byte[0]));
        // 3 * 65536 * 65536 is 0 as an int.
        assertThrown(IllegalArgumentException.class, () -> new RgbImage(65_536, 65_536, new byte[0]));
    }

    /** Two pixels of colours that every kind can hold: red with some blue, and grey. */
    private static BufferedImage drawn(int type) {
        BufferedImage image = new BufferedImage(2, 1, type);
        image.setRGB(0, 0, 0xFFFF0033);
        image.setRGB(1, 0, 0xFF999999);
        return image;
    }

    @Test
    void anImageOfJavasIsCopied() {
        RgbImage expected =
                new RgbImage(2, 1, new byte[] {(byte) 0xFF, 0, 0x33, (byte) 0x99, (byte) 0x99, (byte) 0x99});
        for (int type : new int[] {
            BufferedImage.TYPE_INT_RGB,
            BufferedImage.TYPE_INT_ARGB,
            BufferedImage.TYPE_INT_ARGB_PRE,
            BufferedImage.TYPE_INT_BGR,
            BufferedImage.TYPE_3BYTE_BGR,
            BufferedImage.TYPE_4BYTE_ABGR,
            BufferedImage.TYPE_4BYTE_ABGR_PRE,
            BufferedImage.TYPE_BYTE_INDEXED
        }) {
            BufferedImage image = drawn(type);
            assertThat(RgbImage.of(image)).as("type %d", type).isEqualTo(expected);
            assertThat(image.getRGB(0, 0)).as("left as it was").isEqualTo(0xFFFF0033);
        }
    }

    @Test
    void samplesOfAnImageOfJavasAreNotConvertedByProfiles() {
        BufferedImage grey = new BufferedImage(1, 1, BufferedImage.TYPE_BYTE_GRAY);
        grey.getRaster().setSample(0, 0, 0, 100);
        assertThat(RgbImage.of(grey).rgb(0, 0)).isEqualTo(0x646464);
        BufferedImage deep = new BufferedImage(1, 1, BufferedImage.TYPE_USHORT_GRAY);
        deep.getRaster().setSample(0, 0, 0, 0x6480);
        assertThat(RgbImage.of(deep).rgb(0, 0)).isEqualTo(0x646464);
        BufferedImage clear = new BufferedImage(1, 1, BufferedImage.TYPE_INT_ARGB);
        clear.setRGB(0, 0, 0x01123456);
        assertThat(RgbImage.of(clear).rgb(0, 0)).as("alpha is dropped").isEqualTo(0x123456);
    }

    @Test
    void aPartOfAnImageOfJavasIsThatPart() {
        BufferedImage image = drawn(BufferedImage.TYPE_3BYTE_BGR);
        RgbImage right = RgbImage.of(image.getSubimage(1, 0, 1, 1));
        assertThat(right).isEqualTo(new RgbImage(1, 1, new byte[] {(byte) 0x99, (byte) 0x99, (byte) 0x99}));
    }
}
