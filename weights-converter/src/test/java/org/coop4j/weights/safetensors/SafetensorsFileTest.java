package org.coop4j.weights.safetensors;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.coop4j.base.Thrown.assertThrown;

import java.io.IOException;
import java.io.RandomAccessFile;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.file.Files;
import java.nio.file.Path;
import org.coop4j.base.InputException;
import org.coop4j.weights.DType;
import org.coop4j.weights.Shape;
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
        assertThatThrownBy(() -> SafetensorsFile.open(path)).hasMessageContaining("not UTF-8");
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
        assertThatThrownBy(() -> SafetensorsFile.open(folder.resolve("none")))
                .isInstanceOf(InputException.class)
                .hasMessageContaining(folder.resolve("none").toString());
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
            assertThatThrownBy(() -> file.tensor("big").longs())
                    .isInstanceOf(InputException.class)
                    .hasMessageContainingAll("big", file.tensor("big").shape().toString());
        }
    }
}
