package org.coop4j.run;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.coop4j.base.Thrown.assertThrown;

import com.fasterxml.jackson.databind.JsonNode;
import java.io.IOException;
import java.lang.reflect.Proxy;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.concurrent.Callable;
import java.util.concurrent.atomic.AtomicInteger;
import org.coop4j.base.Folders;
import org.coop4j.clip.Clip;
import org.coop4j.clip.FeatureSpace;
import org.coop4j.clip.TinyModel;
import org.coop4j.data.DataSpec;
import org.coop4j.data.bank.TestPictures;
import org.coop4j.method.Classifier;
import org.coop4j.method.ClassifierFile;
import org.coop4j.method.CoOp;
import org.coop4j.method.Method;
import org.coop4j.method.PromptLayout.ClassPosition;
import org.coop4j.method.Trainer.NonFiniteLossException;
import org.coop4j.weights.safetensors.SafetensorsFile;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class RunTest {

    @TempDir
    static Path folder;

    private static Path model;
    private static Path data;
    private static Path whole;

    @BeforeAll
    static void make() throws IOException {
        model = TinyModel.write(folder.resolve("tiny.safetensors"), 1);
        data = TestPictures.folder(folder.resolve("data"), 5, RunFixture.CLASSES);
        whole = folder.resolve("whole");
        RunFixture.run(model, RunFixture.shortRun(data), whole, new RunFixture.Quiet());
    }

    /** Thrown by listeners, as if the run had been interrupted there. */
    private static final class Interrupted extends RuntimeException {
        private static final long serialVersionUID = 1L;
    }

    @Test
    void sixteenImagesOfFourClassesAreLearnedByHeart() throws IOException {
        Path place = folder.resolve("overfit");
        int epochs = 100;
        RunFixture.Setup config = RunFixture.config(data, 4, epochs, 0, 0.005)
                .with("batch", 16)
                .with(new CoOp(8, ClassPosition.END, true))
                .withCheckpointEvery(epochs);
        RunResult result = RunFixture.run(model, config, place, new RunFixture.Quiet());
        assertThat(result.trainImages()).isEqualTo(16);
        List<JsonNode> metrics = RunFixture.metrics(place);
        assertThat(metrics).hasSize(epochs);
        assertThat(metrics.get(0).get("accuracy").asDouble()).isLessThan(100);
        for (JsonNode line : metrics.subList(epochs - 10, epochs)) {
            assertThat(line.get("accuracy").asDouble()).isEqualTo(100);
        }
    }

    @Tag("portable")
    @Test
    void onlyTheContextChangesInTraining() throws IOException {
        byte[] before = Files.readAllBytes(model);
        try (Clip clip = TinyModel.open(model, 2)) {
            List<String> names = List.of("a photo of a cat", "dog");
            float[] texts = clip.encodeTexts(names).toArray();
            List<Path> pictures = List.of(data.resolve("train/lawn/picture-0.png"));
            float[] images = clip.encodeImages(pictures).toArray();
            RunFixture.shortRun(data)
                    .run(clip, RunFixture.options(folder.resolve("frozen"), false), new RunFixture.Quiet())
                    .run(folder.resolve("frozen/run"), false);
            assertThat(clip.encodeTexts(names).toArray()).containsExactly(texts);
            assertThat(clip.encodeImages(pictures).toArray()).containsExactly(images);
        }
        assertThat(Files.readAllBytes(model)).isEqualTo(before);
    }

    @Tag("portable")
    @Test
    void theSameSeedGivesTheSameBitsAndAnotherSeedOthers() throws IOException {
        Path again = folder.resolve("again");
        RunFixture.run(model, RunFixture.shortRun(data), again, new RunFixture.Quiet());
        assertThat(RunFixture.outcome(again)).isEqualTo(RunFixture.outcome(whole));
        Path other = folder.resolve("other-seed");
        RunFixture.run(model, RunFixture.shortRun(data).withSeed(2), other, new RunFixture.Quiet());
        assertThat(RunFixture.outcome(other).get(1))
                .isNotEqualTo(RunFixture.outcome(whole).get(1));
    }

    @Tag("portable")
    @ParameterizedTest
    @ValueSource(ints = {0, 1, 2, 3, 5})
    void aRunInterruptedAfterAnyEpochEndsWithTheSameBits(int last) throws IOException {
        Path place = interrupted("stopped-after-" + last, last);
        RunFixture.Quiet resumed = new RunFixture.Quiet();
        RunFixture.run(model, RunFixture.shortRun(data), place, resumed);
        assertThat(resumed.trainedFrom()).isEqualTo((last + 1) / 2 * 2);
        assertThat(RunFixture.outcome(place)).isEqualTo(RunFixture.outcome(whole));
    }

    @Test
    void anOutOfMemoryErrorLeavesTheFolderFree() throws IOException {
        Path place = folder.resolve("out-of-memory");
        RunFixture.Quiet failing = new RunFixture.Quiet() {
            @Override
            void epoch(int epoch) {
                throw new OutOfMemoryError("made up");
            }
        };
        assertThrown(
                OutOfMemoryError.class,
                () -> RunFixture.run(model, RunFixture.shortRun(data).withSeed(7), place, failing));
        RunFixture.run(model, RunFixture.shortRun(data), place, new RunFixture.Quiet());
        assertThat(RunFixture.outcome(place)).isEqualTo(RunFixture.outcome(whole));
    }

    @Test
    void aFinishedRunResumedGivesTheSameResultWithoutTraining() throws IOException {
        Path place = folder.resolve("finished");
        RunFixture.run(model, RunFixture.shortRun(data), place, new RunFixture.Quiet());
        List<String> before = RunFixture.outcome(place);
        RunFixture.Quiet again = new RunFixture.Quiet();
        RunFixture.run(model, RunFixture.shortRun(data), place, again);
        assertThat(again.trainedFrom()).isEqualTo(-1);
        assertThat(again.notes).anyMatch(note -> note.startsWith(place.toString()));
        assertThat(RunFixture.outcome(place)).isEqualTo(before);
    }

    @Test
    void linesAndFilesLeftByAKillAreRemoved() throws IOException {
        Path place = folder.resolve("tidied");
        RunFixture.Setup config = RunFixture.shortRun(data);
        Path run = Files.createDirectories(place.resolve("run"));
        Files.writeString(run.resolve(".config.json.0123.tmp"), "{");
        RunFixture.run(model, config, place, new RunFixture.Quiet());
        assertThat(run.resolve(".config.json.0123.tmp")).doesNotExist();
        Files.delete(run.resolve(RunFolder.PROVENANCE)); // not finished
        Path metrics = run.resolve(RunFolder.METRICS);
        Files.writeString(metrics, Files.readString(metrics) + "{\"epoch\":7,\"lo");
        RunFixture.run(model, config, place, new RunFixture.Quiet());
        assertThat(RunFixture.outcome(place)).isEqualTo(RunFixture.outcome(whole));
    }

    /** A run that ended in an epoch, with the checkpoint of an epoch before. */
    private static Path interrupted(String name, int last) {
        Path place = folder.resolve(name);
        RunFixture.Quiet stopping = new RunFixture.Quiet() {
            @Override
            void epoch(int epoch) {
                if (epoch == last) {
                    throw new Interrupted();
                }
            }
        };
        assertThrown(Interrupted.class, () -> RunFixture.run(model, RunFixture.shortRun(data), place, stopping));
        return place;
    }

    /** The number of threads decides the last digits. */
    @Test
    void aRunResumedOnAnotherNumberOfThreadsIsWarnedOf() throws IOException {
        Path place = interrupted("threads", 3);
        Path config = place.resolve("run").resolve(RunFolder.CONFIG);
        assertThat(RunConfig.read(config).threads()).isEqualTo(RunFixture.THREADS);
        RunFixture.Quiet resumed = new RunFixture.Quiet();
        try (Clip clip = TinyModel.open(model, 3)) {
            RunResult result = RunFixture.shortRun(data)
                    .run(clip, RunFixture.options(place, false), resumed)
                    .run(place.resolve("run"), true);
            assertThat(result.warnings()).isEqualTo(resumed.warnings);
        }
        assertThat(resumed.warnings).anySatisfy(warning -> assertThat(warning).contains("OMP_NUM_THREADS=2", "3"));
    }

    @Test
    void damagedMetricsAreRewrittenByAResumedRun() throws IOException {
        Path place = interrupted("damaged-metrics", 2);
        Path metrics = place.resolve("run").resolve(RunFolder.METRICS);
        byte[] sound = Files.readAllBytes(metrics);
        for (String damage : List.of("digit", "\u00ff in Latin-1", "cut", "empty", "gone")) {
            byte[] bytes = sound.clone();
            switch (damage) {
                case "digit" -> bytes[new String(bytes, UTF_8).indexOf("0.")] = '9';
                case "cut" -> bytes = Arrays.copyOf(bytes, bytes.length / 3);
                case "empty" -> bytes = new byte[0];
                default -> bytes[5] = (byte) 0xff;
            }
            Path copy = folder.resolve("metrics-" + damage.substring(0, 1));
            Folders.copy(place, copy);
            Path damaged = copy.resolve("run").resolve(RunFolder.METRICS);
            Files.write(damaged, bytes);
            if (damage.equals("gone")) {
                Files.delete(damaged);
            }
            RunFixture.run(model, RunFixture.shortRun(data), copy, new RunFixture.Quiet());
            assertThat(RunFixture.outcome(copy)).as(damage).isEqualTo(RunFixture.outcome(whole));
        }
    }

    @Test
    void aFlippedBitOfTheCheckpointIsRefusedAndKeepsTheFiles() throws IOException {
        Path place = interrupted("damaged-checkpoint", 2);
        Path checkpoint = place.resolve("run").resolve(RunFolder.CHECKPOINT);
        byte[] bytes = Files.readAllBytes(checkpoint);
        bytes[bytes.length - 3] ^= 0x10;
        Files.write(checkpoint, bytes);
        assertThatThrownBy(() -> RunFixture.run(model, RunFixture.shortRun(data), place, new RunFixture.Quiet()))
                .isInstanceOf(IOException.class)
                .hasMessageStartingWith(checkpoint + " is damaged");
        assertThat(checkpoint).hasBinaryContent(bytes);
        assertThat(place.resolve("run").resolve(RunFolder.METRICS)).isNotEmptyFile();
    }

    @Test
    void aChangedDigitOfTheResultIsDetected() throws IOException {
        Path place = folder.resolve("damaged-result");
        Folders.copy(whole, place);
        Path result = place.resolve("run").resolve(RunFolder.RESULT);
        String json = Files.readString(result);
        Files.writeString(result, json.replaceFirst("(\"accuracy\" : )\\d", "$17"));
        assertThatThrownBy(() -> RunFolder.read(result, RunResult.class))
                .hasMessageStartingWith(result + " is damaged");
    }

    @Test
    void anExplodingRunStopsAndKeepsTheLastGoodCheckpoint() throws IOException {
        Path place = folder.resolve("exploding");
        RunFixture.Setup config =
                RunFixture.config(data, 0, 6, 0, 1e38).with("warmup_epochs", 2).withCheckpointEvery(1);
        assertThrown(
                NonFiniteLossException.class,
                () -> RunFixture.run(model, config, place, new RunFixture.Quiet()),
                "in epoch 3, batch ");
        Path run = place.resolve("run");
        try (SafetensorsFile kept = SafetensorsFile.open(run.resolve(RunFolder.CHECKPOINT))) {
            assertThat(kept.metadata()).containsEntry("coop4j.epochs", "2");
            for (float value : kept.floats("value.ctx")) {
                assertThat(Float.isFinite(value)).isTrue();
            }
        }
        assertThat(RunFixture.metrics(place)).hasSize(2);
        assertThat(run.resolve(RunFolder.CLASSIFIER)).doesNotExist();
    }

    /** Learns by another method a classifier that cannot be tested, and counts those that are open. */
    private static final class Untestable implements Method {

        private final AtomicInteger open = new AtomicInteger();

        @Override
        public About about() {
            return Method.closedForm().about();
        }

        @Override
        public Learner learner(FeatureSpace space, Task task) {
            Learner learner = Method.closedForm().learner(space, task);
            return (images, trainer) -> counted(learner.fit(images, trainer));
        }

        @Override
        public Classifier read(FeatureSpace space, ClassifierFile file) throws IOException {
            return Method.closedForm().read(space, file);
        }

        private Classifier counted(Classifier learned) {
            open.incrementAndGet();
            return (Classifier) Proxy.newProxyInstance(
                    Classifier.class.getClassLoader(),
                    new Class<?>[] {Classifier.class},
                    (proxy, called, arguments) -> {
                        if (called.getName().equals("forClasses")) {
                            throw new IllegalStateException("no test");
                        }
                        if (called.getName().equals("close")) {
                            open.decrementAndGet();
                        }
                        return called.invoke(learned, arguments);
                    });
        }
    }

    @Test
    void aClassifierIsClosedIfItsTestFails() throws IOException {
        Untestable method = new Untestable();
        Path place = folder.resolve("untestable");
        try (Clip clip = TinyModel.open(model, RunFixture.THREADS)) {
            Run run = Run.of(clip, DataSpec.of(data), method, Map.of(), RunFixture.options(place, false));
            assertThatThrownBy(() -> run.learn(place.resolve("run"), false)).hasMessage("no test");
        }
        assertThat(method.open).hasValue(0);
        assertThat(RunFolder.holdsRun(place.resolve("run"))).isFalse();
    }

    /** A run that is returned is the one that ended, not another of today's pictures. */
    @Test
    void aFinishedRunOfPicturesThatHaveChangedIsNotReturned() throws Exception {
        Path place = folder.resolve("changed");
        Path pictures = TestPictures.folder(place.resolve("data"), 3, RunFixture.CLASSES);
        Path run = place.resolve("run");
        try (Clip clip = TinyModel.open(model, RunFixture.THREADS)) {
            Callable<Learned> again = () -> Run.of(
                            clip,
                            DataSpec.of(pictures),
                            Method.of("prototypes"),
                            Map.of(),
                            RunFixture.options(place, false))
                    .learn(run, true);
            again.call().close();
            byte[] bits = Files.readAllBytes(run.resolve(RunFolder.CLASSIFIER));
            try (Learned finished = again.call()) {
                assertThat(finished.file().tensor("prototypes").values())
                        .isEqualTo(ClassifierFile.read(run.resolve(RunFolder.CLASSIFIER))
                                .tensor("prototypes")
                                .values());
                assertThat(finished.result()).isEqualTo(Run.open(run).result().orElseThrow());
            }
            for (String part : List.of("train", "test")) {
                Path picture = pictures.resolve(part).resolve("lawn/picture-1.png");
                byte[] content = Files.readAllBytes(picture);
                TestPictures.write(picture, 2, 999);
                assertThrown(again::call, "images have changed", "(" + picture + ")");
                Files.write(picture, content);
            }
            again.call().close();
            assertThat(run.resolve(RunFolder.CLASSIFIER)).hasBinaryContent(bits);
        }
    }

    @Tag("portable")
    @Test
    void theResultAndTheClassifierSayHowTheyWereMade() throws IOException {
        RunResult result = RunFolder.read(whole.resolve("run").resolve(RunFolder.RESULT), RunResult.class);
        assertThat(result.testImages()).isEqualTo(20);
        assertThat(result.trainImages()).isEqualTo(20);
        assertThat(result.accuracy() + result.errorRate()).isEqualTo(100);
        assertThat(result.handWritten()).hasSizeGreaterThan(3);
        ClassifierFile prompt = ClassifierFile.read(whole.resolve("run").resolve(RunFolder.CLASSIFIER));
        assertThat(prompt.origin().entries()).containsEntry("epochs", "6").containsEntry("seed", "1");
        assertThat(prompt.origin().entries()).containsEntry("precision", "float32");
        assertThat(result.precision()).isEqualTo("float32");
    }
}
