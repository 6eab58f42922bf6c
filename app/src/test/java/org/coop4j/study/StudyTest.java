package org.coop4j.study;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;
import org.coop4j.data.ImageDataset.ClassHalf;
import org.coop4j.method.CoOp;
import org.coop4j.method.Method;
import org.coop4j.method.ZeroShot;
import org.coop4j.page.Shots;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class StudyTest {

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

    @Test
    void modelsAreKeptApart() throws IOException {
        write(
                learned("coop", "DTD", 1, 1, 50),
                learned("coop", "DTD", 1, 2, 52),
                learned("coop", "DTD", 1, 3, 90).model("b2".repeat(32), "OpenAI RN50"));

        List<Study> studies = RunFiles.studies(root);

        assertThat(studies).hasSize(2);
        assertThat(studies.get(0).fewShot().cells().get(0).accuracy()).isEqualTo(51);
        assertThat(studies.get(1).fewShot().cells().get(0).accuracy()).isEqualTo(90);
        assertThat(studies.get(1).model().name()).isEqualTo("RN50");
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

        assertThat(study.fewShot().datasets())
                .containsExactly(
                        "pets (list of classes 1)",
                        "pets (list of classes 2)",
                        "pictures (1,200 test images)",
                        "pictures (100 test images)");
        assertThat(study.fewShot().cells().get(2).accuracy()).isEqualTo(71);
        assertThat(study.notes().get(0)).contains("pictures (1,200 test images)", "2 runs");
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
    void wordsAndRandomNumbersToBeginWithAreTwoMethods() throws IOException {
        write(
                learned("coop", "DTD", 1, 1, 50).set("context_length", "4"),
                learned("coop", "Pets", 1, 1, 50).set("words", "a photo of a"));

        assertThat(methods(study())).containsExactly("coop [words=a photo of a]", "coop [words=none]");
    }

    @Test
    void aRunThatIsThereTwiceCountsOnce() throws IOException {
        write(
                learned("coop", "DTD", 1, 1, 50),
                learned("coop", "DTD", 1, 1, 50),
                learned("coop", "DTD", 1, 2, 60).finished("2025-01-02T00:00:00Z"),
                learned("coop", "DTD", 1, 2, 64).finished("2025-01-03T00:00:00Z"));

        Study study = study();

        MethodResult cell = study.fewShot().cells().get(0);
        assertThat(cell.seeds()).containsExactly(1L, 2L);
        assertThat(cell.accuracy()).isEqualTo(57); // (50 + 64) / 2: the later of seed 2
        assertThat(study.notes())
                .anyMatch(n -> n.contains("seed 1") && n.endsWith("run-1 (50.00 %)"))
                .anyMatch(n -> n.contains("seed 2") && n.endsWith("run-3 (64.00 %)"));
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

        assertThat(study.fewShot().cells()).hasSize(1);
        assertThat(study.notes().get(0)).contains("mine", "2 ");
    }

    @Test
    void allImagesAreNoNumberOfShots() throws IOException {
        write(
                learned("coop", "mine", 0, 1, 80).with("trainImages", 500),
                learned("coop", "mine", 16, 1, 70),
                RunFiles.of("zero-shot", "mine", 50));

        assertThat(study().fewShot().shots()).extracting(Shots::label).containsExactly("16", "all");
    }

    @Test
    void methodsStandInTheOrderOfThePaper() throws IOException {
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
    }

    @Test
    void methodsThatASweepsPlanNamedAreWhatTheirRunsSay() throws IOException {
        write(
                RunFiles.of("my-prompts", "DTD", 45).is(new ZeroShot(List.of("{} texture."), false)),
                learned("my-context", "DTD", 4, 1, 60).is(new CoOp()).set("context_length", "8"),
                learned("my-probe", "DTD", 4, 1, 50).is(Method.of("linear-probe")));

        List<MethodLabel> methods = study().fewShot().methods();

        assertThat(methods).extracting(MethodLabel::title).containsExactly("my-prompts", "my-probe", "my-context");
        assertThat(methods).extracting(MethodLabel::isWithoutTraining).containsExactly(true, false, false);
        assertThat(study().fewShot().main()).contains(methods.get(2));
    }

    @Test
    void numbersArePublishedOfTheSameRecordsHoweverTheyAreNamed() throws IOException {
        write(
                learned("mine", "dtd", 4, 1, 60).is(new CoOp()),
                learned("short", "dtd", 4, 1, 60).is(new CoOp()).set("epochs", "5"),
                learned("coop-m16-end", "dtd", 4, 1, 60).is(Method.of("kgcoop")));

        List<Boolean> published = study().fewShot().methods().stream()
                .map(method -> PublishedNumbers.shipped()
                        .find("", List.of("dtd"), ClassHalf.ALL, method.with(new Shots(4)), Optional.of("RN50"))
                        .isPresent())
                .toList();

        assertThat(methods(study())).containsExactly("mine", "short", "coop-m16-end");
        assertThat(published).containsExactly(true, false, false);
    }

    @Test
    void whereDataLieAndWhichTheyAreAreNoSettings() throws IOException {
        write(learned("coop", "DTD", 1, 1, 50));

        assertThat(MethodLabel.settings(study().entries().get(0).run().config()))
                .containsOnlyKeys("method context_length position class_specific words epochs batch optimizer"
                        .concat(" rate momentum weight_decay epsilon schedule")
                        .concat(" warmup_epochs warmup_rate views")
                        .split(" "))
                .containsEntry("epochs", "by shots")
                .containsEntry("position", "end")
                .containsEntry("views", "centre crop");
    }
}
