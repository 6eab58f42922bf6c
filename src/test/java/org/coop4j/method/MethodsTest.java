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
            assertThrown(
                    () -> damaged.encodePixels(FloatBuffer.allocate(3 * side * side), 1),
                    "visual.proj.safetensors is damaged");
        }
        Method coop = new CoOp();
        FewShotFeatures data = new FewShotFeatures(images(coop, 3, 1), images(coop, 0, 2));
        try (Clip damaged = TinyModel.open(damaged("text_projection"), 1)) {
            Learner learner = coop.learner(damaged, TASK);
            assertThrown(
                    () -> learner.fit(data, new Trainer(coop.training(1), 1)),
                    "text_projection.safetensors is damaged");
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
        assertThrown(() -> narrow.open(clip), "weight of shape");
        ClassifierFile brief = file.with("bias", Shape.of(2), new float[2]);
        assertThrown(IOException.class, () -> brief.open(clip), "bias of shape");
    }

    @Test
    void aBlockThatATowerLacksIsRefused() {
        int blocks = clip.architecture().text().layers();
        assertThrown(
                () -> new Tcp().with(Map.of("block", blocks)).learner(clip, TASK),
                "block",
                "0 to " + (blocks - 1),
                "got " + blocks);
        assertThrown(
                () -> new DeepLanguage().with(Map.of("depth", blocks + 1)).learner(clip, TASK),
                blocks + " blocks",
                "got " + (blocks + 1));
        assertThrown(() -> new TwoStage(0, 2, 0).learner(clip, TASK), "start", "at most 1", "got 2");
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
                    assertThrown(() -> method.learner(resNet, TASK), method.id(), "is a ResNet", "tip-adapter-f");
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

    @ParameterizedTest
    @CsvFileSource(resources = "invalid-settings.txt", delimiter = '|', quoteCharacter = '\'')
    void anInvalidSettingIsRefused(String method, String setting, String value, String shown) {
        String named = setting.equals("templates") || setting.equals("words") ? "" : setting;
        assertThrown(
                IllegalArgumentException.class, () -> Method.of(method).with(Map.of(setting, value)), named, shown);
    }
}
