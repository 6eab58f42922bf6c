package org.coop4j.pretrain;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import org.coop4j.base.InputException;
import org.coop4j.base.Progress;
import org.coop4j.base.Sha256;
import org.coop4j.model.ClipConfig;
import org.coop4j.model.ConvertedModel;
import org.coop4j.model.MlpActivation;
import org.coop4j.model.convert.PackedModel;
import org.coop4j.model.convert.RandomWeights;
import org.coop4j.weights.DType;
import org.coop4j.weights.HalfFloats;
import org.coop4j.weights.TensorView.TensorSpec;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class PackModelTest {
    private static final ClipConfig TINY = new ClipConfig(
            8, new ClipConfig.ResNet(32, List.of(1, 1, 1, 1), 2, 2), new ClipConfig.Text(8, 300, 8, 2, 1, 32));

    @TempDir
    private Path folder;

    private Path source;
    private Path packed;

    @BeforeEach
    void pack() throws IOException {
        source = folder.resolve("source.safetensors");
        packed = folder.resolve("tiny.packed");
        RandomWeights.write(TINY, 3, source, MlpActivation.GELU, Progress.NONE);
        try (ConvertedModel model = ConvertedModel.open(source)) {
            PackModel.write(model, packed);
        }
    }

    private Path unpack(byte[] bytes) throws IOException {
        return PackedModel.unpack(new ByteArrayInputStream(bytes), "tiny", folder.resolve("cache/models"), Sha256::of);
    }

    @Test
    void everyWeightIsTheNearestHalfAndTheMetadataIsKept() throws IOException {
        Path file = unpack(Files.readAllBytes(packed));
        try (ConvertedModel before = ConvertedModel.open(source);
                ConvertedModel after = ConvertedModel.open(file)) {
            assertThat(after.metadata()).isEqualTo(before.metadata());
            for (TensorSpec spec : TINY.tensorSpecs(DType.F16)) {
                float[] rounded = before.weights().floats(spec.name());
                for (int i = 0; i < rounded.length; i++) {
                    rounded[i] = HalfFloats.fromHalf(HalfFloats.toHalf(rounded[i]));
                }
                assertThat(after.weights().tensor(spec.name()).dtype()).isEqualTo(DType.F16);
                assertThat(after.weights().floats(spec.name())).isEqualTo(rounded);
            }
        }
    }

    @Test
    void theUnpackedFileIsUsedAgainAndMendedWhenItWasChanged() throws IOException {
        byte[] bytes = Files.readAllBytes(packed);
        Path file = unpack(bytes);
        byte[] good = Files.readAllBytes(file);
        assertThat(file.getFileName().toString()).matches("tiny-[0-9a-f]{12}\\.safetensors");
        assertThat(unpack(bytes)).isEqualTo(file);
        byte[] bad = good.clone();
        bad[bad.length - 1] ^= 1;
        Files.write(file, bad);
        assertThat(unpack(bytes)).isEqualTo(file);
        assertThat(Files.readAllBytes(file)).isEqualTo(good);
    }

    @Test
    void damageIsRefusedAndNothingIsLeftBehind() throws IOException {
        byte[] good = Files.readAllBytes(packed);
        byte[] flipped = good.clone();
        flipped[good.length / 2] ^= 0x10;
        byte[] longer = Arrays.copyOf(good, good.length + 100);
        String text = new String(good, StandardCharsets.ISO_8859_1);
        String length = text.split("\n", 4)[2];
        byte[] tooLittle = text.replaceFirst(length, "9").getBytes(StandardCharsets.ISO_8859_1);
        byte[] huge = text.replaceFirst(length, "999999999").getBytes(StandardCharsets.ISO_8859_1);
        byte[] half = Arrays.copyOf(good, good.length / 2);
        for (byte[] bad : List.of(flipped, half, tooLittle, huge)) {
            assertThatThrownBy(() -> unpack(bad))
                    .isInstanceOf(InputException.class)
                    .hasMessageContaining("damaged");
        }
        for (byte[] other : List.of(new byte[0], "PK\3\4 a jar".getBytes(StandardCharsets.UTF_8))) {
            assertThatThrownBy(() -> unpack(other))
                    .isInstanceOf(InputException.class)
                    .hasMessageStartingWith("tiny");
        }
        Path cache = folder.resolve("cache/models");
        assertThat(Files.exists(cache) ? cache.toFile().list() : new String[0]).isEmpty();
        assertThat(unpack(longer)).exists(); // what follows the stream is not looked at
    }
}
