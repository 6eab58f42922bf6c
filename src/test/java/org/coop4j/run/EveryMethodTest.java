package org.coop4j.run;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.catchThrowable;
import static org.assertj.core.api.Assertions.within;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.stream.Stream;
import org.coop4j.clip.Clip;
import org.coop4j.clip.FeatureMatrix;
import org.coop4j.clip.TinyModel;
import org.coop4j.data.bank.TestPictures;
import org.coop4j.eval.Predictions;
import org.coop4j.image.ExifOrientation;
import org.coop4j.method.Classifier;
import org.coop4j.method.ClassifierFile;
import org.coop4j.method.Method;
import org.coop4j.onnx.OnnxExport;
import org.coop4j.onnx.OnnxRuntimeModel;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/** Properties of a run of any method. */
class EveryMethodTest {

    private static final int EPOCHS = 4;

    @TempDir
    static Path folder;

    private static Path model;
    private static Path data;

    @BeforeAll
    static void make() throws IOException {
        model = TinyModel.write(folder.resolve("tiny.safetensors"), 1);
        data = TestPictures.folder(folder.resolve("data"), 4, RunFixture.CLASSES);
    }

    static Stream<String> methods() {
        return Method.all().stream().map(Method::id);
    }

    private static RunFixture.Setup setup(String method) {
        return RunFixture.config(data, 2, EPOCHS, 0, 0.01)
                .with("batch", 4)
                .with(Method.of(method))
                .withCheckpointEvery(1);
    }

    private static RunResult run(String method, String name) throws IOException {
        return RunFixture.run(model, setup(method), folder.resolve(name), new RunFixture.Quiet());
    }

    private static Path classifier(String name) {
        return folder.resolve(name).resolve("run").resolve(RunFolder.CLASSIFIER);
    }

    @ParameterizedTest
    @MethodSource("methods")
    void aLearnedClassifierIsReadBackWithTheSameResults(String method) throws IOException {
        RunResult result = run(method, method);
        ClassifierFile file = ClassifierFile.read(classifier(method));
        assertThat(file.method().id()).isEqualTo(method);
        assertThat(file.classNames()).containsExactlyInAnyOrder(RunFixture.CLASSES);
        try (Clip clip = TinyModel.open(model, RunFixture.THREADS);
                Classifier classifier = file.open(clip)) {
            int correct = 0;
            int total = 0;
            for (String name : RunFixture.CLASSES) {
                for (int i = 0; i < 4; i++) {
                    Path picture = data.resolve("test").resolve(name).resolve("picture-" + i + ".png");
                    float[] logits = classifier
                            .logits(clip.encodeImages(List.of(picture), classifier.features(), ExifOrientation.APPLY))
                            .row(0);
                    int best = Predictions.argmax(logits);
                    correct += classifier.classNames().get(best).equals(name) ? 1 : 0;
                    total++;
                }
            }
            assertThat(100.0 * correct / total).isEqualTo(result.accuracy());
        }
    }

    /** Logits may differ by a number that is the same for all classes of an image. */
    @ParameterizedTest
    @MethodSource("methods")
    void exportedToOnnxItHasTheSameProbabilities(String method) throws Exception {
        run(method, method + "-exported");
        Path onnx = folder.resolve(method + ".onnx");
        try (Clip clip = TinyModel.open(model, RunFixture.THREADS);
                Classifier classifier = ClassifierFile.read(classifier(method + "-exported"))
                        .withTemperature(1.5)
                        .open(clip)) {
            OnnxExport export = new OnnxExport(clip, false, "test");
            Throwable refused = catchThrowable(() -> export.classifier(onnx, classifier, false));
            if (refused != null) {
                // Only methods that run a tower for every image have no graph of their own, and refuse.
                assertThat(refused)
                        .isInstanceOf(UnsupportedOperationException.class)
                        .hasMessageContaining("text tower");
                assertThat(onnx).doesNotExist();
                return;
            }
            int side = clip.architecture().vision().imageSize();
            float[] pixels = new float[5 * 3 * side * side];
            for (int i = 0; i < pixels.length; i++) {
                pixels[i] = (float) Math.sin(i * 0.37) * 2;
            }
            int length = pixels.length / 5;
            FeatureMatrix images = clip.imageEncoder(classifier.features())
                    .encode(5, (i, target, offset) -> target.put(offset, pixels, i * length, length))
                    .all();
            FeatureMatrix logits = classifier.logits(images);
            try (OnnxRuntimeModel runtime = new OnnxRuntimeModel(onnx)) {
                float[] theirs = runtime.run("probabilities", OnnxExport.PIXELS, pixels, 5, 3, side, side);
                for (int i = 0; i < theirs.length; i++) {
                    int image = i / logits.width();
                    double ours = classifier.probabilities(logits.row(image))[i % logits.width()];
                    assertThat((double) theirs[i]).isCloseTo(ours, within(1e-4));
                }
            }
        }
    }

    @ParameterizedTest
    @MethodSource("methods")
    void anInterruptedRunEndsWithTheSameBits(String method) throws IOException {
        run(method, method + "-whole");
        RunFixture.Quiet stopping = new RunFixture.Quiet() {
            @Override
            void epoch(int epoch) {
                if (epoch == 1) {
                    throw new IllegalStateException("stopped");
                }
            }
        };
        String name = method + "-stopped";
        if (setup(method).resolvedTraining().trains()) {
            assertThatThrownBy(() -> RunFixture.run(model, setup(method), folder.resolve(name), stopping))
                    .hasMessage("stopped");
        }
        run(method, name);
        assertThat(Files.readAllBytes(classifier(name))).isEqualTo(Files.readAllBytes(classifier(method + "-whole")));
    }
}
