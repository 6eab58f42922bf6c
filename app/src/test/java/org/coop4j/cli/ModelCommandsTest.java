package org.coop4j.cli;

import static java.nio.charset.StandardCharsets.US_ASCII;
import static org.assertj.core.api.Assertions.assertThat;
import static org.coop4j.cli.CommandRun.coop;
import static org.coop4j.cli.CommandRun.json;

import com.fasterxml.jackson.databind.JsonNode;
import java.io.IOException;
import java.io.OutputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.zip.ZipEntry;
import java.util.zip.ZipOutputStream;
import org.coop4j.base.Progress;
import org.coop4j.base.Settings;
import org.coop4j.clip.GoldenModels;
import org.coop4j.method.Method;
import org.coop4j.model.ClipConfig;
import org.coop4j.model.MlpActivation;
import org.coop4j.model.convert.RandomWeights;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class ModelCommandsTest {

    @TempDir
    private Path folder;

    private Path out;

    @BeforeEach
    void chooseOutput() throws IOException {
        out = Files.createDirectory(folder.resolve("out")).resolve("model.safetensors");
    }

    @Test
    void aBareFileConvertsWithTheActivationThatTheUserGives() throws IOException {
        Path source = TinyModel.writeBare(folder);
        CommandRun run =
                coop("convert", source, "-o", out, "--activation", "gelu").ok();
        assertThat(run.out()).startsWith(out + ": ViT of 2 layers").contains("gelu");
        assertThat(coop("model", out).out()).containsPattern("activation +gelu");
    }

    @Test
    void theActivationIsNeverGuessed() throws IOException {
        assertRefused(TinyModel.writeBare(folder), "(--activation): give quick_gelu");
    }

    @Test
    void aPickleThatCallsTheShellRunsNothing() throws IOException {
        Path traces = folder.resolve("traces");
        String pickle = "cposix\nsystem\n(S'touch " + traces + "'\ntR.";
        assertRefused(zip("evil.pt", pickle.getBytes(US_ASCII)), "evil.pt");
        assertThat(traces).doesNotExist();
    }

    private Path zip(String name, byte[] pickle) throws IOException {
        Path file = folder.resolve(name);
        try (OutputStream target = Files.newOutputStream(file);
                ZipOutputStream zip = new ZipOutputStream(target)) {
            zip.putNextEntry(new ZipEntry("archive/data.pkl"));
            zip.write(pickle);
            zip.closeEntry();
        }
        return file;
    }

    /** Checks for one line, exit code 1, and no file left. */
    private void assertRefused(Path source, String message) throws IOException {
        CommandRun run = coop("convert", source, "-o", out);
        assertThat(run.failed(1)).startsWith("coop: ").contains(message).doesNotContain("\tat ");
        assertThat(run.err().lines()).hasSize(1);
        assertThat(run.out()).isEmpty();
        assertThat(out.getParent()).isEmptyDirectory();
    }

    @Test
    void itTellsSizesActivationPreprocessingAndOrigin() throws IOException {
        CommandRun run = coop("model", TinyModel.write(folder)).ok();
        assertThat(run.out())
                .containsPattern("(?s)ViT .*2 layers, patch 16, width 64, 1 head, 32 px")
                .containsPattern("2\\s+layers, width 64, 1 head, context 77, vocabulary 49,408")
                .contains("quick_gelu")
                .containsPattern("\\b32 \\(bicubic\\)")
                .contains("random weights, seed 1");
        assertThat(run.err()).isEmpty();
    }

    @Test
    void aPerceptionEncoderIsNamedAndItsFilterToo() throws IOException {
        ClipConfig.Vit vit = new ClipConfig.Vit(32, 16, 64, 2, 2, 256, new ClipConfig.Pooling(true, true, 8, 256));
        ClipConfig architecture = new ClipConfig(32, vit, new ClipConfig.Text(32, 49_408, 64, 1, 1, 256));
        Path file = folder.resolve("pe.safetensors");
        RandomWeights.write(architecture, 1, file, MlpActivation.published(architecture), Progress.NONE);
        assertThat(coop("model", file).out())
                .containsPattern("Perception Encoder .*2 layers, patch 16, width 64, 2 heads, 32\\s+px")
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

    @Test
    void idsSymbolsAndCountAreThoseOfClip() {
        CommandRun run = coop("tokenize", "a photo of a cat.").ok();
        assertThat(run.out())
                .isEqualTo(
                        """
                        text     a photo of a cat.
                        ids      320 1125 539 320 2368 269
                        symbols  a</w> photo</w> of</w> a</w> cat</w> .</w>
                        tokens   6, with start and end token 8
                        """);
    }

    @Test
    void jsonIsAnObjectAText() throws IOException {
        JsonNode json = json(coop("tokenize", "--json", "X", "東京"));
        assertThat(json).hasSize(2);
        assertThat(json.get(0).path("ids").toString()).isEqualTo("[343]");
        assertThat(json.get(1).path("text").asText()).isEqualTo("東京");
        assertThat(json.get(1).path("tokens").asInt())
                .isEqualTo(json.get(1).path("ids").size());
    }

    @Test
    void aTextBeyondTheContextIsMarked() {
        assertThat(coop("tokenize", "cat ".repeat(76)).out()).containsPattern("78: .*\\b77\\b");
        assertThat(coop("tokenize", "cat ".repeat(31)).out()).containsPattern("33: .*\\b32\\b");
        assertThat(coop("tokenize", "cat ".repeat(30)).out()).doesNotContain("32:");
    }

    /** SigLIP has no start token and room for 64; its vocabulary is read from a folder or from a converted model. */
    @Test
    void piecesOfSiglipAreShown() throws IOException {
        Path source = GoldenModels.file("siglip2/huggingface");
        Path model = GoldenModels.convert("siglip2/huggingface", folder);
        String ofFolder = coop("tokenize", "--vocabulary", source, "a cat", "!".repeat(64))
                .ok()
                .out();
        assertThat(ofFolder)
                .contains("▁")
                .containsPattern("with end token \\d")
                .containsPattern("65: more than the 64");
        assertThat(coop("tokenize", "--vocabulary", model, "a cat", "!".repeat(64))
                        .ok()
                        .out())
                .isEqualTo(ofFolder);
    }

    @Test
    void controlCharactersDoNotReachTheTerminal() {
        assertThat(coop("tokenize", "\u001b[2Jcat").out()).doesNotContain("\u001b");
    }

    @Test
    void everyMethodIsListedAndExplained() throws IOException {
        CommandRun list = coop("methods").ok();
        for (Method method : Method.all()) {
            assertThat(list.out()).contains(method.id()).contains(method.title());
            CommandRun one = coop("methods", method.id()).ok();
            assertThat(one.out()).startsWith(method.title() + "\n");
            assertThat(one.out().lines()).allMatch(line -> line.length() <= 200);
            List<Settings.Description> settings = new ArrayList<>(Settings.describe(method.settings()));
            if (method.training(16).trains()) {
                settings.addAll(Settings.describe(method.training(16)));
            }
            for (Settings.Description setting : settings) {
                assertThat(setting.meaning()).as(setting.name()).isNotBlank();
                assertThat(one.out()).contains(setting.name()).contains(setting.meaning());
            }
            JsonNode json = json(coop("methods", method.id(), "--json"));
            assertThat(json.get("summary").asText()).isEqualTo(method.summary());
        }
    }

    @Test
    void autoNamesTheMethodsThatItChoosesAmong() {
        CommandRun run = coop("methods", "auto").ok();
        for (Method method : Method.quick()) {
            assertThat(run.out()).contains(method.title());
        }
    }
}
