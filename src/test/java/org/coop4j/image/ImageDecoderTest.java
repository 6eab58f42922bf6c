package org.coop4j.image;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.net.URISyntaxException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.Random;
import java.util.stream.Stream;
import java.util.zip.CRC32;
import java.util.zip.Deflater;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;
import org.junit.jupiter.params.provider.ValueSource;

class ImageDecoderTest {
    private final ImageDecoder decoder = new ImageDecoder();

    static List<String> forms() throws IOException, URISyntaxException {
        Path folder = Path.of(ImageDecoderTest.class.getResource("/images/forms").toURI());
        try (Stream<Path> files = Files.list(folder)) {
            return files.map(file -> file.getFileName().toString()).sorted().toList();
        }
    }

    private static byte[] form(String name) {
        return GoldenImages.bytes("/images/forms/" + name);
    }

    @ParameterizedTest
    @MethodSource("forms")
    void everyFormHasPillowsPixels(String name) throws IOException {
        RgbImage wanted = GoldenImages.expected("/images/expected/" + name + ".png");
        assertThat(decoder.decode(form(name), name)).isEqualTo(wanted);
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
        ImageDecoder small = new ImageDecoder(1_000_000);
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
        Path file = folder.resolve("picture.jpg");
        Files.write(file, form("png-rgb.png"));
        assertThat(decoder.decode(file))
                .isEqualTo(GoldenImages.expected("/images/expected/png-rgb.png.png"));
    }

    @Test
    void missingFileIsNamed(@TempDir Path folder) {
        assertThatThrownBy(() -> decoder.decode(folder.resolve("absent.png")))
                .isInstanceOf(ImageException.class)
                .hasMessageContaining("absent.png");
    }

    @Test
    void emptyAndForeignFilesAreNamed() {
        assertThatThrownBy(() -> decoder.decode(new byte[0], "empty.png"))
                .isInstanceOf(ImageException.class)
                .hasMessage("image empty.png is empty");
        byte[] text = "hello, no picture".getBytes(StandardCharsets.US_ASCII);
        assertThatThrownBy(() -> decoder.decode(text, "a.png"))
                .isInstanceOf(ImageException.class)
                .hasMessageContaining("a.png is not a JPEG, PNG, GIF, BMP or WebP image")
                .hasMessageContaining("68 65 6c 6c 6f");
        assertThatThrownBy(() -> decoder.decode(new byte[100], "zeros.jpg"))
                .isInstanceOf(ImageException.class);
    }

    @ParameterizedTest
    @ValueSource(ints = {13_378, 1 << 20, Integer.MAX_VALUE, -1})
    void hugeDeclaredSizeIsRefusedBeforeMemoryIsTaken(int side) throws IOException {
        byte[] header =
                ByteBuffer.allocate(13)
                        .putInt(side)
                        .putInt(side)
                        .put((byte) 8)
                        .put((byte) 2)
                        .array();
        assertThatThrownBy(() -> decoder.decode(png(header, new byte[100]), "bomb.png"))
                .isInstanceOf(ImageException.class)
                .hasMessageContaining("bomb.png declares")
                .hasMessageContaining("178956970");
    }

    @Test
    void sizeThatTheFileCannotHoldIsRefusedBeforeMemoryIsTaken() throws IOException {
        byte[] header =
                ByteBuffer.allocate(13)
                        .putInt(13_000)
                        .putInt(13_000)
                        .put((byte) 8)
                        .put((byte) 2)
                        .array();
        assertThatThrownBy(() -> decoder.decode(png(header, new byte[1000]), "bomb.png"))
                .isInstanceOf(ImageException.class)
                .hasMessageContaining("truncated");
        byte[] jpeg = form("jpeg-420.jpg");
        int frame = indexOf(jpeg, (byte) 0xFF, (byte) 0xC0);
        ByteBuffer.wrap(jpeg)
                .putShort(frame + 5, (short) 13_000)
                .putShort(frame + 7, (short) 13_000);
        assertThatThrownBy(() -> decoder.decode(jpeg, "bomb.jpg"))
                .isInstanceOf(ImageException.class)
                .hasMessageContaining("cannot hold 13000 x 13000 pixels");
        byte[] gif = form("gif-plain.gif");
        int image = indexOf(gif, (byte) 0x2C, (byte) 0);
        ByteBuffer.wrap(gif)
                .order(ByteOrder.LITTLE_ENDIAN)
                .putShort(image + 5, (short) 13_000)
                .putShort(image + 7, (short) 13_000);
        assertThatThrownBy(() -> decoder.decode(gif, "bomb.gif"))
                .isInstanceOf(ImageException.class)
                .hasMessageContaining("truncated");
    }

    @Test
    void limitOfPixelsIsTheCallers() throws IOException {
        byte[] content = form("png-rgb.png"); // 37 x 23
        assertThat(new ImageDecoder(37 * 23).decode(content, "a.png").width()).isEqualTo(37);
        assertThatThrownBy(() -> new ImageDecoder(37 * 23 - 1).decode(content, "a.png"))
                .isInstanceOf(ImageException.class)
                .hasMessageContaining("37 x 23 pixels, more than the limit of 850");
        assertThatThrownBy(() -> new ImageDecoder(0)).isInstanceOf(IllegalArgumentException.class);
        assertThatThrownBy(() -> new ImageDecoder(1L << 40))
                .isInstanceOf(IllegalArgumentException.class);
    }

    @Test
    void jpegCutWithinItsDataIsAnErrorEvenWithAnEndMarker() {
        byte[] whole = form("jpeg-420.jpg");
        byte[] cut = Arrays.copyOf(whole, whole.length - 100);
        cut[cut.length - 2] = (byte) 0xFF;
        cut[cut.length - 1] = (byte) 0xD9;
        assertThatThrownBy(() -> decoder.decode(cut, "cut.jpg"))
                .isInstanceOf(ImageException.class)
                .hasMessageContaining("cut.jpg is damaged");
    }

    @Test
    void progressiveJpegWithoutItsLastScansIsAnError() {
        byte[] whole = form("jpeg-progressive.jpg");
        int scan = -1;
        for (int i = 0; i < whole.length - 1; i++) {
            if (whole[i] == (byte) 0xFF && whole[i + 1] == (byte) 0xDA) {
                scan = i;
            }
        }
        byte[] cut = Arrays.copyOf(whole, scan);
        assertThatThrownBy(() -> decoder.decode(cut, "cut.jpg"))
                .isInstanceOf(ImageException.class)
                .hasMessageContaining("cut.jpg is truncated");
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
            assertThatThrownBy(() -> decoder.decode(cut, "cut.gif"))
                    .isInstanceOf(ImageException.class)
                    .hasMessageContaining("cut.gif is truncated");
        }
    }

    @Test
    void pngWithAWrongChecksumIsDamaged() {
        byte[] content = form("png-rgb.png");
        content[indexOf(content, (byte) 'I', (byte) 'D') + 20] ^= 1;
        assertThatThrownBy(() -> decoder.decode(content, "a.png"))
                .isInstanceOf(ImageException.class)
                .hasMessageContaining("a.png is damaged")
                .hasMessageContaining("checksum");
    }

    @Test
    void pngWhoseDataEndEarlyIsDamaged() throws IOException {
        byte[] header =
                ByteBuffer.allocate(13).putInt(30).putInt(30).put((byte) 8).put((byte) 2).array();
        byte[] rows = deflate(new byte[91 * 29]); // one row is missing
        assertThatThrownBy(() -> decoder.decode(png(header, rows), "a.png"))
                .isInstanceOf(ImageException.class)
                .hasMessageContaining("a.png");
        assertThat(decoder.decode(png(header, deflate(new byte[91 * 30])), "a.png").height())
                .isEqualTo(30);
    }

    private static byte[] png(byte[] header, byte[] data) throws IOException {
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
}
