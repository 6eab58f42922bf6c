package org.coop4j.study;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;
import static org.coop4j.study.MethodResult.AVERAGE;

import java.io.IOException;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import org.assertj.core.data.Offset;
import org.coop4j.console.SeedSummary;
import org.coop4j.page.Shots;
import org.coop4j.run.RunResult.PerClass;
import org.coop4j.study.MethodResult.Measured;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class FewShotResultsTest {

    private static final Offset<Double> CLOSE = within(1e-4);
    private static final MethodLabel COOP = MethodLabel.of("coop-m16-end");

    @TempDir
    Path root;

    private int written;

    private void write(RunFiles run) throws IOException {
        run.write(root.resolve("run-" + written++));
    }

    private void seeds(String method, String dataset, int shots, double... accuracies) throws IOException {
        for (int i = 0; i < accuracies.length; i++) {
            write(RunFiles.of(method, dataset, accuracies[i]).learned(shots, i + 1));
        }
    }

    private Study study() throws IOException {
        return RunFiles.studies(root).get(0);
    }

    private MethodResults fewShot() throws IOException {
        return study().fewShot();
    }

    @Test
    void meanSpreadIntervalAndTestOverTheSeedsAreStudents() throws IOException {
        write(RunFiles.of("zero-shot", "DTD", 60));
        seeds("coop-m16-end", "DTD", 16, 60, 62, 67);

        MethodResults fewShot = fewShot();

        MethodResult cell = fewShot.get("DTD", COOP.with(new Shots(16))).orElseThrow();
        SeedSummary summary = cell.summary(Measured::accuracy).orElseThrow();
        assertThat(summary.mean()).isEqualTo(63, CLOSE);
        // Deviations −3, −1, 4: (9 + 1 + 16) / 2 = 13.
        assertThat(summary.sampleSd()).isEqualTo(Math.sqrt(13), CLOSE);
        // t of 2 degrees of freedom at 0.975 is 4.302653 (any table); 4.302653 · √13 / √3.
        assertThat(summary.studentCi95()).isEqualTo(8.956686, CLOSE);
        assertThat(cell.summary(Measured::macroF1).orElseThrow().mean()).isEqualTo(49);
        assertThat(cell.summary(Measured::calibrationError).orElseThrow().mean())
                .isEqualTo(5, CLOSE);
        MethodResult.Gain gain = cell.gainOver(fewShot.zeroShot("DTD").orElseThrow());
        assertThat(gain.difference()).isEqualTo(3, CLOSE);
        // Differences 0, 2, 7: t = 3 / √(13 / 3) = 1.441153; with 2 degrees of freedom
        // p = 1 − t / √(t² + 2) = 1 − 1.441153 / 2.019139.
        assertThat(gain.pValue().orElseThrow()).isEqualTo(0.286254, CLOSE);
        assertThat(fewShot.on(AVERAGE)).as("average of one dataset").isEmpty();
        assertThat(study().notes()).isEmpty();
    }

    /** scipy.stats.ttest_rel, SciPy 1.15. */
    @Test
    void pairedTestIsScipys() {
        MethodResult.Gain gain =
                MethodResult.gain(new double[] {91.81, 92.01, 92.17}, new double[] {86.29, 86.1, 87.0});

        assertThat(gain.difference()).isEqualTo(5.533333333333, within(1e-9));
        assertThat(gain.pValue().orElseThrow()).isEqualTo(0.0014885408592425558, within(1e-12));
    }

    @Test
    void averagesAreOverTheDatasetsOfEachSeedAndTheirTestOverTheDatasets() throws IOException {
        write(RunFiles.of("zero-shot", "DTD", 60));
        write(RunFiles.of("zero-shot", "EuroSAT", 75));
        seeds("coop-m16-end", "DTD", 16, 60, 62, 67);
        seeds("coop-m16-end", "EuroSAT", 16, 80, 84, 82);

        MethodResults fewShot = fewShot();

        MethodResult average = fewShot.get(AVERAGE, COOP.with(new Shots(16))).orElseThrow();
        // Each seed's average: 70, 73, 74.5; deviations −2.5, 0.5, 2: 10.5 / 2 = 5.25.
        SeedSummary seeds = average.summary(Measured::accuracy).orElseThrow();
        assertThat(average.accuracy()).isEqualTo(72.5, CLOSE);
        assertThat(seeds.mean()).isEqualTo(72.5, CLOSE);
        assertThat(seeds.sampleSd()).isEqualTo(Math.sqrt(5.25), CLOSE);
        // Means 63 and 82 against 60 and 75: differences 3 and 7, sd √8, t = 5 / 2 = 2.5; with one
        // degree of freedom p = 1 − 2/π · atan(2.5) = 1 − 0.757762.
        MethodResult.Gain gain = average.gainOver(fewShot.zeroShot(AVERAGE).orElseThrow());
        assertThat(gain.difference()).isEqualTo(5, CLOSE);
        assertThat(gain.pValue().orElseThrow()).isEqualTo(0.242238, CLOSE);
        assertThat(fewShot.zeroShot(AVERAGE).orElseThrow().accuracy()).isEqualTo(67.5, CLOSE);
    }

    @Test
    void datasetsWithOtherSeedsGiveAMeanWithoutSpread() throws IOException {
        seeds("coop-m16-end", "DTD", 16, 60, 62);
        seeds("coop-m16-end", "EuroSAT", 16, 80, 84, 82);

        MethodResult average = fewShot().get(AVERAGE, COOP.with(new Shots(16))).orElseThrow();

        assertThat(average.accuracy()).isEqualTo((61 + 82) / 2.0, CLOSE);
        assertThat(average.summary(Measured::accuracy).orElseThrow().count()).isEqualTo(1);
    }

    @Test
    void oneSeedOrEqualDifferencesGiveNoTest() throws IOException {
        write(RunFiles.of("zero-shot", "DTD", 60.1));
        seeds("coop-m16-end", "DTD", 1, 71.3);
        seeds("coop-m16-end", "DTD", 2, 71.3, 71.3, 71.3);

        MethodResults fewShot = fewShot();

        for (int shots : new int[] {1, 2}) {
            MethodResult.Gain gain = fewShot.get("DTD", COOP.with(new Shots(shots)))
                    .orElseThrow()
                    .gainOver(fewShot.zeroShot("DTD").orElseThrow());
            assertThat(gain.difference()).isEqualTo(11.2, CLOSE);
            assertThat(gain.pValue()).isEmpty();
        }
    }

    @Test
    void averagesLeaveOutADatasetThatLacksAMethodAndAMethodOfFewDatasets() throws IOException {
        seeds("coop-m16-end", "DTD", 1, 50);
        seeds("coop-m16-end", "EuroSAT", 1, 50);
        seeds("gda", "DTD", 1, 40);
        assertThat(fewShot().averaged()).hasSize(2);
        assertThat(study().notes()).singleElement().asString().contains("2 datasets", "gda, 1 shot");

        seeds("coop-m16-end", "Food101", 1, 50);
        seeds("linear-probe", "DTD", 1, 40);
        seeds("linear-probe", "EuroSAT", 1, 40);

        assertThat(fewShot().averaged()).containsExactly("DTD", "EuroSAT");
        assertThat(fewShot().on(AVERAGE))
                .extracting(average -> average.method().id())
                .containsExactly("linear-probe", "coop-m16-end");
        assertThat(study().notes()).hasSize(2).last().asString().contains("Food101", "linear-probe, 1 shot");
    }

    @Test
    void handWrittenPromptsOfTrainingRunsStandAsZeroShot() throws IOException {
        for (int seed = 1; seed <= 2; seed++) {
            write(RunFiles.of("coop", "dtd", 60 + seed)
                    .learned(16, seed)
                    .prompt("{} texture.", 42)
                    .prompt("{}", 45)
                    .prompt("a photo of a {}.", 40));
        }

        MethodResults fewShot = fewShot();

        // "{} texture." is DTD's own template in the benchmark.
        MethodResult zeroShot = fewShot.zeroShot("dtd").orElseThrow();
        assertThat(zeroShot.accuracy()).isEqualTo(42);
        assertThat(zeroShot.seeds()).containsExactly(0L);
        assertThat(zeroShot.summary(Measured::macroF1)).isEmpty();
        assertThat(fewShot.get("dtd", MethodLabel.BEST_HAND_WRITTEN.with(Shots.NONE))
                        .orElseThrow()
                        .accuracy())
                .isEqualTo(45);
        // Differences 19 and 20: t = 19.5 / 0.5 = 39, p = 1 − 2/π · atan(39) = 0.016320.
        MethodResult.Gain gain = fewShot.get("dtd", fewShot.main().orElseThrow().with(new Shots(16)))
                .map(cell -> cell.gainOver(zeroShot))
                .orElseThrow();
        assertThat(gain.pValue().orElseThrow()).isEqualTo(0.016320, CLOSE);
    }

    @Test
    void theDatasOwnPromptIsTheOneThatTheRunTookForIt() throws IOException {
        // A folder with the name of a benchmark, one that is a benchmark, one with a template.
        write(promptRun("DTD").template("a photo of a {}."));
        write(promptRun("EuroSAT").template("{} texture."));
        write(promptRun("Food101").template("a {}."));

        MethodResults fewShot = fewShot();

        assertThat(fewShot.zeroShot("DTD").orElseThrow().accuracy()).isEqualTo(40);
        assertThat(fewShot.zeroShot("EuroSAT").orElseThrow().accuracy()).isEqualTo(42);
        assertThat(fewShot.zeroShot("Food101").orElseThrow().accuracy()).isEqualTo(44);
    }

    private static RunFiles promptRun(String dataset) {
        return RunFiles.of("coop", dataset, 60)
                .learned(16, 1)
                .prompt("{} texture.", 42)
                .prompt("a photo of a {}.", 40)
                .prompt("a {}.", 44);
    }

    @Test
    void promptsTestedOnTheSeedsOwnImagesAreComparedSeedBySeed() throws IOException {
        write(RunFiles.of("coop", "mine", 70).learned(4, 1).prompt("a photo of a {}.", 50));
        write(RunFiles.of("coop", "mine", 90).learned(4, 2).prompt("a photo of a {}.", 68));

        MethodResults fewShot = fewShot();

        MethodResult zeroShot = fewShot.zeroShot("mine").orElseThrow();
        assertThat(zeroShot.seeds()).containsExactly(1L, 2L);
        MethodResult.Gain gain = fewShot.get(
                        "mine", fewShot.main().orElseThrow().with(new Shots(4)))
                .map(cell -> cell.gainOver(zeroShot))
                .orElseThrow();
        // 20 and 22: t = 21 / 1, p = 1 − 2/π · atan(21) = 0.030292.
        assertThat(gain.difference()).isEqualTo(21, CLOSE);
        assertThat(gain.pValue().orElseThrow()).isEqualTo(0.030292, CLOSE);
    }

    @Test
    void zeroShotThatWasRunItselfWins() throws IOException {
        write(RunFiles.of("zero-shot", "mine", 55));
        write(RunFiles.of("coop", "mine", 70).learned(4, 1).prompt("a photo of a {}.", 50));

        MethodResults fewShot = fewShot();

        assertThat(fewShot.zeroShot("mine").orElseThrow().accuracy()).isEqualTo(55);
        assertThat(fewShot.methods()).extracting(MethodLabel::id).containsExactly("zero-shot", "coop");
    }

    @Test
    void targetsOfTransferAreNoDatasetsOfTheirOwn() throws IOException {
        write(RunFiles.of("zero-shot", "ImageNet", 58));
        write(RunFiles.of("zero-shot", "ImageNetV2", 51));
        seeds("coop-m16-end", "ImageNet", 16, 62);
        write(RunFiles.of("coop-m16-end", "ImageNetV2", 55).learned(16, 1).trainedOn("ImageNet"));

        assertThat(fewShot().datasets()).containsExactly("ImageNet");
    }

    @Test
    void datasetsStandInTheOrderOfThePapersTables() throws IOException {
        for (String dataset : List.of("zoo", "UCF101", "apes", "Caltech101", "ImageNet")) {
            seeds("coop", dataset, 1, 50);
        }

        assertThat(fewShot().datasets()).containsExactly("ImageNet", "Caltech101", "UCF101", "apes", "zoo");
    }

    @Test
    void classesArePooledOverTheSeeds() throws IOException {
        write(RunFiles.of("zero-shot", "ImageNet", 50)
                .perClass("missile", 10, 5)
                .perClass("missile", 20, 4));
        write(RunFiles.of("coop", "ImageNet", 50)
                .learned(1, 1)
                .perClass("missile", 10, 8)
                .perClass("missile", 20, 1));
        write(RunFiles.of("coop", "ImageNet", 50)
                .learned(1, 2)
                .perClass("missile", 10, 10)
                .perClass("missile", 20, 2));

        Map<String, PerClass> own = fewShot().cells().get(1).perClass();

        assertThat(own).containsOnlyKeys("missile", "missile (2)");
        // (8 + 10) / 20 and (1 + 2) / 40; before, 5 / 10 and 4 / 20.
        assertThat(own.get("missile").accuracy()).isEqualTo(90, CLOSE);
        assertThat(own.get("missile (2)").total()).isEqualTo(40);
        assertThat(own.get("missile (2)").accuracy()).isEqualTo(7.5, CLOSE);
        assertThat(fewShot().cells().get(0).perClass().get("missile (2)").accuracy())
                .isEqualTo(20, CLOSE);
    }
}
