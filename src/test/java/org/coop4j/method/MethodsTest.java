package org.coop4j.method;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;
import static org.coop4j.RandomValues.gaussian;
import static org.coop4j.base.Thrown.assertThrown;

import java.io.IOException;
import java.lang.reflect.Constructor;
import java.lang.reflect.RecordComponent;
import java.nio.FloatBuffer;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.stream.Stream;
import org.coop4j.base.Progress;
import org.coop4j.base.ProgressRecorder;
import org.coop4j.base.Settings;
import org.coop4j.clip.Clip;
import org.coop4j.clip.FeatureMatrix;
import org.coop4j.clip.FeatureSpace.FeatureKind;
import org.coop4j.clip.GoldenModels;
import org.coop4j.clip.MemoryLimit;
import org.coop4j.clip.TinyModel;
import org.coop4j.data.FeatureSet;
import org.coop4j.data.FeatureSet.DenseFeatures;
import org.coop4j.method.ClassifierFile.Origin;
import org.coop4j.method.Method.FewShotFeatures;
import org.coop4j.method.Method.Group;
import org.coop4j.method.Method.Learner;
import org.coop4j.method.Method.Task;
import org.coop4j.weights.DType;
import org.coop4j.weights.Shape;
import org.coop4j.weights.TensorView.TensorSpec;
import org.coop4j.weights.safetensors.SafetensorsFile;
import org.coop4j.weights.safetensors.SafetensorsWriter;
import org.junit.jupiter.api.AutoClose;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvFileSource;
import org.junit.jupiter.params.provider.MethodSource;

/** Properties of every method on a tiny model: one image per class, files, other classes, refused settings. */
class MethodsTest {

    private static final List<String> NAMES = List.of("left", "up_there", "right");
    private static final Task TASK = new Task(NAMES, "a photo of a {}.", 1);

    @TempDir
    static Path folder;

    @AutoClose
    private static Clip clip;

    @BeforeAll
    static void open() throws IOException {
        clip = TinyModel.open(TinyModel.write(folder.resolve("tiny.safetensors"), 1), 2);
    }

    static Stream<Method> methods() {
        return Method.builtIn().stream()
                .filter(method -> method.suits(false) && method.learns())
                .map(method -> method.id().equals("cross-modal") ? method.with(Map.of("blend", 0.5)) : method);
    }

    /** The model with a tensor that is not a number. */
    private static Path damaged(String tensor) throws IOException {
        Path file = folder.resolve(tensor + ".safetensors");
        try (SafetensorsFile whole = SafetensorsFile.open(folder.resolve("tiny.safetensors"))) {
            List<TensorSpec> specs = new ArrayList<>(TinyModel.ARCHITECTURE.tensorSpecs(DType.F32));
            try (SafetensorsWriter writer = SafetensorsWriter.create(file, specs, whole.metadata())) {
                for (TensorSpec spec : specs) {
                    float[] values = whole.floats(spec.name());
                    values[0] = spec.name().equals(tensor) ? Float.NaN : values[0];
                    writer.writeFloats(spec.name(), values);
                }
                writer.commit();
            }
        }
        return file;
    }

    @Test
    void aModelWhoseFeaturesAreNotNumbersIsRefusedByItsFile() throws IOException {
        try (Clip damaged = TinyModel.open(damaged("visual.proj"), 1)) {
            int side = damaged.architecture().vision().imageSize();
            assertThatThrownBy(() -> damaged.encodePixels(FloatBuffer.allocate(3 * side * side), 1))
                    .hasMessageContaining("visual.proj.safetensors is damaged");
        }
        Method coop = new CoOp();
        FewShotFeatures data = new FewShotFeatures(images(coop, 3, 1), images(coop, 0, 2));
        try (Clip damaged = TinyModel.open(damaged("text_projection"), 1)) {
            Learner learner = coop.learner(damaged, TASK);
            assertThatThrownBy(() -> learner.fit(data, new Trainer(coop.training(1), 1)))
                    .hasMessageContaining("text_projection.safetensors is damaged");
        }
    }

    @Test
    void aMissingComponentIsNamed() throws ReflectiveOperationException {
        for (Method method : Method.builtIn()) {
            RecordComponent[] components = method.getClass().getRecordComponents();
            for (int missing = 0; missing < components.length; missing++) {
                Class<?>[] types = new Class<?>[components.length];
                Object[] values = new Object[components.length];
                for (int i = 0; i < components.length; i++) {
                    types[i] = components[i].getType();
                    components[i].getAccessor().setAccessible(true);
                    values[i] =
                            i == missing ? null : components[i].getAccessor().invoke(method);
                }
                if (types[missing].isRecord()) {
                    Constructor<?> constructor = method.getClass().getDeclaredConstructor(types);
                    constructor.setAccessible(true);
                    assertThatThrownBy(() -> constructor.newInstance(values))
                            .rootCause()
                            .isInstanceOf(IllegalArgumentException.class)
                            .hasMessageStartingWith(components[missing].getName() + ": ");
                }
            }
        }
    }

    private static DenseFeatures images(Method method, int count, long seed) {
        int width = clip.featureWidth(method.features());
        int[] labels = new int[count];
        for (int i = 0; i < count; i++) {
            labels[i] = i % NAMES.size();
        }
        return new DenseFeatures(width, 1, gaussian(seed, count * width), labels);
    }

    /** Logits of images by the classifier's own image tower, if it has one. */
    private static FeatureMatrix logits(Classifier classifier, FeatureSet images) throws IOException {
        boolean pixels = classifier.save().method().features().isInput();
        return classifier.logits((pixels ? images.encoded(clip, classifier.features()) : images).matrix());
    }

    /** One image per class is learned once; its file, fewer classes and further ones are asked of that classifier. */
    @ParameterizedTest
    @MethodSource("methods")
    void theFileClassifiesTheSameKnownClassesKeepTheirLogitsAndNewOnesAreZeroShot(Method method) throws IOException {
        FeatureSet test = images(method, 5, 3);
        Training training = Settings.with(method.training(1), Map.of("epochs", 2));
        FewShotFeatures data = new FewShotFeatures(images(method, 3, 1), images(method, 0, 2));
        try (Classifier fitted = method.learner(clip, TASK).fit(data, new Trainer(training, 1));
                Classifier few = fitted.forClasses(List.of("right", "up there"))) {
            FeatureMatrix all = logits(fitted, test);
            // A probe is fitted in double precision, and saved in single.
            float rounding = method.id().equals("linear-probe") ? 1e-4f : 0;
            try (Classifier read = reread(fitted)) {
                assertThat(read.save().method().id()).isEqualTo(method.id());
                assertThat(read.classNames()).isEqualTo(NAMES);
                assertThat(logits(read, test).toArray())
                        .doesNotContain(Float.NaN)
                        .containsExactly(all.toArray(), within(rounding));
            }
            assertDifferences(logits(few, test), 0, 1, all, 2, 1);
            try (Classifier read = reread(few)) {
                assertThat(read.classNames()).containsExactly("right", "up there");
                assertDifferences(logits(read, test), 0, 1, all, 2, 1);
            }
            if (!method.namesNewClasses()) {
                assertThatThrownBy(() -> fitted.forClasses(List.of("down", "left")))
                        .hasMessageContainingAll("\"down\"", "3 classes", method.id(), "zero-shot, coop, kgcoop");
                return;
            }
            try (Classifier mixed = fitted.forClasses(List.of("down", "left"));
                    Classifier read = reread(mixed)) {
                FeatureMatrix logits = logits(mixed, test);
                boolean zeroShot = method.group() == Group.FEATURES
                        && method.features() == FeatureKind.EMBEDDED
                        && !Set.of("clip-adapter", "rla", "lpp")
                                .contains(method.id()); // others leave features and logit scale as they are
                for (int i = 0; i < test.size(); i++) {
                    assertThat(logits.get(i, 1)).isCloseTo(all.get(i, 0), within(2e-3f));
                }
                if (zeroShot) {
                    FeatureMatrix text = PromptEnsemble.of(TASK.template()).classWeights(clip, List.of("down"));
                    FeatureMatrix expected = GoldenPrompts.cosineLogits(test.matrix(), text, clip.logitScale());
                    for (int i = 0; i < test.size(); i++) {
                        assertThat(logits.get(i, 0)).isCloseTo(expected.get(i, 0), within(1e-3f));
                    }
                }
                assertThat(logits(read, test).toArray()).isEqualTo(logits.toArray());
            }
        }
    }

    /** Returns a classifier as its file gives it. */
    private static Classifier reread(Classifier classifier) throws IOException {
        Path file = folder.resolve("classifier.safetensors");
        classifier.save().write(file);
        return ClassifierFile.read(file).open(clip);
    }

    /** Compares the differences of two classes' logits. */
    private static void assertDifferences(FeatureMatrix x, int a, int b, FeatureMatrix y, int c, int d) {
        for (int i = 0; i < x.rows(); i++) {
            assertThat(x.get(i, a) - x.get(i, b)).isCloseTo(y.get(i, c) - y.get(i, d), within(2e-3f));
        }
    }

    static Stream<Method> choosing() {
        return methods().filter(Method::usesVal);
    }

    /** Otherwise each fold of a cross-validation would choose anew, which takes most of its time. */
    @ParameterizedTest
    @MethodSource("choosing")
    void aSettledLearnerTakesWhatAnotherChoseByVal(Method method) throws IOException {
        Learner learner = method.learner(clip, TASK);
        FeatureSet train = images(method, 12, 3);
        FeatureSet val = images(method, 30, 5);
        Trainer trainer = new Trainer(Settings.with(method.training(1), Map.of("epochs", 4)), 1);
        ClassifierFile chose =
                learner.fit(new FewShotFeatures(train, val), trainer).save();
        Learner settled = learner.settled(chose);
        FeatureMatrix test = images(method, 5, 4).matrix();
        assertThat(settled).isNotSameAs(learner);
        for (FeatureSet other : List.of(val, FeatureSet.none(train.width()), images(method, 30, 9))) {
            try (Classifier classifier = settled.fit(new FewShotFeatures(train, other), trainer);
                    Classifier first = chose.open(clip)) {
                assertThat(classifier.save().method()).isEqualTo(chose.method());
                assertThat(classifier.logits(test).toArray())
                        .containsExactly(
                                first.logits(test).toArray(), within(2e-4f)); // a probe is saved in single precision
            }
        }
    }

    @Test
    void aSettledProbeTakesTheClassifiersPenalty() throws IOException {
        Method probe = Method.baseline();
        Learner learner = probe.learner(clip, TASK);
        FewShotFeatures data = new FewShotFeatures(images(probe, 12, 3), images(probe, 0, 3));
        Trainer trainer = new Trainer(Training.none(), 1);
        ClassifierFile searched = learner.fit(data, trainer).save();
        ClassifierFile given = searched.withOrigin(Origin.NONE.with("c", 0.003)); // not in the grid
        assertThat(learner.settled(given).fit(data, trainer).save().origin().entries())
                .containsEntry("c", "0.003");
    }

    @Test
    void aProbeOfAnotherSizeIsRefused() throws IOException {
        int d = clip.embedDim();
        ClassifierFile file = ClassifierFile.of(Method.baseline(), NAMES, "")
                .with("weight", Shape.of(d, 3), new float[3 * d])
                .with("bias", Shape.of(3), new float[3]);
        file.open(clip).close();
        ClassifierFile narrow = file.with("weight", Shape.of(d, 2), new float[2 * d]);
        assertThatThrownBy(() -> narrow.open(clip)).hasMessageContaining("weight of shape");
        ClassifierFile brief = file.with("bias", Shape.of(2), new float[2]);
        assertThrown(IOException.class, () -> brief.open(clip), "bias of shape");
    }

    @Test
    void aBlockThatTheTextTowerLacksIsRefused() {
        int blocks = clip.architecture().text().layers();
        assertThatThrownBy(() -> new Tcp().with(Map.of("block", blocks)).learner(clip, TASK))
                .hasMessageContainingAll("block", "0 to " + (blocks - 1), "got " + blocks);
        assertThatThrownBy(() ->
                        new DeepLanguage().with(Map.of("depth", blocks + 1)).learner(clip, TASK))
                .hasMessageContainingAll(blocks + " blocks", "got " + (blocks + 1));
    }

    @Test
    void fastSettingsTrainTheUpperHalfOfTheBlocksFromTokens() throws IOException {
        for (Method method : Method.builtIn()) {
            if (method.group() == Group.TOWERS) {
                Method.Fast fast = method.fast(clip, 64, 32).orElseThrow();
                assertThat(fast.method().features()).as(method.id()).isEqualTo(new FeatureKind.Tokens(1));
                assertThat(fast.training().batch()).as(method.id()).isEqualTo(16);
                assertThat(fast.training().epochs()).as(method.id()).isBetween(8, 16); // of 4 steps or of 2
                assertThat(fast.views()).as(method.id()).isBetween(2, 4);
                fast.method().learner(clip, TASK);
            }
        }
    }

    /** 1,600 images of 100 classes: 10,000 steps of 32 are 1,250 of 128, which are 12 an epoch. */
    @Test
    void fastSettingsOfPromptsHaveFewerStepsWhereTheyAreMany() {
        assertThat(new CoOp().fast(clip, 1600, 100).orElseThrow())
                .isEqualTo(new Method.Fast(new CoOp(), Training.coop(104, 128), 0));
        assertThat(new CoOp().fast(clip, 272, 17).orElseThrow().training().epochs())
                .isEqualTo(500);
        for (Method few : List.of(new CoOp(), new KgCoOp(), new CoCoOp())) {
            assertThat(few.fast(clip, 136, 17)).as(few.id()).isEmpty();
        }
    }

    @Test
    void aResNetHasNoBlocksToTrain() throws IOException {
        try (Clip resNet = GoldenModels.open("resnet", folder)) {
            for (Method method : Method.builtIn()) {
                if (method.group() == Group.TOWERS) {
                    assertThatThrownBy(() -> method.learner(resNet, TASK))
                            .hasMessageContainingAll(method.id(), "is a ResNet", "tip-adapter-f");
                }
            }
        }
    }

    /** With a large tower that takes minutes. */
    @Test
    void twoStageReportsTheImagesThatItsTrainedTowerEncodes() throws IOException {
        Method method = Method.of("two-stage");
        ProgressRecorder recorder = new ProgressRecorder();
        Training training = Settings.with(method.training(1), Map.of("epochs", 2));
        FewShotFeatures data = new FewShotFeatures(images(method, 6, 1), images(method, 0, 2));
        Trainer trainer = new Trainer(training, 1, MemoryLimit.none(), recorder, null);
        try (Classifier learned = method.learner(clip, TASK).fit(data, trainer)) {
            assertThat(learned.classNames()).isEqualTo(NAMES);
        }
        assertThat(recorder.tasks(Progress.Unit.IMAGES)).singleElement().satisfies(task -> {
            assertThat(task.name).isEqualTo("encoding by the trained tower");
            assertThat(task.total()).isEqualTo(6);
            assertThat(task.done()).isEqualTo(6);
            assertThat(task.closed).isTrue();
        });
    }

    @Test
    void aBlockThatATowerLacksIsRefused() {
        assertThatThrownBy(() -> new TwoStage(0, 2, 0).learner(clip, TASK))
                .hasMessageContainingAll("start", "at most 1", "got 2");
    }

    @ParameterizedTest
    @CsvFileSource(resources = "invalid-settings.txt", delimiter = '|', quoteCharacter = '\'')
    void anInvalidSettingIsRefused(String method, String setting, String value, String shown) {
        assertThatThrownBy(() -> Method.of(method).with(Map.of(setting, value)))
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessageContainingAll(setting.equals("templates") ? "template" : setting, shown);
    }
}
