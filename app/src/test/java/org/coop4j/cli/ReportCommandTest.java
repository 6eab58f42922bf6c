package org.coop4j.cli;

import static org.assertj.core.api.Assertions.assertThat;
import static org.coop4j.cli.CommandRun.coop;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import org.coop4j.study.RunFiles;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class ReportCommandTest {

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
                .contains("Average over 2 datasets, ")
                .containsPattern("zero-shot +55\\.0\n")
                // Averages 65, 75 and 85.
                .containsPattern("coop-m16-end +75\\.0±10\\.0\n")
                .containsPattern("EuroSAT +\\+20\\.0 +40\\.0 +60\\.0±10\\.0 +16 +0\\.074\n")
                .contains("page: " + runs.resolve("report/report.html"))
                .contains("average.svg", "few-shot.csv");
        assertThat(run.out().lines()).allMatch(line -> line.length() <= 160);
        assertThat(runs.resolve("report/report.html")).isRegularFile();
        // Again, over the report that is there now.
        assertThat(coop("report", runs, "-q").out()).isEqualTo(run.out());
    }

    @Test
    void csvIsTheFewShotTable() throws IOException {
        writeRuns();

        assertThat(coop("report", runs, "--csv").ok().out())
                .hasLineCount(7)
                .startsWith("model,model_sha256,learned_on,dataset,method,shots,averaged,")
                .contains(",average of 2,zero-shot,");
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
    void aSingleTrainingRunIsReportedWithItsHandWrittenPrompts() throws IOException {
        RunFiles.of("coop", "pictures", 91)
                .learned(16, 1)
                .prompt("a photo of a {}.", 80)
                .prompt("a painting of a {}.", 83)
                .write(runs);

        CommandRun run = coop("report", runs).ok();
        assertThat(run.out())
                .containsPattern("zero-shot +80\\.0\n")
                .containsPattern("hand-written-best +83\\.0\n")
                .containsPattern("coop +91\\.0\n");
        assertThat(Files.readString(runs.resolve("report/report.html"))).contains("a painting of a {}.");
    }

    @Test
    void modelsAreShownApartAndThatIsSaid() throws IOException {
        writeRuns();
        RunFiles.of("coop-m16-end", "EuroSAT", 99)
                .learned(16, 1)
                .model("b2".repeat(32), "OpenAI RN50")
                .write(runs.resolve("other"));

        CommandRun run = coop("report", runs).ok();
        assertThat(run.err()).contains("2 models");
        assertThat(run.out()).containsPattern("RN50 .*b2b2b2b2b2b2.*: 1 run, 1 dataset, seed 1");
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

    @Test
    void aFolderOfSomethingElseIsNotReplaced() throws IOException {
        writeRuns();
        assertThat(coop("report", runs, "-o", runs).failed(1)).contains("holds no report");
    }
}
