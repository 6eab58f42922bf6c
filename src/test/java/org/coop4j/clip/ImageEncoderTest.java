package org.coop4j.clip;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.nio.FloatBuffer;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collections;
import java.util.List;
import java.util.Optional;
import java.util.Random;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import org.coop4j.graph.host.Precision;
import org.coop4j.graph.host.Workers;
import org.coop4j.text.Tokenizer;
import org.coop4j.weights.convert.RandomWeights;
import org.coop4j.weights.model.ClipConfig;
import org.coop4j.weights.model.MlpActivation;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;

class ImageEncoderTest {

    private static final int[] COUNTS = {1, 1, 2, 3, 5, 16, 17};

    @TempDir Path folder;

    /** Widths at which a product's last bits depend on the number of its rows. */
    static Stream<ClipConfig.Vision> towers() {
        return Stream.concat(
                transformers(),
                Stream.of(
                        new ClipConfig.ResNet(64, List.of(1, 2, 1, 3), 16, 8),
                        new ClipConfig.ResNet(64, List.of(1, 1, 1, 1), 32, 16)));
    }

    /** Of 17 tokens, of 50 and of 5. */
    static Stream<ClipConfig.Vision> transformers() {
        return Stream.of(
                new ClipConfig.Vit(64, 16, 768, 2, 12, 3072),
                new ClipConfig.Vit(112, 16, 384, 3, 6, 1536),
                new ClipConfig.Vit(32, 16, 128, 2, 2, 512));
    }

    static Stream<Arguments> towersInEachPrecision() {
        return Stream.of(Precision.values())
                .filter(precision -> precision.obstacle().isEmpty())
                .flatMap(precision -> towers().map(tower -> Arguments.of(tower, precision)));
    }

    private Clip open(ClipConfig.Vision vision, int threads) throws IOException {
        return open(vision, threads, Precision.FLOAT32);
    }

    private Clip open(ClipConfig.Vision vision, int threads, Precision precision)
            throws IOException {
        ClipConfig config =
                new ClipConfig(64, vision, new ClipConfig.Text(77, 49_408, 16, 2, 1, 64));
        Path file = folder.resolve("model.safetensors");
        RandomWeights.write(config, 3, file, MlpActivation.QUICK_GELU);
        return Clip.open(file, Tokenizer::load, new Workers(threads), precision);
    }

    private static float[][] images(int count, int side) {
        Random random = new Random(5);
        float[][] images = new float[count][3 * side * side];
        for (float[] image : images) {
            for (int i = 0; i < image.length; i++) {
                image[i] = (float) random.nextGaussian();
            }
        }
        return images;
    }

    /** Features by image; null for those of which there are no pixels. */
    private static float[][] encode(ImageEncoder encoder, float[][] images, List<Integer> order) {
        float[][] features = new float[images.length][];
        encoder.encode(
                order.size(),
                (index, target, offset) -> {
                    float[] image = images[order.get(index)];
                    if (image == null) {
                        throw new IOException("no pixels");
                    }
                    target.put(offset, image);
                },
                new ImageEncoder.Sink() {
                    @Override
                    public void features(int index, float[] row) {
                        features[order.get(index)] = row.clone();
                    }

                    @Override
                    public void failed(int index, IOException problem) {
                        assertThat(images[order.get(index)]).isNull();
                    }
                });
        return features;
    }

    @ParameterizedTest
    @MethodSource("towersInEachPrecision")
    void featuresDoNotDependOnCompanyPlaceOrNumber(ClipConfig.Vision vision, Precision precision)
            throws IOException {
        try (Clip clip = open(vision, 2, precision)) {
            ImageEncoder encoder = clip.imageEncoder();
            int full = encoder.plans().batch();
            float[][] images = images(Math.max(full, 17) + 1, vision.imageSize());
            List<Integer> order =
                    new ArrayList<>(IntStream.range(0, images.length).boxed().toList());
            float[][] expected = encode(encoder, images, order);
            Random random = new Random(7);
            for (int count : COUNTS) {
                Collections.shuffle(order, random);
                List<Integer> some = order.subList(0, count);
                float[][] features = encode(encoder, images, some);
                for (int i : some) {
                    assertThat(features[i])
                            .as("image %d of %s", i, some)
                            .containsExactly(expected[i]);
                }
            }
        }
    }

    @Test
    void aDamagedImageDoesNotShowInTheOthers() throws IOException {
        ClipConfig.Vision vision = transformers().findFirst().orElseThrow();
        try (Clip clip = open(vision, 2)) {
            ImageEncoder encoder = clip.imageEncoder();
            float[][] images = images(7, vision.imageSize());
            List<Integer> order = List.of(4, 1, 3, 0, 6);
            float[][] expected = encode(encoder, images, order);
            images[3] = null;
            float[][] features = encode(encoder, images, order);
            assertThat(features[3]).isNull();
            for (int i : List.of(4, 1, 0, 6)) {
                assertThat(features[i]).containsExactly(expected[i]);
            }
        }
    }

    private static float[][] run(ImageBatches batches, float[][] images, List<Integer> order) {
        FloatBuffer pixels = FloatBuffer.allocate(order.size() * images[0].length);
        for (int i : order) {
            pixels.put(images[i]);
        }
        float[][] features = new float[order.size()][64];
        batches.run(pixels, 0, features);
        return features;
    }

    private static void assertClose(float[][] actual, float[][] expected) {
        for (int i = 0; i < expected.length; i++) {
            float scale = 0;
            for (float value : expected[i]) {
                scale = Math.max(scale, Math.abs(value));
            }
            assertThat(actual[i])
                    .usingComparatorWithPrecision(1e-5f * scale)
                    .containsExactly(expected[i]);
        }
    }

    @ParameterizedTest
    @MethodSource("towers")
    void imagesApartAreTheSameOnEveryThreadAndCloseToThoseTogether(ClipConfig.Vision vision)
            throws IOException {
        try (Clip clip = open(vision, 3)) {
            ImageEncoder encoder = clip.imageEncoder();
            float[][] images = images(13, vision.imageSize());
            List<Integer> order = IntStream.range(0, images.length).boxed().toList();
            try (ImageBatches apart = encoder.plans().apart(vision)) {
                float[] first = run(apart, images, List.of(5))[0];
                float[][] expected = run(apart, images, order.subList(0, 12));
                assertThat(first).containsExactly(expected[5]);
                for (int i = 0; i < 12; i += 4) {
                    assertThat(run(apart, images, List.of(i))[0]).containsExactly(expected[i]);
                }
                assertClose(Arrays.copyOf(encode(encoder, images, order), 12), expected);
            }
        }
    }

    @ParameterizedTest
    @MethodSource("transformers")
    void alignedImagesAndThoseInFilledUpPlansAreCloseToOthers(ClipConfig.Vision vision)
            throws IOException {
        try (Clip clip = open(vision, 2)) {
            ImagePlans plans = clip.imageEncoder().plans();
            float[][] images = images(16, vision.imageSize());
            List<Integer> order = List.of(3, 1, 4, 15, 9);
            try (ImageBatches plain = plans.together(vision, 5);
                    ImageBatches filledUp = plans.filledUp(vision, 5);
                    ImageBatches by4 = plans.aligned(vision, 6, 4);
                    ImageBatches by12 = plans.aligned(vision, 5, 12)) {
                float[][] expected = run(plain, images, order);
                assertClose(run(filledUp, images, order), expected);
                assertClose(run(by4, images, order), expected);
                assertClose(run(by12, images, order), expected);
                float[][] alike = run(by12, images, List.of(2, 2, 2, 2, 2));
                assertThat(SameBits.agree(alike)).isTrue();
            }
        }
    }

    @ParameterizedTest
    @MethodSource("towers")
    void batchesThatWereTriedBeforeGiveTheSameBits(ClipConfig.Vision vision) throws IOException {
        try (Clip clip = open(vision, 2)) {
            ImagePlans plans = clip.imageEncoder().plans();
            float[][] images = images(3, vision.imageSize());
            Path kept = Files.createTempDirectory(folder, "trials");
            List<float[][]> all = new ArrayList<>();
            for (int time = 0; time < 2; time++) {
                Trials trials = new Trials(Optional.of(kept));
                try (ImageBatches batches = new SameBits(plans, trials).batches()) {
                    all.add(run(batches, images, List.of(2)));
                }
                assertThat(kept.resolve("way")).exists();
                assertThat(Files.exists(kept.resolve("batch-1")))
                        .isEqualTo(vision instanceof ClipConfig.Vit);
            }
            assertThat(all.get(1)[0]).containsExactly(all.get(0)[0]);
        }
    }

    @Test
    void rowsThatDifferInTheirLastBitAreSeen() {
        float[][] rows = {{1, 2}, {1, 2}, {1, 2}};
        assertThat(SameBits.agree(rows)).isTrue();
        rows[2][1] = Math.nextUp(2f);
        assertThat(SameBits.agree(rows)).isFalse();
    }

    @Test
    void theLastBitsMayBeGivenUpForSpeed() {
        String before = System.setProperty("coop.batching", "fast");
        try {
            assertThat(ImageEncoder.Batching.standard()).isEqualTo(ImageEncoder.Batching.FAST);
            System.setProperty("coop.batching", "quick");
            assertThatThrownBy(ImageEncoder.Batching::standard)
                    .isInstanceOf(IllegalArgumentException.class)
                    .hasMessage(
                            "expected same-bits or fast for the system property coop.batching, got"
                                    + " \"quick\"");
        } finally {
            if (before == null) {
                System.clearProperty("coop.batching");
            } else {
                System.setProperty("coop.batching", before);
            }
        }
    }
}
