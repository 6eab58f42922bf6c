package org.coop4j.cli;

import static org.assertj.core.api.Assertions.assertThat;
import static org.coop4j.cli.CommandRun.coop;
import static org.coop4j.cli.CommandRun.picture;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Map;
import org.coop4j.graph.host.Precision;
import org.coop4j.weights.safetensors.SafetensorsFile;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class PrecisionOptionTest {

    /** A limit of oneDNN's own, below bfloat16. */
    private static final Map<String, String> OLDER = Map.of("ONEDNN_MAX_CPU_ISA", "AVX512_CORE_VNNI");

    @TempDir
    private static Path folder;

    private static Path model;

    @TempDir
    private Path outFolder;

    private Path out;

    private final Path chair = picture("chair-image_0013");

    @BeforeAll
    static void writeModel() throws IOException {
        model = TinyModel.write(folder);
    }

    @BeforeEach
    void chooseOutput() {
        out = outFolder.resolve("features.safetensors");
    }

    private CommandRun embed(String precision) {
        return coop("embed", "-m", model, chair, "--precision", precision, "-o", out);
    }

    private String written() throws IOException {
        try (SafetensorsFile file = SafetensorsFile.open(out)) {
            return file.metadata().get("coop4j.precision");
        }
    }

    @Test
    void autoTakesWhatThereIs() throws IOException {
        assertThat(embed("auto").code()).isZero();
        boolean has = Precision.BFLOAT16.obstacle().isEmpty();
        assertThat(written()).isEqualTo(has ? "bf16" : "float32");
        CommandRun asked = embed("bf16");
        assertThat(asked.code()).isEqualTo(has ? 0 : 1);
        assertThat(asked.err()).contains(Precision.BFLOAT16.obstacle().orElse(""));
    }

    @Test
    void textsAreEncodedInFloat32() throws IOException {
        coop("embed", "-m", model, "--text", "a cat", "--precision", "auto", "-o", out);
        assertThat(written()).isEqualTo("float32");
    }

    @Test
    void anotherPrecisionIsWrongUsage() {
        CommandRun run = embed("half");
        assertThat(run.code()).isEqualTo(2);
        assertThat(run.err()).contains("--precision", "expected float32 or bf16", "\"half\"");
        assertThat(out).doesNotExist();
    }

    @Test
    void aProcessorWithoutItIsRefusedAndAutoFallsBack() throws Exception {
        CommandRun asked =
                CoopProcess.run(outFolder, OLDER, "embed", "-m", model, chair, "--precision", "bf16", "-o", out);
        assertThat(asked.code()).isEqualTo(1);
        assertThat(asked.err())
                .contains("--precision bf16: ")
                .contains("float32")
                .hasLineCount(1);
        assertThat(Files.exists(out)).isFalse();
        CommandRun auto =
                CoopProcess.run(outFolder, OLDER, "embed", "-m", model, chair, "--precision", "auto", "-o", out);
        assertThat(auto.code()).isZero();
        assertThat(written()).isEqualTo("float32");
    }
}
