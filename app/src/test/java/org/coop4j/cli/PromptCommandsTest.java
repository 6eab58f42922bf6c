package org.coop4j.cli;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;
import static org.coop4j.cli.CommandRun.coop;
import static org.coop4j.cli.CommandRun.json;
import static org.coop4j.cli.TinyModel.MODEL;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.io.ByteArrayOutputStream;
import java.io.File;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collections;
import java.util.List;
import org.coop4j.console.Console;
import org.coop4j.data.bank.TestPictures;
import org.coop4j.method.ClassifierFile;
import org.coop4j.method.ClassifierFile.Origin;
import org.coop4j.run.RunFolder;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** The life of a learned prompt: train, eval, predict, export, import. */
class PromptCommandsTest {

    /** In the order of a folder's labels. */
    private static final String[] CLASSES = {"blue sea", "green hill", "red sky"};

    private static final int EACH = 4;

    @TempDir
    private static Path folder;

    private static Path pictures;
    private static Path run;

    @BeforeAll
    static void train() throws IOException {
        pictures = TestPictures.folder(folder.resolve("pictures"), EACH, CLASSES);
        run = folder.resolve("run");
        train(run, "--json").ok();
    }

    private static CommandRun train(Path out, Object... more) {
        return trainOn(pictures, 3, out, more);
    }

    private static CommandRun trainOn(Path data, int context, Path out, Object... more) {
        return coop(words(data, context, out, more));
    }

    private static Object[] words(Path data, int context, Path out, Object... more) {
        Path bank = folder.resolve("bank");
        return CommandRun.words(
                "train -m % -d % -o % -M % -k 2 --epochs 6 --batch 4 --bank %", MODEL, data, out, context, bank, more);
    }

    private static CommandRun eval(Object... more) {
        return coop("eval", "-d", pictures, "--bank", folder.resolve("bank"), "-q", more);
    }

    private static JsonNode result() throws IOException {
        return json(run.resolve("result.json"));
    }

    /** The number of threads decides the last digits. */
    @Test
    void aResumedRunComputesWithTheThreadsThatItBeganWith() throws IOException {
        Path out = folder.resolve("threads");
        json(train(out, "--json"));
        File config = out.resolve("config.json").toFile();
        ObjectNode begun = (ObjectNode) new ObjectMapper().readTree(config);
        begun.remove("sha256");
        new ObjectMapper().writeValue(config, begun.put("threads", 3));
        Files.delete(out.resolve(RunFolder.PROVENANCE));
        CommandRun resumed = train(out, "--resume").ok();
        assertThat(resumed.err()).contains("3 threads").doesNotContain("OMP_NUM_THREADS");
        assertThat(json(out.resolve(RunFolder.PROVENANCE)).get("threads").asInt())
                .isEqualTo(3);
    }

    @Test
    void severalSeedsAreReportedTogether() throws IOException {
        Path out = folder.resolve("seeds");
        CommandRun done = train(out, "--seeds", "1,2").ok();
        assertThat(done.out()).contains("±");
        assertThat(out.resolve("seed2/result.json")).isNotEmptyFile();
        // Seed 1 of several is the run of seed 1.
        assertThat(out.resolve("seed1").resolve(RunFolder.CLASSIFIER))
                .hasSameBinaryContentAs(run.resolve(RunFolder.CLASSIFIER));
    }

    @Test
    void aMistakeLeavesTheFolderToTheSameCommandMended() throws IOException {
        Path out = folder.resolve("mistakes");
        CommandRun nowhere = trainOn(folder.resolve("nowhere"), 3, out);
        assertThat(nowhere.code()).as(nowhere.err()).isNotZero();
        assertThat(nowhere.err()).contains("nowhere");

        assertThat(trainOn(pictures, 90, out).failed(1))
                .contains("exceeds the context length 77", "fewer context vectors than 90");

        Path names = folder.resolve("long.csv");
        Files.writeString(names, "red sky," + "x".repeat(60_000) + "\n");
        CommandRun longName = trainOn(pictures, 4, out, "--names", names);
        longName.failed(1);
        List<String> said = longName.err().lines().toList();
        assertThat(said).allSatisfy(line -> assertThat(line).hasSizeLessThan(400));
        assertThat(said.get(said.size() - 1)).contains("class \"xxxx", "exceeds the context length 77");

        CommandRun small = train(out, "--memory", 1);
        small.failed(1);
        String least = small.err().replaceAll("(?s).*needs ([0-9]+) kB.*", "$1K");
        train(folder.resolve("least"), "--memory", least).ok();
        assertThat(small.err())
                .contains("one class alone needs", "more than the limit of 1 kB: allow more")
                .doesNotContain("internal error");

        assertThat(train(out, "--lr", 1e38).failed(1)).contains("epoch", "lower learning rate");

        train(out).ok();
    }

    @Test
    void evalMeasuresWhatTrainMeasured() throws IOException {
        Path table = folder.resolve("confusion.csv");
        Path picture = folder.resolve("confusion.html");
        JsonNode said = json(eval("-p", run, "--json", "--confusion", table, "--picture", picture));

        assertThat(said.get("accuracy").asDouble())
                .isEqualTo(result().get("accuracy").asDouble(), within(1e-9));
        assertThat(said.get("images").asInt()).isEqualTo(EACH * CLASSES.length);
        assertThat(said.get("classes")).hasSize(CLASSES.length);
        assertThat(Files.readAllLines(table)).hasSize(1 + CLASSES.length);
        assertThat(picture).content().contains("Confusion matrix", "<td class=\"num");
        assertThat(eval("-p", run, "--csv").out().lines())
                .hasSize(1 + CLASSES.length)
                .startsWith("class,images,correct,accuracy,f1");
        assertThat(eval("-p", run, "--split", "train").out()).contains("macro f1");

        CommandRun nowhere = eval("-p", run, "--json", "--picture", folder.resolve("no/x.html"));
        assertThat(nowhere.failed(1)).contains("no such folder").doesNotContain(".tmp");
        assertThat(new ObjectMapper().readTree(nowhere.out()).get("images").asInt())
                .isPositive();
    }

    @Test
    void predictPrintsAnImageBeforeTheNextIsEncoded() throws IOException {
        Path images = pictures.resolve("test/red sky");
        List<Path> files = ImageInputs.of(List.of(images)).files();
        for (String format : new String[] {"--csv", "--json", "--jsonl", "-q"}) {
            Path broken = Files.writeString(folder.resolve("later.png"), "no picture");
            ByteArrayOutputStream both = new ByteArrayOutputStream();
            String[] line = CommandRun.words("predict", "-p", run, format, files, broken);
            assertThat(Coop.run(new Console(both, both, false, 80), line)).isEqualTo(1);
            assertThat(both.toString(UTF_8))
                    .containsSubsequence("picture-0.png", "picture-3.png", "coop: ", "later.png");
        }
    }

    @Test
    void whatTheReferenceWouldReadComesBackAsItWas() throws IOException {
        Path out = folder.resolve("exported");
        CommandRun exported = coop("export", "-p", run, "-o", out, "-q").ok();
        Path checkpoint = Path.of(exported.out().strip());
        assertThat(checkpoint).hasFileName("model.pth.tar-6").isNotEmptyFile();

        Path prompt = folder.resolve("imported.safetensors");
        String names = String.join(",", CLASSES);
        CommandRun imported =
                coop("import", out, "-m", MODEL, "-c", names, "-o", prompt).ok();
        assertThat(imported.out()).contains("3 context vectors, unified, 3 classes");
        Path test = pictures.resolve("test");
        assertThat(coop("predict", "-p", prompt, "--json", "-q", test).out())
                .isEqualTo(coop("predict", "-p", run, "--json", "-q", test).out())
                .contains("probability");
    }

    /** Of a stranger's classifier nothing but a name can be believed. */
    @Test
    void aModelFileThatIsNoneIsSaidInALine() throws IOException {
        Path image = pictures.resolve("test/red sky/picture-0.png");
        ClassifierFile learned = ClassifierFile.read(RunFolder.classifier(run).orElseThrow());
        Path file = folder.resolve("stranger.safetensors");
        for (String modelFile : Arrays.asList(null, "", "a\0b", "/nowhere/x", "/dev/zero", "/")) {
            learned.withOrigin(new Origin(Collections.singletonMap("model_file", modelFile)))
                    .write(file);
            CommandRun predicted = coop("predict", "-p", file, "-q", image);
            assertThat(predicted.code()).as(modelFile).isEqualTo(1);
            assertThat(predicted.err()).as(modelFile).hasLineCount(1).doesNotContain("internal error");
        }
    }

    @Test
    void aModelThatIsNotThereIsSaidWithTheWayToGetIt() throws Exception {
        Object[] none = {"train -m % -d % -o %", folder.resolve("none.safetensors"), pictures, folder.resolve("none")};
        assertThat(CoopProcess.run(folder, none).failed(1))
                .contains("none.safetensors")
                .doesNotContain("--resume");
        assertThat(CoopProcess.run(folder, "zero-shot -m RN50 -c a,b x.jpg").failed(1))
                .contains("coop download RN50");
    }

    @Test
    void aModelWithAnotherVocabularyThanTheTokenizersIsSaidInALine() {
        Path tiny = CampaignFiles.model();
        Path other = folder.resolve("other-vocabulary");
        coop(
                        "train -m % --vocabulary % -d % -o % -k 1 -M 2 --epochs 1 --bank % -q",
                        tiny, CampaignFiles.vocabulary(), CampaignFiles.pictures(), other, folder.resolve("bank"))
                .ok();
        Path image = pictures.resolve("test/red sky/picture-0.png");
        List<Object> words = new ArrayList<>(List.of("predict", "-p", other, "-m", tiny, "-q", "-c", "cat,dog", image));
        assertThat(coop(words).failed(1))
                .contains("528 tokens", "--vocabulary DIR")
                .hasLineCount(1);
        words.addAll(List.of("--vocabulary", CampaignFiles.vocabulary()));
        coop(words).ok();
    }

    @Test
    void classifierAndTowersAreWrittenAsOnnx() {
        Path classifier = folder.resolve("classifier.onnx");
        CommandRun exported =
                coop("export", "--onnx", "-p", run, "-o", classifier).ok();
        assertThat(exported.out().strip()).isEqualTo(classifier.toString());
        assertThat(classifier).isNotEmptyFile();
        Path towers = folder.resolve("towers");
        coop("export", "--onnx", "-m", MODEL, "-o", towers).ok();
        assertThat(towers.resolve("image.onnx")).isNotEmptyFile();
        assertThat(towers.resolve("text.onnx")).isNotEmptyFile();
    }

    @Test
    void tilesAreAnsweredInGeoJson() throws Exception {
        Path tiles = Files.createDirectories(folder.resolve("tiles"));
        for (int i = 0; i < CLASSES.length; i++) {
            Path tile = tiles.resolve("slide [x=%d,y=0,w=256,h=256].png".formatted(256 * i));
            Files.copy(pictures.resolve("test/%s/picture-0.png".formatted(CLASSES[i])), tile);
        }
        JsonNode answers = json(coop("predict", "-p", run, "--json", tiles));
        JsonNode found = json(coop("predict", "-p", run, "--geojson", tiles)).path("features");
        assertThat(found).hasSize(3);
        for (int i = 0; i < 3; i++) {
            JsonNode properties = found.path(i).path("properties");
            assertThat(properties.at("/classification/name"))
                    .isEqualTo(answers.path(i).path("label"));
            answers.path(i).path("probabilities").properties().forEach(one -> assertThat(
                            properties.path("measurements").path("coop4j: " + one.getKey()))
                    .isEqualTo(one.getValue()));
            assertThat(found.path(i).at("/geometry/coordinates/0/0/0").asInt()).isEqualTo(256 * i);
        }
        JsonNode unsure = json(coop("predict", "-p", run, "--geojson", "--threshold", "1", "--top", "1", tiles));
        assertThat(unsure.at("/features/0/properties").has("classification")).isFalse();
        assertThat(unsure.at("/features/0/properties/measurements")).hasSize(1);
        assertThat(coop("predict", "-p", run, "--geojson", pictures.resolve("test/red sky"))
                        .failed(1))
                .contains("has no place in its name");
        assertThat(coop("predict", "-p", run, "--geojson", "--json", tiles).failed(2))
                .contains("--geojson");
    }
}
