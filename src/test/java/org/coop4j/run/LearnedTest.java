package org.coop4j.run;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.FileTime;
import java.time.Duration;
import java.time.Instant;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.OptionalDouble;
import java.util.stream.Stream;
import jdk.jfr.Recording;
import jdk.jfr.consumer.RecordedEvent;
import jdk.jfr.consumer.RecordingFile;
import org.coop4j.base.Progress;
import org.coop4j.clip.Clip;
import org.coop4j.clip.FeatureSpace.FeatureKind;
import org.coop4j.clip.TinyModel;
import org.coop4j.data.DataSpec;
import org.coop4j.data.FeatureSet;
import org.coop4j.data.ImageDataset;
import org.coop4j.data.ImageDataset.ClassHalf;
import org.coop4j.data.bank.TestPictures;
import org.coop4j.eval.Folds;
import org.coop4j.eval.Labels;
import org.coop4j.eval.Scores;
import org.coop4j.method.Classifier;
import org.coop4j.method.ClassifierFile;
import org.coop4j.method.ClassifierFile.Origin;
import org.coop4j.method.Method;
import org.coop4j.method.Method.FewShotFeatures;
import org.coop4j.method.Method.Task;
import org.coop4j.method.PromptEnsemble.PromptTemplates;
import org.coop4j.method.Trainer;
import org.coop4j.method.Training;
import org.coop4j.run.RunConfig.RunData;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** The value that a run yields, and its calibration on images that were not learned from or chosen by. */
class LearnedTest {

    private static final int EACH = 4;

    @TempDir
    private static Path folder;

    private static Path model;
    private static DataSpec data;

    /** No val images, and one image of the next class in each class. */
    @BeforeAll
    static void pictures() throws IOException {
        model = TinyModel.write(folder.resolve("tiny.safetensors"), 1);
        Path root = TestPictures.folder(folder.resolve("data"), EACH, RunFixture.CLASSES);
        for (int label = 0; label < RunFixture.CLASSES.length; label++) {
            Path place = root.resolve("train").resolve(RunFixture.CLASSES[label]);
            TestPictures.write(place.resolve("wrong.png"), (label + 1) % 4, 900 + label);
        }
        data = DataSpec.of(root);
    }

    /** Folds that are learned at the same time have the bits of folds that are learned in turn by two threads. */
    @ParameterizedTest
    @ValueSource(strings = {"gda", "tip-adapter-f"})
    void withoutValImagesTheTrainingImagesCalibrateByCrossValidation(String id) throws IOException {
        Method method = Method.of(id);
        try (Clip clip = TinyModel.open(model, RunFixture.THREADS);
                Learned learned = Run.of(clip, data, method, Map.of(), RunFixture.options(folder, false))
                        .learn(folder.resolve(id), false)) {
            Confidence confidence =
                    Confidence.of(ClassifierFile.read(folder.resolve(id).resolve(RunFolder.CLASSIFIER)));

            Images shared = new Images(clip, RunFixture.options(folder, false));
            ImageDataset dataset = shared.dataset(data, 1);
            Images.Pictures train = shared.pictures(dataset.train(), "training images", Progress.NONE);
            assertThat(confidence.images()).contains("20 training images", "5-fold");
            float[][] expected =
                    outOfFold(clip, dataset, learned.file().method(), train.features(FeatureKind.EMBEDDED));
            assertThat(learned.folds().logits()).isDeepEqualTo(expected);
            assertThat(confidence.temperature())
                    .isEqualTo(new Scores(train.labels(), expected).temperature(), within(1e-9));
        }
    }

    /** Computes the same by hand, with the settings that the classifier chose. */
    private static float[][] outOfFold(Clip clip, ImageDataset dataset, Method method, FeatureSet all)
            throws IOException {
        float[][] logits = new float[all.size()][];
        Folds folds = Folds.of(all.labels(), 5);
        for (int part = 0; part < 5; part++) {
            int[] left = folds.of(part);
            FeatureSet rest = all.select(folds.without(part));
            try (Classifier others = learned(clip, dataset, method, rest)) {
                float[][] rows = others.logits(all.select(left).matrix()).toRows();
                for (int i = 0; i < left.length; i++) {
                    logits[left[i]] = rows[i];
                }
            }
        }
        return logits;
    }

    private static Classifier learned(Clip clip, ImageDataset dataset, Method method, FeatureSet images)
            throws IOException {
        Task task = new Task(dataset.classNames(), PromptTemplates.own(data), 1);
        Training training = method.adapted(method.training(0), clip.logitScale());
        return method.learner(clip, task)
                .fit(new FewShotFeatures(images, FeatureSet.none(images.width())), new Trainer(training, 1));
    }

    @Test
    void scoresOfSetsOfLabelsChooseTheThresholdAndTheProbabilities() {
        List<Labels> truth = List.of(
                Labels.of(new int[] {0, 1}, new int[0]),
                Labels.of(new int[] {1}, new int[] {0}),
                Labels.of(new int[0], new int[0]));
        Scores scores = new Scores(truth, new float[][] {{3, 2}, {0, 1}, {-1, -2}});
        Confidence confidence = Confidence.of(scores, "3 images");
        assertThat(confidence.decision().shared()).isEqualTo(0);
        assertThat(confidence.decision().predicted(new float[] {0.5f, -0.5f})).containsExactly(true, false);
        assertThat(confidence.decision().probability(1))
                .isGreaterThan(confidence.decision().probability(0));
        assertThat(confidence.temperature()).isEqualTo(1);
        assertThat(confidence.sentence()).contains("3 images", "threshold");
    }

    /** Settings that are best on the val images flatter probabilities there. */
    @Test
    void aMethodThatChoseByValImagesIsNotCalibratedOnThem() throws IOException {
        Path root = TestPictures.folder(folder.resolve("with-val"), EACH, RunFixture.CLASSES);
        for (String name : RunFixture.CLASSES) {
            Path val = Files.createDirectories(root.resolve("val").resolve(name));
            Files.copy(root.resolve("train").resolve(name).resolve("picture-0.png"), val.resolve("seen.png"));
        }
        try (Clip clip = TinyModel.open(model, RunFixture.THREADS)) {
            for (Method method : List.of(Method.of("tip-adapter"), Method.of("prototypes"))) {
                Path place = folder.resolve("with-val-" + method.id());
                Run.of(clip, DataSpec.of(root), method, Map.of(), RunFixture.options(folder, false))
                        .run(place, false);
                Confidence confidence = Confidence.of(ClassifierFile.read(place.resolve(RunFolder.CLASSIFIER)));
                if (method.usesVal()) {
                    assertThat(confidence.images()).startsWith("16 training images by ");
                } else {
                    assertThat(confidence.images()).startsWith("4 validation images and 16 training images by ");
                }
            }
        }
    }

    /** The best of several methods on some images is too good there. */
    @Test
    void aMethodThatWasChosenByValImagesIsNotCalibratedOnThem() throws IOException {
        Path root = TestPictures.folder(folder.resolve("chosen"), 9, RunFixture.CLASSES);
        for (int label = 0; label < RunFixture.CLASSES.length; label++) {
            for (int i = 0; i < 2; i++) {
                Path val = root.resolve("val").resolve(RunFixture.CLASSES[label]);
                TestPictures.write(val.resolve(i + ".png"), label, 200 + i);
            }
        }
        DataSpec source = DataSpec.of(root);
        try (Clip clip = TinyModel.open(model, RunFixture.THREADS)) {
            Images images = new Images(clip, RunFixture.options(folder, false));
            RunData lists = images.data(source, 1, ClassHalf.ALL);
            List<Recipe> candidates = Stream.of("prototypes", "gda")
                    .map(id -> Recipe.checked(Method.of(id), Map.of()))
                    .toList();
            MethodChoice choice = MethodChoice.best(images, lists, candidates, Progress.NONE);
            assertThat(choice.crossValidated()).isFalse();
            String named = calibratedOn(images, candidates.get(0), lists);
            String chosen = calibratedOn(images, choice.chosen().get(0).named("prototypes"), lists);
            assertThat(named).isEqualTo("8 validation images and 36 training images by 5-fold cross-validation");
            assertThat(chosen).isEqualTo("36 training images by 5-fold cross-validation");
        }
    }

    private static String calibratedOn(Images images, Recipe recipe, RunData lists) throws IOException {
        try (Learned learned = new Run(images, recipe, lists, Progress.NONE).learn()) {
            return learned.confidence().images();
        }
    }

    /** Every picture is opened once, whatever is done with it: to choose a method, learn, calibrate and test. */
    @Test
    void aRunReadsEachPictureOnce() throws IOException {
        Path root = TestPictures.folder(folder.resolve("counted"), EACH, RunFixture.CLASSES);
        Map<String, Long> read = new HashMap<>();
        List<Path> pictures;
        try (Stream<Path> files = Files.walk(root)) {
            pictures = files.filter(file -> file.toString().endsWith(".png")).toList();
        }
        for (Path picture : pictures) { // changed just now, however slow the machine: earlier hashes are not trusted
            Files.setLastModifiedTime(picture, FileTime.from(Instant.now().plus(Duration.ofHours(1))));
        }
        try (Clip clip = TinyModel.open(model, RunFixture.THREADS);
                Recording recording = new Recording()) {
            Path same = TestPictures.folder(folder.resolve("same"), EACH, RunFixture.CLASSES);
            Run.of(clip, DataSpec.of(same), Method.of("gda"), Map.of(), RunFixture.options(folder, false))
                    .run(folder.resolve("encoded"), false); // the bank has the features of these contents
            recording.enable("jdk.FileRead").withoutThreshold();
            recording.start();
            Images images = new Images(clip, RunFixture.options(folder, false));
            DataSpec source = DataSpec.of(root);
            RunData lists = images.data(source, 1, ClassHalf.ALL);
            List<Recipe> candidates = Stream.of("prototypes", "gda")
                    .map(id -> Recipe.checked(Method.of(id), Map.of()))
                    .toList();
            MethodChoice choice = MethodChoice.best(images, lists, candidates, Progress.NONE);
            try (Learned learned = new Run(images, choice.chosen().get(0), lists, Progress.NONE)
                    .learn(folder.resolve("counted-run"), false)) {
                assertThat(learned.folds().right())
                        .isEqualTo(MethodChoice.best(choice.scores()).right());
                assertThat(learned.prompts()).isNotEmpty();
            }
            recording.stop();
            recording.dump(folder.resolve("reads.jfr"));
        }
        for (RecordedEvent event : RecordingFile.readAllEvents(folder.resolve("reads.jfr"))) {
            if (String.valueOf(event.getString("path")).endsWith(".png")) {
                read.merge(event.getString("path"), event.getLong("bytesRead"), Long::sum);
            }
        }
        assertThat(read).hasSameSizeAs(pictures);
        for (Path picture : pictures) {
            assertThat(read.get(picture.toString())).as(picture.toString()).isEqualTo(Files.size(picture));
        }
    }

    @Test
    void learnedPromptsAreNotCrossValidated() throws IOException {
        Method coop = Method.of("coop").with(Map.of("context_length", 2));
        try (Clip clip = TinyModel.open(model, RunFixture.THREADS)) {
            RunFixture.Setup setup =
                    RunFixture.config(folder.resolve("data"), 2, 1, 0, 0.01).with(coop);

            setup.run(clip, RunFixture.options(folder, false), new RunFixture.Quiet())
                    .run(folder.resolve("coop"), false);

            ClassifierFile file = ClassifierFile.read(folder.resolve("coop").resolve(RunFolder.CLASSIFIER));
            assertThat(Confidence.of(file)).isEqualTo(Confidence.NONE);
            assertThat(Confidence.of(file).sentence()).contains("not calibrated");
        }
    }

    @Test
    void theThresholdIsRoundedDownAndReadBack() {
        float[][] logits = {{2, 0}, {1.5f, 0}, {0, 1}, {0.4f, 0}};
        Confidence confidence = Confidence.of(new Scores(new int[] {0, 0, 1, 1}, logits), "4 val images");

        double least = confidence.threshold().orElseThrow();
        Scores calibrated = new Scores(new int[] {0, 0, 1, 1}, logits).at(confidence.temperature());
        assertThat(calibrated.coverage().at(least).answered()).isEqualTo(3);
        assertThat(calibrated.coverage().at(least).accuracy()).isEqualTo(100);
        assertThat(least * 1000).isEqualTo(Math.rint(least * 1000), within(1e-9));
        Origin recorded = Origin.NONE.withCalibration(confidence.images(), confidence.threshold());
        assertThat(recorded.entries()).containsEntry("calibrated_on", "4 val images");
        assertThat(recorded.threshold()).isEqualTo(confidence.threshold());
        assertThat(recorded.withCalibration("", OptionalDouble.empty())).isEqualTo(Origin.NONE);
    }

    @Test
    void imagesWithoutErrorsDoNotCalibrate() {
        Scores right = new Scores(new int[] {0, 1}, new float[][] {{2, 0}, {0, 2}});

        assertThat(Confidence.of(right, "2 val images").sentence()).contains("not calibrated", "2 val images");
        assertThat(Confidence.of(new Scores(new int[0], new float[0][]), "none").threshold())
                .isEqualTo(OptionalDouble.empty());
    }
}
