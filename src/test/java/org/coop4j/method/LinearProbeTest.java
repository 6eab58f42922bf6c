package org.coop4j.method;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;
import static org.coop4j.RandomValues.gaussian;

import java.io.IOException;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import org.coop4j.clip.Clip;
import org.coop4j.clip.FeatureMatrix;
import org.coop4j.clip.TinyModel;
import org.coop4j.data.FeatureSet.DenseFeatures;
import org.coop4j.method.Method.FewShotFeatures;
import org.coop4j.method.Method.Learner;
import org.coop4j.method.Method.Task;
import org.coop4j.weights.Shape;
import org.junit.jupiter.api.AutoClose;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class LinearProbeTest {

    private static final List<String> NAMES = List.of("left", "東京", "right");

    @TempDir
    private Path folder;

    @AutoClose
    private static Clip clip;

    @BeforeAll
    static void open(@TempDir Path models) throws IOException {
        clip = TinyModel.open(TinyModel.write(models.resolve("tiny.safetensors"), 1), 1);
    }

    private static FeatureMatrix features(Clip clip, int rows) {
        int width = clip.architecture().embedDim();
        float[] values = gaussian(3, rows * width);
        return FeatureMatrix.of(rows, width, values);
    }

    private static Classifier fit(Clip clip, FeatureMatrix images) throws IOException {
        return fit(learner(clip), images);
    }

    private static Learner learner(Clip clip) {
        return new LinearProbe().learner(clip, new Task(NAMES, "a photo of a {}.", 1));
    }

    private static Classifier fit(Learner learner, FeatureMatrix images) throws IOException {
        int[] labels = new int[images.rows()];
        for (int i = 0; i < labels.length; i++) {
            labels[i] = i % NAMES.size();
        }
        DenseFeatures train = new DenseFeatures(images.width(), 1, images.toArray(), labels);
        DenseFeatures none = new DenseFeatures(images.width(), 1, new float[0], new int[0]);
        return learner.fit(new FewShotFeatures(train, none), new Trainer(Training.none(), 1));
    }

    @Test
    void aSavedProbeScoresTheSame() throws IOException {
        FeatureMatrix images = features(clip, 12);
        Classifier fitted = fit(clip, images);
        Path file = folder.resolve("classifier.safetensors");
        fitted.save().write(file);
        ClassifierFile read = ClassifierFile.read(file);
        assertThat(read.method()).isEqualTo(new LinearProbe());
        assertThat(read.training()).containsKey("c");
        Classifier again = read.open(clip);
        assertThat(again.classNames()).isEqualTo(NAMES);
        float[] expected = fitted.logits(images).toArray();
        float[] actual = again.logits(images).toArray();
        for (int i = 0; i < expected.length; i++) {
            assertThat(actual[i]).isCloseTo(expected[i], within(1e-4f));
        }
    }

    @Test
    void aSettledLearnerTakesTheClassifiersPenalty() throws IOException {
        FeatureMatrix images = features(clip, 12);
        Classifier searched = fit(clip, images);
        Classifier same = fit(learner(clip).settled(searched.save()), images);
        assertThat(same.logits(images).toArray())
                .isEqualTo(searched.logits(images).toArray());

        ClassifierFile given = searched.save().withTraining(Map.of("c", "0.003")); // not in the grid
        Classifier other = fit(learner(clip).settled(given), images);
        assertThat(other.save().training()).containsEntry("c", "0.003");
    }

    @Test
    void selectedClassesKeepTheirScoresAndNewOnesAreRefused() throws IOException {
        FeatureMatrix images = features(clip, 12);
        Classifier all = fit(clip, images);
        Classifier few = all.forClasses(List.of("right", "left"));
        for (int i = 0; i < images.rows(); i++) {
            FeatureMatrix a = all.logits(images);
            FeatureMatrix b = few.logits(images);
            assertThat(b.get(i, 0) - b.get(i, 1)).isCloseTo(a.get(i, 2) - a.get(i, 0), within(1e-4f));
        }
        Path file = folder.resolve("few.safetensors");
        few.save().write(file);
        Classifier read = ClassifierFile.read(file).open(clip);
        assertThat(read.classNames()).containsExactly("right", "left");
        for (int i = 0; i < images.rows(); i++) {
            assertThat(read.logits(images).get(i, 1))
                    .isCloseTo(few.logits(images).get(i, 1), within(1e-4f));
        }
        assertThatThrownBy(() -> all.forClasses(List.of("up", "left")))
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessageContainingAll("\"up\"", "3 classes");
    }

    @Test
    void aProbeOfAnotherSizeIsRefused() throws IOException {
        int d = clip.embedDim();
        ClassifierFile file = ClassifierFile.of(new LinearProbe(), NAMES, "")
                .with("weight", Shape.of(d, 3), new float[3 * d])
                .with("bias", Shape.of(3), new float[3]);
        file.open(clip).close();
        assertThatThrownBy(() ->
                        file.with("weight", Shape.of(d, 2), new float[2 * d]).open(clip))
                .isInstanceOf(IOException.class)
                .hasMessageContaining("weight of shape");
        assertThatThrownBy(() -> file.with("bias", Shape.of(2), new float[2]).open(clip))
                .isInstanceOf(IOException.class)
                .hasMessageContaining("bias of shape");
    }
}
