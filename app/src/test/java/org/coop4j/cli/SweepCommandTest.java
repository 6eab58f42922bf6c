package org.coop4j.cli;

import static org.assertj.core.api.Assertions.assertThat;
import static org.coop4j.cli.CommandRun.coop;
import static org.coop4j.cli.CommandRun.json;
import static org.coop4j.cli.TinyModel.MODEL;

import com.fasterxml.jackson.databind.JsonNode;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import org.coop4j.base.Folders;
import org.coop4j.clip.Clip;
import org.coop4j.clip.MemoryLimit;
import org.coop4j.data.bank.TestPictures;
import org.coop4j.graph.host.Workers;
import org.coop4j.run.Images;
import org.coop4j.run.Run;
import org.coop4j.run.RunFolder;
import org.coop4j.run.RunResult;
import org.coop4j.study.RunFiles;
import org.coop4j.study.Sweep;
import org.coop4j.study.SweepPlan;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class SweepCommandTest {

    @TempDir
    private static Path folder;

    private static Path plan;

    @BeforeAll
    static void write() throws IOException {
        TestPictures.folder(folder.resolve("data"), 2, "sky", "lawn", "red_rose", "kite (bird)");
        plan = folder.resolve("plan.yaml");
        Files.writeString(
                plan,
                """
                datasets: data
                methods: [coop-m4-end, zero-shot]
                shots: [1, 2]
                seeds: [1, 2]
                epochs: 2
                """);
    }

    private static CommandRun sweep(Path out, Object... more) {
        return coop("sweep", plan, "-m", MODEL, "-o", out, more);
    }

    @Test
    void aSweepEndsInATableAndFoldersAndDoesNothingTwice() throws IOException {
        Path out = folder.resolve("sweep");
        CommandRun run = sweep(out).ok();
        assertThat(run.out().lines()).hasSize(4);
        assertThat(run.out().lines().toList().get(0)).matches("DATASET +METHOD +0 SHOTS +1 SHOT +2 SHOTS");
        assertThat(run.out().lines().toList().get(1)).matches("data +zero-shot +[\\d.]+");
        assertThat(run.out().lines().toList().get(2)).matches("data +coop-m4-end +[\\d.]+±[\\d.]+ +[\\d.]+±[\\d.]+");
        assertThat(run.err().lines().filter(line -> line.matches("\\d/5 data .*: [\\d.]+ %.*")))
                .hasSize(5);
        assertThat(run.err()).contains("5 runs\n", "2/5 data coop-m4-end, 1 shot, seed 1: ", "(hand-written ");
        assertThat(out.resolve("bank")).isDirectory();

        CommandRun again = sweep(out).ok();
        assertThat(again.out()).isEqualTo(run.out());
        assertThat(again.err()).contains("5 runs, 5 of them").hasLineCount(1);

        CommandRun csv = sweep(out, "--csv", "-q");
        assertThat(csv.err()).isEmpty();
        assertThat(csv.out().lines().toList().get(0))
                .isEqualTo("model,dataset,learned_on,subset,method,shots,seed,class,measure,value,folder");
        assertThat(csv.out().lines().toList().get(1)).startsWith("tiny,data,data,all,zero-shot,0,0,,accuracy,");
        // Six measures, and two of each of four classes.
        assertThat(csv.out().lines()).hasSize(1 + 5 * (6 + 2 * 4));

        JsonNode second = json(sweep(out, "--json")).path(6 + 2 * 4);
        RunResult onDisk =
                Run.open(out.resolve(second.path("folder").asText())).result().orElseThrow();
        assertThat(second.path("value").asDouble()).isEqualTo(onDisk.accuracy());
        assertThat(second.path("seed").asInt()).isEqualTo(1);
    }

    /** Last digits depend on the number of threads. */
    @Test
    void aSweepGoesOnWithTheThreadsThatItBeganWith() throws IOException {
        Path out = folder.resolve("threads");
        int threads = Workers.standard().count() + 1;
        String first = Files.readString(plan).replace("seeds: [1, 2]", "seeds: 1");
        try (Clip clip = org.coop4j.clip.TinyModel.open(MODEL, threads)) {
            Images images = new Images(clip, new Run.Options(out.resolve("bank"), false, MemoryLimit.none()));
            Sweep.of(images, SweepPlan.parse(first, folder)).run(out, new Sweep.SweepListener() {});
        }
        CommandRun run = sweep(out).ok();
        assertThat(run.err()).contains("computing with " + threads + " threads, as the sweep began", "3 of them");
        assertThat(Folders.files(out.resolve("runs")))
                .filteredOn(file -> file.endsWith("config.json"))
                .hasSize(5)
                .allSatisfy(
                        file -> assertThat(Run.open(file.getParent()).config().threads())
                                .isEqualTo(threads));
    }

    @Test
    void aDryRunListsRunsAndWritesNothing() throws IOException {
        Path out = folder.resolve("dry");
        CommandRun dry = sweep(out, "--dry-run").ok();
        assertThat(dry.out().lines()).hasSize(6);
        assertThat(dry.out()).contains("coop-m4-end/shots2-seed1-").contains("new");
        assertThat(dry.err()).contains("5 runs: 5 new; ", "known once a run is finished");
        assertThat(out).doesNotExist();
        sweep(out).ok();
        CommandRun after = sweep(out, "--dry-run", "--csv");
        assertThat(after.out().lines().skip(1)).allMatch(line -> line.contains(",finished,"));
        JsonNode json = json(sweep(out, "--dry-run", "--json"));
        assertThat(json).hasSize(5);
        assertThat(json.path(0).path("state").asText()).isEqualTo("finished");
        assertThat(json.path(1).path("epochs").asInt()).isEqualTo(2);
        Files.delete(out.resolve(json.path(4).path("run").asText()).resolve(RunFolder.PROVENANCE));
        assertThat(sweep(out, "--dry-run").err()).containsPattern("4 finished, 1 begun; about \\d.* left");
    }

    @Test
    void aFailureIsCodeOneAndSaidAtTheEnd() throws IOException {
        TestPictures.folder(folder.resolve("sick"), 1, "sky", "lawn");
        Files.write(folder.resolve("sick/test/sky/picture-0.png"), new byte[] {1});
        Path both = folder.resolve("both.yaml");
        Files.writeString(
                both,
                """
                datasets: [sick, data]
                methods: [zero-shot, coop-m4-end]
                shots: 1
                seeds: 1
                epochs: 1
                """);
        Path out = folder.resolve("failing");
        CommandRun run = coop("sweep", both, "-m", MODEL, "-o", out);
        run.failed(1);
        assertThat(run.out()).contains("data").doesNotContain("sick");
        assertThat(run.err()).contains("2 of 4 runs").containsPattern("coop: +sick zero-shot and 1 other: 1 image");
        assertThat(run.err().lines().filter(line -> line.matches("\\d/4 data .*")))
                .hasSize(2);
        coop("sweep", both, "-m", MODEL, "-o", out, "--skip-bad").ok();
    }

    @Test
    void theExampleIsPrintedAlone() {
        CommandRun example = coop("sweep", "--example").ok();
        assertThat(example.out()).isEqualTo(SweepPlan.example());
        assertThat(example.err()).isEmpty();
    }

    @TempDir
    Path runs;

    /** Two datasets, each with zero-shot and three seeds of a context. */
    private void writeRuns() throws IOException {
        for (String dataset : new String[] {"EuroSAT", "Food101"}) {
            double zeroShot = dataset.equals("EuroSAT") ? 40 : 70;
            RunFiles.of("zero-shot", dataset, zeroShot).write(runs.resolve(dataset + "/zero-shot"));
            for (int seed = 1; seed <= 3; seed++) {
                RunFiles.of("coop-m16-end", dataset, zeroShot + 10 * seed)
                        .learned(16, seed)
                        .write(runs.resolve(dataset + "/coop/seed" + seed));
            }
        }
    }

    @Test
    void theTableAndTheFilesGoToStandardOutput() throws IOException {
        writeRuns();

        CommandRun run = coop("report", runs).ok();
        assertThat(run.err()).isEmpty();
        assertThat(run.out())
                .containsPattern("^small .*a1a1a1a1a1a1.*: 8 runs, 2 datasets, seeds 1, 2 and 3\n")
                .containsPattern("average of 2 +zero-shot +55\\.0\n")
                // Averages 65, 75 and 85.
                .containsPattern("average of 2 +coop-m16-end +75\\.0±10\\.0\n")
                .containsPattern("EuroSAT +coop-m16-end +60\\.0±10\\.0\n")
                .contains(
                        "page: " + runs.resolve("report/report.html"), "scores: " + runs.resolve("report/scores.csv"));
        assertThat(run.out().lines()).allMatch(line -> line.length() <= 160);
        assertThat(runs.resolve("report/report.html")).isRegularFile();
        assertThat(coop("report", runs, "-o", runs).failed(1)).contains("holds no report");
        assertThat(coop("report", runs, "--csv").ok().out())
                .isEqualTo(Files.readString(runs.resolve("report/scores.csv")))
                .contains(",EuroSAT,EuroSAT,all,coop-m16-end,16,3,,accuracy,70.0,");
        // Again, over the report that is there now.
        assertThat(coop("report", runs, "-q").out()).isEqualTo(run.out());
    }

    @Test
    void aDamagedRunIsNamedAndTheReportMadeAndTheExitCodeIs1() throws IOException {
        writeRuns();
        Files.writeString(runs.resolve("EuroSAT/coop/seed2/result.json"), "{\"method\":");

        CommandRun run = coop("report", runs);

        assertThat(run.failed(1))
                .contains("damaged run " + runs.resolve("EuroSAT/coop/seed2"))
                .contains("result.json is damaged")
                .contains("seed 2", "EuroSAT, coop-m16-end, 16 shots");
        assertThat(run.out()).contains("page: ");
    }

    @Test
    void withoutRunsThereIsAMessageAndNoReport() throws IOException {
        RunFiles.failed(runs.resolve("x"), "out of memory");

        CommandRun run = coop("report", runs);

        run.failed(1);
        assertThat(run.out()).isEmpty();
        assertThat(run.err()).contains("out of memory").contains("below " + runs, "1 failed run", "0 unfinished");
        assertThat(runs.resolve("report")).doesNotExist();
    }
}
