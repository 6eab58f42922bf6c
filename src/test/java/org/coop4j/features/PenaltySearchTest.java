package org.coop4j.features;

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
import org.coop4j.base.Progress;
import org.coop4j.base.ProgressRecorder;
import org.coop4j.data.FeatureSet;
import org.coop4j.data.FeatureSet.DenseFeatures;
import org.coop4j.data.FewShotSampler;
import org.coop4j.data.ImageDataset;
import org.coop4j.data.LabelledImage;
import org.coop4j.graph.host.Workers;
import org.coop4j.method.GoldenMethods;
import org.junit.jupiter.api.Test;

class PenaltySearchTest {
    /** Accuracies are quotients of small integers. */
    private static final Offset<Double> EXACT = within(1e-12);

    @Test
    void searchTakesScikitLearnsPathForEveryShotAndSeed() throws IOException {
        JsonNode golden = GoldenMethods.read("/org/coop4j/features/linear_probe.json");
        FeatureSet train = GoldenMethods.features(golden, "train");
        FeatureSet val = GoldenMethods.features(golden, "val");
        FeatureSet test = GoldenMethods.features(golden, "test");

        assertThat(golden.get("runs").size()).isEqualTo(15);
        for (JsonNode run : golden.get("runs")) {
            String name = run.get("shots") + " shots, seed " + run.get("seed");
            PenaltySearch result = run(train, val, run);
            int vals = run.get("val_positions").size();
            for (int i = 0; i < 7; i++) {
                assertThat((double) result.fits.get(6.0 - 2 * i).hits() / vals)
                        .as(name + ", grid " + i)
                        .isEqualTo(run.get("grid").get(i).asDouble(), EXACT);
            }
            for (JsonNode step : run.get("steps")) {
                for (String end : List.of("left", "right")) {
                    assertThat((double) fit(result, step.get(end)).hits() / vals)
                            .as(name + ", " + step)
                            .isEqualTo(step.get("val_" + end).asDouble(), EXACT);
                }
                assertThat(accuracy(fit(result, step.get("kept")).classifier(), test))
                        .as(name + ", " + step)
                        .isEqualTo(step.get("test").asDouble(), EXACT);
            }
            assertThat(result.fits).as(name).hasSize(PenaltySearch.FITS);
            double c = run.get("steps").get(7).get("kept").asDouble();
            assertThat(result.best.c()).isEqualTo(c, within(1e-9 * c));
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
        JsonNode golden = GoldenMethods.read("/org/coop4j/features/linear_probe.json");
        FeatureSet train = GoldenMethods.features(golden, "train");
        List<Long> told = new ArrayList<>();
        ProgressRecorder progress = new ProgressRecorder() {
            @Override
            protected void advanced(Recorded task) {
                assertThat(task.total()).isEqualTo(15);
                told.add(task.done());
            }
        };
        PenaltySearch.of(train, GoldenMethods.features(golden, "val"), Workers.onOneThread(1), progress);
        assertThat(told).hasSize(15).startsWith(1L).endsWith(15L);
    }

    @Test
    void tiesGoToTheLargestCThenToTheLeft() {
        FeatureSet easy =
                new DenseFeatures(1, 1, new float[] {-1, -2, -3, -4, 1, 2, 3, 4}, new int[] {0, 0, 0, 0, 1, 1, 1, 1});
        PenaltySearch result = search(easy, easy);

        assertThat(result.fits.values()).allMatch(fit -> fit.hits() == easy.size());
        assertThat(result.fits).containsKeys(5.0, 7.0);
        assertThat(result.best.c()).isEqualTo(1e5, within(1e-6));
    }

    /** The search on the images that the reference draws, by their labels alone. */
    private static PenaltySearch run(FeatureSet train, FeatureSet val, JsonNode run) throws IOException {
        ImageDataset drawn = new FewShotSampler(
                        run.get("shots").asInt(), run.get("seed").asInt())
                .sampleOfProbe(labelled(train.labels(), val.labels()));
        int[] ofTrain = positions(drawn.train());
        int[] ofVal = positions(drawn.val());
        assertThat(ofTrain).containsExactly(GoldenMethods.ints(run.get("train_positions")));
        assertThat(ofVal).containsExactly(GoldenMethods.ints(run.get("val_positions")));
        return search(train.select(ofTrain), val.select(ofVal));
    }

    private static PenaltySearch search(FeatureSet train, FeatureSet val) {
        return PenaltySearch.of(train, val, Workers.onOneThread(1), Progress.NONE);
    }

    /** The fit with a C of the path. */
    private static PenaltySearch.Fit fit(PenaltySearch search, JsonNode c) {
        return search.fits.values().stream()
                .filter(fit -> Math.abs(fit.classifier().c() - c.asDouble()) <= 1e-9 * c.asDouble())
                .findFirst()
                .orElseThrow();
    }

    private static double accuracy(LinearClassifier classifier, FeatureSet images) {
        return (double) classifier.hits(images) / images.size();
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
        LogisticRegression regression = new LogisticRegression(noise, WORKERS);
        double chosen = PenaltySearch.crossValidated(noise, WORKERS);
        FeatureSet fresh = noisy(4000, 60, 1.0);
        assertThat(chosen).isLessThan(1);
        assertThat(regression.fit(chosen, null).hits(fresh))
                .isGreaterThan(regression.fit(1e3, null).hits(fresh));
        assertThat(crossValidated(noisy(40, 0, 30))).isEqualTo(1);
    }

    @Test
    void roughFitsClassifyAsExactOnesOnAnyNumberOfThreads() {
        FeatureSet images = noisy(120, 60, 1.0);
        FeatureSet fresh = noisy(4000, 60, 1.0);
        LogisticRegression exact = new LogisticRegression(images, WORKERS);
        LogisticRegression rough = new LogisticRegression(images, WORKERS, LogisticRegression.TO_CLASSIFY);
        for (double c : new double[] {1e-4, 1e-3, 1e-2, 1e-1, 1, 10}) {
            assertThat(rough.fit(c, null).hits(fresh))
                    .as("C = %s", c)
                    .isCloseTo(exact.fit(c, null).hits(fresh), within(4));
        }
        try (Workers three = new Workers(3)) {
            assertThat(PenaltySearch.crossValidated(images, three))
                    .isEqualTo(PenaltySearch.crossValidated(images, WORKERS));
        }
    }

    private static double crossValidated(FeatureSet images) {
        double c = PenaltySearch.crossValidated(images, WORKERS);
        return accuracy(new LogisticRegression(images, WORKERS).fit(c, null), images);
    }

    @Test
    void theSmallestClassLimitsTheFoldsAndOneImagePerClassIsFittedWithCOfOne() {
        FeatureSet images = noisy(20, 2, 3);
        assertThat(crossValidated(images.select(new int[] {0, 2, 4, 6, 8, 10, 1, 3})))
                .isGreaterThan(0.7);
        assertThat(PenaltySearch.crossValidated(noisy(2, 3, 1), WORKERS)).isEqualTo(1);
    }
}
