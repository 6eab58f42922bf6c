package org.coop4j.weights.safetensors;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import org.coop4j.weights.DType;
import org.coop4j.weights.Shape;
import org.coop4j.weights.TensorView.TensorSpec;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class TensorChecksumTest {

    private static final List<TensorSpec> SPECS =
            List.of(new TensorSpec("b", DType.F32, Shape.of(2, 2)), new TensorSpec("a", DType.F32, Shape.of(3)));
    private static final Map<String, float[]> TENSORS =
            Map.of("b", new float[] {1, -2, 0.5f, 1e-8f}, "a", new float[] {7, 8, 9});
    private static final Map<String, String> METADATA = Map.of("epochs", "12");

    @TempDir
    private Path folder;

    @Test
    void everyFlippedBitOfNumbersAndMetadataIsNoticed() throws IOException {
        Path file = folder.resolve("state.safetensors");
        TensorChecksum.write(file, SPECS, METADATA, TENSORS);
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
        try (SafetensorsWriter writer = SafetensorsWriter.create(file, SPECS, METADATA)) {
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
            assertThatThrownBy(() -> TensorChecksum.read(open)).hasMessageContainingAll(file.toString(), "checksum");
        }
    }
}
