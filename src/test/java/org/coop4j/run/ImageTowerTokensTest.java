package org.coop4j.run;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;
import org.coop4j.base.Progress;
import org.coop4j.base.ProgressRecorder;
import org.coop4j.base.Settings;
import org.coop4j.clip.Clip;
import org.coop4j.clip.FeatureMatrix;
import org.coop4j.clip.TinyModel;
import org.coop4j.data.DataSpec;
import org.coop4j.data.ImageDataset.ClassHalf;
import org.coop4j.data.bank.TestPictures;
import org.coop4j.image.ExifOrientation;
import org.coop4j.method.Classifier;
import org.coop4j.method.ClassifierFile;
import org.coop4j.method.Method;
import org.coop4j.method.Training;
import org.coop4j.model.ClipConfig;
import org.coop4j.run.MethodChoice.Score;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;

/** Runs that learn from tokens on entry to the first block that they change. */
class ImageTowerTokensTest {

    @TempDir
    static Path folder;

    private static Path data;
    private static Path model;

    @BeforeAll
    static void make() throws IOException {
        ClipConfig tiny = TinyModel.ARCHITECTURE;
        ClipConfig deeper = new ClipConfig(tiny.embedDim(), new ClipConfig.Vit(16, 8, 16, 4, 2, 64), tiny.text());
        model = TinyModel.write(deeper, folder.resolve("deeper.safetensors"), 1);
        data = TestPictures.folder(folder.resolve("data"), 4, RunFixture.CLASSES);
    }

    static Stream<Arguments> methods() {
        return Stream.of(
                Arguments.of("clip-lora", Map.of("vision_start", 1)),
                Arguments.of("two-stage", Map.of("vision_start", 1)),
                Arguments.of("mmrl", Map.of()), // the middle block, the second of four
                Arguments.of("ivlp", Map.of("first_block", 1)));
    }

    /** Of equals the quick one is chosen, and without time no other is compared. */
    @Test
    void aMethodOfTheImageTowerIsChosenIfThereIsTimeAndItIsBetter() throws IOException {
        try (Clip clip = TinyModel.open(model, RunFixture.THREADS)) {
            Images images = new Images(clip, RunFixture.options(folder.resolve("choice"), false));
            DataSpec source = DataSpec.of(data);
            RunConfig.RunData lists = images.data(source, 1, ClassHalf.ALL);
            Method lora = Method.of("clip-lora").with(Map.of("vision_start", 1));
            Training training = Settings.with(lora.training(2), Map.of("epochs", 1));
            Sample two = Sample.of(2, 1);
            Recipe slow = new Recipe("slow", lora, training, two, 1);
            Recipe quick = new Recipe("quick", Method.zeroShot(), Training.none(), two, 1);
            for (int right : new int[] {0, 1_000_000}) {
                for (boolean folds : new boolean[] {true, false}) {
                    MethodChoice choice =
                            new MethodChoice(List.of(quick), List.of(new Score(quick, right, 1_000_000)), folds, null);
                    ProgressRecorder said = new ProgressRecorder();
                    MethodChoice same = choice.with(slow, Duration.ZERO, images, lists, said);
                    assertThat(same.scores()).isEqualTo(choice.scores());
                    assertThat(same.chosen()).containsExactly(quick);
                    assertThat(same.cost()).startsWith("slow: about").endsWith("so it is left out");
                    assertThat(said.notes).contains(same.cost());
                    MethodChoice more = choice.with(slow, Duration.ofHours(1), images, lists, said);
                    assertThat(more.scores()).hasSize(2);
                    Recipe best = more.scores().get(1).accuracy()
                                    > more.scores().get(0).accuracy()
                            ? slow
                            : quick;
                    assertThat(more.chosen()).containsExactly(folds ? best : best.with(two.chosenByVal()));
                }
            }
        }
    }

    /** A listener is told the cost of the training by a step before it. */
    @ParameterizedTest
    @MethodSource("methods")
    void aMeasuredStepChangesNoBitOfTheTraining(String id, Map<String, Object> settings) throws IOException {
        RunFixture.Setup setup = RunFixture.config(data, 2, 3, 2, 0.01)
                .with("batch", 4)
                .with(Method.of(id).with(settings));
        Path told = folder.resolve("told-" + id);
        Path silent = folder.resolve("silent-" + id);
        RunFixture.Quiet listener = new RunFixture.Quiet();
        try (Clip clip = TinyModel.open(model, RunFixture.THREADS)) {
            RunFixture.run(clip, setup, told, false, listener);
            setup.run(clip, RunFixture.options(silent, false), Progress.NONE).run(silent.resolve("run"), false);
        }
        assertThat(listener.notes).anyMatch(note -> note.contains("by a measured one"));
        assertThat(RunFixture.outcome(silent)).isEqualTo(RunFixture.outcome(told));
    }

    @ParameterizedTest
    @MethodSource("methods")
    void tokensAreKeptAndPixelsAreEncodedByTheTunedTower(String id, Map<String, Object> settings) throws IOException {
        RunFixture.Setup setup = RunFixture.config(data, 2, 3, 2, 0.01)
                .with("batch", 4)
                .with(Method.of(id).with(settings))
                .withCheckpointEvery(1);
        Path place = folder.resolve(id);
        RunFixture.run(model, setup, place, new RunFixture.Quiet());
        try (Stream<Path> banks = Files.walk(place.resolve("bank"))) {
            List<String> names = banks.filter(Files::isRegularFile)
                    .map(file -> file.getFileName().toString())
                    .toList();
            assertThat(names).anyMatch(name -> name.matches("train-.*tokens-1\\.bank"));
            assertThat(names).noneMatch(name -> name.contains("pixels"));
        }
        ClassifierFile file = ClassifierFile.read(place.resolve("run").resolve(RunFolder.CLASSIFIER));
        List<Path> pictures =
                List.of(data.resolve("test/lawn/picture-0.png"), data.resolve("test/blue sky/picture-1.png"));
        try (Clip clip = TinyModel.open(model, RunFixture.THREADS);
                Classifier classifier = file.open(clip)) {
            FeatureMatrix tuned = clip.encodeImages(pictures, classifier.features(), ExifOrientation.APPLY);
            FeatureMatrix plain = clip.encodeImages(pictures);
            assertThat(tuned.normalized().dot(0, plain.normalized(), 0)).isNotCloseTo(1f, within(1e-7f));
            assertThat(classifier.logits(tuned).toArray()).doesNotContain(Float.NaN);
        }
    }
}
