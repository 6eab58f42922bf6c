package org.coop4j.method;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;
import static org.coop4j.RandomValues.gaussian;

import java.io.IOException;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import org.coop4j.base.Settings;
import org.coop4j.clip.Clip;
import org.coop4j.clip.FeatureMatrix;
import org.coop4j.clip.FeatureSpace.FeatureKind;
import org.coop4j.clip.TinyModel;
import org.coop4j.data.FeatureSet.DenseFeatures;
import org.coop4j.method.Method.FewShotFeatures;
import org.coop4j.method.Method.Task;
import org.junit.jupiter.api.AutoClose;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/** Properties of every method of image features: one image per class, files, other classes. */
class FeatureMethodsTest {

    private static final List<String> NAMES = List.of("left", "up_there", "right");
    private static final Task TASK = new Task(NAMES, "a photo of a {}.", 1);

    @TempDir
    static Path folder;

    @AutoClose
    private static Clip clip;

    @BeforeAll
    static void open() throws IOException {
        clip = TinyModel.open(TinyModel.write(folder.resolve("tiny.safetensors"), 1), 1);
    }

    static List<Method> methods() {
        return List.of(
                new Prototypes(),
                new TipAdapter(),
                new TipAdapterF(),
                new TaskRes(),
                new ClipAdapter(),
                new CrossModal().with(Map.of("blend", 0.5)),
                new ZsLp(),
                new Clap(),
                new Gda(),
                new LpPlusPlus(),
                new ProLip());
    }

    private static DenseFeatures images(Clip clip, Method method, int count, long seed) {
        int width = clip.featureWidth(method.features());
        float[] values = gaussian(seed, count * width);
        int[] labels = new int[count];
        for (int i = 0; i < count; i++) {
            labels[i] = i % NAMES.size();
        }
        return new DenseFeatures(width, 1, values, labels);
    }

    private static Classifier fit(Clip clip, Method method, int val) throws IOException {
        Training training = Settings.with(method.training(1), Map.of("epochs", 2));
        return method.learner(clip, TASK)
                .fit(
                        new FewShotFeatures(images(clip, method, 3, 1), images(clip, method, val, 2)),
                        new Trainer(training, 1));
    }

    @ParameterizedTest
    @MethodSource("methods")
    void oneImagePerClassIsLearnedAndTheFileClassifiesTheSame(Method method) throws IOException {
        Classifier fitted = fit(clip, method, 6);
        FeatureMatrix test = ViewPooling.mean(images(clip, method, 5, 3));
        Path file = folder.resolve("classifier.safetensors");
        fitted.save().write(file);
        Classifier read = ClassifierFile.read(file).open(clip);
        assertThat(read.logits(test).toArray()).isEqualTo(fitted.logits(test).toArray());
        assertThat(read.logits(test).toArray()).doesNotContain(Float.NaN);
    }

    @ParameterizedTest
    @MethodSource("methods")
    void knownClassesKeepTheirLogitsAndNewOnesAreZeroShot(Method method) throws IOException {
        Classifier fitted = fit(clip, method, 0);
        FeatureMatrix test = ViewPooling.mean(images(clip, method, 5, 3));
        FeatureMatrix all = fitted.logits(test);
        FeatureMatrix few = fitted.forClasses(List.of("right", "up there")).logits(test);
        for (int i = 0; i < test.rows(); i++) {
            assertThat(few.get(i, 0)).isCloseTo(all.get(i, 2), within(1e-3f));
            assertThat(few.get(i, 1)).isCloseTo(all.get(i, 1), within(1e-3f));
        }
        if (!method.namesNewClasses()) {
            assertThatThrownBy(() -> fitted.forClasses(List.of("down", "left")))
                    .hasMessageContainingAll("\"down\"", "3 classes", method.id(), "zero-shot, coop, kgcoop");
            return;
        }
        Classifier mixed = fitted.forClasses(List.of("down", "left"));
        FeatureMatrix logits = mixed.logits(test);
        for (int i = 0; i < test.rows(); i++) {
            assertThat(logits.get(i, 1)).isCloseTo(all.get(i, 0), within(1e-3f));
        }
        if (method.features() == FeatureKind.EMBEDDED
                && !(method instanceof ClipAdapter)
                && !(method instanceof LpPlusPlus)) {
            assertZeroShot(clip, test, logits);
        }
        Path file = folder.resolve("mixed.safetensors");
        mixed.save().write(file);
        assertThat(ClassifierFile.read(file).open(clip).logits(test).toArray()).isEqualTo(logits.toArray());
    }

    /** Of methods that leave images' features and the logit scale as they are. */
    private static void assertZeroShot(Clip clip, FeatureMatrix test, FeatureMatrix logits) {
        FeatureMatrix text = PromptEnsemble.of(TASK.template()).classWeights(clip, List.of("down"));
        FeatureMatrix zeroShot = GoldenPrompts.cosineLogits(test, text, clip.logitScale());
        for (int i = 0; i < zeroShot.rows(); i++) {
            assertThat(logits.get(i, 0)).isCloseTo(zeroShot.get(i, 0), within(1e-3f));
        }
    }
}
