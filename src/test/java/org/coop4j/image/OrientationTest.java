package org.coop4j.image;

import static org.assertj.core.api.Assertions.assertThat;

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
            }
        }
    }

    @Test
    void aCamerasFileIsTurnedWhereItIsAskedFor() throws IOException {
        Path file = Files.write(folder.resolve("a.jpg"), form("jpeg-exif-rotated.jpg"));
        assertThat(ImageDecoder.exifOrientation(file)).isEqualTo(6);
        RgbImage upright = new ImageDecoder().decode(file, ExifOrientation.APPLY, image -> image);
        assertThat(upright.width()).isEqualTo(23);
        assertThat(upright.height()).isEqualTo(37);
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
    }
}
