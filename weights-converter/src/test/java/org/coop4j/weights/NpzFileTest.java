package org.coop4j.weights;

import static java.nio.charset.StandardCharsets.ISO_8859_1;
import static org.assertj.core.api.Assertions.assertThat;
import static org.coop4j.base.Thrown.assertThrown;

import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.function.Consumer;
import java.util.zip.CRC32;
import java.util.zip.ZipEntry;
import java.util.zip.ZipOutputStream;
import org.coop4j.base.InputException;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** Archives of arrays as NumPy writes them, and what must not be taken for one. */
public class NpzFileTest {

    /** What arrays may unpack to here. */
    private static final long LARGE = 1 << 20;

    @TempDir
    private Path folder;

    /** The bytes of a {@code .npy} file. */
    public static byte[] npy(String descr, boolean columnMajor, String shape, byte[] elements) {
        String literal = "{'descr': '%s', 'fortran_order': %s, 'shape': %s, }"
                .formatted(descr, columnMajor ? "True" : "False", shape);
        return npy(literal, elements);
    }

    private static byte[] npy(String literal, byte[] elements) {
        int padding = 63 - (10 + literal.length()) % 64;
        byte[] header = (literal + " ".repeat(padding) + "\n").getBytes(ISO_8859_1);
        ByteBuffer out = ByteBuffer.allocate(10 + header.length + elements.length);
        out.order(ByteOrder.LITTLE_ENDIAN);
        out.put(new byte[] {(byte) 0x93, 'N', 'U', 'M', 'P', 'Y', 1, 0});
        return out.putShort((short) header.length).put(header).put(elements).array();
    }

    private static byte[] floats(float... values) {
        ByteBuffer out = ByteBuffer.allocate(4 * values.length).order(ByteOrder.LITTLE_ENDIAN);
        for (float value : values) {
            out.putFloat(value);
        }
        return out.array();
    }

    private Path npz(boolean compressed, String name, byte[] contents) throws IOException {
        ByteArrayOutputStream bytes = new ByteArrayOutputStream();
        try (ZipOutputStream zip = new ZipOutputStream(bytes)) {
            ZipEntry entry = new ZipEntry(name);
            if (!compressed) {
                CRC32 crc = new CRC32();
                crc.update(contents);
                entry.setMethod(ZipEntry.STORED);
                entry.setSize(contents.length);
                entry.setCrc(crc.getValue());
            }
            zip.putNextEntry(entry);
            zip.write(contents);
        }
        return Files.write(folder.resolve("a.npz"), bytes.toByteArray());
    }

    @ParameterizedTest
    @ValueSource(booleans = {false, true})
    void arraysAreReadWhetherTheyAreCompressedOrNot(boolean compressed) throws IOException {
        byte[] array = npy("<f4", false, "(2, 3)", floats(1, 2, 3, 4, 5, 6));
        try (NpzFile file = NpzFile.open(npz(compressed, "features.npy", array), LARGE)) {
            assertThat(file.arrays()).containsOnlyKeys("features");
            assertThat(file.arrays().get("features").shape()).isEqualTo(Shape.of(2, 3));
            assertThat(file.arrays().get("features").floats()).containsExactly(1, 2, 3, 4, 5, 6);
        }
    }

    @Test
    void columnMajorArraysComeInRowMajorOrder() throws IOException {
        byte[] array = npy("<f4", true, "(2, 3)", floats(1, 4, 2, 5, 3, 6));
        try (NpzFile file = NpzFile.open(npz(false, "x.npy", array), LARGE)) {
            assertThat(file.arrays().get("x").floats()).containsExactly(1, 2, 3, 4, 5, 6);
        }
    }

    @Test
    void textsAreTheirCodePoints() throws IOException {
        ByteBuffer texts = ByteBuffer.allocate(4 * 2 * 3).order(ByteOrder.LITTLE_ENDIAN);
        texts.putInt('c').putInt('a').putInt('t').putInt('o').putInt('x');
        byte[] array = npy("<U3", false, "(2,)", texts.array());
        try (NpzFile file = NpzFile.open(npz(false, "x.npy", array), LARGE)) {
            assertThat(file.arrays().get("x").dtype()).isEqualTo(DType.U32);
            assertThat(file.arrays().get("x").longs()).containsExactly('c', 'a', 't', 'o', 'x', 0L);
        }
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = ';',
            value = {
                "|O ; (2,) ; Python objects",
                ">f4 ; (2,) ; type >f4",
                "<f4 ; (3,) ; 12 bytes",
                "<f4 ; (4611686018427387905,) ; not a shape",
                "<f4 ; (999999999999999999, 999999999) ; overflows",
                "<f4 ; (-1,) ; header of a plain array",
                "<c8 ; (1,) ; type <c8",
            })
    void otherArraysAreRefusedByName(String descr, String shape, String message) throws IOException {
        Path file = npz(false, "x.npy", npy(descr, false, shape, floats(1, 2)));
        assertRefused(file, message);
    }

    @Test
    void structuredArraysAndOverlongHeadersAreRefused() throws IOException {
        String structured = "{'descr': [('a', '<f4')], 'fortran_order': False, 'shape': (2,), }";
        assertRefused(npz(false, "x.npy", npy(structured, floats(1, 2))), "header of a plain array");
        assertRefused(npz(false, "x.npy", npy(" ".repeat(20_000), floats(1, 2))), "has a header of");
        assertRefused(npz(false, "x.npy", new byte[] {1, 2, 3}), "NumPy's format");
        assertRefused(npz(false, "x.txt", new byte[] {1}), "x.txt");
    }

    @Test
    void aFlippedBitOfAStoredArrayIsFound() throws IOException {
        byte[] array = npy("<f4", false, "(2,)", floats(1, 2));
        Path file = npz(false, "x.npy", array);
        damage(file, bytes -> bytes[30 + "x.npy".length() + array.length - 1] ^= 1);
        assertRefused(file, "differ from their checksum");
    }

    @Test
    void aCompressedArrayThatIsLargerThanItSaysIsRefused() throws IOException {
        byte[] array = npy("<f4", false, "(250,)", new byte[1000]);
        Path file = npz(true, "x.npy", array);
        damage(file, bytes -> {
            ByteBuffer in = ByteBuffer.wrap(bytes).order(ByteOrder.LITTLE_ENDIAN);
            for (int i = 0; i < bytes.length - 4; i++) {
                if (in.getInt(i) == 0x0201_4b50) {
                    in.putInt(i + 24, array.length - 100);
                }
            }
        });
        assertRefused(file, "stated size");
    }

    /** 3 kB of zeros for each megabyte: nothing of them may reach the disk. */
    @Test
    void compressedArraysMayNotFillTheDisk() throws IOException {
        byte[] array = npy("<f4", false, "(262144,)", new byte[(int) LARGE]);
        assertRefused(npz(true, "x.npy", array), "unpack to more than the 1 MB");
        try (NpzFile file = NpzFile.open(npz(false, "x.npy", array), LARGE)) {
            assertThat(file.arrays()).containsOnlyKeys("x");
        }
    }

    @Test
    void twoArraysOfOneNameAndThousandsAreRefused() throws IOException {
        Path file = folder.resolve("two.npz");
        byte[] array = npy("<f4", false, "(1,)", floats(1));
        try (ZipOutputStream zip = new ZipOutputStream(Files.newOutputStream(file))) {
            for (String name : List.of("x.npy", "y.npy")) {
                zip.putNextEntry(new ZipEntry(name));
                zip.write(array);
            }
        }
        damage(file, bytes -> {
            for (int i = 0; i < bytes.length - 4; i++) {
                bytes[i] = bytes[i] == 'y' && bytes[i + 1] == '.' ? (byte) 'x' : bytes[i];
            }
        });
        assertRefused(file, "x.npy twice");
        try (ZipOutputStream zip = new ZipOutputStream(Files.newOutputStream(file))) {
            for (int i = 0; i <= 4096; i++) {
                zip.putNextEntry(new ZipEntry(i + ".npy"));
            }
        }
        assertRefused(file, "more than 4096 arrays");
    }

    private static void damage(Path file, Consumer<byte[]> change) throws IOException {
        byte[] bytes = Files.readAllBytes(file);
        change.accept(bytes);
        Files.write(file, bytes);
    }

    private static void assertRefused(Path file, String message) {
        assertThrown(InputException.class, () -> NpzFile.open(file, LARGE).close(), message, file.toString());
    }
}
