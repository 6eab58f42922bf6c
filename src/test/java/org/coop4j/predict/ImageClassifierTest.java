package org.coop4j.predict;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;
import static org.coop4j.base.Thrown.assertThrown;

import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.ThreadLocalRandom;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.stream.Collectors;
import javax.imageio.ImageIO;
import org.coop4j.base.Sha256;
import org.coop4j.clip.Clip;
import org.coop4j.clip.EncodingQueue;
import org.coop4j.clip.EncodingQueue.EncodingLimits;
import org.coop4j.clip.FeatureMatrix;
import org.coop4j.clip.FeatureSpace.FeatureKind;
import org.coop4j.clip.InputImage;
import org.coop4j.clip.MemoryLimit;
import org.coop4j.clip.TinyModel;
import org.coop4j.data.DataSpec;
import org.coop4j.data.bank.TestPictures;
import org.coop4j.eval.Predictions;
import org.coop4j.image.ExifOrientation;
import org.coop4j.image.ImageDecoder;
import org.coop4j.image.ImageDecoder.ImageException;
import org.coop4j.method.Classifier;
import org.coop4j.method.ClassifierFile;
import org.coop4j.method.Method;
import org.coop4j.method.Method.Task;
import org.coop4j.method.Trainer;
import org.coop4j.method.Training;
import org.coop4j.method.ZeroShot;
import org.coop4j.run.Run;
import org.coop4j.run.RunFolder;
import org.coop4j.text.Tokenizer.TextTooLongException;
import org.junit.jupiter.api.AutoClose;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

@Timeout(600)
class ImageClassifierTest {

    private static final int THREADS = 8;
    private static final int IMAGES = 24;

    /** Of float32, where a batch of another size adds up in another order; logits are up to 100. */
    private static final double ROUNDING = 1e-5;

    private static final List<String> CLASSES = List.of("red rose", "blue_sky", "lawn");

    @TempDir
    private static Path folder;

    private static Path model;
    private static final List<Path> FILES = new ArrayList<>();

    @AutoClose
    private static Clip clip;

    private static Classifier zeroShot;

    /** The predictions of a single thread for each file. */
    private static final List<List<Prediction>> EXPECTED = new ArrayList<>();

    @BeforeAll
    static void open() throws IOException {
        model = TinyModel.write(folder.resolve("model.safetensors"), 1);
        for (int i = 0; i < IMAGES; i++) {
            FILES.add(TestPictures.write(folder.resolve("pictures/" + i + ".png"), i % 3, i));
        }
        clip = TinyModel.open(model, 2);
        zeroShot = ZeroShot.classifier(clip, CLASSES);
        for (Path file : FILES) {
            EXPECTED.add(expected(zeroShot, clip.encodeImages(List.of(file))));
        }
        assertThat(EXPECTED).doesNotHaveDuplicates();
    }

    private static List<Prediction> expected(Classifier classifier, FeatureMatrix image) {
        double[] p = Predictions.softmax(classifier.logits(image).row(0));
        int best = Predictions.argmax(p.length, c -> p[c]);
        List<Prediction> ranked = new ArrayList<>();
        for (int c = 0; c < p.length; c++) {
            ranked.add(new Prediction(classifier.classNames().get(c), p[c], c == best));
        }
        ranked.sort((a, b) -> Double.compare(b.probability(), a.probability()));
        return ranked;
    }

    /** The same classes in the same order, of probabilities that float32 rounding explains. */
    private static void assertClose(List<Prediction> actual, List<Prediction> expected) {
        assertThat(actual).extracting(Prediction::label).isEqualTo(labels(expected));
        for (int i = 0; i < expected.size(); i++) {
            assertThat(actual.get(i).probability()).isCloseTo(expected.get(i).probability(), within(ROUNDING));
        }
    }

    private static List<String> labels(List<Prediction> ranked) {
        return ranked.stream().map(Prediction::label).toList();
    }

    private static ImageClassifier classifier() {
        return ImageClassifier.of(clip, zeroShot);
    }

    @Test
    void everyFormOfAnImageIsTheSameImage() throws IOException {
        Path file = FILES.get(5);
        byte[] content = Files.readAllBytes(file);
        List<Prediction> expected = EXPECTED.get(5);
        try (ImageClassifier classifier = classifier()) {
            assertThat(classifier.classNames()).isEqualTo(CLASSES);
            assertClose(classifier.classify(file), expected);
            assertClose(classifier.classify(content), expected);
            assertClose(classifier.classify(new ByteArrayInputStream(content)), expected);
            assertClose(classifier.classify(ImageIO.read(file.toFile())), expected);
            assertClose(classifier.submit(content).join(), expected);
            assertThat(classifier.features(InputImage.of(file)))
                    .usingComparatorWithPrecision((float) ROUNDING)
                    .containsExactly(clip.encodeImages(List.of(file)).row(0));
            List<List<Prediction>> all =
                    classifier.classifyAll(FILES.stream().map(InputImage::of).toList());
            for (int i = 0; i < IMAGES; i++) {
                assertClose(all.get(i), EXPECTED.get(i));
            }
        }
    }

    @Test
    void eightThreadsGetTheSameAsOne() throws Exception {
        useByThreads(zeroShot, EXPECTED);
    }

    @Test
    void eightThreadsGetTheSameAsOneWithPromptsPerImage() throws Exception {
        Path run = learn(Method.of("cocoop"), folder.resolve("cocoop"));
        try (ImageClassifier loaded = ImageClassifier.load(run)) {
            List<List<Prediction>> expected = new ArrayList<>();
            for (Path file : FILES.subList(0, 6)) {
                expected.add(loaded.classify(file));
            }
            assertThat(expected).doesNotHaveDuplicates();
            useByThreads(loaded.classifier(), expected);
        }
    }

    /** Every thread in its own order and by all calls, while others are interrupted. */
    private static void useByThreads(Classifier by, List<List<Prediction>> expected) throws Exception {
        ExecutorService threads = Executors.newFixedThreadPool(THREADS);
        AtomicBoolean done = new AtomicBoolean();
        List<Thread> interrupted = Collections.synchronizedList(new ArrayList<>());
        try (ImageClassifier classifier = ImageClassifier.of(clip, by)) {
            List<Future<?>> ends = new ArrayList<>();
            for (int t = 0; t < THREADS; t++) {
                boolean victim = t % 2 == 0;
                ends.add(threads.submit(() -> {
                    if (victim) {
                        interrupted.add(Thread.currentThread());
                    }
                    classifyInAnyOrder(classifier, expected);
                    interrupted.remove(Thread.currentThread());
                    return null;
                }));
            }
            CompletableFuture<Void> interrupting = CompletableFuture.runAsync(() -> {
                while (!done.get()) {
                    List.copyOf(interrupted).forEach(Thread::interrupt);
                    Thread.onSpinWait();
                }
            });
            for (Future<?> end : ends) {
                end.get();
            }
            done.set(true);
            interrupting.join();
        } finally {
            done.set(true);
            threads.shutdownNow();
        }
    }

    private static void classifyInAnyOrder(ImageClassifier classifier, List<List<Prediction>> expected)
            throws Exception {
        List<Integer> order = new ArrayList<>();
        for (int i = 0; i < expected.size(); i++) {
            order.add(i);
        }
        Collections.shuffle(order, ThreadLocalRandom.current());
        for (int i : order) {
            InputImage image = InputImage.of(FILES.get(i));
            List<Prediction> ranked =
                    switch (i % 3) {
                        case 0 -> classifier.classify(image);
                        case 1 -> classifier.submit(image).join();
                        default -> classifier.classifyAll(List.of(image, image)).get(1);
                    };
            assertClose(ranked, expected.get(i));
        }
    }

    @Test
    void anInterruptIsKeptAndEndsNoCall() throws IOException {
        try (Clip fresh = TinyModel.open(model, 2);
                ImageClassifier classifier = ImageClassifier.of(fresh, ZeroShot.classifier(fresh, CLASSES))) {
            Thread.currentThread().interrupt();
            assertClose(classifier.classify(FILES.get(0)), EXPECTED.get(0));
            assertClose(
                    classifier.classifyAll(List.of(InputImage.of(FILES.get(1)))).get(0), EXPECTED.get(1));
            assertThat(Thread.interrupted()).isTrue();
        }
    }

    @Test
    void aDamagedImageFailsItsOwnFutureOnly() throws Exception {
        EncodingLimits together = new EncodingLimits(3, Duration.ofHours(1), 3, 1_000_000, ImageDecoder.ANY_TIME);
        try (ImageClassifier classifier = ImageClassifier.of(clip, zeroShot, together)) {
            var first = classifier.submit(InputImage.of(FILES.get(0)));
            var bad = classifier.submit(InputImage.of("text".getBytes(UTF_8), "note.txt"));
            var last = classifier.submit(InputImage.of(FILES.get(2)));
            assertClose(first.get(), EXPECTED.get(0));
            assertClose(last.get(), EXPECTED.get(2));
            assertThatThrownBy(bad::get)
                    .isInstanceOf(ExecutionException.class)
                    .hasCauseInstanceOf(ImageException.class)
                    .hasMessageContainingAll("note.txt", "JPEG, PNG");
            assertThrown(
                    ImageException.class, () -> classifier.classify("text".getBytes(UTF_8)), "4 bytes", "JPEG, PNG");
            InputImage missing = InputImage.of(folder.resolve("none.png"));
            assertThrown(ImageException.class, () -> classifier.classifyAll(List.of(missing)), "none.png");
        }
    }

    @Test
    void anImageBeyondTheLimitOfPixelsIsRefused() throws Exception {
        EncodingLimits small = new EncodingLimits(8, Duration.ZERO, 8, 100, ImageDecoder.ANY_TIME);
        try (ImageClassifier classifier = ImageClassifier.of(clip, zeroShot, small)) {
            assertThrown(() -> classifier.classify(FILES.get(0)), "22 x 18", "limit of 100");
        }
        assertThrown(() -> new EncodingLimits(0, Duration.ZERO, 1, 1, ImageDecoder.ANY_TIME), "maxBatch", "got 0");
    }

    @Test
    void dependentsOfAnImageMayClassifyButNotClose() throws Exception {
        // The image waits for two others until the dependents are registered.
        EncodingLimits patient = new EncodingLimits(3, Duration.ofHours(1), 3, 1_000_000, ImageDecoder.ANY_TIME);
        try (ImageClassifier classifier = ImageClassifier.of(clip, zeroShot, patient)) {
            CountDownLatch go = new CountDownLatch(1);
            CompletableFuture<List<Prediction>> gate = classifier.submit(Files.readAllBytes(FILES.get(0)));
            CompletableFuture<List<Prediction>> second = gate.thenApply(ranked -> {
                await(go);
                return classify(classifier, FILES.get(1));
            });
            CompletableFuture<Void> closing = gate.thenAccept(ranked -> {
                await(go);
                assertThrown(IllegalStateException.class, classifier::close);
            });
            go.countDown();
            InputImage other = InputImage.of(FILES.get(0));
            assertThat(classifier.submitAll(List.of(other, other))).hasSize(2);
            assertClose(second.get(), EXPECTED.get(1));
            closing.handle((done, problem) -> null).get();
            assertClose(classify(classifier, FILES.get(2)), EXPECTED.get(2));
        }
    }

    private static void await(CountDownLatch latch) {
        try {
            latch.await();
        } catch (InterruptedException e) {
            throw new IllegalStateException(e);
        }
    }

    private static List<Prediction> classify(ImageClassifier classifier, Path file) {
        try {
            return classifier.classify(file);
        } catch (IOException e) {
            throw new IllegalStateException(e);
        }
    }

    @Test
    void theTreatmentOfExifOrientationsIsSaved() throws IOException {
        Path file = folder.resolve("kept.safetensors");
        try (ImageClassifier kept = ImageClassifier.of(clip, zeroShot, ExifOrientation.KEEP)) {
            kept.save(file);
        }
        ClassifierFile saved = ClassifierFile.read(file);
        assertThat(saved.origin().exif()).isEqualTo(ExifOrientation.KEEP);
        try (ImageClassifier applied = ImageClassifier.of(clip, saved.open(clip), ExifOrientation.APPLY)) {
            applied.save(file);
        }
        assertThat(ClassifierFile.read(file).origin().exif()).isEqualTo(ExifOrientation.APPLY);
    }

    @Test
    void classNamesAreOneOrMoreAndDifferentAndNotBlank() {
        assertRefused(List.of(), "got 0");
        assertRefused(List.of("dog", " "), "name 2, \" \"");
        assertThrown(
                IllegalArgumentException.class,
                () -> ZeroShot.classifier(clip, List.of("dog", "cat", "dog")),
                "name 3, \"dog\"");
    }

    /** Two classes of ImageNet are called "missile". */
    @Test
    void classesOfADatasetMayShareAName() throws IOException {
        List<String> names = List.of("missile", "dog", "missile");
        Task task = new Task(names, "a {}", 1);

        try (Classifier classifier = new ZeroShot().learner(clip, task).fit(null, new Trainer(Training.none(), 1))) {
            assertThat(classifier.classNames()).isEqualTo(names);
            assertThat(classifier.forClasses(names).classNames()).isEqualTo(names);
        }
    }

    private static void assertRefused(List<String> names, String value) {
        assertThrown(IllegalArgumentException.class, () -> ZeroShot.classifier(clip, names), value);
        assertThrown(IllegalArgumentException.class, () -> new Task(names, "a {}", 1), value);
    }

    private static Path learn(Method method, Path run) throws IOException {
        Path data = folder.resolve("data");
        if (!Files.exists(data)) {
            TestPictures.folder(data, 2, "rose", "sky", "lawn");
        }
        Run.Options options = new Run.Options(folder.resolve("bank"), false, MemoryLimit.none());
        Run.of(clip, DataSpec.of(data), method, Map.of("shots", 2), options).run(run, false);
        return run;
    }

    @Test
    void aRunOrItsClassifiersFileIsLoadedWithItsModel() throws Exception {
        Path run = learn(new ZeroShot(), folder.resolve("runs/zero-shot"));
        List<Prediction> expected;
        try (ImageClassifier classifier = ImageClassifier.load(run)) {
            expected = classifier.classify(FILES.get(0));
            assertThat(expected.stream().map(Prediction::label).collect(Collectors.toSet()))
                    .containsExactlyInAnyOrder("rose", "sky", "lawn");
            assertThat(classifier.classifier().save().method().id()).isEqualTo("zero-shot");
        }
        Path elsewhere = Files.createDirectories(folder.resolve("elsewhere"));
        Path file = Files.copy(run.resolve(RunFolder.CLASSIFIER), elsewhere.resolve("c.safetensors"));
        try (ImageClassifier classifier = ImageClassifier.load(file)) {
            assertClose(classifier.classify(FILES.get(0)), expected);
        }
    }

    @Test
    void aFolderThatIsNotARunIsNamed() throws Exception {
        learn(new ZeroShot(), folder.resolve("several/seed1"));
        assertThrown(
                IOException.class,
                () -> ImageClassifier.load(folder.resolve("several")),
                folder.resolve("several").toString(),
                Path.of("several", "seed1").toString());
        assertThrown(
                IOException.class,
                () -> ImageClassifier.load(folder.resolve("pictures")),
                folder.resolve("pictures").toString());
        Path begun = Files.createDirectories(folder.resolve("begun"));
        Files.createFile(begun.resolve("config.json"));
        assertThrown(IOException.class, () -> ImageClassifier.load(begun), begun.toString(), RunFolder.CLASSIFIER);
    }

    @Test
    void aMissingOrOtherModelIsNamed() throws Exception {
        Path own = Files.copy(model, folder.resolve("gone.safetensors"));
        Path run = folder.resolve("of-gone");
        try (Clip other = TinyModel.open(own, 2)) {
            Run.Options options = new Run.Options(folder.resolve("bank"), false, MemoryLimit.none());
            Path data = TestPictures.folder(folder.resolve("data-of-gone"), 2, "rose", "sky");
            Run.of(other, DataSpec.of(data), new ZeroShot(), Map.of("shots", 2), options)
                    .run(run, false);
        }
        Files.delete(own);
        assertThrown(IOException.class, () -> ImageClassifier.load(run), own.toString(), "Clip.open");
        TinyModel.write(run.resolve("gone.safetensors"), 2);
        assertThrown(
                IOException.class,
                () -> ImageClassifier.load(run),
                "gone.safetensors",
                Sha256.of(model).substring(0, 12));
    }

    private static void assertUnit(float[] vector, float[] features) {
        FeatureMatrix expected = FeatureMatrix.of(1, features.length, features).normalized();
        assertThat(vector).containsExactly(expected.row(0), within((float) ROUNDING));
    }

    @Test
    void aModelEmbedsImagesAndTextsFromAnyThread() throws Exception {
        FeatureMatrix images = clip.encodeImages(FILES);
        FeatureMatrix texts = clip.encodeTexts(CLASSES);
        ExecutorService threads = Executors.newFixedThreadPool(THREADS);
        try {
            List<Future<float[]>> vectors = new ArrayList<>();
            for (Path file : FILES) {
                vectors.add(threads.submit(() -> clip.embed(InputImage.of(file))));
            }
            for (String text : CLASSES) {
                vectors.add(threads.submit(() -> clip.embed(text)));
            }
            for (int i = 0; i < vectors.size(); i++) {
                assertUnit(vectors.get(i).get(), i < IMAGES ? images.row(i) : texts.row(i - IMAGES));
            }
        } finally {
            threads.shutdownNow();
        }
        assertThat(clip.embedImages(List.of()).rows()).isZero();
        assertThat(clip.embedTexts(List.of()).rows()).isZero();
    }

    @Test
    void whatCannotBeEmbeddedIsRefused() throws Exception {
        assertThrown(ImageException.class, () -> clip.embed(InputImage.of(new byte[] {1, 2})));
        assertThrown(IOException.class, () -> clip.embed(InputImage.of(folder.resolve("none.png"))));
        assertThrown(ImageException.class, () -> clip.embedImages(List.of(InputImage.of(new byte[] {1, 2}))));
        String tooLong = "word ".repeat(100);
        assertThrown(TextTooLongException.class, () -> clip.embed(tooLong));
        assertThrown(TextTooLongException.class, () -> clip.embedTexts(List.of("a", tooLong)));
        Clip other = TinyModel.open(model, 1);
        other.close();
        assertThatThrownBy(() -> other.embed("a rose"))
                .isInstanceOf(IllegalStateException.class)
                .hasMessage("the model is closed");
    }

    @Test
    void submittedInputsAreEmbeddedTogether() throws Exception {
        EncodingLimits together = new EncodingLimits(4, Duration.ofHours(1), 4, 1_000_000, ImageDecoder.ANY_TIME);
        try (ImageClassifier classifier = ImageClassifier.of(clip, zeroShot, together)) {
            var classified = classifier.submit(InputImage.of(FILES.get(0)));
            var vectors = classifier.submitEmbeddings(List.of(
                    new EncodingQueue.Text("lawn"),
                    new EncodingQueue.Image(InputImage.of(new byte[] {1}), FeatureKind.EMBEDDED),
                    new EncodingQueue.Image(InputImage.of(FILES.get(1)), FeatureKind.EMBEDDED)));
            assertClose(classified.get(), EXPECTED.get(0));
            assertUnit(vectors.get(0).get(), clip.encodeTexts(List.of("lawn")).row(0));
            assertThatThrownBy(vectors.get(1)::get).hasCauseInstanceOf(ImageException.class);
            assertUnit(
                    vectors.get(2).get(),
                    clip.encodeImages(List.of(FILES.get(1))).row(0));
            assertThat(classifier.batches()).isEqualTo(1);
        }
    }

    @Test
    void theQueueMayHoldAnyNumberOfImages() throws Exception {
        int images = 70_000;
        EncodingLimits patient =
                new EncodingLimits(images + 1, Duration.ofHours(1), images, 1_000_000, ImageDecoder.ANY_TIME);
        try (ImageClassifier classifier = ImageClassifier.of(clip, zeroShot, patient)) {
            classifier.submitAll(Collections.nCopies(images, InputImage.of(FILES.get(0))));
            assertThat(classifier.waiting()).isEqualTo(images);
            classifier.cancelSubmitted();
        }
    }

    @Test
    void aReplacedFileIsTakenOverWithoutALostCall() throws Exception {
        List<String> others = List.of("cat", "dog");
        Classifier other = ZeroShot.classifier(clip, others);
        Path file = folder.resolve("replaced.safetensors");
        Path next = folder.resolve("next.safetensors");
        save(zeroShot, file);
        save(other, next);
        List<Prediction> expectedNext = expected(other, clip.encodeImages(List.of(FILES.get(0))));
        try (ImageClassifier classifier = ImageClassifier.load(file, clip)) {
            String hash = classifier.sha256().orElseThrow();
            assertThat(classifier.reload()).isFalse();
            AtomicBoolean replaced = new AtomicBoolean();
            ExecutorService threads = Executors.newFixedThreadPool(2);
            List<Future<?>> calls = new ArrayList<>();
            for (int i = 0; i < 2; i++) {
                calls.add(threads.submit(() -> {
                    while (!replaced.get()) {
                        List<Prediction> answer =
                                classifier.submit(InputImage.of(FILES.get(0))).get();
                        assertClose(answer, answer.size() == 2 ? expectedNext : EXPECTED.get(0));
                    }
                    return null;
                }));
            }
            List<CompletableFuture<List<Prediction>>> begun =
                    classifier.submitAll(FILES.stream().map(InputImage::of).toList());
            Files.move(next, file, StandardCopyOption.REPLACE_EXISTING);
            assertThat(classifier.reload()).isTrue();
            for (int i = 0; i < IMAGES; i++) {
                assertClose(begun.get(i).get(), EXPECTED.get(i));
            }
            assertThat(classifier.classNames()).isEqualTo(others);
            assertClose(classifier.classify(FILES.get(0)), expectedNext);
            assertThat(classifier.sha256()).isPresent().isNotEqualTo(Optional.of(hash));
            replaced.set(true);
            for (Future<?> call : calls) {
                call.get();
            }
            threads.shutdown();

            Files.writeString(file, "damaged");
            assertThrown(IOException.class, classifier::reload);
            assertClose(classifier.classify(FILES.get(0)), expectedNext);
        }
    }

    private static void save(Classifier classifier, Path file) throws IOException {
        try (ImageClassifier images = ImageClassifier.of(clip, classifier)) {
            images.save(file);
        }
    }
}
