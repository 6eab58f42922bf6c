package org.coop4j.cli;

import static org.assertj.core.api.Assertions.assertThat;
import static org.coop4j.cli.CommandRun.coop;
import static org.coop4j.cli.CommandRun.json;

import com.fasterxml.jackson.databind.JsonNode;
import java.io.IOException;
import java.nio.file.Path;
import org.coop4j.base.Progress;
import org.coop4j.weights.convert.RandomWeights;
import org.coop4j.weights.model.ClipConfig;
import org.coop4j.weights.model.MlpActivation;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class ModelCommandTest {

    @TempDir
    private Path folder;

    @Test
    void itTellsSizesActivationPreprocessingAndOrigin() throws IOException {
        CommandRun run = coop("model", TinyModel.write(folder)).ok();
        assertThat(run.out())
                .containsPattern("ViT .*2 layers, patch 16, width 64, 1 head, 32 px")
                .containsPattern("2 layers, width 64, 1 head, context 77, vocabulary 49,408")
                .contains("quick_gelu")
                .containsPattern("\\b32 \\(bicubic\\)")
                .contains("random weights, seed 1");
        assertThat(run.err()).isEmpty();
    }

    @Test
    void aPerceptionEncoderIsNamedAndItsFilterToo() throws IOException {
        ClipConfig.Vit vit = new ClipConfig.Vit(32, 16, 64, 2, 2, 256, new ClipConfig.PeCore(true, 8, 256));
        ClipConfig architecture = new ClipConfig(32, vit, new ClipConfig.Text(32, 49_408, 64, 1, 1, 256));
        Path file = folder.resolve("pe.safetensors");
        RandomWeights.write(architecture, 1, file, MlpActivation.published(architecture), Progress.NONE);
        assertThat(coop("model", file).out())
                .containsPattern("Perception Encoder .*2 layers, patch 16, width 64, 2 heads, 32 px")
                .containsPattern("both sides to 32 \\(bilinear\\)")
                .containsPattern("context 32")
                .containsPattern("activation +gelu");
    }

    @Test
    void jsonHasTheSameAndTheHash() throws IOException {
        JsonNode json = json(coop("model", "--json", TinyModel.write(folder)));
        assertThat(json.path("sha256").asText()).matches("[0-9a-f]{64}");
        assertThat(json.path("architecture").path("embed_dim").asInt()).isEqualTo(32);
        assertThat(json.path("parameters").path("all").asLong())
                .isEqualTo(json.path("parameters").path("image").asLong()
                        + json.path("parameters").path("text").asLong());
        assertThat(json.path("logit_scale").asDouble()).isBetween(14.28, 14.29);
    }

    @Test
    void aFileThatIsNoConvertedModelIsRefused() throws IOException {
        assertThat(coop("model", TinyModel.writeBare(folder)).failed(1)).contains("coop convert");
    }
}
