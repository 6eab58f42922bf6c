package org.coop4j.image;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.function.IntFunction;
import javax.imageio.stream.ImageInputStreamImpl;
import org.coop4j.base.SafeXml;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/** Twice the file is at most twice the work, whatever a stranger puts into it. Bytes that are read are counted, not time. */
class LinearReadersTest {

    private static final int SMALL = 500;

    /** Content that counts the bytes that are read and the places that are sought. */
    private static final class Counted extends ImageInputStreamImpl {

        private final byte[] bytes;
        private long work;

        Counted(byte[] bytes) {
            this.bytes = bytes;
        }

        @Override
        public int read() {
            work++;
            bitOffset = 0;
            return streamPos < bytes.length ? bytes[(int) streamPos++] & 0xFF : -1;
        }

        @Override
        public int read(byte[] target, int offset, int count) {
            int n = (int) Math.min(count, Math.max(0, bytes.length - streamPos));
            work += n;
            bitOffset = 0;
            System.arraycopy(bytes, (int) streamPos, target, offset, n);
            streamPos += n;
            return n == 0 && count > 0 ? -1 : n;
        }

        @Override
        public void seek(long position) throws IOException {
            work++;
            super.seek(position);
        }

        @Override
        public long length() {
            return bytes.length;
        }
    }

    /** A file in which one block is the value of many fields. */
    private static byte[] manyFieldsOfOneBlock(int n) {
        int block = 8 + 2 + 12 * n;
        ByteBuffer tiff = ByteBuffer.allocate(block + 1000 * n);
        tiff.put("MM\0*".getBytes(StandardCharsets.ISO_8859_1)).putInt(8).putShort((short) n);
        for (int i = 0; i < n; i++) {
            int tag = List.of(700, 33723, 34377, 0x9C9E).get(i % 4);
            tiff.putShort((short) tag).putShort((short) 1).putInt(1000 * n).putInt(block);
        }
        return tiff.array();
    }

    /** A picture in which one directory belongs to many segments of Exif. */
    private static byte[] manySegmentsOfOneDirectory(int n) {
        int segment = 4 + 6 + 8;
        ByteBuffer jpeg = ByteBuffer.allocate(2 + segment * n + 2 + 2 + 12 * n);
        jpeg.putShort((short) 0xFFD8);
        for (int i = 0; i < n; i++) {
            jpeg.putShort((short) 0xFFE1).putShort((short) (segment - 2));
            jpeg.put("Exif\0\0".getBytes(StandardCharsets.ISO_8859_1));
            int start = jpeg.position();
            jpeg.put("MM\0*".getBytes(StandardCharsets.ISO_8859_1)).putInt(2 + segment * n + 2 - start);
        }
        jpeg.putShort((short) 0xFFD9).putShort((short) n);
        return jpeg.array();
    }

    private static byte[] fillBytes(int n) {
        byte[] jpeg = new byte[1000 * n];
        Arrays.fill(jpeg, (byte) 0xFF);
        jpeg[1] = (byte) 0xD8;
        return jpeg;
    }

    private static byte[] emptyChunks(int n) {
        ByteArrayOutputStream png = new ByteArrayOutputStream();
        png.writeBytes("\u0089PNG\r\n\u001a\n".getBytes(StandardCharsets.ISO_8859_1));
        for (int i = 0; i < n; i++) {
            png.writeBytes("\0\0\0\0iTXt\0\0\0\0".getBytes(StandardCharsets.ISO_8859_1));
        }
        return png.toByteArray();
    }

    /** A picture whose Photoshop resources are in many parts. */
    private static byte[] manyParts(int n) {
        ByteArrayOutputStream jpeg = new ByteArrayOutputStream();
        jpeg.writeBytes(new byte[] {(byte) 0xFF, (byte) 0xD8});
        for (int i = 0; i < n; i++) {
            jpeg.writeBytes(new byte[] {(byte) 0xFF, (byte) 0xED, 1, 0});
            jpeg.writeBytes(Arrays.copyOf("Photoshop 3.0\0".getBytes(StandardCharsets.ISO_8859_1), 254));
        }
        return jpeg.toByteArray();
    }

    static List<IntFunction<byte[]>> files() {
        return List.of(
                LinearReadersTest::manyFieldsOfOneBlock,
                LinearReadersTest::manySegmentsOfOneDirectory,
                LinearReadersTest::fillBytes,
                LinearReadersTest::emptyChunks,
                LinearReadersTest::manyParts);
    }

    @ParameterizedTest
    @MethodSource("files")
    void twiceTheMetadataIsTwiceTheWork(IntFunction<byte[]> file) throws IOException {
        assertThat(keywords(file.apply(2 * SMALL))).isLessThan(2 * keywords(file.apply(SMALL)) + SMALL);
        assertThat(orientation(file.apply(2 * SMALL))).isLessThan(2 * orientation(file.apply(SMALL)) + SMALL);
    }

    private static long keywords(byte[] file) throws IOException {
        Counted in = new Counted(file);
        new Keywords(Path.of("stranger"), note -> {}).blocks(in);
        return in.work;
    }

    private static long orientation(byte[] file) {
        Counted in = new Counted(file);
        ExifOrientation.read(in);
        return in.work;
    }

    /** For each name, a reader of XML looks through all namespaces that are declared. */
    @Test
    void xmlWithThousandsOfNamespacesIsNotRead() {
        List<String> declared = new ArrayList<>();
        for (int i = 0; i < 2000; i++) {
            declared.add("xmlns:a%d=\"b\"".formatted(i));
        }
        String xml = "<x " + String.join(" ", declared) + "/>";
        assertThatThrownBy(() -> SafeXml.open(xml.getBytes(StandardCharsets.UTF_8)))
                .hasMessage("it declares 2000 namespaces: expected at most 1000");
    }
}
