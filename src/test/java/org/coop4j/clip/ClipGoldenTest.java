package org.coop4j.clip;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import com.fasterxml.jackson.databind.JsonNode;
import java.io.IOException;
import java.nio.FloatBuffer;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.stream.IntStream;
import org.coop4j.Differences;
import org.coop4j.graph.LearnedTensor;
import org.coop4j.graph.RequiresBfloat16;
import org.coop4j.graph.host.Precision;
import org.coop4j.graph.host.Workers;
import org.coop4j.image.GoldenImages;
import org.coop4j.model.ClipConfig;
import org.coop4j.text.Tokenizer;
import org.coop4j.weights.safetensors.SafetensorsFile;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** Towers of CLIP against PyTorch, and Perception Encoders with and without a class token against values in float64. */
@ExtendWith(Differences.Extension.class)
@Tag("portable")
class ClipGoldenTest {

    private static final double FEATURES = 5e-6;
    private static final double LOGITS = 2e-4;
    private static final double GRADIENT_RELATIVE = 2e-5;

    @TempDir
    static Path folder;

    private static SafetensorsFile values(String model) {
        return GoldenModels.numbers(model + "/values.safetensors");
    }

    private static FeatureMatrix images(Clip clip, SafetensorsFile golden) throws IOException {
        int n = (int) golden.shape("pixels").dim(0);
        return clip.encodePixels(FloatBuffer.wrap(golden.floats("pixels")), n);
    }

    private static FeatureMatrix matrix(SafetensorsFile golden, String name) throws IOException {
        int rows = (int) golden.shape(name).dim(0);
        int width = (int) golden.shape(name).dim(1);
        return FeatureMatrix.of(rows, width, golden.floats(name));
    }

    private static void assertUnitFeatures(FeatureMatrix actual, FeatureMatrix expected, Differences differences) {
        double difference = Differences.absolute(
                actual.normalized().toArray(), expected.normalized().toArray());
        assertThat(differences.note("pe_core", "unit features, absolute", difference))
                .isLessThan(FEATURES);
    }

    @ParameterizedTest
    @ValueSource(strings = {"pe_core/cls", "pe_core/no_cls"})
    void sizesAnglesFeaturesAndLogitsEqualTheReference(String model, Differences differences) throws IOException {
        JsonNode dims = GoldenModels.json(model + "/dims.json");
        try (Clip clip = GoldenModels.open(model, folder);
                SafetensorsFile golden = values(model)) {
            assertThat(clip.architecture().text().contextLength())
                    .isEqualTo(dims.get("context").asInt());
            assertThat((double) clip.logitScale()).isCloseTo(dims.get("factor").asDouble(), within(1e-4));
            ClipConfig.Vit vit = (ClipConfig.Vit) clip.architecture().vision();
            double[] angles = Arrays.stream(vit.rotaryAngles(vit.tokens()))
                    .flatMapToDouble(Arrays::stream)
                    .toArray();
            float[] expected = golden.floats("rope.angles");
            assertThat(angles).hasSameSizeAs(expected);
            for (int i = 0; i < angles.length; i++) {
                assertThat(angles[i]).isCloseTo(expected[i], within(1e-6));
            }
            FeatureMatrix images = images(clip, golden);
            FeatureMatrix texts = clip.encodeTokens(GoldenModels.tokens(golden));
            assertUnitFeatures(images, matrix(golden, "image_features"), differences);
            assertUnitFeatures(texts, matrix(golden, "text_features"), differences);
            FeatureMatrix logits =
                    images.normalized().products(texts.normalized()).times(clip.logitScale());
            double difference = Differences.absolute(logits.toArray(), golden.floats("logits"));
            assertThat(differences.note("pe_core", "logits, absolute", difference))
                    .isLessThan(LOGITS);
        }
    }

    /** The first image's pixels are those of a picture that the reference read. */
    @ParameterizedTest
    @CsvSource({"pe_core/cls, wide", "pe_core/no_cls, tall"})
    void aPictureFileHasTheFeaturesOfTheReference(String model, String picture, Differences differences)
            throws IOException {
        Path file = folder.resolve(picture + ".png");
        Files.write(file, GoldenImages.bytes("/golden/pe_core/" + picture + ".png"));
        try (Clip clip = GoldenModels.open(model, folder);
                SafetensorsFile golden = values(model)) {
            FeatureMatrix expected = matrix(golden, "image_features");
            assertUnitFeatures(
                    clip.encodeImages(List.of(file)),
                    FeatureMatrix.of(1, expected.width(), expected.row(0)),
                    differences);
        }
    }

    private static int end(int[] ids) {
        return IntStream.range(0, ids.length)
                .filter(i -> ids[i] == 599)
                .findFirst()
                .orElseThrow();
    }

    /** Prompts whose tokens are all learned vectors but the end token's; the vector of each place. */
    @SuppressWarnings("ArrayRecordComponent") // not compared
    private record Learned(List<int[]> prompts, LearnedTensor vectors, int[][] vectorOf) {

        /**
         * @param shared true if places that begin prompts with the same tokens have one vector
         */
        static Learned of(Clip clip, SafetensorsFile golden, boolean shared) throws IOException {
            List<int[]> prompts = new ArrayList<>();
            List<int[]> places = new ArrayList<>();
            Map<List<Integer>, Integer> known = new LinkedHashMap<>();
            List<float[]> values = new ArrayList<>();
            for (int[] ids : GoldenModels.tokens(golden)) {
                int end = end(ids);
                int[] prompt = Arrays.copyOf(ids, end + 1);
                int[] vectors = new int[end];
                for (int i = 0; i < end; i++) {
                    List<Integer> beginning =
                            Arrays.stream(ids, 0, i + 1).boxed().toList();
                    Integer same = shared ? known.get(beginning) : null;
                    vectors[i] = same == null ? values.size() : same;
                    if (same == null) {
                        known.put(beginning, values.size());
                        values.add(clip.tokenEmbedding(ids[i]));
                    }
                    prompt[i] = PackedPrompts.context(vectors[i]);
                }
                prompts.add(prompt);
                places.add(vectors);
            }
            int width = clip.architecture().text().width();
            float[] all = FeatureMatrix.of(values, width).toArray();
            return new Learned(
                    prompts, LearnedTensor.of("ctx", all, values.size(), width), places.toArray(int[][]::new));
        }

        /** The sums over the places of each vector; gradient [prompts, positions, width]. */
        float[] summed(float[] gradient, int positions) {
            int width = (int) vectors.shape()[1];
            float[] sums = new float[vectors.values().length];
            for (int p = 0; p < vectorOf.length; p++) {
                for (int i = 0; i < vectorOf[p].length; i++) {
                    for (int c = 0; c < width; c++) {
                        sums[vectorOf[p][i] * width + c] += gradient[(p * positions + i) * width + c];
                    }
                }
            }
            return sums;
        }
    }

    @ParameterizedTest
    @ValueSource(strings = {"pe_core/cls", "pe_core/no_cls"})
    void gradientsOfTheEmbeddingsEqualTheReference(String model, Differences differences) throws IOException {
        try (Clip clip = GoldenModels.open(model, folder);
                SafetensorsFile golden = values(model)) {
            for (boolean shared : List.of(false, true)) {
                Learned learned = Learned.of(clip, golden, shared);
                PromptEncoder encoder = clip.promptEncoder(learned.prompts);
                int positions = (int) golden.shape("token_ids").dim(1);
                FeatureMatrix upstream = matrix(golden, "text_features.upstream");
                PromptEncoder.Loss product =
                        (step, features) -> step.ops().innerProduct(features, step.perClass("g", upstream));
                float[] images = matrix(golden, "image_features").normalized().toArray();
                int[] labels = Arrays.stream(golden.tensor("labels").longs())
                        .mapToInt(Math::toIntExact)
                        .toArray();
                try (Step step = encoder.step(() -> List.of(learned.vectors), product, 2, MemoryLimit.none())) {
                    step.run(images, labels);
                    assertGradient(learned, golden.floats("embeddings.grad"), positions, differences);
                }
                MemoryLimit memory;
                PromptEncoder.Loss crossEntropy = (step, features) ->
                        step.crossEntropy(step.cosineLogits(step.ops().normalizeRows(features)));
                try (Step step = encoder.step(() -> List.of(learned.vectors), crossEntropy, 2, MemoryLimit.none())) {
                    step.run(images, labels);
                    assertThat(step.loss()).isCloseTo(golden.floats("loss")[0], within((float) LOGITS));
                    assertGradient(learned, golden.floats("embeddings.loss_grad"), positions, differences);
                    memory = new MemoryLimit(step.bytes() * 3 / 4);
                }
                try (Step step = encoder.step(() -> List.of(learned.vectors), crossEntropy, 2, memory)) {
                    assertThat(step.chunks()).isGreaterThan(1);
                    step.run(images, labels);
                    assertGradient(learned, golden.floats("embeddings.loss_grad"), positions, differences);
                }
            }
        }
    }

    private static void assertGradient(Learned learned, float[] expected, int positions, Differences differences) {
        double difference = Differences.relative(learned.vectors.gradient(), learned.summed(expected, positions));
        assertThat(differences.note("pe_core", "gradient of the embeddings, relative", difference))
                .isLessThan(GRADIENT_RELATIVE);
    }

    @RequiresBfloat16
    @ParameterizedTest
    @ValueSource(strings = {"pe_core/cls", "pe_core/no_cls"})
    void bfloat16IsClose(String model) throws IOException {
        Path file = GoldenModels.convert(model, folder);
        Clip.Options options = new Clip.Options(Tokenizer::of, new Workers(2), Precision.BFLOAT16);
        try (Clip half = Clip.open(file, options);
                SafetensorsFile golden = values(model.replace("/huggingface", ""))) {
            FeatureMatrix features = images(half, golden).normalized();
            FeatureMatrix expected = matrix(golden, "image_features").normalized();
            for (int i = 0; i < features.rows(); i++) {
                assertThat(features.dot(i, expected, i)).isBetween(0.999f, 1 - 1e-7f);
            }
        }
    }

    /** Largest difference over the largest value; float32 sums in another order. */
    private static final double RELATIVE = 2e-5;

    @ParameterizedTest
    @ValueSource(strings = {"vit", "vit_gelu", "resnet"})
    void featuresAndLogitsEqualPyTorch(String model, Differences differences) throws IOException {
        try (Clip clip = GoldenModels.open(model, folder);
                SafetensorsFile golden = GoldenModels.numbers(model + "/forward.safetensors")) {
            int n = (int) golden.shape("image").dim(0);
            FeatureMatrix images = clip.encodePixels(FloatBuffer.wrap(golden.floats("image")), n);
            double ofImages = Differences.relative(images.toArray(), golden.floats("image_features"));
            assertThat(differences.note(model, "image features, relative", ofImages))
                    .isLessThan(RELATIVE);
            FeatureMatrix texts = clip.encodeTokens(GoldenModels.tokens(golden));
            double ofTexts = Differences.relative(texts.toArray(), golden.floats("text_features"));
            assertThat(differences.note(model, "text features, relative", ofTexts))
                    .isLessThan(RELATIVE);
            FeatureMatrix logits =
                    images.normalized().products(texts.normalized()).times(clip.logitScale());
            double ofLogits = Differences.absolute(logits.toArray(), golden.floats("logits"));
            assertThat(differences.note(model, "logits, absolute", ofLogits)).isLessThan(1e-3);
        }
    }
}
