package org.coop4j.weights.safetensors;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;
import static org.coop4j.base.Thrown.assertThrown;

import java.io.IOException;
import java.io.RandomAccessFile;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import org.coop4j.base.InputException;
import org.coop4j.weights.DType;
import org.coop4j.weights.Shape;
import org.coop4j.weights.TensorView.TensorSpec;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvFileSource;
import org.junit.jupiter.params.provider.CsvSource;

class SafetensorsFileTest {
    @TempDir
    private Path folder;

    private Path file(String header, int dataBytes) throws IOException {
        byte[] json = header.getBytes(UTF_8);
        ByteBuffer all = ByteBuffer.allocate(8 + json.length + dataBytes).order(ByteOrder.LITTLE_ENDIAN);
        all.putLong(json.length).put(json);
        for (int i = 0; i < dataBytes; i++) {
            all.put((byte) i);
        }
        return Files.write(folder.resolve("t.safetensors"), all.array());
    }

    @Test
    void namesTypesShapesMetadataAndElementsAreRead() throws IOException {
        Path path = file(
                """
                        {"b":{"dtype":"I16","shape":[2],"data_offsets":[4,8]},
                         "__metadata__":{"key":"värde"},
                         "a":{"dtype":"U8","shape":[2,2],"data_offsets":[0,4]},
                         "empty":{"dtype":"F32","shape":[3,0],"data_offsets":[8,8]},
                         "scalar":{"dtype":"BOOL","shape":[],"data_offsets":[8,9]}}\
                        """,
                9);
        try (SafetensorsFile file = SafetensorsFile.open(path)) {
            assertThat(file.names()).containsExactly("b", "a", "empty", "scalar");
            assertThat(file.metadata()).containsEntry("key", "värde").hasSize(1);
            assertThat(file.tensor("b").dtype()).isEqualTo(DType.I16);
            assertThat(file.shape("a")).isEqualTo(Shape.of(2, 2));
            assertThat(file.tensor("a").longs()).containsExactly(0, 1, 2, 3);
            assertThat(file.tensor("b").longs()).containsExactly(0x0504, 0x0706);
            assertThat(file.floats("empty")).isEmpty();
            assertThat(file.tensor("scalar").longs()).containsExactly(8);
            assertThrown(InputException.class, () -> file.tensor("c"), "no tensor c");
        }
    }

    @ParameterizedTest(name = "{0}")
    @CsvFileSource(
            resources = "/org/coop4j/weights/safetensors/broken-headers.txt",
            delimiter = '|',
            quoteCharacter = '\1')
    void aHeaderThatBreaksTheFormatIsRefused(String problem, String header) throws IOException {
        Path path = file(header, 8);
        assertThrown(InputException.class, () -> SafetensorsFile.open(path), "t.safetensors", problem);
    }

    @Test
    void aHeaderOfInvalidUtf8IsRefused() throws IOException {
        byte[] bytes = Files.readAllBytes(file("{\"x\":{}}", 0));
        bytes[10] = (byte) 0xff;
        Path path = Files.write(folder.resolve("u"), bytes);
        assertThrown(() -> SafetensorsFile.open(path), "not UTF-8");
    }

    @ParameterizedTest
    @CsvSource({"100000001", "-1", "9223372036854775807", "99999999", "57"})
    void aHeaderLengthBeyondTheFileTakesNoMemory(long length) throws IOException {
        byte[] bytes = Files.readAllBytes(file("{\"x\":{\"dtype\":\"U8\"}}", 30));
        ByteBuffer.wrap(bytes).order(ByteOrder.LITTLE_ENDIAN).putLong(0, length);
        Path path = Files.write(folder.resolve("h"), bytes);
        assertThrown(
                InputException.class, () -> SafetensorsFile.open(path), "a header of " + Long.toUnsignedString(length));
    }

    @Test
    void anEmptyOrMissingFileIsRefused() throws IOException {
        Path empty = Files.createFile(folder.resolve("empty"));
        assertThrown(InputException.class, () -> SafetensorsFile.open(empty), "too short");
        assertThrown(
                InputException.class,
                () -> SafetensorsFile.open(folder.resolve("none")),
                folder.resolve("none").toString());
    }

    @Test
    void tensorsBeyondTwoGigabytesAreRead() throws IOException {
        long big = 3L << 30;
        String header =
                """
                {"big":{"dtype":"U8","shape":[%d],"data_offsets":[0,%d]},\
                "last":{"dtype":"F32","shape":[2],"data_offsets":[%d,%d]}}\
                """
                        .formatted(big, big, big, big + 8);
        Path path = file(header, 0);
        // The big tensor is a hole in the file and takes no space on the disk.
        try (RandomAccessFile raw = new RandomAccessFile(path.toFile(), "rw")) {
            raw.seek(8 + header.length() + big);
            raw.write(new byte[] {0, 0, (byte) 0x80, 0x3f, 0, 0, 0, 0x40});
        }
        try (SafetensorsFile file = SafetensorsFile.open(path)) {
            assertThat(file.floats("last")).containsExactly(1, 2);
            assertThrown(
                    InputException.class,
                    () -> file.tensor("big").longs(),
                    "big",
                    file.tensor("big").shape().toString());
        }
    }

    private static final List<TensorSpec> SPECS = List.of(
            new TensorSpec("half", DType.F16, Shape.of(3)),
            new TensorSpec("single", DType.F32, Shape.of(2, 2)),
            new TensorSpec("count", DType.I64, Shape.of()));

    private Path target;

    @BeforeEach
    void nameTarget() {
        target = folder.resolve("out.safetensors");
    }

    private void write(Path path) throws IOException {
        try (SafetensorsWriter writer = SafetensorsWriter.create(path, SPECS, Map.of("b", "2", "a", "\"1\""))) {
            writer.writeFloats("single", 1, 2);
            writer.writeLongs("count", -7);
            writer.writeFloats("half", 1, 2.0009766f, 1e-8f);
            writer.writeFloats("single", 3, 4);
            writer.commit();
        }
    }

    @Test
    void theBytesAreThoseOfTheFormat() throws IOException {
        write(target);
        ByteBuffer bytes = ByteBuffer.wrap(Files.readAllBytes(target));
        String header =
                """
                {"__metadata__":{"a":"\\"1\\"","b":"2"},\
                "count":{"dtype":"I64","shape":[],"data_offsets":[0,8]},\
                "single":{"dtype":"F32","shape":[2,2],"data_offsets":[8,24]},\
                "half":{"dtype":"F16","shape":[3],"data_offsets":[24,30]}}\
                """;
        int length = (header.length() + 7) / 8 * 8;
        assertThat(Long.reverseBytes(bytes.getLong())).isEqualTo(length);
        byte[] actual = new byte[length];
        bytes.get(actual);
        assertThat(new String(actual, UTF_8).stripTrailing()).isEqualTo(header);
        assertThat(Long.reverseBytes(bytes.getLong())).isEqualTo(-7);
        assertThat(bytes.remaining()).isEqualTo(16 + 6);
    }

    @Test
    void whatIsWrittenIsReadBack() throws IOException {
        write(target);
        try (SafetensorsFile file = SafetensorsFile.open(target)) {
            assertThat(file.floats("single")).containsExactly(1, 2, 3, 4);
            assertThat(file.floats("half")).containsExactly(1, 2, 0);
            assertThat(file.tensor("count").longs()).containsExactly(-7);
            assertThat(file.metadata()).isEqualTo(Map.of("a", "\"1\"", "b", "2"));
        }
    }

    @Test
    void tooManyElementsAndUnknownNamesAreRefused() throws IOException {
        try (SafetensorsWriter writer = SafetensorsWriter.create(target, SPECS, Map.of())) {
            assertThatIllegalArgumentException().isThrownBy(() -> writer.writeFloats("half", 1, 2, 3, 4));
            assertThatIllegalArgumentException().isThrownBy(() -> writer.writeFloats("none", 1));
            assertThatIllegalArgumentException().isThrownBy(() -> writer.writeFloats("count", 1));
            assertThatIllegalArgumentException().isThrownBy(() -> writer.writeLongs("half", 1));
        }
        assertThatIllegalArgumentException()
                .isThrownBy(() -> SafetensorsWriter.create(target, List.of(SPECS.get(0), SPECS.get(0)), Map.of()));
        assertThat(target).doesNotExist();
    }

    private static final List<TensorSpec> CHECKED =
            List.of(new TensorSpec("b", DType.F32, Shape.of(2, 2)), new TensorSpec("a", DType.F32, Shape.of(3)));
    private static final Map<String, float[]> TENSORS =
            Map.of("b", new float[] {1, -2, 0.5f, 1e-8f}, "a", new float[] {7, 8, 9});
    private static final Map<String, String> METADATA = Map.of("epochs", "12");

    @Test
    void everyFlippedBitOfNumbersAndMetadataIsNoticed() throws IOException {
        Path file = folder.resolve("state.safetensors");
        TensorChecksum.write(file, CHECKED, METADATA, TENSORS);
        byte[] sound = Files.readAllBytes(file);
        int refused = 0;
        for (int bit = 0; bit < 8 * sound.length; bit += 3) { // 3 meets every byte and bit
            byte[] flipped = sound.clone();
            flipped[bit / 8] ^= (byte) (1 << bit % 8);
            Files.write(file, flipped);
            try (SafetensorsFile open = SafetensorsFile.open(file)) {
                assertSound(open);
            } catch (IOException e) {
                assertThat(e).hasMessageContaining(file.getFileName().toString());
                refused++;
            }
        }
        // What is left are bits of the checksum's own key, and blanks of the header.
        assertThat(refused).isGreaterThan(8 * sound.length / 3 - 8 * TensorChecksum.KEY.length());
    }

    private static void assertSound(SafetensorsFile open) throws IOException {
        Map<String, float[]> read = TensorChecksum.read(open);
        assertThat(read).hasSameSizeAs(TENSORS);
        TENSORS.forEach((name, values) -> assertThat(read.get(name)).containsExactly(values));
        assertThat(open.metadata()).containsEntry("epochs", "12");
    }

    @Test
    void aFileWithoutAChecksumIsTakenAsItIs() throws IOException {
        Path file = folder.resolve("earlier.safetensors");
        try (SafetensorsWriter writer = SafetensorsWriter.create(file, CHECKED, METADATA)) {
            writer.writeFloats("b", TENSORS.get("b"));
            writer.writeFloats("a", TENSORS.get("a"));
            writer.commit();
        }
        try (SafetensorsFile open = SafetensorsFile.open(file)) {
            assertSound(open);
        }
    }

    @Test
    void largeTensorsAreHashedToTheirLastNumber() throws IOException {
        Path file = folder.resolve("large.safetensors");
        List<TensorSpec> specs = List.of(new TensorSpec("x", DType.F32, Shape.of(40_000)));
        TensorChecksum.write(file, specs, Map.of(), Map.of("x", new float[40_000]));
        byte[] bytes = Files.readAllBytes(file);
        bytes[bytes.length - 1] ^= 1;
        Files.write(file, bytes);
        try (SafetensorsFile open = SafetensorsFile.open(file)) {
            assertThrown(() -> TensorChecksum.read(open), file.toString(), "checksum");
        }
    }
}
