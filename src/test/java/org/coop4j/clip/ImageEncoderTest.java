package org.coop4j.clip;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;
import static org.coop4j.RandomValues.gaussian;

import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collections;
import java.util.List;
import java.util.Random;
import java.util.function.BiFunction;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import org.coop4j.base.JavaChild;
import org.coop4j.base.Progress;
import org.coop4j.clip.FeatureSpace.ChangedTower;
import org.coop4j.clip.FeatureSpace.FeatureKind;
import org.coop4j.clip.ImageEncoder.Encoded;
import org.coop4j.clip.ImageEncoder.PixelSource;
import org.coop4j.graph.OpTime;
import org.coop4j.graph.host.Backend;
import org.coop4j.graph.host.Gemm;
import org.coop4j.graph.host.Precision;
import org.coop4j.graph.host.Workers;
import org.coop4j.model.ClipConfig;
import org.coop4j.model.MlpActivation;
import org.coop4j.model.convert.RandomWeights;
import org.coop4j.text.Tokenizer;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;

class ImageEncoderTest {

    /** Numbers of images of plans of 1, 2, 4, 8 and 32 places. */
    private static final List<Integer> FEW = List.of(1, 2, 3, 5, 17);

    @TempDir
    Path folder;

    /** As one does that was asked for while another thread released its kind. */
    @Test
    void anEncoderThatIsUsedAfterItsReleaseIsFreedWithTheModel() throws IOException {
        FeatureKind kind = new FeatureKind.Changed(
                "unchanged", new ChangedTower(List.of(), learned -> Parameters.Changes.NONE, false, 1, -1));
        Path file = TinyModel.write(folder.resolve("tiny.safetensors"), 1);
        ImageEncoder encoder;
        try (Clip clip = TinyModel.open(file, 1)) {
            encoder = clip.imageEncoder(kind);
            float[] black = new float[clip.featureWidth(FeatureKind.PIXELS)];
            encoder.encode(1, (i, target, offset) -> target.put(offset, black));
            clip.release(kind);
            assertThat(encoder.isAllocated()).isFalse();
            encoder.encode(1, (i, target, offset) -> target.put(offset, black));
            assertThat(encoder.isAllocated()).isTrue();
        }
        assertThat(encoder.isAllocated()).isFalse();
    }

    /** Widths at which a product's last bits depend on the number of its rows. */
    static Stream<ClipConfig.Vision> towers() {
        return Stream.concat(transformers(), Stream.of(new ClipConfig.ResNet(64, List.of(1, 2, 1, 1), 32, 16)));
    }

    /** Models of 5, 50, 5, 17, 16, 16 and 27 tokens: three of CLIP, two Perception Encoders, a SigLIP and a TIPS. */
    static Stream<ClipConfig.Vision> transformers() {
        return Stream.of(
                new ClipConfig.Vit(32, 16, 768, 2, 12, 2048),
                new ClipConfig.Vit(112, 16, 128, 2, 2, 512),
                new ClipConfig.Vit(32, 16, 128, 2, 2, 512),
                new ClipConfig.Vit(64, 16, 384, 1, 6, 768, new ClipConfig.Pooling(true, true, 8, 768)),
                new ClipConfig.Vit(64, 16, 192, 1, 2, 1120, new ClipConfig.Pooling(false, true, 8, 768)),
                new ClipConfig.Vit(70, 16, 192, 1, 2, 560, new ClipConfig.Pooling(false, false, 2, 560)),
                new ClipConfig.Vit(70, 14, 192, 1, 2, 560, null, 2, true));
    }

    static Stream<Arguments> towersInEachPrecision() {
        return Stream.of(Precision.values())
                .filter(precision -> precision.obstacle().isEmpty())
                .flatMap(precision -> towers().map(tower -> Arguments.of(tower, precision)));
    }

    private static Path write(Path folder, ClipConfig.Vision vision) throws IOException {
        boolean tips = vision.family() == ClipConfig.Family.TIPS;
        boolean sigLip = vision.family() == ClipConfig.Family.SIGLIP;
        ClipConfig.Text text = new ClipConfig.Text(8, 100, tips ? vision.width() : 16, 2, 1, 64, sigLip || tips, tips);
        ClipConfig config = new ClipConfig(vision.projects() ? 64 : vision.width(), vision, text);
        Path file = folder.resolve("model.safetensors");
        RandomWeights.write(config, 3, file, MlpActivation.published(config), Progress.NONE);
        return file;
    }

    private static Clip open(Path file, int threads, Precision precision) throws IOException {
        return Clip.open(file, new Clip.Options(Tokenizer::of, new Workers(threads), precision));
    }

    @Test
    void theProfileIsOfAllPlansThatTheImagesTake() throws IOException {
        try (Clip clip = open(write(folder, new ClipConfig.Vit(32, 16, 128, 2, 2, 512)), 2, Precision.FLOAT32)) {
            ImageEncoder encoder = clip.imageEncoder();
            int part = encoder.part();
            assertThat(encoder.profile(2 * part).stream()
                            .mapToLong(OpTime::flops)
                            .sum())
                    .isEqualTo(2
                            * encoder.profile(part).stream()
                                    .mapToLong(OpTime::flops)
                                    .sum());
        }
    }

    private static float[][] images(int count, int side) {
        float[][] images = new float[count][];
        Arrays.setAll(images, i -> gaussian(5 + i, 3 * side * side));
        return images;
    }

    /** Features in the order of the images; null where an image is null. */
    private static float[][] encode(
            BiFunction<Integer, PixelSource, Encoded> encode, float[][] images, List<Integer> order) {
        Encoded encoded = encode.apply(order.size(), (index, target, offset) -> {
            float[] image = images[order.get(index)];
            if (image == null) {
                throw new IOException("no pixels");
            }
            target.put(offset, image);
        });
        float[][] features = new float[images.length][];
        for (int i = 0; i < order.size(); i++) {
            features[order.get(i)] = encoded.features().get(i);
        }
        return features;
    }

    @ParameterizedTest
    @MethodSource("towersInEachPrecision")
    void featuresDoNotDependOnOtherImagesPlaceOrNumber(ClipConfig.Vision vision, Precision precision)
            throws IOException {
        assertIndependentOfOthers(folder, vision, precision);
    }

    private static void assertIndependentOfOthers(Path folder, ClipConfig.Vision vision, Precision precision)
            throws IOException {
        Path file = write(folder, vision);
        for (int threads : new int[] {1, 3}) {
            try (Clip clip = open(file, threads, precision)) {
                ImageEncoder encoder = clip.imageEncoder();
                // More than a full batch, which is 4 or 12 of a ResNet.
                int count = vision instanceof ClipConfig.Vit ? encoder.part() + 1 : 13;
                float[][] images = images(count, vision.imageSize());
                List<Integer> order = new ArrayList<>(
                        IntStream.range(0, images.length).boxed().toList());
                float[][] expected = encode(encoder::encode, images, order);
                Collections.shuffle(order, new Random(7));
                List<Integer> batch = order.subList(0, count - 1); // the image after the first batch is among them
                float[][] features = encode(encoder::encode, images, batch);
                for (int i : batch) {
                    assertThat(features[i]).as("image %d of %s", i, batch).containsExactly(expected[i]);
                }
                for (int few : precision == Precision.FLOAT32 ? FEW : List.<Integer>of()) {
                    List<Integer> some = order.subList(0, Math.min(few, count));
                    float[][] quick = encode(encoder::encodeQuickly, images, some);
                    for (int i : some) {
                        assertClose(quick[i], expected[i]);
                    }
                }
            }
        }
    }

    private static void assertClose(float[] actual, float[] expected) {
        float scale = 0;
        for (float value : expected) {
            scale = Math.max(scale, Math.abs(value));
        }
        assertThat(actual).usingComparatorWithPrecision(1e-5f * scale).containsExactly(expected);
    }

    /** The kernels for AVX2 take rows by twelve, and treat those of few images differently. */
    @Test
    void featuresDoNotDependOnOtherImagesWithOpenBlasKernelsForAvx2() throws Exception {
        ProcessBuilder child = JavaChild.of(ImageEncoderTest.class, List.of(), folder);
        child.environment().put("OPENBLAS_CORETYPE", "Haswell");
        Process process = child.redirectErrorStream(true).start();
        String said = new String(process.getInputStream().readAllBytes(), UTF_8);
        assertThat(process.waitFor()).as(said).isZero();
        if (System.getProperty("os.arch").equals("amd64")) {
            assertThat(said).contains("kernels: HASWELL");
        }
    }

    /** The same in a process whose environment chooses the kernels. */
    public static void main(String[] args) throws IOException {
        Backend.start();
        System.out.println("kernels: " + Gemm.kernels());
        for (ClipConfig.Vision vision : towers().toList()) {
            assertIndependentOfOthers(Path.of(args[0]), vision, Precision.FLOAT32);
        }
    }
}
