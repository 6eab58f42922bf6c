package org.coop4j.cli;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;
import static org.coop4j.cli.CommandRun.coop;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ObjectNode;
import com.fasterxml.jackson.dataformat.csv.CsvMapper;
import com.fasterxml.jackson.dataformat.csv.CsvSchema;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.stream.Stream;
import org.coop4j.run.RunFolder;
import org.coop4j.weights.safetensors.SafetensorsFile;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/**
 * Files of the version before methods had an interface of their own still open, resume and give the
 * numbers that they gave then; how they were made is in {@code before-method/README.md}. Only the
 * command line is used, as somebody who has such files would.
 */
@Timeout(300)
class EarlierVersionTest {

    private static final Path FILES = Path.of("../src/test/resources/before-method");

    /** Where all the files lay when they were made. */
    private static final String PLACE_THEN = "/tmp/coop4j-fixture";

    /** Other processors sum in another order: logits of up to 100 then differ by some 1e-5. */
    private static final double PROBABILITY = 1e-4;

    /** The same for contexts of up to 84 after 240 epochs: one thread differs by 2e-5 from two. */
    private static final double CONTEXT = 1e-3;

    private static final String SPECIFIC = "runs/specific";
    private static final String KILLED_SWEEP_RUN = "runs/shapes/coop-m3-csc/shots2-seed5-535b3cb1";

    private static final ObjectMapper JSON = new ObjectMapper();

    @TempDir private Path folder;
    private Path files;

    @BeforeEach
    void copy() throws IOException {
        files = folder.resolve("files");
        try (Stream<Path> all = Files.walk(FILES)) {
            for (Path from : all.toList()) {
                Path to = files.resolve(FILES.relativize(from).toString());
                if (Files.isDirectory(from)) {
                    Files.createDirectories(to);
                } else if (from.endsWith("config.json")) {
                    String config = Files.readString(from);
                    Files.writeString(to, config.replace(PLACE_THEN, files.toString()));
                } else {
                    Files.copy(from, to);
                }
            }
        }
    }

    private Object[] command(String name, Object... words) {
        List<Object> all = new ArrayList<>(List.of(name));
        all.addAll(List.of("--model", files.resolve("model.safetensors")));
        all.addAll(List.of("--vocabulary", files.resolve("vocabulary")));
        all.addAll(List.of(words));
        return all.toArray();
    }

    private Object[] train(String run, String settings, Object... more) {
        List<Object> words = new ArrayList<>(List.of("-o", files.resolve(run)));
        words.addAll(List.of("--bank", files.resolve("bank")));
        words.addAll(List.of((Object[]) settings.split(" ")));
        words.addAll(List.of(more));
        return command("train", words.toArray());
    }

    private Object[] killedTraining(String run, Object... more) {
        return train(
                run,
                "-M 4 -k 3 --seed 7 --epochs 240 --batch 4 --lr 0.01 --checkpoint-every 25 -d "
                        + files.resolve("pictures"),
                more);
    }

    /** Content and time of each file below a folder; the locks of those who write there aside. */
    private static Map<String, String> state(Path root) throws IOException {
        Map<String, String> state = new TreeMap<>();
        try (Stream<Path> all = Files.walk(root)) {
            for (Path file : all.filter(Files::isRegularFile).toList()) {
                if (!file.endsWith(".lock")) {
                    String content = java.util.HexFormat.of().formatHex(Files.readAllBytes(file));
                    state.put(
                            root.relativize(file).toString(),
                            Files.getLastModifiedTime(file) + " " + content);
                }
            }
        }
        return state;
    }

    private static CommandRun done(CommandRun run) {
        assertThat(run.code()).as(run.err()).isZero();
        return run;
    }

    @ParameterizedTest
    @CsvSource({
        "unified-seed1, runs/unified/seed1",
        "unified-seed1, runs/unified/seed1/prompt.safetensors",
        "unified-seed2, runs/unified/seed2",
        "specific, runs/specific",
        "words, runs/words",
        "whole, whole",
        "sweep, sweep/runs/shapes/coop-m4-end/shots1-seed1-e7efad92"
    })
    void aLearnedPromptClassifiesAsItDid(String expected, String prompt) throws IOException {
        JsonNode then =
                JSON.readTree(FILES.resolve("expected/predict-" + expected + ".json").toFile());
        Path pictures = files.resolve("pictures/test");
        Object[] predict =
                command("predict", "-p", files.resolve(prompt), "-q", "--json", pictures);
        JsonNode now = JSON.readTree(done(coop(predict)).out());
        assertThat(now).hasSize(12).hasSameSizeAs(then);
        for (int i = 0; i < then.size(); i++) {
            assertThat(now.get(i).get("file").asText())
                    .isEqualTo(files.resolve(then.get(i).get("file").asText()).toString());
            assertThat(now.get(i).get("class")).isEqualTo(then.get(i).get("class"));
            ObjectNode probabilities = (ObjectNode) then.get(i).get("probabilities");
            assertThat(now.get(i).get("probabilities")).hasSameSizeAs(probabilities);
            for (Map.Entry<String, JsonNode> each : probabilities.properties()) {
                assertThat(now.get(i).get("probabilities").path(each.getKey()).asDouble())
                        .as(each.getKey())
                        .isCloseTo(each.getValue().asDouble(), within(PROBABILITY));
            }
        }
    }

    @ParameterizedTest
    @CsvSource({
        "runs/unified/seed1, pictures, ''",
        "runs/unified/seed2, pictures, ''",
        "runs/specific, pictures, ''",
        "runs/words, list.csv, --half base",
        "whole, pictures, ''"
    })
    void evalMeasuresWhatTheRunMeasuredAndEncodesNothingAgain(String run, String data, String half)
            throws IOException {
        Map<String, String> bank = state(files.resolve("bank"));
        List<Object> words = new ArrayList<>(List.of("-p", files.resolve(run), "--json"));
        words.addAll(List.of("--bank", files.resolve("bank"), "-d", files.resolve(data)));
        if (data.endsWith(".csv")) {
            words.addAll(List.of("--images", files.resolve("pictures")));
        }
        words.addAll(half.isEmpty() ? List.of() : List.of((Object[]) half.split(" ")));
        JsonNode now = JSON.readTree(done(coop(command("eval", words.toArray()))).out());
        JsonNode then = JSON.readTree(files.resolve(run).resolve("result.json").toFile());
        assertThat(now.get("images")).isEqualTo(then.get("testImages"));
        assertThat(now.get("accuracy").asDouble())
                .isCloseTo(then.get("accuracy").asDouble(), within(1e-9));
        assertThat(state(files.resolve("bank"))).isEqualTo(bank);
    }

    @Test
    void finishedRunsAreFinished() throws IOException {
        Map<String, String> runs = state(files.resolve("runs"));
        Path pictures = files.resolve("pictures");
        Path list = files.resolve("list.csv");
        Object[][] commands = {
            train(
                    "runs/unified",
                    "--seeds 1,2 -M 3 -k 2 --epochs 40 --batch 4 --lr 0.01 --checkpoint-every 15",
                    "-d",
                    pictures,
                    "--resume"),
            train(
                    SPECIFIC,
                    "--csc --position middle -M 2 -k 0 --epochs 20 --batch 6 --lr 0.02",
                    "-d",
                    pictures,
                    "--resume"),
            train(
                    "runs/words",
                    "--position front --views 2 -k 2 --seed 3 --epochs 12 --batch 3 --lr 0.01"
                            + " --half base",
                    "--init",
                    "a photo of",
                    "-d",
                    list,
                    "--images",
                    pictures,
                    "--resume")
        };
        for (Object[] command : commands) {
            assertThat(done(coop(command)).err()).contains("is finished already");
        }
        Object[] again =
                train(SPECIFIC, "--csc --position middle -M 2 -k 0 --epochs 20", "-d", pictures);
        CommandRun refused = coop(again);
        assertThat(refused.code()).isEqualTo(1);
        assertThat(refused.err()).contains("--resume");
        Map<String, String> now = state(files.resolve("runs"));
        // The page about a run is new, and written whenever the command is repeated.
        assertThat(now.keySet().removeIf(file -> file.endsWith(RunFolder.REPORT))).isTrue();
        assertThat(now).isEqualTo(runs);
    }

    @Test
    void aKilledRunGoesOnToTheBitsOfOneThatWasNot() throws IOException, InterruptedException {
        CommandRun run = done(CoopProcess.run(folder, killedTraining("killed", "--resume")));
        assertThat(run.err()).contains("epoch 100 of 240");
        assertSameContext(files.resolve("killed"), files.resolve("whole"));
        assertThat(Files.readAllLines(files.resolve("killed/metrics.jsonl"))).hasSize(240);
    }

    @Test
    void theSameCommandStillLearnsTheSame() throws IOException, InterruptedException {
        done(CoopProcess.run(folder, killedTraining("fresh")));
        assertSameContext(files.resolve("fresh"), files.resolve("whole"));
    }

    @Test
    void aKilledSweepGoesOnToTheBitsOfOneThatWasNot() throws IOException, InterruptedException {
        Path sweep = files.resolve("sweep-killed");
        Path run = sweep.resolve(KILLED_SWEEP_RUN);
        String firstEpoch = Files.readAllLines(run.resolve("metrics.jsonl")).get(0);
        done(CoopProcess.run(folder, command("sweep", files.resolve("killed.yaml"), "-o", sweep)));
        assertSameContext(run, files.resolve("sweep-whole").resolve(KILLED_SWEEP_RUN));
        assertThat(Files.readAllLines(run.resolve("metrics.jsonl")))
                .hasSize(120)
                .startsWith(firstEpoch);
        try (Stream<Path> runs = Files.list(run.getParent())) {
            assertThat(runs).containsExactly(run);
        }
    }

    private static void assertSameContext(Path run, Path expected) throws IOException {
        float[] now = context(RunFolder.classifier(run).orElseThrow());
        float[] then = context(RunFolder.classifier(expected).orElseThrow());
        if (RecordedArithmetic.isThisMachines()) {
            assertThat(now).containsExactly(then);
        } else {
            assertThat(now).containsExactly(then, within((float) CONTEXT));
        }
    }

    private static float[] context(Path prompt) throws IOException {
        try (SafetensorsFile tensors = SafetensorsFile.open(prompt)) {
            return tensors.floats("ctx");
        }
    }

    @Test
    void aSweepRepeatsNothingWhereverItLies() throws IOException {
        Path sweep = files.resolve("sweep");
        Map<String, String> before = state(sweep);
        Path plan = files.resolve("plan.yaml");
        CommandRun dry = done(coop(command("sweep", plan, "-o", sweep, "--dry-run", "--csv")));
        assertThat(dry.out().lines().skip(1))
                .hasSize(19)
                .allMatch(line -> line.contains(",finished,"));
        CommandRun again = done(coop(command("sweep", plan, "-o", sweep, "--csv")));
        assertThat(again.err()).contains("19 runs, 19 of them finished already");
        assertThat(again.out()).isEqualTo(Files.readString(FILES.resolve("expected/sweep.csv")));
        assertThat(state(sweep)).isEqualTo(before);
    }

    /** What the probes scored then on the same images under another name, read from their files. */
    @Test
    void aLongerPlanReadsTheProbesOfTheSweep() throws IOException {
        Path sweep = files.resolve("sweep");
        Map<String, String> before = state(sweep.resolve("runs"));
        Path longer = files.resolve("longer.yaml");
        String plan = Files.readString(files.resolve("plan.yaml"));
        String end = "images: pictures\n  methods: [zero-shot, ";
        assertThat(plan).contains(end);
        Files.writeString(longer, plan.replace(end, end + "linear-probe, "));
        CommandRun run = done(coop(command("sweep", longer, "-o", sweep)));
        assertThat(run.err()).contains("21 runs, 19 of them finished already");
        Map<String, String> after = state(sweep.resolve("runs"));
        assertThat(after).containsAllEntriesOf(before);
        for (String seed : List.of("shots2-seed1-7c99238d", "shots2-seed2-4d5a38d0")) {
            JsonNode then = result(sweep.resolve("runs/shapes/linear-probe").resolve(seed));
            JsonNode now = resultOf(sweep.resolve("runs/shapes/linear-probe-on-listed"), seed);
            assertThat(now.get("accuracy")).isEqualTo(then.get("accuracy"));
            assertThat(now.get("calibrationError").asDouble())
                    .isCloseTo(then.get("calibrationError").asDouble(), within(PROBABILITY));
        }
    }

    private static JsonNode result(Path run) throws IOException {
        return JSON.readTree(run.resolve("result.json").toFile());
    }

    /** The result of the run whose name has the same shots and seed, and another hash. */
    private static JsonNode resultOf(Path method, String name) throws IOException {
        String beginning = name.substring(0, name.lastIndexOf('-'));
        try (Stream<Path> runs = Files.list(method)) {
            List<Path> found =
                    runs.filter(run -> run.getFileName().toString().startsWith(beginning)).toList();
            assertThat(found).hasSize(1);
            return result(found.get(0));
        }
    }

    @ParameterizedTest
    @CsvSource({"sweep, report", "runs, report-runs"})
    void aReportHasTheNumbersThatItHad(String runs, String expected) throws IOException {
        Map<String, String> before = state(files.resolve(runs));
        Path out = folder.resolve("report");
        CommandRun report = coop("report", files.resolve(runs), "-o", out, "-q", "--csv");
        String then = Files.readString(FILES.resolve("expected/" + expected + ".csv"));
        assertThat(numbers(done(report).out())).containsExactlyInAnyOrderElementsOf(numbers(then));
        assertThat(out.resolve("report.html")).isNotEmptyFile();
        assertThat(state(files.resolve(runs))).isEqualTo(before);
    }

    /** Rows of a few-shot table without the words in brackets that tell a method's settings. */
    private static List<List<String>> numbers(String csv) throws IOException {
        List<List<String>> rows = new ArrayList<>();
        try (var read =
                new CsvMapper()
                        .readerForMapOf(String.class)
                        .with(CsvSchema.emptySchema().withHeader())
                        .<Map<String, String>>readValues(csv)) {
            for (Map<String, String> row : read.readAll()) {
                rows.add(
                        List.of(
                                row.get("dataset"),
                                row.get("method").replaceFirst(" \\[.*\\]$", ""),
                                row.get("shots"),
                                row.get("seeds"),
                                row.get("accuracy"),
                                row.get("accuracy_sd"),
                                row.get("macro_f1"),
                                row.get("ece_percent")));
            }
        }
        assertThat(rows).isNotEmpty();
        return rows;
    }
}
