package org.coop4j.cli;

import static org.assertj.core.api.Assertions.assertThat;
import static org.coop4j.cli.CommandRun.coop;
import static org.coop4j.cli.CommandRun.json;

import com.fasterxml.jackson.databind.ObjectMapper;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.stream.IntStream;
import org.coop4j.data.FeatureTensors;
import org.coop4j.weights.DType;
import org.coop4j.weights.Shape;
import org.coop4j.weights.TensorView.TensorSpec;
import org.coop4j.weights.safetensors.SafetensorsFile;
import org.coop4j.weights.safetensors.SafetensorsWriter;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** A run of so many features that some of them are enough for what is measured beside the accuracy. */
class ManyFeaturesTest {

    private static final int CLASSES = 30;
    private static final int WIDTH = 24;
    private static final int TRAIN = 1_800;
    private static final int VAL = 60_000;
    private static final int TEST = 4_000;

    @TempDir
    private static Path folder;

    /** Features around the centre of each class, and texts that know nothing of them. */
    private static void write(Path features, Path texts) throws IOException {
        Random random = new Random(3);
        float[] centres = gaussian(CLASSES * WIDTH, random);
        int n = TRAIN + VAL + TEST;
        float[] rows = gaussian(n * WIDTH, random);
        long[] labels = new long[n];
        long[] split = new long[n];
        for (int i = 0; i < n; i++) {
            labels[i] = random.nextInt(CLASSES);
            split[i] = i < TRAIN ? 0 : i < TRAIN + VAL ? 1 : 2;
            for (int j = 0; j < WIDTH; j++) {
                rows[i * WIDTH + j] = rows[i * WIDTH + j] / 2 + centres[(int) labels[i] * WIDTH + j];
            }
        }
        write(features, Map.of(FeatureTensors.FEATURES, rows, FeatureTensors.LABELS, labels, "split", split), Map.of());
        List<String> names =
                IntStream.range(0, CLASSES).mapToObj(Integer::toString).toList();
        write(
                texts,
                Map.of(FeatureTensors.FEATURES, gaussian(CLASSES * WIDTH, random)),
                Map.of(FeatureTensors.INPUTS, new ObjectMapper().writeValueAsString(names)));
    }

    private static float[] gaussian(int count, Random random) {
        float[] values = new float[count];
        for (int i = 0; i < count; i++) {
            values[i] = (float) random.nextGaussian();
        }
        return values;
    }

    private static void write(Path file, Map<String, Object> tensors, Map<String, String> metadata) throws IOException {
        List<TensorSpec> specs = new ArrayList<>();
        tensors.forEach((name, values) -> specs.add(
                values instanceof float[] rows
                        ? new TensorSpec(name, DType.F32, Shape.of(rows.length / WIDTH, WIDTH))
                        : new TensorSpec(name, DType.I64, Shape.of(((long[]) values).length))));
        try (SafetensorsWriter writer = SafetensorsWriter.create(file, specs, metadata)) {
            for (Map.Entry<String, Object> one : tensors.entrySet()) {
                if (one.getValue() instanceof float[] rows) {
                    writer.writeFloats(one.getKey(), rows);
                } else {
                    writer.writeLongs(one.getKey(), (long[]) one.getValue());
                }
            }
            writer.commit();
        }
    }

    /**
     * α goes beyond the authors' where its images are many more than theirs, half of the val images calibrate as the others chose it,
     * and the page does not grow with the images.
     */
    @Test
    void manyImagesChooseCalibrateAndAreShownInAFewNumbers() throws Exception {
        Path features = folder.resolve("features.safetensors");
        Path texts = folder.resolve("texts.safetensors");
        write(features, texts);
        Path run = folder.resolve("run");
        CommandRun trained = coop("train --method gda -k all -d % --class-features % -o %", features, texts, run)
                .ok();
        String said = trained.out().replaceAll("\\s+", " ");
        assertThat(json(run.resolve("result.json")).get("accuracy").asDouble()).isGreaterThan(97);
        try (SafetensorsFile learned = SafetensorsFile.open(run.resolve("classifier.safetensors"))) {
            String settings = learned.metadata().get("coop4j.settings");
            assertThat(new ObjectMapper().readTree(settings).get("alpha").asDouble())
                    .isGreaterThan(100);
        }
        assertThat(said).containsPattern("probabilities: .*20,000 of (29|30),\\d{3} validation images");
        String sample = "accuracy on val images is measured on 20,000 of them, drawn at random";
        assertThat(trained.err()).contains("the " + sample);
        assertThat(run.resolve("report.html")).content().contains("The " + sample + ".");
        assertThat(run.resolve("images.json").toFile().length()).isLessThan(80L * (TRAIN + VAL + TEST));
        assertThat(run.resolve("report.html"))
                .content()
                .hasSizeLessThan(400_000)
                .doesNotContain("Why these answers");
    }
}
