package org.coop4j.study;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;
import static org.coop4j.study.SweepFixture.CLASSES;
import static org.coop4j.study.SweepFixture.ended;
import static org.coop4j.study.SweepFixture.result;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.function.Function;
import org.coop4j.base.CacheFolder;
import org.coop4j.base.Resource;
import org.coop4j.clip.Clip;
import org.coop4j.clip.FeatureMatrix;
import org.coop4j.data.DataSpec;
import org.coop4j.data.ImageDataset;
import org.coop4j.data.ImageDataset.ClassHalf;
import org.coop4j.data.LabelledImage;
import org.coop4j.method.Classifier;
import org.coop4j.method.ClassifierFile;
import org.coop4j.run.RunFolder;
import org.coop4j.run.RunResult;
import org.coop4j.study.SweepFixture.Recorder;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** A sweep's numbers are those of the rooms below. */
class SweepResultsTest {

    private static final String PLAN = Resource.text(SweepResultsTest.class, "results.yaml");

    @TempDir
    private static Path folder;

    private static SweepFixture fixture;
    private static Path out;
    private static Recorder recorder;
    private static List<SweepRun.RunState> outcome;
    private static Clip clip;
    private static ImageDataset data;
    private static ImageDataset few;

    @BeforeAll
    static void run() throws IOException {
        fixture = new SweepFixture(folder);
        Path whole = fixture.pictures("data", 3, CLASSES);
        Path some = fixture.pictures("few", 4, CLASSES);
        // Two of the four classes, one of them written differently, in another order.
        keepOnly(some, "lawn", "0 lawn");
        keepOnly(some, "red_rose", "Red rose");
        for (String split : List.of("train", "val", "test")) {
            CacheFolder.delete(some.resolve(split).resolve("blue sky"));
            CacheFolder.delete(some.resolve(split).resolve("kite (bird)"));
        }
        Files.writeString(folder.resolve("names.csv"), "0 lawn,lawn\n");
        out = folder.resolve("sweep");
        recorder = new Recorder();
        outcome = fixture.run(out, PLAN.replace("[few]", "{datasets: [{path: few, names: names.csv}]}"), recorder);
        clip = fixture.open();
        data = DataSpec.of(whole).load(1);
        few = DataSpec.of(some)
                .with()
                .names(folder.resolve("names.csv"))
                .build()
                .load(1);
    }

    @AfterAll
    static void close() throws IOException {
        clip.close();
    }

    private static void keepOnly(Path place, String name, String newName) throws IOException {
        for (String split : List.of("train", "val", "test")) {
            Path from = place.resolve(split).resolve(name);
            Files.move(from, from.resolveSibling(newName));
        }
    }

    /** Number of images that these scores classify correctly, counted one by one. */
    private static double accuracy(ImageDataset dataset, Function<FeatureMatrix, float[]> scores) throws IOException {
        int correct = 0;
        for (LabelledImage image : dataset.test()) {
            float[] p = scores.apply(clip.encodeImages(List.of(image.path())));
            int best = 0;
            for (int c = 1; c < p.length; c++) {
                best = p[c] > p[best] ? c : best;
            }
            correct += best == image.label() ? 1 : 0;
        }
        return 100.0 * correct / dataset.test().size();
    }

    private static double accuracy(ImageDataset dataset, ClassifierFile file) throws IOException {
        Classifier classifier = file.open(clip);
        return accuracy(dataset, image -> classifier.logits(image).toArray());
    }

    private static ClassifierFile learned(String title, long seed) throws IOException {
        Path place = out.resolve(ended(outcome, title, 2, seed).run().folder());
        return ClassifierFile.read(place.resolve(RunFolder.CLASSIFIER));
    }

    /** The same context vectors for other classes, as if they had been learned for these. */
    private static ClassifierFile named(ClassifierFile file, List<String> names) {
        ClassifierFile.Tensor ctx = file.tensor("ctx");
        return ClassifierFile.of(file.method(), names, file.modelSha256()).with("ctx", ctx.shape(), ctx.values());
    }

    @Test
    void thePlanHasItsRuns() {
        assertThat(SweepFixture.failures(outcome)).isEmpty();
        // All classes: 4 hand-written, 4 learned with 2 seeds; halves: zero-shot and a context on
        // both; the other data: 4 hand-written, 4 transferred.
        assertThat(outcome).hasSize(4 + 8 + 2 * (1 + 2) + 4 + 8);
        assertThat(recorder.notes)
                .filteredOn(note -> !note.contains("far above its least")) // of few images of a tiny model
                .singleElement()
                .asString()
                .contains("base_to_new", "linear-probe, coop-m4-end-csc:");
    }

    @Test
    void aContextLearnedOnTheBaseClassesIsTestedOnBothHalves() throws IOException {
        ClassifierFile prompt = learned("coop-m4-end-base", 1);
        ImageDataset base = data.half(ClassHalf.BASE);
        ImageDataset unseen = data.half(ClassHalf.NEW);
        assertThat(prompt.classNames()).isEqualTo(base.classNames());
        RunResult onBase = result(outcome, "coop-m4-end-base", 2, 1);
        assertThat(onBase.half()).isEqualTo(ClassHalf.BASE);
        assertThat(onBase.accuracy()).isCloseTo(accuracy(base, prompt), within(1e-9));
        RunResult onNew = result(outcome, "coop-m4-end-new", 2, 1);
        assertThat(onNew.half()).isEqualTo(ClassHalf.NEW);
        assertThat(onNew.trainedOn()).isEqualTo("data");
        assertThat(onNew.trainImages()).isEqualTo(4);
        assertThat(onNew.classes()).isEqualTo(2);
        assertThat(onNew.perClass())
                .extracting(RunResult.PerClass::name)
                .containsExactlyElementsOf(unseen.classNames());
        assertThat(onNew.accuracy()).isCloseTo(accuracy(unseen, named(prompt, unseen.classNames())), within(1e-9));
        assertThat(result(outcome, "zero-shot-new", 0, 0).accuracy())
                .isEqualTo(onNew.handWritten().get(0).accuracy());
        assertThat(out.resolve(ended(outcome, "coop-m4-end-new", 2, 1).run().folder()))
                .isDirectoryNotContaining("glob:**" + RunFolder.CLASSIFIER);
    }

    @Test
    void aUnifiedContextTakesTheNamesOfOtherData() throws IOException {
        RunResult result = result(outcome, "coop-m4-end-on-few", 2, 3);
        assertThat(result.dataset()).isEqualTo("few");
        assertThat(result.trainedOn()).isEqualTo("data");
        assertThat(result.classes()).isEqualTo(2);
        assertThat(result.testImages()).isEqualTo(8);
        assertThat(result.accuracy())
                .isCloseTo(accuracy(few, named(learned("coop-m4-end", 3), few.classNames())), within(1e-9));
        assertThat(ended(outcome, "coop-m4-end-on-few", 2, 3).run().folder().getParent())
                .isEqualTo(Path.of("runs", "data", "coop-m4-end-on-few"));
    }

    @Test
    void ofAClassSpecificContextOtherDataTakeTheRowsOfTheirClasses() throws IOException {
        Classifier all = learned("coop-m4-end-csc", 1).open(clip);
        // lawn is class 2 of the data and red_rose class 3; the other data have lawn, Red rose.
        assertThat(few.classNames()).containsExactly("lawn", "Red rose");
        double expected =
                accuracy(few, image -> Arrays.copyOfRange(all.logits(image).toArray(), 2, 4));
        assertThat(result(outcome, "coop-m4-end-csc-on-few", 2, 1).accuracy()).isCloseTo(expected, within(1e-9));
    }

    @Test
    void withoutValImagesTheProbesPenaltyIsChosenOtherwiseAndThatIsSaid() throws IOException {
        Path plain = fixture.pictures("no-val", 2, CLASSES);
        CacheFolder.delete(plain.resolve("val"));
        Recorder said = new Recorder();
        List<SweepRun.RunState> ended = fixture.run(
                folder.resolve("no-val-sweep"),
                "datasets: no-val\nmethods: linear-probe\nshots: [1, all]\nseeds: [1, 2]\n",
                said);
        assertThat(SweepFixture.failures(ended)).isEmpty();
        assertThat(result(ended, "linear-probe", 0, 1).trainImages()).isEqualTo(8);
        assertThat(said.notes).singleElement().asString().contains("no-val: ", "no val images", "cross-validation");
    }
}
