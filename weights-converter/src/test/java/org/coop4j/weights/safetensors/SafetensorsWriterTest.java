package org.coop4j.weights.safetensors;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;
import static org.assertj.core.api.Assertions.assertThatIllegalStateException;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;
import org.coop4j.base.InputException;
import org.coop4j.weights.DType;
import org.coop4j.weights.Shape;
import org.coop4j.weights.TensorView.TensorSpec;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class SafetensorsWriterTest {
    private static final List<TensorSpec> SPECS = List.of(
            new TensorSpec("half", DType.F16, Shape.of(3)),
            new TensorSpec("single", DType.F32, Shape.of(2, 2)),
            new TensorSpec("count", DType.I64, Shape.of()));

    @TempDir
    private Path folder;

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
    void theSameInputGivesTheSameBytes() throws IOException {
        write(target);
        Path second = folder.resolve("second");
        write(second);
        assertThat(Files.mismatch(target, second)).isEqualTo(-1);
    }

    @Test
    void withoutCommitTheOldFileStays() throws IOException {
        Files.writeString(target, "old");
        try (SafetensorsWriter writer = SafetensorsWriter.create(target, SPECS, Map.of())) {
            writer.writeFloats("single", 1, 2);
            assertThatIllegalStateException()
                    .isThrownBy(writer::commit)
                    .withMessageContaining("count lacks its last 8 bytes");
        }
        assertThat(target).hasContent("old");
        assertOnlyTheTarget();
    }

    @Test
    void aCommitReplacesTheOldFileAndLeavesNothingElse() throws IOException {
        Files.writeString(target, "old");
        write(target);
        assertThat(SafetensorsFile.looksLike(Files.readAllBytes(target))).isTrue();
        assertOnlyTheTarget();
    }

    private void assertOnlyTheTarget() throws IOException {
        try (Stream<Path> files = Files.list(folder)) {
            assertThat(files).containsExactly(target);
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

    @Test
    void aMissingFolderIsNamed() {
        assertThatThrownBy(() -> SafetensorsWriter.create(folder.resolve("none/out"), SPECS, Map.of()))
                .isInstanceOf(InputException.class)
                .hasMessageContaining(folder.resolve("none").toString());
    }
}
