package org.coop4j.method;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import com.fasterxml.jackson.databind.JsonNode;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.SplittableRandom;
import java.util.stream.IntStream;
import org.assertj.core.data.Offset;
import org.coop4j.ProgressRecorder;
import org.coop4j.base.Progress;
import org.coop4j.data.FeatureSet;
import org.coop4j.data.FeatureSet.DenseFeatures;
import org.coop4j.data.FewShotSampler;
import org.coop4j.data.ImageDataset;
import org.coop4j.data.LabelledImage;
import org.coop4j.graph.host.Workers;
import org.junit.jupiter.api.Test;

class PenaltySearchTest {
    /** Accuracies are quotients of small integers. */
    private static final Offset<Double> EXACT = within(1e-12);

    @Test
    void searchTakesScikitLearnsPathForEveryShotAndSeed() throws IOException {
        JsonNode golden = GoldenFeatures.read("linear_probe.json");
        FeatureSet train = GoldenFeatures.features(golden, "train");
        FeatureSet val = GoldenFeatures.features(golden, "val");
        FeatureSet test = GoldenFeatures.features(golden, "test");

        assertThat(golden.get("runs").size()).isEqualTo(15);
        for (JsonNode run : golden.get("runs")) {
            String name = run.get("shots") + " shots, seed " + run.get("seed");
            PenaltySearch result = run(train, val, run);
            for (int i = 0; i < result.grid.size(); i++) {
                assertThat(result.grid.get(i).valAccuracy())
                        .as(name + ", C = " + result.grid.get(i).classifier().c())
                        .isEqualTo(run.get("grid").get(i).asDouble(), EXACT);
            }
            for (int i = 0; i < result.steps.size(); i++) {
                assertStep(
                        name + ", step " + i,
                        result.steps.get(i),
                        test,
                        run.get("steps").get(i));
            }
            assertThat(result.steps).hasSize(8);
            assertThat(result.classifier().accuracy(test))
                    .isEqualTo(run.get("steps").get(7).get("test").asDouble(), EXACT);
            double c = result.classifier().c();
            assertThat(c).isEqualTo(run.get("steps").get(7).get("kept").asDouble(), within(1e-9 * c));
        }
    }

    /** Images of these labels, each called by its position. */
    private static ImageDataset labelled(int[] train, int[] val) throws IOException {
        return ImageDataset.fromImages("labels", images(train), images(val), List.of());
    }

    private static List<LabelledImage> images(int[] labels) {
        return IntStream.range(0, labels.length)
                .mapToObj(i -> new LabelledImage(Path.of(String.valueOf(i)), labels[i], "class " + labels[i]))
                .toList();
    }

    private static int[] positions(List<LabelledImage> images) {
        return images.stream()
                .mapToInt(image -> Integer.parseInt(image.path().toString()))
                .toArray();
    }

    @Test
    void aDrawTakesAllOfAClassWithTooFewImages() throws IOException {
        ImageDataset drawn = new FewShotSampler(2, 1).sampleOfProbe(labelled(new int[] {1, 0, 1, 1, 1}, new int[] {1}));
        assertThat(positions(drawn.train())).hasSize(3).startsWith(1).doesNotHaveDuplicates();
        assertThat(positions(drawn.val())).containsExactly(0);
    }

    @Test
    void everyFitIsReported() throws IOException {
        JsonNode golden = GoldenFeatures.read("linear_probe.json");
        FeatureSet train = GoldenFeatures.features(golden, "train");
        List<Long> told = new ArrayList<>();
        ProgressRecorder progress = new ProgressRecorder() {
            @Override
            protected void advanced(Recorded task) {
                assertThat(task.total()).isEqualTo(15);
                told.add(task.done());
            }
        };
        PenaltySearch.fit(train, GoldenFeatures.features(golden, "val"), Workers.onOneThread(1), progress);
        assertThat(told).hasSize(15).startsWith(1L).endsWith(15L);
    }

    @Test
    void tiesGoToTheLargestCThenToTheLeft() {
        FeatureSet easy =
                new DenseFeatures(1, 1, new float[] {-1, -2, -3, -4, 1, 2, 3, 4}, new int[] {0, 0, 0, 0, 1, 1, 1, 1});
        PenaltySearch result = search(easy, easy);

        assertThat(result.grid).allMatch(point -> point.valAccuracy() == 1);
        assertThat(result.steps.get(0).left().classifier().c()).isEqualTo(1e5, within(1e-6));
        assertThat(result.steps.get(0).right().classifier().c()).isEqualTo(1e7, within(1e-4));
        assertThat(result.classifier().c()).isEqualTo(1e5, within(1e-6));
        assertThat(result.classifier().accuracy(easy)).isEqualTo(1);
    }

    /** The search on the images that the reference draws, by their labels alone. */
    private static PenaltySearch run(FeatureSet train, FeatureSet val, JsonNode run) throws IOException {
        ImageDataset drawn = new FewShotSampler(
                        run.get("shots").asInt(), run.get("seed").asInt())
                .sampleOfProbe(labelled(train.labels(), val.labels()));
        int[] ofTrain = positions(drawn.train());
        int[] ofVal = positions(drawn.val());
        assertThat(ofTrain).containsExactly(GoldenFeatures.ints(run.get("train_positions")));
        assertThat(ofVal).containsExactly(GoldenFeatures.ints(run.get("val_positions")));
        return search(train.select(ofTrain), val.select(ofVal));
    }

    private static PenaltySearch search(FeatureSet train, FeatureSet val) {
        return PenaltySearch.search(train, val, Workers.onOneThread(1), Progress.NONE);
    }

    private static void assertStep(String name, PenaltySearch.Step step, FeatureSet test, JsonNode expected) {
        double left = step.left().classifier().c();
        double right = step.right().classifier().c();
        assertThat(left).as(name).isEqualTo(expected.get("left").asDouble(), within(1e-9 * left));
        assertThat(right).as(name).isEqualTo(expected.get("right").asDouble(), within(1e-9 * right));
        assertThat(step.left().valAccuracy())
                .as(name)
                .isEqualTo(expected.get("val_left").asDouble(), EXACT);
        assertThat(step.right().valAccuracy())
                .as(name)
                .isEqualTo(expected.get("val_right").asDouble(), EXACT);
        assertThat(step.kept().classifier().accuracy(test))
                .as(name)
                .isEqualTo(expected.get("test").asDouble(), EXACT);
    }

    private static final Workers WORKERS = new Workers(1);

    /** Noise, and one feature that mostly separates two classes. */
    private static FeatureSet noisy(int images, int noise, double signal) {
        SplittableRandom random = new SplittableRandom(5);
        float[] values = new float[images * (noise + 1)];
        int[] labels = new int[images];
        for (int i = 0; i < images; i++) {
            labels[i] = i % 2;
            for (int j = 0; j <= noise; j++) {
                values[i * (noise + 1) + j] = (float) random.nextGaussian();
            }
            values[i * (noise + 1)] += (float) (signal * (labels[i] == 0 ? -1 : 1));
        }
        return new DenseFeatures(noise + 1, 1, values, labels);
    }

    @Test
    void noiseGetsAStrongPenaltyAndAClearSignalIsFitted() {
        FeatureSet noise = noisy(40, 60, 1.0);
        LinearClassifier chosen = PenaltySearch.crossValidated(noise, WORKERS);
        LinearClassifier weakest = new LogisticRegression(noise, WORKERS).fit(1e3, null);
        FeatureSet fresh = noisy(4000, 60, 1.0);
        assertThat(chosen.c()).isLessThan(1);
        assertThat(chosen.accuracy(fresh)).isGreaterThan(weakest.accuracy(fresh));

        FeatureSet clear = noisy(40, 0, 30);
        assertThat(PenaltySearch.crossValidated(clear, WORKERS).accuracy(clear)).isEqualTo(1);
    }

    @Test
    void oneImagePerClassIsFittedWithCOfOne() {
        FeatureSet two = noisy(2, 3, 1);
        assertThat(PenaltySearch.crossValidated(two, WORKERS).c()).isEqualTo(1);
    }

    @Test
    void theSmallestClassLimitsTheFolds() {
        FeatureSet images = noisy(20, 2, 3);
        FeatureSet few = images.select(new int[] {0, 2, 4, 6, 8, 10, 1, 3});
        assertThat(PenaltySearch.crossValidated(few, WORKERS).accuracy(few)).isGreaterThan(0.7);
    }
}
