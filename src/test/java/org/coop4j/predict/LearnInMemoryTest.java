package org.coop4j.predict;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;
import static org.coop4j.base.Thrown.assertThrown;

import java.awt.image.BufferedImage;
import java.io.File;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.stream.Collectors;
import java.util.stream.DoubleStream;
import java.util.stream.IntStream;
import javax.imageio.ImageIO;
import org.coop4j.base.InputException;
import org.coop4j.base.JavaChild;
import org.coop4j.base.Progress;
import org.coop4j.clip.Clip;
import org.coop4j.clip.InputImage;
import org.coop4j.clip.MemoryLimit;
import org.coop4j.clip.TinyModel;
import org.coop4j.data.DataSpec;
import org.coop4j.data.Examples;
import org.coop4j.data.ImageDataset.ClassHalf;
import org.coop4j.data.bank.TestPictures;
import org.coop4j.method.ClassifierFile;
import org.coop4j.method.CoOp;
import org.coop4j.method.Method;
import org.coop4j.method.PromptContext;
import org.coop4j.run.Confidence;
import org.coop4j.run.Images;
import org.coop4j.run.MethodChoice;
import org.coop4j.run.Recipe;
import org.coop4j.run.Run;
import org.coop4j.run.RunConfig.RunData;
import org.coop4j.run.RunFolder;
import org.coop4j.text.Tokenizer.TextTooLongException;
import org.junit.jupiter.api.AutoClose;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Learning in memory compared with runs on the same images. */
class LearnInMemoryTest {

    private static final String[] CLASSES = {"red_rose", "blue sky", "lawn"};
    private static final int EACH = 4;

    @TempDir
    private static Path folder;

    private static Path pictures;
    private static Path model;

    @AutoClose
    private static Clip clip;

    @TempDir
    private Path place;

    @BeforeAll
    static void open() throws IOException {
        model = TinyModel.write(folder.resolve("model.safetensors"), 1);
        pictures = TestPictures.folder(folder.resolve("pictures"), EACH, CLASSES);
        clip = TinyModel.open(model, 2);
    }

    private static Run.Options options() {
        return new Run.Options(folder.resolve("bank"), false, MemoryLimit.none());
    }

    private static void assertSame(ClassifierFile actual, ClassifierFile expected) {
        assertThat(actual.tensors().keySet())
                .isNotEmpty()
                .isEqualTo(expected.tensors().keySet());
        expected.tensors()
                .forEach((name, tensor) ->
                        assertThat(actual.tensor(name).values()).as(name).containsExactly(tensor.values()));
        assertThat(actual.temperature()).isEqualTo(expected.temperature());
        assertThat(actual.classNames()).isEqualTo(expected.classNames());
        assertThat(actual.method()).isEqualTo(expected.method());
        assertThat(actual.modelSha256()).isEqualTo(expected.modelSha256());
    }

    /** Ten pictures of each class without a split, so that there are val pictures to calibrate by. */
    private static Path unsplit() throws IOException {
        Path root = folder.resolve("unsplit");
        for (int label = 0; label < CLASSES.length; label++) {
            for (int i = 0; i < 10; i++) {
                // the classes are alike, or no probability would need calibration
                TestPictures.write(root.resolve(CLASSES[label]).resolve(i + ".png"), i < 7 ? label : 0, i);
            }
        }
        return root;
    }

    @ParameterizedTest
    @ValueSource(strings = {"zero-shot", "gda", "prolip"})
    void aRunOnTheSameImagesLearnsTheSameBits(String id) throws IOException {
        Method method = Method.of(id);
        Path unsplit = unsplit();
        for (Map<String, Object> sample : List.<Map<String, Object>>of(Map.of(), Map.of("shots", 2, "seed", 3))) {
            for (Path data : List.of(pictures, unsplit)) {
                Path run = place.resolve(data.getFileName() + "-" + sample.size());
                Run.of(clip, DataSpec.of(data), method, sample, options()).run(run, false);
                ClassifierFile expected = ClassifierFile.read(run.resolve(RunFolder.CLASSIFIER));
                try (ImageClassifier learned = ImageClassifier.learn(
                        clip, Examples.folder(data), Learning.by(method).with(sample))) {
                    ClassifierFile actual = learned.classifier().save();
                    assertSame(actual, expected);
                    assertThat(actual.origin()).isEqualTo(expected.origin());
                    Learning.Account account = learned.account().orElseThrow();
                    assertThat(account.confidence()).isEqualTo(Confidence.of(expected));
                    assertThat(account.confidence().images().isEmpty()).isEqualTo(!method.learns());
                }
            }
        }
    }

    @Test
    void settingsOfMethodAndTrainingAreGiven() throws IOException {
        Examples examples = Examples.folder(pictures);
        Learning learning = Learning.by(new CoOp()).with(Map.of("epochs", 2)).with(Map.of("context-length", 3));
        Map<String, Object> tooMany = Map.of("shots", EACH + 1);
        List<String> notes = new ArrayList<>();
        Progress progress = new Progress() {
            @Override
            public void warn(String message) {
                notes.add(message);
            }
        };
        try (ImageClassifier learned =
                ImageClassifier.learn(clip, examples, learning.with(tooMany).reporting(progress))) {
            ClassifierFile file = learned.classifier().save();
            assertThat(file.origin().epochs()).hasValue(2);
            assertThat(file.tensor(PromptContext.CTX).shape().dim(0)).isEqualTo(3);
            assertThat(learned.account().orElseThrow().warnings())
                    .isEqualTo(notes)
                    .isNotEmpty();
        }
        Learning few = Learning.by(Method.of("clip-lora")).with(Map.of("fast", true, "epochs", 1));
        try (ImageClassifier learned = ImageClassifier.learn(clip, examples, few)) {
            assertThat(learned.classifier().save().tensors().keySet())
                    .anyMatch(name -> name.contains("resblocks.1."))
                    .noneMatch(name -> name.contains("resblocks.0."));
        }
        assertThrown(() -> ImageClassifier.learn(clip, examples, few.with(Map.of("fast", "yes"))), "fast", "yes");
        assertThrown(
                IllegalArgumentException.class,
                () -> ImageClassifier.learn(clip, examples, learning.with(Map.of("epoch", 2))),
                "epoch");
    }

    @Test
    void unreadablePicturesAreLeftOutAndNamed() throws IOException {
        Map<String, List<InputImage>> good = new HashMap<>();
        for (Path file : files()) {
            good.computeIfAbsent(file.getParent().getFileName().toString(), name -> new ArrayList<>())
                    .add(InputImage.of(file));
        }
        Map<String, List<InputImage>> some = new HashMap<>(good);
        List<InputImage> lawns = new ArrayList<>(good.get("lawn"));
        lawns.add(1, InputImage.of(new byte[] {1, 2, 3}));
        some.put("lawn", lawns);
        Learning learning = Learning.by(Method.of("gda"));
        assertThrown(IOException.class, () -> ImageClassifier.learn(clip, Examples.of(some), learning));
        Examples val = Examples.of(good);
        try (ImageClassifier learned =
                        ImageClassifier.learn(clip, Examples.of(some).withVal(val), learning.skippingUnreadable());
                ImageClassifier expected =
                        ImageClassifier.learn(clip, Examples.of(good).withVal(val), learning)) {
            assertSame(learned.classifier().save(), expected.classifier().save());
            Learning.Account account = learned.account().orElseThrow();
            assertThat(account.trainImages()).isEqualTo(files().size());
            assertThat(account.trainAccuracy()).isEqualTo(100);
            assertThat(account.unreadable().keySet()).singleElement().satisfies(image -> assertThat(
                            image.className() + " " + image.path())
                    .isEqualTo("lawn " + Examples.NAME.resolve("1/1")));
        }
    }

    /** Learns by a method of prompts and by one of features, and classifies. */
    static final class Program {

        public static void main(String[] arguments) throws IOException {
            // as in a thread of a pool, which does not see the libraries of a web application
            Thread.currentThread().setContextClassLoader(ClassLoader.getPlatformClassLoader());
            Path pictures = Path.of(arguments[1]);
            try (Clip clip = Clip.open(Path.of(arguments[0]))) {
                for (String id : List.of("coop", "linear-probe")) {
                    Learning learning = Learning.by(Method.of(id)).with(Map.of("shots", 1));
                    try (ImageClassifier learned = ImageClassifier.learn(clip, Examples.folder(pictures), learning)) {
                        System.out.println(learned.classify(pictures.resolve("test/lawn/picture-0.png")));
                    }
                }
            }
        }
    }

    @Test
    void aProgramWithoutALoggingBackendWritesNothingToStandardError() throws Exception {
        List<String> command = JavaChild.java();
        command.add("-XX:-UsePerfData");
        String silent = Arrays.stream(JavaChild.classPath().split(File.pathSeparator))
                .filter(entry -> !entry.contains("logback"))
                .collect(Collectors.joining(File.pathSeparator));
        command.addAll(List.of("-cp", silent, Program.class.getName(), model.toString(), pictures.toString()));
        Path errors = place.resolve("errors");
        Process child =
                new ProcessBuilder(command).redirectError(errors.toFile()).start();
        assertThat(child.inputReader().lines()).hasSize(2);
        assertThat(child.waitFor()).isZero();
        assertThat(Files.readString(errors)).isEmpty();
    }

    @Test
    void autoChoosesAsAChoiceOnTheFolderDoes() throws IOException {
        Images shared = new Images(clip, options());
        DataSpec data = DataSpec.of(pictures);
        RunData lists = shared.data(data, 1, ClassHalf.ALL);
        Recipe.Lists counts = Recipe.Lists.of(data, shared.dataset(data, 1));
        List<Recipe> candidates = Method.quick().stream()
                .map(method -> Recipe.of(method, Map.of(), counts, clip))
                .toList();
        Method expected = MethodChoice.best(shared, lists, candidates, Progress.NONE)
                .chosen()
                .get(0)
                .method();
        try (ImageClassifier learned = ImageClassifier.learn(clip, Examples.folder(pictures), Learning.auto())) {
            assertThat(learned.classifier().save().method()).isEqualTo(expected);
            assertThat(learned.classify(pictures.resolve("test/lawn/picture-0.png")))
                    .hasSize(3);
        }
    }

    /** Returns the training images in the order of their labels. */
    private static List<Path> files() {
        return Arrays.stream(CLASSES)
                .sorted()
                .flatMap(name -> IntStream.range(0, EACH)
                        .mapToObj(i -> pictures.resolve("train").resolve(name).resolve("picture-" + i + ".png")))
                .toList();
    }

    private static float[][] features(List<Path> files) throws IOException {
        return clip.encodeImages(files).toRows();
    }

    @Test
    void picturesInMemoryFilesAndFeaturesLearnTheSame() throws IOException {
        Map<String, List<InputImage>> images = new HashMap<>();
        for (Path file : files()) {
            BufferedImage decoded = ImageIO.read(file.toFile());
            List<InputImage> own =
                    images.computeIfAbsent(file.getParent().getFileName().toString(), name -> new ArrayList<>());
            own.add(own.size() % 2 == 0 ? InputImage.of(decoded) : InputImage.of(Files.readAllBytes(file)));
        }
        float[][] features = features(files());
        int[] labels = IntStream.range(0, features.length).map(i -> i / EACH).toArray();
        List<String> names = Arrays.stream(CLASSES).sorted().toList();
        Method method = Method.of("clap");
        try (ImageClassifier ofFiles = ImageClassifier.learn(clip, Examples.folder(pictures), method);
                ImageClassifier ofImages = ImageClassifier.learn(clip, Examples.of(images), method);
                ImageClassifier ofFeatures =
                        ImageClassifier.learn(clip, Examples.of(names, features, labels), method)) {
            assertSame(ofImages.classifier().save(), ofFiles.classifier().save());
            assertSame(ofFeatures.classifier().save(), ofFiles.classifier().save());
            assertThat(ofFeatures.predict(features)).containsExactly(labels);
            double[][] probabilities = ofFeatures.probabilities(features);
            for (int i = 0; i < labels.length; i++) {
                assertThat(DoubleStream.of(probabilities[i]).sum()).isCloseTo(1, within(1e-9));
                Prediction best = ofFiles.classify(files().get(i)).get(0);
                assertThat(best.label()).isEqualTo(names.get(labels[i]));
                assertThat(best.probability()).isCloseTo(probabilities[i][labels[i]], within(1e-5));
            }
        }
    }

    @Test
    void aSavedClassifierIsLoaded() throws IOException {
        Path file = place.resolve("learned.safetensors");
        Path photo = files().get(5);
        List<Prediction> expected;
        try (ImageClassifier learned = ImageClassifier.learn(clip, Examples.folder(pictures), Method.of("gda"))) {
            learned.save(file);
            expected = learned.classify(photo);
        }
        try (ImageClassifier loaded = ImageClassifier.load(file)) {
            assertThat(loaded.toString()).contains("GDA", "3 classes (blue sky, lawn, red_rose)", "model.safetensors");
            assertThat(loaded.classify(photo)).isEqualTo(expected);
        }
        for (int open = 0; open < 2; open++) { // closing it leaves the model open
            try (ImageClassifier loaded = ImageClassifier.load(file, clip)) {
                assertThat(loaded.clip()).isSameAs(clip);
                assertThat(loaded.classify(photo)).isEqualTo(expected);
            }
        }
        try (Clip other = TinyModel.open(TinyModel.write(place.resolve("other.safetensors"), 2), 1)) {
            assertThrown(IllegalArgumentException.class, () -> ImageClassifier.load(file, other));
        }
    }

    private static Map<String, List<InputImage>> images(String first, String second) {
        return Map.of(first, List.of(InputImage.of(files().get(0))), second, List.of(InputImage.of(files().get(5))));
    }

    @Test
    void whatCannotBeLearnedIsRefused() throws IOException {
        Method gda = Method.of("gda");
        InputImage image = InputImage.of(files().get(0));
        for (Map<String, List<InputImage>> wrong : List.of(
                Map.<String, List<InputImage>>of(),
                Map.of("one", List.of(image)),
                Map.of("one", List.of(image), "two", List.<InputImage>of()),
                images("a_b", "A b"))) {
            assertThrown(IllegalArgumentException.class, () -> Examples.of(wrong));
        }
        assertThrown(
                TextTooLongException.class,
                () -> ImageClassifier.learn(clip, Examples.of(images("a", "word ".repeat(99))), gda));
        for (Path nothing : List.of(place, place.resolve("none"))) {
            assertThrown(InputException.class, () -> ImageClassifier.learn(clip, Examples.folder(nothing), gda));
        }
        Learning views = Learning.by(gda).with(Map.of("views", 2));
        assertThrown(
                IllegalArgumentException.class,
                () -> ImageClassifier.learn(clip, Examples.folder(pictures), views),
                "views");
        assertThatThrownBy(() -> ImageClassifier.learn(clip, Examples.of(images("a", "b")), Learning.auto()))
                .as("one image of each cannot choose")
                .isInstanceOf(InputException.class);
    }

    @Test
    void wrongArraysAreRefused() throws IOException {
        List<String> names = List.of("a", "b");
        int[] labels = {0, 1};
        for (float[][] wrong : List.of(
                new float[0][],
                new float[][] {{1}},
                new float[][] {{}, {}},
                new float[][] {{1, 2}, {3}},
                new float[][] {{1, 2}, {Float.NaN, 1}},
                new float[][] {{1, 2}, {0, 0}})) {
            assertThrown(IllegalArgumentException.class, () -> Examples.of(names, wrong, labels));
        }
        float[][] right = {{1, 2}, {3, 4}};
        for (int[] wrong : List.of(new int[] {0, 0}, new int[] {0, 2}, new int[] {-1, 0}, new int[0])) {
            assertThrown(IllegalArgumentException.class, () -> Examples.of(names, right, wrong));
        }
        assertThrown(
                InputException.class,
                () -> ImageClassifier.learn(clip, Examples.of(names, right, labels), Method.of("gda")),
                "width 2");
        try (ImageClassifier learned = ImageClassifier.learn(clip, Examples.folder(pictures), Method.of("gda"))) {
            assertThrown(IllegalArgumentException.class, () -> learned.predict(right));
            assertThrown(IllegalArgumentException.class, () -> learned.predict(new float[0][]));
        }
    }
}
