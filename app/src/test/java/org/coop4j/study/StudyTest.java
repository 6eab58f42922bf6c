package org.coop4j.study;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;
import static org.coop4j.study.Score.Place.AVERAGE;

import java.io.IOException;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;
import org.assertj.core.data.Offset;
import org.coop4j.base.Progress;
import org.coop4j.console.SeedSummary;
import org.coop4j.data.ImageDataset.ClassHalf;
import org.coop4j.method.CoOp;
import org.coop4j.method.Method;
import org.coop4j.method.ZeroShot;
import org.coop4j.page.Shots;
import org.coop4j.study.Score.Measure;
import org.coop4j.study.Score.Setup;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class StudyTest {

    private static final Offset<Double> CLOSE = within(1e-4);
    private static final MethodLabel COOP = MethodLabel.of("coop-m16-end");
    private static final Offset<Double> PRINTED = within(0.0051);

    @TempDir
    Path root;

    private int written;

    private RunFiles learned(String method, String dataset, int shots, long seed, double accuracy) {
        return RunFiles.of(method, dataset, accuracy).learned(shots, seed);
    }

    private void write(RunFiles... runs) throws IOException {
        for (RunFiles run : runs) {
            run.write(root.resolve("run-" + written++));
        }
    }

    private Study study() throws IOException {
        List<Study> studies = RunFiles.studies(root);
        assertThat(studies).hasSize(1);
        return studies.get(0);
    }

    private static List<String> methods(Study study) {
        return study.fewShot().methods().stream().map(MethodLabel::id).toList();
    }

    private void seeds(String method, String dataset, int shots, double... accuracies) throws IOException {
        for (int i = 0; i < accuracies.length; i++) {
            write(RunFiles.of(method, dataset, accuracies[i]).learned(shots, i + 1));
        }
    }

    private Results fewShot() throws IOException {
        return study().fewShot();
    }

    private Results halves(ClassHalf half) throws IOException {
        return study().halves().where(result -> result.half() == half);
    }

    private void halves(String method, String dataset, long seed, double base, double unseen) throws IOException {
        write(RunFiles.of(method, dataset, base).learned(16, seed).half("BASE"));
        write(RunFiles.of(method, dataset, unseen).learned(16, seed).half("NEW"));
    }

    @Test
    void datasetsOfOneNameAndOtherTestImagesOrClassesAreKeptApart() throws IOException {
        write(
                learned("coop", "pictures", 1, 1, 50),
                learned("coop", "pictures", 1, 2, 70).with("testImages", 1200),
                learned("coop", "pictures", 1, 3, 72).with("testImages", 1200),
                learned("coop", "pets", 1, 1, 50).perClass("cat", 50, 25).perClass("dog", 50, 25),
                learned("coop", "pets", 1, 2, 50).perClass("cat", 50, 25).perClass("cow", 50, 25));

        Study study = study();

        assertThat(study.fewShot().datasets()).containsExactly("pets (1)", "pets (2)", "pictures (1)", "pictures (2)");
        assertThat(study.fewShot().on("pictures (2)").get(0).accuracy()).isEqualTo(71);
        assertThat(study.notes().get(1)).startsWith("pictures (2) ").contains("run-1, run-2");
    }

    @Test
    void methodsOfOneNameAndOtherSettingsAreKeptApart() throws IOException {
        write(
                learned("coop", "DTD", 1, 1, 50).set("rate", "0.002").set("context_length", "16"),
                learned("coop", "DTD", 1, 2, 60).set("rate", "0.002").set("context_length", "4"),
                // Other settings make another method on other data and with other shots too.
                learned("coop", "Pets", 4, 1, 70).set("rate", "0.02").set("context_length", "4"));

        Study study = study();

        assertThat(methods(study))
                .containsExactly(
                        "coop [context_length=16, rate=0.002]",
                        "coop [context_length=4, rate=0.002]",
                        "coop [context_length=4, rate=0.02]");
        assertThat(study.notes()).anyMatch(n -> n.startsWith("coop: ") && n.contains("context_length=16, rate=0.002"));
    }

    @Test
    void epochsByShotsAreOneMethodAndOthersBesideThemAnother() throws IOException {
        write(
                learned("coop", "DTD", 1, 1, 50),
                learned("coop", "DTD", 2, 1, 51),
                learned("coop", "DTD", 16, 1, 52),
                learned("coop", "ImageNet", 16, 1, 60).set("epochs", "50"));
        assertThat(methods(study())).containsExactly("coop");

        write(learned("coop", "DTD", 16, 1, 40).set("epochs", "10"));

        assertThat(methods(study())).contains("coop [epochs=10]", "coop [epochs=by shots]");
    }

    @Test
    void aRunThatIsThereTwiceCountsOnce() throws IOException {
        write(
                learned("coop", "DTD", 1, 1, 50),
                learned("coop", "DTD", 1, 1, 50),
                learned("coop", "DTD", 1, 2, 60).finished("2025-01-02T00:00:00Z"),
                learned("coop", "DTD", 1, 2, 64).finished("2025-01-03T00:00:00Z"));

        Study study = study();

        Result cell = study.fewShot().all().get(0);
        assertThat(cell.seeds()).containsExactly(1L, 2L);
        assertThat(cell.accuracy()).isEqualTo(57); // (50 + 64) / 2: the later of seed 2
        assertThat(study.notes()).singleElement().asString().contains("seed 2").endsWith("run-3 (64.00 %)");
    }

    @Test
    void missingSeedsAreSaid() throws IOException {
        write(
                learned("coop", "DTD", 1, 1, 50),
                learned("coop", "DTD", 1, 2, 51),
                learned("coop", "DTD", 2, 1, 52),
                RunFiles.of("zero-shot", "DTD", 40));

        assertThat(study().notes()).singleElement().asString().contains("seed 2", "DTD, coop, 2 shots");
    }

    @Test
    void testImagesThatMoveWithTheSeedAreSaid() throws IOException {
        write(
                learned("coop", "mine", 1, 1, 50).testHash("aa"),
                learned("coop", "mine", 1, 2, 60).testHash("bb"));

        Study study = study();

        assertThat(study.fewShot().all()).hasSize(1);
        assertThat(study.notes().get(0)).contains("mine", "2 ");
    }

    @Test
    void allImagesAreNoNumberOfShots() throws IOException {
        write(
                learned("coop", "mine", 0, 1, 80).with("trainImages", 500),
                learned("coop", "mine", 16, 1, 70),
                RunFiles.of("zero-shot", "mine", 50));

        assertThat(study().fewShot().shots()).extracting(Shots::label).containsExactly("0", "16", "all");
    }

    @Test
    void methodsAndDatasetsStandInTheOrderOfThePaper() throws IOException {
        for (String dataset : List.of("zoo", "UCF101", "apes", "Caltech101", "ImageNet")) {
            write(learned("coop-m16-end", dataset, 1, 1, 50));
        }
        for (String method : List.of(
                "other",
                "coop-words",
                "coop-m4-end",
                "coop-m16-middle",
                "coop-m16-end-csc",
                "coop-m16-end",
                "linear-probe")) {
            write(learned(method, "DTD", 1, 1, 50));
        }
        write(
                RunFiles.of("ensemble-80", "DTD", 50),
                RunFiles.of("ensemble-7", "DTD", 50),
                RunFiles.of("zero-shot", "DTD", 50));

        assertThat(methods(study()))
                .containsExactly(
                        "zero-shot",
                        "ensemble-7",
                        "ensemble-80",
                        "linear-probe",
                        "coop-m16-end",
                        "coop-m16-end-csc",
                        "coop-m16-middle",
                        "coop-m4-end",
                        "coop-words",
                        "other");
        assertThat(fewShot().datasets()).containsExactly("ImageNet", "Caltech101", "DTD", "UCF101", "apes", "zoo");
    }

    @Test
    void methodsThatAPlanNamedAreWhatTheirRunsSayAndNumbersArePublishedOfTheirSettings() throws IOException {
        write(
                RunFiles.of("my-prompts", "dtd", 45).is(new ZeroShot(List.of("{} texture."), false)),
                learned("mine", "dtd", 4, 1, 60).is(new CoOp()),
                learned("short", "dtd", 4, 1, 60).is(new CoOp()).set("epochs", "5"),
                learned("coop-m16-end", "dtd", 4, 1, 60).is(Method.of("kgcoop")));

        List<MethodLabel> methods = study().fewShot().methods();

        assertThat(methods)
                .extracting(MethodLabel::title)
                .containsExactly("my-prompts", "mine", "short", "coop-m16-end");
        assertThat(methods).extracting(MethodLabel::isWithoutTraining).containsExactly(true, false, false, false);
        assertThat(methods.stream().map(method -> PublishedNumbers.shipped()
                        .find("", List.of("dtd"), ClassHalf.ALL, method.with(new Shots(4)), Optional.of("RN50"))
                        .isPresent()))
                .containsExactly(false, true, false, false);
    }

    @Test
    void whereDataLieAndWhichTheyAreAreNoSettings() throws IOException {
        write(learned("coop", "DTD", 1, 1, 50));

        assertThat(MethodLabel.settings(
                        FoundRuns.below(root, Progress.NONE).finished().get(0).config()))
                .containsOnlyKeys("method context_length position class_specific words epochs batch optimizer"
                        .concat(" rate momentum gradient_limit weight_decay epsilon schedule")
                        .concat(" warmup_epochs warmup_rate views")
                        .split(" "))
                .containsEntry("epochs", "by shots")
                .containsEntry("position", "end")
                .containsEntry("views", "centre crop");
    }

    // Numbers

    @Test
    void meanSpreadIntervalAndTestOverTheSeedsAreStudents() throws IOException {
        write(RunFiles.of("zero-shot", "DTD", 60));
        seeds("coop-m16-end", "DTD", 16, 60, 62, 67);

        Results fewShot = fewShot();

        Result cell = fewShot.get("DTD", COOP.with(new Shots(16))).orElseThrow();
        SeedSummary summary = cell.summary(Measure.ACCURACY).orElseThrow();
        assertThat(summary.mean()).isEqualTo(63, CLOSE);
        // Deviations −3, −1, 4: (9 + 1 + 16) / 2 = 13.
        assertThat(summary.sampleSd()).isEqualTo(Math.sqrt(13), CLOSE);
        // t of 2 degrees of freedom at 0.975 is 4.302653 (any table); 4.302653 · √13 / √3.
        assertThat(summary.studentCi95()).isEqualTo(8.956686, CLOSE);
        assertThat(cell.summary(Measure.MACRO_F1).orElseThrow().mean()).isEqualTo(49);
        assertThat(cell.summary(Measure.CALIBRATION_ERROR).orElseThrow().mean()).isEqualTo(5, CLOSE);
        Result.Gain gain = cell.gainOver(fewShot.zeroShot("DTD").orElseThrow());
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
        Result.Gain gain = Result.Gain.of(new double[] {91.81, 92.01, 92.17}, new double[] {86.29, 86.1, 87.0});

        assertThat(gain.difference()).isEqualTo(5.533333333333, within(1e-9));
        assertThat(gain.pValue().orElseThrow()).isEqualTo(0.0014885408592425558, within(1e-12));
    }

    @Test
    void averagesAreOverTheDatasetsOfEachSeedAndTheirTestOverTheDatasets() throws IOException {
        write(RunFiles.of("zero-shot", "DTD", 60));
        write(RunFiles.of("zero-shot", "EuroSAT", 75));
        seeds("coop-m16-end", "DTD", 16, 60, 62, 67);
        seeds("coop-m16-end", "EuroSAT", 16, 80, 84, 82);

        Results fewShot = fewShot();

        Result average = fewShot.get(AVERAGE, COOP.with(new Shots(16))).orElseThrow();
        // Each seed's average: 70, 73, 74.5; deviations −2.5, 0.5, 2: 10.5 / 2 = 5.25.
        SeedSummary seeds = average.summary(Measure.ACCURACY).orElseThrow();
        assertThat(average.accuracy()).isEqualTo(72.5, CLOSE);
        assertThat(seeds.mean()).isEqualTo(72.5, CLOSE);
        assertThat(seeds.sampleSd()).isEqualTo(Math.sqrt(5.25), CLOSE);
        // Means 63 and 82 against 60 and 75: differences 3 and 7, sd √8, t = 5 / 2 = 2.5; with one
        // degree of freedom p = 1 − 2/π · atan(2.5) = 1 − 0.757762.
        Result.Gain gain = average.gainOver(fewShot.zeroShot(AVERAGE).orElseThrow());
        assertThat(gain.difference()).isEqualTo(5, CLOSE);
        assertThat(gain.pValue().orElseThrow()).isEqualTo(0.242238, CLOSE);
        assertThat(fewShot.zeroShot(AVERAGE).orElseThrow().accuracy()).isEqualTo(67.5, CLOSE);
    }

    @Test
    void datasetsWithOtherSeedsGiveAMeanWithoutSpread() throws IOException {
        seeds("coop-m16-end", "DTD", 16, 60, 62);
        seeds("coop-m16-end", "EuroSAT", 16, 80, 84, 82);

        Result average = fewShot().get(AVERAGE, COOP.with(new Shots(16))).orElseThrow();

        assertThat(average.accuracy()).isEqualTo((61 + 82) / 2.0, CLOSE);
        assertThat(average.summary(Measure.ACCURACY).orElseThrow().count()).isEqualTo(1);
    }

    @Test
    void oneSeedOrEqualDifferencesGiveNoTest() throws IOException {
        write(RunFiles.of("zero-shot", "DTD", 60.1));
        seeds("coop-m16-end", "DTD", 1, 71.3);
        seeds("coop-m16-end", "DTD", 2, 71.3, 71.3, 71.3);

        Results fewShot = fewShot();

        for (int shots : new int[] {1, 2}) {
            Result.Gain gain = fewShot.get("DTD", COOP.with(new Shots(shots)))
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
        assertThat(study().notes()).singleElement().asString().contains("2 of 2 datasets", "gda, 1 shot");

        seeds("coop-m16-end", "Food101", 1, 50);
        seeds("linear-probe", "DTD", 1, 40);
        seeds("linear-probe", "EuroSAT", 1, 40);

        assertThat(fewShot().averaged()).containsExactly("DTD", "EuroSAT");
        assertThat(fewShot().on(AVERAGE))
                .extracting(average -> average.method().id())
                .containsExactly("linear-probe", "coop-m16-end");
        assertThat(study().notes()).singleElement().asString().contains("2 of 3 datasets", "Food101, gda, 1 shot");
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

        Results fewShot = fewShot();

        // "{} texture." is DTD's own template in the benchmark.
        Result zeroShot = fewShot.zeroShot("dtd").orElseThrow();
        assertThat(zeroShot.accuracy()).isEqualTo(42);
        assertThat(zeroShot.seeds()).containsExactly(0L);
        assertThat(zeroShot.summary(Measure.MACRO_F1)).isEmpty();
        assertThat(fewShot.get("dtd", MethodLabel.BEST_HAND_WRITTEN.with(Shots.NONE))
                        .orElseThrow()
                        .accuracy())
                .isEqualTo(45);
        // Differences 19 and 20: t = 19.5 / 0.5 = 39, p = 1 − 2/π · atan(39) = 0.016320.
        Result.Gain gain = fewShot.get("dtd", MethodLabel.of("coop").with(new Shots(16)))
                .map(cell -> cell.gainOver(zeroShot))
                .orElseThrow();
        assertThat(gain.pValue().orElseThrow()).isEqualTo(0.016320, CLOSE);
    }

    /** A folder with the name of a benchmark, one that is a benchmark, one with a template, and one with a run of its own. */
    @Test
    void zeroShotIsItsOwnRunOrThePromptThatTheRunsTookForTheDatas() throws IOException {
        write(RunFiles.of("zero-shot", "mine", 55));
        for (String[] own : new String[][] {
            {"DTD", "a photo of a {}."}, {"EuroSAT", "{} texture."}, {"Food101", "a {}."}, {"mine", "a {}."}
        }) {
            for (int seed = 1; seed <= 2; seed++) {
                write(RunFiles.of("coop", own[0], 50 + 10 * seed)
                        .learned(16, seed)
                        .prompt("{} texture.", 42)
                        .prompt("a photo of a {}.", own[0].equals("DTD") ? 30 + 8 * seed : 40)
                        .prompt("a {}.", 44)
                        .template(own[1]));
            }
        }

        Results fewShot = fewShot();

        assertThat(fewShot.zeroShot("DTD").orElseThrow().seeds()).containsExactly(1L, 2L); // tested on other images
        assertThat(fewShot.zeroShot("DTD").orElseThrow().accuracy()).isEqualTo(42);
        assertThat(fewShot.zeroShot("EuroSAT").orElseThrow().accuracy()).isEqualTo(42);
        assertThat(fewShot.zeroShot("Food101").orElseThrow().accuracy()).isEqualTo(44);
        assertThat(fewShot.zeroShot("mine").orElseThrow().accuracy()).isEqualTo(55);
        Result learned =
                fewShot.get("DTD", MethodLabel.of("coop").with(new Shots(16))).orElseThrow();
        // 60 − 38 and 70 − 46.
        assertThat(fewShot.gain(learned).difference()).isEqualTo(23, CLOSE);
    }

    // Classes and datasets that were not learned

    /**
     * The CoCoOp paper's table 1 prints 69.34, 74.22 and 71.70 as the averages of CLIP, and 82.69, 63.22 and 71.66 as
     * those of CoOp; the mean of CoOp's eleven harmonic means would be 70.83.
     */
    @Test
    void averagesOfThePapersNumbersAreThoseThatItPrints() throws IOException {
        for (PublishedNumbers.Table table : PublishedNumbers.shipped().tables()) {
            for (PublishedNumbers.Column column : table.columns()) {
                if (column.half() != null) {
                    for (String dataset : table.rows().keySet()) {
                        int i = table.columns().indexOf(column);
                        RunFiles run = RunFiles.of(
                                        column.method(),
                                        dataset,
                                        table.rows().get(dataset).get(i))
                                .half(column.half().name());
                        write(column.shots() == 0 ? run : run.learned(16, 1));
                    }
                }
            }
        }

        List<Result> base = halves(ClassHalf.BASE).on(AVERAGE);
        List<Result> unseen = halves(ClassHalf.NEW).on(AVERAGE);

        assertThat(base.get(0).averaged()).hasSize(11);
        double[][] printed = {{69.34, 74.22, 71.70}, {82.69, 63.22, 71.66}};
        for (int i = 0; i < printed.length; i++) {
            assertThat(base.get(i).accuracy()).isEqualTo(printed[i][0], PRINTED);
            assertThat(unseen.get(i).accuracy()).isEqualTo(printed[i][1], PRINTED);
            assertThat(Result.harmonicMean(base.get(i).accuracy(), unseen.get(i).accuracy()))
                    .isEqualTo(printed[i][2], PRINTED);
        }
        assertThat(Result.harmonicMean(0, 0)).isZero();
    }

    @Test
    void halvesHaveTheirOwnSeedsAndTheMissingOnesAreSaid() throws IOException {
        halves("coop", "DTD", 1, 70, 30);
        halves("coop", "DTD", 2, 90, 50);
        assertThat(study().halves().all()).extracting(Result::accuracy).containsExactly(80.0, 40.0);
        assertThat(study().notes()).isEmpty();

        write(RunFiles.of("coop", "DTD", 98).learned(16, 3).half("BASE"));
        assertThat(study().notes()).last().asString().contains("seed 3", "DTD, new classes, coop");

        write(RunFiles.of("kgcoop", "DTD", 70).learned(16, 1).half("BASE").prompt("{} texture.", 50));
        assertThat(halves(ClassHalf.BASE).all())
                .extracting(result -> result.method().id())
                .containsExactly("zero-shot", "hand-written-best", "coop", "kgcoop");
        assertThat(halves(ClassHalf.NEW).all()).hasSize(1);
    }

    @Test
    void transferredContextsStandUnderTheirSource() throws IOException {
        write(RunFiles.of("zero-shot", "ImageNet", 58));
        write(RunFiles.of("zero-shot", "ImageNetV2", 51));
        write(RunFiles.of("zero-shot", "ImageNetR", 56));
        write(RunFiles.of("coop", "ImageNet", 62).learned(16, 1));
        write(RunFiles.of("coop", "ImageNetV2", 55).learned(16, 1).trainedOn("ImageNet"));
        write(RunFiles.of("coop", "ImageNetR", 54).learned(16, 1).trainedOn("ImageNet"));
        write(RunFiles.of("linear-probe", "ImageNetR", 34).learned(16, 1).trainedOn("ImageNet"));

        Study study = study();

        assertThat(study.fewShot().datasets()).containsExactly("ImageNet");
        assertThat(study.transfers()).containsOnlyKeys("ImageNet");
        Results results = study.transfers().get("ImageNet");
        assertThat(results.datasets()).containsExactly("ImageNet", "ImageNetV2", "ImageNetR");
        List<Setup> rows = List.copyOf(results.setups());
        assertThat(rows).extracting(row -> row.method().id()).containsExactly("zero-shot", "linear-probe", "coop");
        assertThat(accuracies(results, rows.get(0))).containsExactly(58.0, 51.0, 56.0);
        assertThat(accuracies(results, rows.get(1))).containsExactly(34.0);
        assertThat(accuracies(results, rows.get(2))).containsExactly(62.0, 55.0, 54.0);
    }

    private static List<Double> accuracies(Results results, Setup setup) {
        return results.datasets().stream()
                .flatMap(dataset -> results.get(dataset, setup).stream())
                .map(Result::accuracy)
                .toList();
    }
}
