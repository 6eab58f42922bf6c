package org.coop4j.cli;

import static org.assertj.core.api.Assertions.assertThat;
import static org.coop4j.cli.CommandRun.coop;
import static org.coop4j.cli.CommandRun.picture;
import static org.coop4j.cli.TinyModel.MODEL;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import org.coop4j.base.Folders;
import org.coop4j.clip.ShippedModel;
import org.coop4j.data.bank.TestPictures;
import org.coop4j.demo.DemoPictures;
import org.coop4j.graph.host.Precision;
import org.coop4j.weights.safetensors.SafetensorsFile;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** {@code --exif keep|apply}: pictures are stored as the camera was held. */
class EncodingOptionsTest {

    private static final int PNG_HEADER = 33;

    @TempDir
    private static Path folder;

    private static Path pictures;
    private static Path image;

    @BeforeAll
    static void write() throws IOException {
        pictures = TestPictures.folder(folder.resolve("pictures"), 2, "blue", "red");
        for (String name : List.of("train/blue", "train/red", "test/blue", "test/red")) {
            for (int i = 0; i < 2; i++) {
                turn(pictures.resolve(name).resolve("picture-" + i + ".png"));
            }
        }
        image = pictures.resolve("test/red/picture-0.png");
    }

    /** Says in a PNG's EXIF data that it is to be turned by 90 degrees. */
    private static void turn(Path png) throws IOException {
        ByteBuffer chunk = ByteBuffer.allocate(12 + 26);
        chunk.putInt(26).putInt(0x65584966).putShort((short) 0x4d4d).putShort((short) 42);
        chunk.putInt(8).putShort((short) 1);
        chunk.putShort((short) 0x0112).putShort((short) 3).putInt(1).putShort((short) 6);
        byte[] file = Files.readAllBytes(png);
        byte[] head = Arrays.copyOf(file, PNG_HEADER + chunk.capacity());
        chunk.rewind().get(head, PNG_HEADER, chunk.capacity());
        byte[] whole = Arrays.copyOf(head, head.length + file.length - PNG_HEADER);
        System.arraycopy(file, PNG_HEADER, whole, head.length, file.length - PNG_HEADER);
        Files.write(png, whole);
    }

    private static CommandRun train(Path out, Object... more) {
        return coop(
                "train -m % -d % -o % -M 3 -k 1 --epochs 2 --batch 2 --bank",
                MODEL, pictures, out, folder.resolve("bank"), more);
    }

    private static String predict(Path run, Object... more) {
        return out(coop("predict", "-p", run, "--json", "-q", image, more));
    }

    private static String out(CommandRun done) {
        return done.ok().out();
    }

    @Test
    void aRunRecordsItAndWhoUsesTheRunDoesTheSame() throws IOException {
        Path kept = folder.resolve("kept");
        out(train(kept, "--exif", "keep"));
        assertThat(kept.resolve("config.json")).content().contains("\"exif\" : \"KEEP\"");
        assertThat(predict(kept))
                .isEqualTo(predict(kept, "--exif", "keep"))
                .isNotEqualTo(predict(kept, "--exif", "apply"));
        String own = out(coop("eval", "-p", kept, "--bank", folder.resolve("bank"), "--json"));
        for (Object more : List.of(List.of(), List.of("--exif", "KEEP"))) {
            assertThat(out(coop("eval -p % --bank % -d % --json", kept, folder.resolve("bank"), pictures, more)))
                    .isEqualTo(own);
        }
        assertThat(train(kept, "--resume").failed(1)).contains("settings have changed");
    }

    @Test
    void toApplyIsWhatAUsersOwnFolderGetsByItself() throws IOException {
        Path usual = folder.resolve("usual");
        out(train(usual));
        CommandRun same = train(usual, "--exif", "apply", "--resume").ok();
        assertThat(same.err()).contains("is finished already");
        assertThat(predict(usual)).isEqualTo(predict(usual, "--exif", "apply"));
    }

    @Test
    void picturesOfASplitFileAreKeptAsInTheReferenceAndPredictFollows() throws IOException {
        Path split = Files.writeString(
                pictures.resolveSibling("split.json"),
                """
                {"train": [["train/blue/picture-0.png", 0, "blue"], ["train/red/picture-0.png", 1, "red"]],
                 "val": [], "test": [["test/blue/picture-0.png", 0, "blue"], ["test/red/picture-0.png", 1, "red"]]}
                """);
        Path run = folder.resolve("split-run");
        coop(
                        "train -m % -d % --images % -o % --method prototypes --bank",
                        MODEL, split, pictures, run, folder.resolve("bank"))
                .ok();
        assertThat(predict(run))
                .isEqualTo(predict(run, "--exif", "keep"))
                .isNotEqualTo(predict(run, "--exif", "apply"));
    }

    @Test
    void embedAndZeroShotTakeIt() throws IOException {
        Path kept = folder.resolve("kept.safetensors");
        Path applied = folder.resolve("applied.safetensors");
        out(coop("embed", "-m", MODEL, image, "--exif", "keep", "-o", kept));
        out(coop("embed", "-m", MODEL, image, "-o", applied));
        assertThat(Files.mismatch(kept, applied)).isNotEqualTo(-1);
        Object[] zeroShot = {"zero-shot", "-m", MODEL, "-d", pictures, "--json", "-q"};
        assertThat(out(coop(zeroShot))).isNotEqualTo(out(coop(zeroShot, "--exif", "keep")));
    }

    /** A limit of oneDNN's own, below bfloat16. */
    private static final Map<String, String> OLDER = Map.of("ONEDNN_MAX_CPU_ISA", "AVX512_CORE_VNNI");

    private static final String NOTE = "encoded in bfloat16";

    /** Difference of two logits that bfloat16 may turn round; measured: 0.008. */
    private static final double TIE = 0.03;

    @TempDir
    private Path outFolder;

    private Path out;

    private final Path chair = picture("chair-image_0013");

    @BeforeEach
    void chooseOutput() {
        out = outFolder.resolve("features.safetensors");
    }

    /** Returns bfloat16 where it can be computed, even if it is slower, and float32 elsewhere. */
    private static String bfloat16IfPossible() {
        return Precision.BFLOAT16.obstacle().isEmpty() ? "bf16" : "float32";
    }

    private static Path large() throws IOException {
        return TinyModel.write(folder.resolve("large.safetensors"), 49_408, 128);
    }

    private String written() throws IOException {
        try (SafetensorsFile file = SafetensorsFile.open(out)) {
            return file.metadata().get("coop4j.precision");
        }
    }

    @Test
    void imagesAreEncodedInTheFastestPrecisionUnlessTheyAreLearnedFromOrScored() throws IOException {
        assertThat(coop("zero-shot", "-m", MODEL, "-c", "red,blue", chair).err())
                .doesNotContain(NOTE);
        Path large = large();
        String fast = Precision.fastest().id();
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
        String fast = bfloat16IfPossible();
        Path pictures = TestPictures.folder(outFolder.resolve("pictures"), 2, "red", "blue");
        Path bank = outFolder.resolve("bank");
        Path run = outFolder.resolve("run");
        coop("train -m % -d % --method gda --precision % --bank % -o %", MODEL, pictures, fast, bank, run)
                .ok();
        List<Path> banks = Folders.files(bank);
        coop("eval", "-p", run, "--bank", bank).ok();
        assertThat(Folders.files(bank)).isEqualTo(banks);
        coop("eval", "-p", run, "--precision", "float32", "--bank", bank).ok();
        assertThat(Folders.files(bank).size() > banks.size()).isEqualTo(fast.equals("bf16"));
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
            List<JsonNode> fast = predictions(runs.resolve(method), photographs, bfloat16IfPossible());
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
