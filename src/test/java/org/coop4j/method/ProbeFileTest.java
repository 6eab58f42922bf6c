package org.coop4j.method;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import org.coop4j.method.logistic.LabelledFeatures;
import org.coop4j.method.logistic.LinearClassifier;
import org.coop4j.method.logistic.LogisticRegression;
import org.coop4j.weights.DType;
import org.coop4j.weights.Shape;
import org.coop4j.weights.TensorSpec;
import org.coop4j.weights.safetensors.SafetensorsWriter;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class ProbeFileTest {

    private static final LabelledFeatures IMAGES =
            new LabelledFeatures(
                    2,
                    new float[] {-1, 0.3f, -2, 0.1f, 0.2f, 5, 0.1f, 4, 3, -1, 2, -2},
                    new int[] {0, 0, 1, 1, 2, 2});

    @TempDir private Path folder;

    private static LinearClassifier probe() {
        return new LogisticRegression(IMAGES).fit(10);
    }

    @Test
    void whatIsWrittenIsRead() throws IOException {
        Path file = folder.resolve("probe.safetensors");
        new ProbeFile(List.of("left", "東京", "right"), probe()).write(file);
        ProbeFile read = ProbeFile.read(file);
        assertThat(read.classNames()).containsExactly("left", "東京", "right");
        assertThat(read.classifier().c()).isEqualTo(10);
        for (int j = 0; j < 3; j++) {
            assertThat(read.classifier().intercept(j))
                    .isCloseTo(probe().intercept(j), within(1e-6));
            for (int feature = 0; feature < 2; feature++) {
                assertThat(read.classifier().weight(feature, j))
                        .isCloseTo(probe().weight(feature, j), within(1e-6));
            }
        }
        assertThat(read.classifier().predict(IMAGES)).containsExactly(probe().predict(IMAGES));
    }

    @Test
    void scoresDecideAsPredictionsDoAndTheirLargestIsZero() {
        float[][] scores = probe().scores(IMAGES);
        int[] predicted = probe().predict(IMAGES);
        for (int i = 0; i < scores.length; i++) {
            for (int c = 0; c < 3; c++) {
                assertThat(scores[i][c]).isLessThanOrEqualTo(0);
            }
            assertThat(scores[i][predicted[i]]).isZero();
        }
    }

    @Test
    void someOfTheClassesKeepTheirScores() {
        LinearClassifier few = probe().select(new int[] {2, 0});
        float[][] all = probe().scores(IMAGES);
        float[][] some = few.scores(IMAGES);
        for (int i = 0; i < some.length; i++) {
            assertThat(some[i][0] - some[i][1]).isCloseTo(all[i][2] - all[i][0], within(1e-5f));
        }
        assertThat(few.predict(IMAGES.select(new int[] {0, 4}))).containsExactly(1, 0);
    }

    @Test
    void otherFilesAreRefused() throws IOException {
        Path file = folder.resolve("x.safetensors");
        Files.writeString(file, "no probe");
        assertThatThrownBy(() -> ProbeFile.read(file)).isInstanceOf(IOException.class);
        damaged(file, "[\"a\",\"b\"]", 2, new float[] {1, 2, 3, 4, 5, 6});
        assertThatThrownBy(() -> ProbeFile.read(file)).hasMessageContaining("for 2 classes");
        damaged(file, "[\"a\",null,\"c\"]", 3, new float[] {1, 2, 3, 4, 5, 6});
        assertThatThrownBy(() -> ProbeFile.read(file)).hasMessageContaining("class names are");
        damaged(file, "[\"a\",\"b\",\"c\"]", 3, new float[] {1, 2, 3, 4, Float.NaN, 6});
        assertThatThrownBy(() -> ProbeFile.read(file)).hasMessageContaining("holds NaN");
        assertThatThrownBy(() -> new ProbeFile(List.of("a"), probe()))
                .hasMessageContaining("1 names for 3 classes");
    }

    private static void damaged(Path file, String names, int biases, float[] weights)
            throws IOException {
        List<TensorSpec> specs =
                List.of(
                        new TensorSpec("weight", DType.F32, Shape.of(2, 3)),
                        new TensorSpec("bias", DType.F32, Shape.of(biases)));
        Map<String, String> metadata = Map.of("coop4j.probe", "1", "coop4j.classes", names);
        try (SafetensorsWriter writer = SafetensorsWriter.create(file, specs, metadata)) {
            writer.writeFloats("weight", weights);
            writer.writeFloats("bias", new float[biases]);
            writer.commit();
        }
    }
}
