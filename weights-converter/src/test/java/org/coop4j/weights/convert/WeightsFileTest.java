package org.coop4j.weights.convert;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;
import static org.coop4j.base.Thrown.assertThrown;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.file.Files;
import java.nio.file.Path;
import org.coop4j.base.InputException;
import org.coop4j.weights.Golden;
import org.coop4j.weights.Shape;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class WeightsFileTest {
    @TempDir
    private Path folder;

    @ParameterizedTest
    @CsvSource({
        "torchscript.pt, torchscript",
        "state_dict_fp32.pt, torch.save",
        "state_dict_legacy.pt, torch.save before 1.6",
        "openai_names.safetensors, safetensors",
        "open_clip/open_clip_model.safetensors, safetensors",
    })
    void everyFormatGivesTheSameNamedTensors(String name, String format) throws IOException {
        try (WeightsFile checkpoint = WeightsFile.open(Golden.path("vit/" + name));
                WeightsFile reference = WeightsFile.open(Golden.path("vit/openai_names.safetensors"))) {
            assertThat(checkpoint.format()).isEqualTo(format);
            assertThat(checkpoint.tensors())
                    .containsKeys(reference.tensors().keySet().toArray(new String[0]));
            assertThat(checkpoint.tensors().get("ln_final.bias").shape()).isEqualTo(Shape.of(128));
            assertThat(checkpoint.tensors().get("visual.proj").floats())
                    .isEqualTo(reference.tensors().get("visual.proj").floats());
        }
    }

    @Test
    void theFormatIsFoundByContentNotByExtension() throws IOException {
        Path odd = folder.resolve("weights.txt");
        Files.copy(Golden.path("vit/state_dict_legacy.pt"), odd);
        try (WeightsFile checkpoint = WeightsFile.open(odd)) {
            assertThat(checkpoint.format()).isEqualTo("torch.save before 1.6");
            assertThat(checkpoint.files()).containsExactly(odd);
        }
    }

    /** The length of such headers has the first bytes of a pickle: 0x80 and a version. */
    @ParameterizedTest
    @ValueSource(ints = {0x180, 0x280, 0x380, 0x480, 0x580})
    void aSafetensorsFileIsOneWhateverTheLengthOfItsHeader(int length) throws IOException {
        String json = "{\"a\":{\"dtype\":\"U8\",\"shape\":[1],\"data_offsets\":[0,1]}}";
        ByteBuffer bytes = ByteBuffer.allocate(8 + length + 1).order(ByteOrder.LITTLE_ENDIAN);
        bytes.putLong(length).put((json + " ".repeat(length - json.length())).getBytes(UTF_8));
        Path file = Files.write(folder.resolve("a.safetensors"), bytes.array());
        try (WeightsFile weights = WeightsFile.open(file)) {
            assertThat(weights.format()).isEqualTo("safetensors");
        }
    }

    @Test
    void anIndexWithoutAMapIsRefused() throws IOException {
        Path index = folder.resolve("model.safetensors.index.json");
        Files.writeString(index, "{\"weight_map\":{}}");
        assertThrown(InputException.class, () -> WeightsFile.open(index), "no weight_map");
        Files.writeString(index, "{\"weight_map\":{\"a\":1}}");
        assertThrown(InputException.class, () -> WeightsFile.open(index), "names a shard");
    }
}
