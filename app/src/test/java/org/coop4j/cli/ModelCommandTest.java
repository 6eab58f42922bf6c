package org.coop4j.cli;

import static org.assertj.core.api.Assertions.assertThat;
import static org.coop4j.cli.CommandRun.coop;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class ModelCommandTest {

    @TempDir
    private Path folder;

    @Test
    void itTellsSizesActivationPreprocessingAndOrigin() throws IOException {
        CommandRun run = coop("model", TinyModel.write(folder));
        assertThat(run.code()).isZero();
        assertThat(run.out())
                .containsPattern("ViT .*2 layers, patch 16, width 64, 1 head, 32 px")
                .containsPattern("2 layers, width 64, 1 head, context 77, vocabulary 49,408")
                .contains("quick_gelu")
                .containsPattern("\\b32 \\(bicubic\\)")
                .contains("random weights, seed 1");
        assertThat(run.err()).isEmpty();
    }

    @Test
    void jsonHasTheSameAndTheHash() throws IOException {
        JsonNode json = new ObjectMapper()
                .readTree(coop("model", "--json", TinyModel.write(folder)).out());
        assertThat(json.path("sha256").asText()).matches("[0-9a-f]{64}");
        assertThat(json.path("architecture").path("embed_dim").asInt()).isEqualTo(32);
        assertThat(json.path("parameters").path("all").asLong())
                .isEqualTo(json.path("parameters").path("image").asLong()
                        + json.path("parameters").path("text").asLong());
        assertThat(json.path("logit_scale").asDouble()).isBetween(14.28, 14.29);
    }

    @Test
    void aFileThatIsNoConvertedModelIsRefused() throws IOException {
        CommandRun run = coop("model", TinyModel.writeBare(folder));
        assertThat(run.code()).isEqualTo(1);
        assertThat(run.err()).contains("run coop convert");
    }

    @Test
    void aFileMustBeNamed() {
        CommandRun run = coop("model");
        assertThat(run.code()).isEqualTo(2);
        assertThat(run.err()).contains("FILE");
    }

    @Test
    void anUnknownArchitectureIsWrongUsageAndTheKnownAreNamed() {
        Path out = folder.resolve("x.safetensors");
        CommandRun run = coop("model", "new", "--arch", "ViT-B/31", "-o", out);
        assertThat(run.code()).isEqualTo(2);
        assertThat(run.err()).contains("ViT-B/31").contains("ViT-B/32").contains("RN50");
        assertThat(Files.exists(out)).isFalse();
    }
}
