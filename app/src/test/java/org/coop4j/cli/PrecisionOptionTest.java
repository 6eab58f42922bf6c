package org.coop4j.cli;

import static org.assertj.core.api.Assertions.assertThat;
import static org.coop4j.cli.CommandRun.coop;
import static org.coop4j.cli.CommandRun.picture;
import static org.coop4j.cli.TinyModel.MODEL;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import org.coop4j.clip.ShippedModel;
import org.coop4j.data.bank.TestPictures;
import org.coop4j.demo.DemoPictures;
import org.coop4j.graph.host.Precision;
import org.coop4j.weights.safetensors.SafetensorsFile;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class PrecisionOptionTest {

    /** A limit of oneDNN's own, below bfloat16. */
    private static final Map<String, String> OLDER = Map.of("ONEDNN_MAX_CPU_ISA", "AVX512_CORE_VNNI");

    private static final String NOTE = "encoded in bfloat16";

    /** Difference of two logits that bfloat16 may turn round; measured: 0.012. */
    private static final double TIE = 0.03;

    @TempDir
    private static Path folder;

    @TempDir
    private Path outFolder;

    private Path out;

    private final Path chair = picture("chair-image_0013");

    @BeforeEach
    void chooseOutput() {
        out = outFolder.resolve("features.safetensors");
    }

    private static String fastest() {
        return Precision.BFLOAT16.obstacle().isEmpty() ? "bf16" : "float32";
    }

    private CommandRun embed(String precision) {
        return coop("embed", "-m", MODEL, chair, "--precision", precision, "-o", out);
    }

    private static Path large() throws IOException {
        return TinyModel.write(folder.resolve("large.safetensors"), 49_408, 128);
    }

    private String written() throws IOException {
        try (SafetensorsFile file = SafetensorsFile.open(out)) {
            return file.metadata().get("coop4j.precision");
        }
    }

    /** A model of small images is faster in float32. */
    @Test
    void autoTakesWhatIsFastest() throws IOException {
        embed("auto").ok();
        assertThat(written()).isEqualTo("float32");
        CommandRun asked = embed("bf16");
        assertThat(asked.code()).isEqualTo(fastest().equals("bf16") ? 0 : 1);
        assertThat(asked.err()).contains(Precision.BFLOAT16.obstacle().orElse(""));
    }

    @Test
    void textsAreEncodedInFloat32() throws IOException {
        coop("embed", "-m", MODEL, "--text", "a cat", "--precision", "auto", "-o", out);
        assertThat(written()).isEqualTo("float32");
    }

    @Test
    void imagesAreEncodedInTheFastestPrecisionUnlessTheyAreLearnedFromOrScored() throws IOException {
        assertThat(coop("zero-shot", "-m", MODEL, "-c", "red,blue", chair).err())
                .doesNotContain(NOTE);
        Path large = large();
        String fast = fastest();
        CommandRun answer = coop("embed", "-m", large, chair, "-o", out);
        assertThat(answer.err().contains(NOTE)).as(answer.err()).isEqualTo(fast.equals("bf16"));
        assertThat(written()).isEqualTo(fast);
        CommandRun asked = coop("embed", "-m", large, chair, "--precision", "auto", "-o", out);
        assertThat(asked.err()).doesNotContain(NOTE);
        Path pictures = TestPictures.folder(outFolder.resolve("pictures"), 2, "red", "blue");
        Path bank = outFolder.resolve("bank");
        CommandRun labelled = coop("embed", "-m", large, "-d", pictures, "--bank", bank, "-o", out)
                .ok();
        assertThat(labelled.err()).doesNotContain(NOTE);
        assertThat(written()).isEqualTo("float32");
        CommandRun guessed = coop("zero-shot", "-m", large, "-c", "red,blue", chair);
        assertThat(guessed.err().contains(NOTE)).as(guessed.err()).isEqualTo(fast.equals("bf16"));
        assertThat(guessed.out())
                .isEqualTo(coop("zero-shot", "-m", large, "-c", "red,blue", "--precision", fast, chair)
                        .out());
        assertThat(coop("zero-shot", "-m", large, pictures.resolve("test")).err())
                .doesNotContain(NOTE);
    }

    @Test
    void aRunIsTestedInItsOwnPrecision() throws IOException {
        String fast = fastest();
        Path pictures = TestPictures.folder(outFolder.resolve("pictures"), 2, "red", "blue");
        Path bank = outFolder.resolve("bank");
        Path run = outFolder.resolve("run");
        coop("train -m % -d % --method gda --precision % --bank % -o %", MODEL, pictures, fast, bank, run)
                .ok();
        List<Path> banks = CampaignFiles.files(bank);
        coop("eval", "-p", run, "--bank", bank).ok();
        assertThat(CampaignFiles.files(bank)).isEqualTo(banks);
        coop("eval", "-p", run, "--precision", "float32", "--bank", bank).ok();
        assertThat(CampaignFiles.files(bank).size() > banks.size()).isEqualTo(fast.equals("bf16"));
    }

    /** The shipped photographs of all classes, by hand-written prompts and by a classifier that learned in float32. */
    @Test
    void photographsKeepTheirLabels() throws IOException {
        Path photographs = DemoPictures.unpack(folder.resolve("demo")).folder().resolve("photographs");
        Path runs = outFolder.resolve("runs");
        coop(
                        "train -m % -d % --method zero-shot,gda --bank % -o %",
                        ShippedModel.file(folder.resolve("model")), photographs, outFolder.resolve("bank"), runs)
                .ok();
        for (String method : List.of("zero-shot", "gda")) {
            List<JsonNode> exact = predictions(runs.resolve(method), photographs, "float32");
            List<JsonNode> fast = predictions(runs.resolve(method), photographs, fastest());
            assertThat(fast).as(method).hasSize(296).satisfies(all -> {
                boolean rounded = Precision.BFLOAT16.obstacle().isEmpty();
                assertThat(all.equals(exact)).isEqualTo(!rounded);
            });
            int changed = 0;
            for (int i = 0; i < exact.size(); i++) {
                JsonNode before = exact.get(i);
                String label = fast.get(i).get("label").asText();
                double ofLabel = before.get("probabilities").get(label).asDouble();
                assertThat(Math.log(before.get("probability").asDouble() / ofLabel))
                        .as(method + " " + before)
                        .isLessThan(TIE);
                changed += label.equals(before.get("label").asText()) ? 0 : 1;
            }
            assertThat(changed).as(method).isLessThanOrEqualTo(2);
        }
    }

    private static List<JsonNode> predictions(Path run, Path photographs, String precision) throws IOException {
        CommandRun done = coop("predict -p % --precision % --jsonl %", run, precision, photographs.resolve("test"))
                .ok();
        return new ObjectMapper()
                .readerFor(JsonNode.class)
                .<JsonNode>readValues(done.out())
                .readAll();
    }

    @Test
    void aProcessorWithoutItIsRefusedAndAutoFallsBack() throws Exception {
        CommandRun asked =
                CoopProcess.run(outFolder, OLDER, "embed", "-m", MODEL, chair, "--precision", "bf16", "-o", out);
        assertThat(asked.failed(1))
                .contains("--precision bf16: ")
                .contains("float32")
                .hasLineCount(1);
        assertThat(Files.exists(out)).isFalse();
        CommandRun auto =
                CoopProcess.run(outFolder, OLDER, "embed", "-m", large(), chair, "--precision", "auto", "-o", out);
        auto.ok();
        assertThat(written()).isEqualTo("float32");
    }
}
