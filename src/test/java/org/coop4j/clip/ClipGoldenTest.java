package org.coop4j.clip;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.io.IOException;
import java.nio.FloatBuffer;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.function.BiConsumer;
import java.util.stream.IntStream;
import org.coop4j.Differences;
import org.coop4j.graph.AttentionLayout.Queries;
import org.coop4j.graph.ExecutionPlan;
import org.coop4j.graph.Graph;
import org.coop4j.graph.GraphOp;
import org.coop4j.graph.LearnedTensor;
import org.coop4j.graph.RequiresBfloat16;
import org.coop4j.graph.host.ArrayValues;
import org.coop4j.graph.host.Precision;
import org.coop4j.graph.host.Workers;
import org.coop4j.image.GoldenImages;
import org.coop4j.text.Tokenizer;
import org.coop4j.weights.model.ClipConfig;
import org.coop4j.weights.safetensors.SafetensorsFile;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;
import org.nd4j.autodiff.samediff.SDVariable;
import org.nd4j.linalg.api.buffer.DataType;

/** Towers of CLIP against PyTorch, and Perception Encoders with and without a class token against values in float64. */
@ExtendWith(Differences.Extension.class)
@Tag("portable")
class ClipGoldenTest {

    private static final double FEATURES = 5e-6;
    private static final double STAGES = 2e-5;
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
        JsonNode dims = new ObjectMapper()
                .readTree(GoldenModels.file(model + "/dims.json").toFile());
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

    /** Results of the ops of a tower, by the op's name and number. */
    private static final class Tower implements AutoCloseable {

        private final Map<String, SDVariable> outputs = new LinkedHashMap<>();
        private final ExecutionPlan plan;

        /**
         * @param shape of the input
         * @param forward adds the tower to the input's graph
         */
        Tower(
                NativeWeights weights,
                Workers workers,
                float[] input,
                long[] shape,
                BiConsumer<Parameters, SDVariable> forward) {
            Map<String, Integer> counts = new LinkedHashMap<>();
            Graph graph = new Graph() {
                @Override
                public SDVariable[] applyAll(GraphOp op, SDVariable... in) {
                    SDVariable[] results = super.applyAll(op, in);
                    String name = op.opName().replace("coop_", "");
                    outputs.put(name + counts.merge(name, 1, Integer::sum), results[0]);
                    return results;
                }
            };
            SDVariable placeholder = graph.placeholder("input", DataType.FLOAT, shape);
            forward.accept(new Parameters.Frozen(graph, weights), placeholder);
            plan = graph.plan(outputs, workers);
            ArrayValues values = ArrayValues.of(plan.input("input"));
            values.buffer().put(0, input, 0, values.buffer().capacity());
            values.store();
            plan.run();
        }

        /** The image tower on the first picture. */
        static Tower ofImages(NativeWeights weights, Workers workers, SafetensorsFile golden) throws IOException {
            ClipConfig.Vision vision = weights.architecture().vision();
            int side = vision.imageSize();
            return new Tower(
                    weights,
                    workers,
                    golden.floats("pixels"),
                    new long[] {1, 3, side, side},
                    (parameters, images) -> ImageEncoder.rows(
                            parameters, vision, weights.model().activation(), images, 1));
        }

        /** The text tower on packed rows [rows, width]. */
        static Tower ofTexts(NativeWeights weights, Workers workers, PackedPrompts packed, float[] rows) {
            ClipConfig.Text text = weights.architecture().text();
            return new Tower(
                    weights,
                    workers,
                    rows,
                    new long[] {packed.rows(), text.width()},
                    (parameters, x) -> new TextTransformer(
                                    parameters, text, weights.model().activation())
                            .forward(x, Transformer.packed(parameters.graph(), packed.layout(), Queries.LAST)));
        }

        float[] values(String op) {
            ArrayValues output = ArrayValues.of(plan.output(op));
            output.load();
            float[] values = new float[output.buffer().capacity()];
            output.buffer().get(0, values);
            return values;
        }

        void assertStage(String op, float[] expected) {
            assertThat(Differences.absolute(values(op), expected)).as(op).isLessThan(STAGES);
        }

        /** Of queries (0), keys (1) or values (2): [head, token, channel]. */
        float[] heads(String op, int part, int heads) {
            float[] rows = values(op); // [tokens, 3 width]
            int width = (int) plan.output(op).size(1) / 3;
            int tokens = rows.length / width / 3;
            int channels = width / heads;
            float[] result = new float[tokens * width];
            for (int i = 0; i < result.length; i++) {
                int head = i / channels / tokens;
                int token = i / channels % tokens;
                result[i] = rows[token * 3 * width + part * width + head * channels + i % channels];
            }
            return result;
        }

        @Override
        public void close() {
            plan.close();
        }
    }

    @ParameterizedTest
    @ValueSource(strings = {"pe_core/cls", "pe_core/no_cls"})
    void everyStageOfTheImageTowerEqualsTheReference(String model) throws IOException {
        try (Clip clip = GoldenModels.open(model, folder);
                Workers workers = new Workers(1);
                NativeWeights weights = new NativeWeights(clip.model(), workers, Precision.FLOAT32);
                SafetensorsFile golden = values(model);
                Tower tower = Tower.ofImages(weights, workers, golden)) {
            ClipConfig.Vit vit = (ClipConfig.Vit) clip.architecture().vision();
            int extra = vit.classTokens() == 1 ? 0 : 1; // the sum of patches and positions
            tower.assertStage("linear1", golden.floats("visual.patches"));
            tower.assertStage(extra == 0 ? "front_tokens1" : "add1", golden.floats("visual.tokens"));
            tower.assertStage("layer_norm1", golden.floats("visual.ln_pre"));
            List<String> parts = List.of("q", "k", "v");
            for (int part = 0; part < 3; part++) {
                String name = "visual.block.0." + parts.get(part);
                assertThat(Differences.absolute(tower.heads("linear2", part, vit.heads()), golden.floats(name)))
                        .as(name)
                        .isLessThan(STAGES);
                String rotated = part < 2 ? name + "_rotated" : name;
                assertThat(Differences.absolute(tower.heads("rotary1", part, vit.heads()), golden.floats(rotated)))
                        .as(rotated)
                        .isLessThan(STAGES);
            }
            tower.assertStage("linear3", golden.floats("visual.block.0.attention"));
            for (int block = 0; block < vit.layers(); block++) {
                tower.assertStage("add" + (2 * block + 2 + extra), golden.floats("visual.block." + block));
            }
            tower.assertStage("layer_norm" + (2 * vit.layers() + 2), golden.floats("visual.ln_post"));
            int pool = 4 * vit.layers() + 2; // after the patches' and the blocks': query, keys and values, output
            tower.assertStage("linear" + (pool + 2), first(golden, "visual.pool.attention"));
            tower.assertStage("add" + (2 * vit.layers() + 1 + extra), first(golden, "visual.pool"));
        }
    }

    /** Rows of the common beginning are computed once, those after an end token never. */
    @ParameterizedTest
    @CsvSource({"pe_core/cls, 0", "pe_core/cls, 1", "pe_core/no_cls, 0", "pe_core/no_cls, 1"})
    void everyStageOfTheTextTowerEqualsTheReference(String model, int from) throws IOException {
        try (Clip clip = GoldenModels.open(model, folder);
                Workers workers = new Workers(1);
                NativeWeights weights = new NativeWeights(clip.model(), workers, Precision.FLOAT32);
                SafetensorsFile golden = values(model)) {
            ClipConfig.Text text = clip.architecture().text();
            List<int[]> prompts = new ArrayList<>();
            for (int[] ids : GoldenModels.tokens(golden)) {
                prompts.add(Arrays.copyOf(ids, end(ids) + 1));
            }
            prompts = prompts.subList(from, prompts.size());
            PackedPrompts packed = new PackedPrompts(prompts, text.heads());
            assertThat(packed.prefix()).isEqualTo(from == 0 ? 2 : 4);
            int[][] all = new int[packed.rows()][]; // the prompt and position of each row
            int[][] ends = new int[prompts.size()][];
            int row = packed.prefix();
            for (int sequence = 0; sequence < ends.length; sequence++) {
                int prompt = 0;
                while (packed.sequenceOfPrompt()[prompt] != sequence) {
                    prompt++;
                }
                int length = prompts.get(prompt).length;
                for (int position = 0; position < length; position++) {
                    all[position < packed.prefix() ? position : row++] = new int[] {from + prompt, position};
                }
                ends[sequence] = new int[] {from + prompt, length - 1};
            }
            ArrayValues embeddings = ArrayValues.of(TextTransformer.embeddings(weights, packed));
            embeddings.load();
            float[] rows = new float[packed.rows() * text.width()];
            embeddings.buffer().get(0, rows);
            assertThat(Differences.absolute(rows, rows(golden, "text.tokens", all)))
                    .isLessThan(STAGES);
            try (Tower tower = Tower.ofTexts(weights, workers, packed, rows)) {
                for (int block = 0; block < text.layers(); block++) {
                    boolean last = block == text.layers() - 1;
                    tower.assertStage("add" + (2 * block + 2), rows(golden, "text.block." + block, last ? ends : all));
                }
                String norm = "layer_norm" + (2 * text.layers() + 1);
                tower.assertStage(norm, rows(golden, "text.ln_final", ends));
                float[] pooled = golden.floats("text.pooled");
                float[] inOrder = new float[ends.length * text.width()];
                for (int i = 0; i < ends.length; i++) {
                    System.arraycopy(pooled, ends[i][0] * text.width(), inOrder, i * text.width(), text.width());
                }
                tower.assertStage(norm, inOrder);
            }
        }
    }

    /** Rows of golden values [prompts, positions, width]. */
    private static float[] rows(SafetensorsFile golden, String name, int[][] promptAndPosition) throws IOException {
        float[] values = golden.floats(name);
        int positions = (int) golden.shape(name).dim(1);
        int width = (int) golden.shape(name).dim(2);
        float[] rows = new float[promptAndPosition.length * width];
        for (int i = 0; i < promptAndPosition.length; i++) {
            int from = (promptAndPosition[i][0] * positions + promptAndPosition[i][1]) * width;
            System.arraycopy(values, from, rows, i * width, width);
        }
        return rows;
    }

    private static int end(int[] ids) {
        return IntStream.range(0, ids.length)
                .filter(i -> ids[i] == 599)
                .findFirst()
                .orElseThrow();
    }

    private static float[] first(SafetensorsFile golden, String name) throws IOException {
        return Arrays.copyOf(golden.floats(name), (int) golden.shape(name).dim(1));
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
        Clip.Options options = new Clip.Options(Tokenizer::load, new Workers(2), Precision.BFLOAT16);
        try (Clip half = Clip.open(file, options);
                SafetensorsFile golden = values(model)) {
            FeatureMatrix features = images(half, golden).normalized();
            FeatureMatrix expected = matrix(golden, "image_features").normalized();
            for (int i = 0; i < 2; i++) {
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
