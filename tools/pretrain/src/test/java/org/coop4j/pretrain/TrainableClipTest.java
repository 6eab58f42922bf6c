package org.coop4j.pretrain;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.Random;
import org.assertj.core.data.Offset;
import org.coop4j.base.Progress;
import org.coop4j.clip.Clip;
import org.coop4j.clip.FeatureMatrix;
import org.coop4j.graph.host.Precision;
import org.coop4j.graph.host.Workers;
import org.coop4j.model.ClipConfig;
import org.coop4j.model.ConvertedModel;
import org.coop4j.model.MlpActivation;
import org.coop4j.model.ModelMetadata;
import org.coop4j.model.convert.RandomWeights;
import org.coop4j.pretrain.TrainableClip.Size;
import org.coop4j.text.Tokenizer;
import org.coop4j.weights.DType;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.nd4j.linalg.api.buffer.DataType;
import org.nd4j.linalg.api.ndarray.INDArray;
import org.nd4j.linalg.factory.Nd4j;
import org.nd4j.nativeblas.NativeOps;
import org.nd4j.nativeblas.NativeOpsHolder;

class TrainableClipTest {

    private static final int BATCH = 4;
    private static final double STEP = 1e-6;

    /** Central differences of step 1e-6 in double keep some 1e-9 of a loss near 1. */
    private static final double TOLERANCE = 2e-7;

    @TempDir
    Path folder;

    private static int ompThreads;

    /** ND4J's own threads spin between the thousand tiny ops of the portable form. */
    @BeforeAll
    static void computeTinyOpsOnOneThread() {
        // The native ops are there only once the backend has begun.
        assertThat(Nd4j.getBackend()).isNotNull();
        NativeOps nativeOps = NativeOpsHolder.getInstance().getDeviceNativeOps();
        ompThreads = nativeOps.ompGetMaxThreads();
        nativeOps.setOmpNumThreads(1);
    }

    @AfterAll
    static void restoreThreads() {
        NativeOpsHolder.getInstance().getDeviceNativeOps().setOmpNumThreads(ompThreads);
    }

    private ConvertedModel random(ClipConfig architecture) throws IOException {
        Path file = folder.resolve("random.safetensors");
        RandomWeights.write(architecture, 3, file, MlpActivation.QUICK_GELU, Progress.NONE);
        return ConvertedModel.open(file);
    }

    /** Moves every weight, so that none is 0 by initialisation. */
    private static void disturb(TrainableClip clip, Random random) {
        for (TrainedParameters.Entry entry : clip.parameters().entries().values()) {
            for (long i = 0; i < entry.array().length(); i++) {
                double value = entry.array().getDouble(i);
                entry.array().putScalar(i, value + 0.2 * random.nextGaussian());
            }
        }
    }

    @Test
    void gradientOfEveryWeightEqualsCentralDifferences() throws IOException {
        ClipConfig architecture = TinyClips.vit();
        Random random = new Random(5);
        Size size = new Size(BATCH, 2, 30, 5);
        try (ConvertedModel model = random(architecture);
                Workers workers = new Workers(1);
                TrainableClip clip = TrainableClip.of(
                        InitialModel.of(model), size, 3, TinyClips.tokens(), DataType.DOUBLE, workers)) {
            disturb(clip, random);
            clip.setImages(TinyClips.pixels(architecture, BATCH, random));
            TinyClips.setCaptions(clip, TinyClips.captions(size.captions(), random));
            clip.setTeacher(TinyClips.features(BATCH, architecture.embedDim(), random));
            assertThat(clip.step()).isCloseTo(clip.loss(), Offset.offset(1e-12));
            for (Map.Entry<String, TrainedParameters.Entry> entry :
                    clip.parameters().entries().entrySet()) {
                INDArray gradient = clip.plan().output(TrainableClip.gradientName(entry.getKey()));
                INDArray array = entry.getValue().array();
                INDArray direction = direction(array, random);
                double numeric = difference(clip, array, direction);
                assertThat(gradient.mul(direction).sumNumber().doubleValue())
                        .as("along a random direction of %s", entry.getKey())
                        .isCloseTo(numeric, Offset.offset(TOLERANCE * (1 + Math.abs(numeric))));
            }
        }
    }

    private static INDArray direction(INDArray array, Random random) {
        INDArray direction = array.dup();
        for (long i = 0; i < direction.length(); i++) {
            direction.putScalar(i, random.nextGaussian());
        }
        return direction;
    }

    private static double difference(TrainableClip clip, INDArray array, INDArray direction) {
        INDArray values = array.dup();
        array.assign(values.add(direction.mul(STEP)));
        double above = clip.loss();
        array.assign(values.sub(direction.mul(STEP)));
        double below = clip.loss();
        array.assign(values);
        return (above - below) / (2 * STEP);
    }

    @Tag("portable")
    @Test
    void freeRowsChangeNothing() throws IOException {
        float[] tight = gradients(new Size(BATCH, 2, 24, 5));
        float[] roomy = gradients(new Size(BATCH, 2, 31, 7));
        assertThat(roomy).hasSameSizeAs(tight);
        for (int i = 0; i < tight.length; i++) {
            // The products sum over more rows, all zero, so that only the rounding may differ.
            assertThat(roomy[i]).isCloseTo(tight[i], Offset.offset(1e-5f * (1 + Math.abs(tight[i]))));
        }
    }

    /** The loss and all gradients. */
    private float[] gradients(Size size) throws IOException {
        ClipConfig architecture = TinyClips.vit();
        Random random = new Random(5);
        try (ConvertedModel model = random(architecture);
                Workers workers = new Workers(2);
                TrainableClip clip = TrainableClip.of(InitialModel.of(model), size, 0, TinyClips.tokens(), workers)) {
            clip.images().put(0, TinyClips.pixels(architecture, BATCH, random));
            TinyClips.setCaptions(clip, TinyClips.captions(size.captions(), random));
            double loss = clip.step();
            List<TrainedArray> arrays = clip.arrays();
            float[] all =
                    new float[1 + arrays.stream().mapToInt(TrainedArray::length).sum()];
            all[0] = (float) loss;
            int at = 1;
            for (TrainedArray array : arrays) {
                array.gradient().get(0, all, at, array.length());
                at += array.length();
            }
            return all;
        }
    }

    @Tag("portable")
    @Test
    void untrainedModelIsWrittenAsItWasReadButForUnusedTokens() throws IOException {
        ClipConfig architecture = TinyClips.vit();
        Path written = folder.resolve("written.safetensors");
        int width = architecture.text().width();
        try (ConvertedModel model = random(architecture);
                Workers workers = new Workers(1);
                TrainableClip clip = TrainableClip.of(
                        InitialModel.of(model), new Size(BATCH, 0, 20, 5), 0, TinyClips.tokens(), workers)) {
            clip.write(written, DType.F32, ModelMetadata.SourceInfo.madeHere("a test"));
            try (ConvertedModel again = ConvertedModel.open(written)) {
                assertThat(again.source().format()).isEqualTo("a test");
                for (String name : architecture.expectedTensors().keySet()) {
                    float[] expected = model.weights().floats(name);
                    if (name.equals("token_embedding.weight")) {
                        java.util.Arrays.fill(expected, 0, width, 0f);
                        int lastWord = 9;
                        int start = TinyClips.VOCABULARY - 2;
                        java.util.Arrays.fill(expected, (lastWord + 1) * width, start * width, 0f);
                    }
                    assertThat(again.weights().floats(name)).as(name).isEqualTo(expected);
                }
            }
        }
    }

    @Test
    void theWrittenModelHasTheLossOfTheStep() throws IOException {
        ClipConfig architecture = TinyClips.vit();
        Random random = new Random(9);
        float[] pixels = TinyClips.pixels(architecture, 32, random);
        List<int[]> captions = TinyClips.captions(32, random);
        Path written = folder.resolve("written.safetensors");
        double loss;
        try (ConvertedModel model = random(architecture);
                Workers workers = new Workers(1);
                TrainableClip clip = TrainableClip.of(
                        InitialModel.of(model), new Size(32, 0, 160, 5), 0, TinyClips.tokens(), workers)) {
            clip.images().put(0, pixels);
            TinyClips.setCaptions(clip, captions);
            loss = clip.step();
            clip.write(written, DType.F32, ModelMetadata.SourceInfo.madeHere("a test"));
        }
        double frozen;
        try (Clip clip = Clip.open(written, new Clip.Options(Tokenizer::of, new Workers(1), Precision.FLOAT32))) {
            FeatureMatrix images =
                    clip.encodePixels(java.nio.FloatBuffer.wrap(pixels), 32).normalized();
            FeatureMatrix texts = clip.encodeTokens(captions).normalized();
            frozen = loss(images, texts, clip.logitScale());
        }
        assertThat(frozen).isCloseTo(loss, Offset.offset(0.01 * loss));
    }

    private static double loss(FeatureMatrix images, FeatureMatrix texts, double scale) {
        int n = images.rows();
        double total = 0;
        for (int i = 0; i < n; i++) {
            double byImage = 0;
            double byText = 0;
            for (int j = 0; j < n; j++) {
                byImage += Math.exp(scale * images.dot(i, texts, j));
                byText += Math.exp(scale * images.dot(j, texts, i));
            }
            total += Math.log(byImage) + Math.log(byText) - 2 * scale * images.dot(i, texts, i);
        }
        return total / (2 * n);
    }

    @Tag("portable")
    @Test
    void logitScaleIsClampedToLogHundred() throws IOException {
        try (ConvertedModel model = random(TinyClips.vit());
                Workers workers = new Workers(1);
                TrainableClip clip = TrainableClip.of(
                        InitialModel.of(model), new Size(BATCH, 0, 20, 5), 0, TinyClips.tokens(), workers)) {
            TrainedArray scale = clip.arrays().stream()
                    .filter(array -> array.name().equals("logit_scale"))
                    .findFirst()
                    .orElseThrow();
            assertThat(clip.logitScale()).isCloseTo(Math.log(1 / 0.07), Offset.offset(1e-6));
            scale.values().put(0, 5f);
            clip.takeValues();
            assertThat(Math.exp(clip.logitScale())).isCloseTo(100, Offset.offset(1e-3));
            scale.values().put(0, -1f);
            clip.takeValues();
            assertThat(clip.logitScale()).isZero();
            assertThat(scale.isMatrix()).isFalse();
        }
    }

    @Test
    void captionsThatDoNotFitAreRefused() throws IOException {
        try (ConvertedModel model = random(TinyClips.vit());
                Workers workers = new Workers(1);
                TrainableClip clip = TrainableClip.of(
                        InitialModel.of(model), new Size(BATCH, 0, 20, 5), 0, TinyClips.tokens(), workers)) {
            List<int[]> three = TinyClips.captions(3, new Random(1));
            assertThatThrownBy(() -> TinyClips.setCaptions(clip, three))
                    .hasMessageContainingAll("3 captions", "12 tokens", "4 of 20");
            List<int[]> unknown = TinyClips.captions(BATCH, new Random(1));
            unknown.get(2)[1] = 20;
            assertThatThrownBy(() -> TinyClips.setCaptions(clip, unknown)).hasMessageContaining("token 20");
        }
    }
}
