package org.coop4j.method;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.coop4j.RandomValues.gaussian;

import java.io.IOException;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;
import org.coop4j.clip.Clip;
import org.coop4j.clip.FeatureMatrix;
import org.coop4j.clip.TinyModel;
import org.coop4j.data.FeatureSet;
import org.coop4j.data.FeatureSet.DenseFeatures;
import org.coop4j.method.Method.FewShotFeatures;
import org.coop4j.method.Method.Task;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/** Properties of every method that learns prompts, on a tiny model. */
class PromptLearnersTest {

    private static final List<String> NAMES = List.of("cat", "sea_lion", "old red fire engine");

    @TempDir
    static Path folder;

    private static Path model;

    @BeforeAll
    static void model() throws IOException {
        model = TinyModel.write(folder.resolve("tiny.safetensors"), 3);
    }

    static Stream<Method> methods() {
        return Stream.of(new CoOp(), new KgCoOp(), new ProGrad(), new DeepLanguage(), new Tcp(), new CoCoOp());
    }

    /** Wide enough for every meta-net. */
    private static FeatureSet images(int width) {
        float[] values = gaussian(5, 6 * width);
        return new DenseFeatures(width, 1, values, new int[] {0, 1, 2, 0, 1, 2});
    }

    @ParameterizedTest
    @MethodSource("methods")
    void aSavedClassifierGivesTheSameLogitsAndAcceptsOtherClasses(Method method) throws IOException {
        try (Clip clip = TinyModel.open(model, 2)) {
            int width = clip.architecture().embedDim();
            FeatureSet images = images(width);
            Task task = new Task(NAMES, "a photo of a {}, a type of thing.", 1);
            Training training = method.training(1);
            Training brief = Training.coop(2, Math.min(3, training.batch()));
            try (Classifier learned =
                    method.learner(clip, task).fit(new FewShotFeatures(images, images), new Trainer(brief, 1))) {
                Path file = folder.resolve(method.id() + ".safetensors");
                learned.save().write(file);
                ClassifierFile opened = ClassifierFile.read(file);
                try (Classifier again = opened.open(clip);
                        Classifier two = again.forClasses(List.of("sea_lion", "dog"))) {
                    FeatureMatrix some = FeatureMatrix.of(2, width, rows(images, 2));
                    assertThat(again.logits(some).toArray())
                            .containsExactly(learned.logits(some).toArray());
                    assertThat(two.logits(some).width()).isEqualTo(2);
                    assertThat((double) two.logits(some).get(1, 0))
                            .isCloseTo(learned.logits(some).get(1, 1), org.assertj.core.data.Offset.offset(2e-3));
                }
            }
        }
    }

    @Test
    void aBlockThatTheTextTowerLacksIsRefused() throws IOException {
        try (Clip clip = TinyModel.open(model, 1)) {
            int blocks = clip.architecture().text().layers();
            Task task = new Task(List.of("cat"), "a photo of a {}.", 1);
            assertThatThrownBy(() -> new Tcp().with(Map.of("block", blocks)).learner(clip, task))
                    .hasMessageContainingAll("block", "0 to " + (blocks - 1), "got " + blocks);
            assertThatThrownBy(() ->
                            new DeepLanguage().with(Map.of("depth", blocks + 1)).learner(clip, task))
                    .hasMessageContainingAll(blocks + " blocks", "got " + (blocks + 1));
        }
    }

    private static float[] rows(FeatureSet images, int count) {
        float[] values = new float[count * images.width()];
        for (int i = 0; i < count; i++) {
            images.copy(i, 0, values, i * images.width());
        }
        return Arrays.copyOf(values, values.length);
    }
}
