package org.coop4j.clip;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;
import static org.coop4j.base.Thrown.assertThrown;

import com.fasterxml.jackson.databind.JsonNode;
import java.io.IOException;
import java.nio.FloatBuffer;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.stream.IntStream;
import org.coop4j.Differences;
import org.coop4j.clip.FeatureSpace.FeatureKind;
import org.coop4j.graph.AttentionLayout.Queries;
import org.coop4j.graph.Graph;
import org.coop4j.graph.LearnedTensor;
import org.coop4j.graph.RequiresBfloat16;
import org.coop4j.graph.host.ArrayValues;
import org.coop4j.graph.host.Precision;
import org.coop4j.graph.host.Workers;
import org.coop4j.text.Tokenizer;
import org.coop4j.weights.model.ClipConfig;
import org.coop4j.weights.model.ConvertedModel;
import org.coop4j.weights.safetensors.SafetensorsFile;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;
import org.nd4j.autodiff.samediff.SDVariable;

/** Towers of SigLIP and SigLIP 2 against values in float64, in both forms of the same weights. */
@ExtendWith(Differences.Extension.class)
@Tag("portable")
class SiglipGoldenTest {

    private static final double FEATURES = 5e-6;
    private static final double STAGES = 2e-5;
    private static final double LOGITS = 3e-4;
    private static final double PROBABILITIES = 1e-5;
    private static final double GRADIENT = 5e-5;

    @TempDir
    static Path folder;

    private static FeatureMatrix matrix(SafetensorsFile golden, String name) throws IOException {
        int width = (int) golden.shape(name).dim(golden.shape(name).rank() - 1);
        float[] values = golden.floats(name);
        return FeatureMatrix.of(values.length / width, width, values);
    }

    private static List<int[]> rows(SafetensorsFile golden, String name) throws IOException {
        long[] ids = golden.tensor(name).longs();
        int length = (int) golden.shape(name).dim(1);
        return IntStream.range(0, ids.length / length)
                .mapToObj(row -> Arrays.stream(ids, row * length, (row + 1) * length)
                        .mapToInt(Math::toIntExact)
                        .toArray())
                .toList();
    }

    private static FeatureMatrix images(Clip clip, SafetensorsFile golden) throws IOException {
        int n = (int) golden.shape("pixels").dim(0);
        return clip.encodePixels(FloatBuffer.wrap(golden.floats("pixels")), n);
    }

    @ParameterizedTest
    @CsvSource({
        "siglip1/huggingface, ''",
        "siglip2/huggingface, ''",
        "siglip1/open_clip, open_clip.",
        "siglip2/open_clip, open_clip."
    })
    void featuresLogitsAndProbabilitiesEqualTheReference(String model, String of, Differences differences)
            throws IOException {
        try (Clip clip = SiglipModels.open(model, folder);
                SafetensorsFile golden = SiglipModels.numbers(model.replaceFirst("/.*", "/values.safetensors"))) {
            FeatureMatrix images = images(clip, golden);
            FeatureMatrix texts = clip.encodeTokens(rows(golden, "token_ids"));
            for (var features :
                    Map.of("image_features", images, "text_features", texts).entrySet()) {
                double difference = Differences.absolute(
                        features.getValue().normalized().toArray(),
                        matrix(golden, of + features.getKey()).normalized().toArray());
                assertThat(differences.note("siglip", "unit features, absolute", difference))
                        .isLessThan(FEATURES);
            }
            FeatureMatrix cosines = images.normalized().products(texts.normalized());
            float[] logits = cosines.times(clip.logitScale()).toArray();
            for (int i = 0; i < logits.length; i++) {
                logits[i] += clip.logitBias().orElseThrow();
            }
            double difference = Differences.absolute(logits, golden.floats(of + "logits"));
            assertThat(differences.note("siglip", "logits, absolute", difference))
                    .isLessThan(LOGITS);
            if (of.isEmpty()) {
                assertThat(Differences.absolute(flat(clip.probabilities(images, texts)), golden.floats("softmax")))
                        .isLessThan(PROBABILITIES);
                assertThat(Differences.absolute(
                                flat(clip.independentProbabilities(images, texts)), golden.floats("probabilities")))
                        .isLessThan(PROBABILITIES);
            }
        }
    }

    private static float[] flat(float[][] rows) {
        return FeatureMatrix.of(List.of(rows), rows[0].length).toArray();
    }

    @ParameterizedTest
    @ValueSource(strings = {"siglip1", "siglip2"})
    void everyStageEqualsTheReference(String model, Differences differences) throws IOException {
        try (Clip clip = SiglipModels.open(model + "/huggingface", folder);
                ConvertedModel file = ConvertedModel.open(clip.model().path());
                SafetensorsFile golden = SiglipModels.numbers(model + "/values.safetensors")) {
            ClipConfig.Vit vit = (ClipConfig.Vit) clip.architecture().vision();
            for (int block = 0; block <= vit.layers(); block++) {
                int n = (int) golden.shape("pixels").dim(0);
                int length = golden.floats("pixels").length / n;
                FloatBuffer pixels = FloatBuffer.wrap(golden.floats("pixels"));
                float[] tokens = clip.imageEncoder(new FeatureKind.Tokens(block))
                        .encode(1, (i, target, offset) -> target.put(offset, pixels, i * length, length))
                        .all()
                        .toArray();
                String name = block == 0 ? "visual.tokens" : "visual.block." + (block - 1);
                assertStage(tokens, golden.floats(name), differences);
            }
            try (NativeWeights weights = new NativeWeights(file, new Workers(2), Precision.FLOAT32)) {
                ClipConfig.Text text = clip.architecture().text();
                PackedPrompts prompts =
                        PackedPrompts.unmasked(rows(golden, "token_ids"), text.heads(), text.contextLength());
                Graph graph = Graph.create();
                SDVariable x = graph.constant("tokens", TextTransformer.embeddings(weights, prompts));
                assertStage(ArrayValues.of(x.getArr()).toArray(), golden.floats("text.tokens"), differences);
                Transformer.Sequences all = Transformer.packed(graph, prompts.layout(), Queries.LAST);
                Parameters frozen = new Parameters.Frozen(graph, weights);
                Transformer transformer = new Transformer(
                        frozen,
                        "transformer",
                        text.width(),
                        text.layers(),
                        file.metadata().textActivation());
                Map<String, SDVariable> stages = new LinkedHashMap<>();
                for (int block = 0; block < text.layers(); block++) {
                    x = transformer.blocks(x, block, block + 1, all, Map.of());
                    stages.put("text.block." + block, x);
                }
                stages.put("text.final_layer_norm", frozen.norm("ln_final", x));
                try (var plan = graph.plan(stages, weights.workers())) {
                    plan.run();
                    for (String stage : stages.keySet()) {
                        ArrayValues values = ArrayValues.of(plan.output(stage));
                        values.load();
                        assertStage(values.toArray(), golden.floats(stage), differences);
                    }
                }
            }
        }
    }

    private static void assertStage(float[] actual, float[] expected, Differences differences) {
        assertThat(differences.note("siglip", "stages, relative", Differences.relative(actual, expected)))
                .isLessThan(STAGES);
    }

    @ParameterizedTest
    @CsvSource({"siglip1, end", "siglip1, middle", "siglip1, front", "siglip2, end", "siglip2, middle", "siglip2, front"
    })
    void gradientsOfLearnedPromptsEqualTheReference(String model, String position, Differences differences)
            throws IOException {
        JsonNode dims = SiglipModels.json(model + "/dims.json");
        int vectors = dims.get("vectors").asInt();
        try (Clip clip = SiglipModels.open(model + "/huggingface", folder);
                SafetensorsFile golden = SiglipModels.numbers(model + "/coop.safetensors")) {
            float[] images = golden.floats("image_features");
            int[] labels = Arrays.stream(golden.tensor("labels").longs())
                    .mapToInt(Math::toIntExact)
                    .toArray();
            for (boolean own : List.of(false, true)) {
                String start = own ? "csc_ctx0" : "ctx0";
                String name = position + (own ? ".csc" : "");
                List<int[]> prompts = new ArrayList<>();
                for (int[] row : rows(golden, position + ".rows")) {
                    int first = own ? prompts.size() * vectors : 0;
                    prompts.add(Arrays.stream(row)
                            .map(id -> id < 0 ? id - first : id)
                            .toArray());
                }
                LearnedTensor ctx = LearnedTensor.of(
                        "ctx", golden.floats(start), golden.shape(start).toArray());
                PromptEncoder encoder = clip.promptEncoder(prompts);
                assertThat(Differences.absolute(
                                encoder.features(() -> List.of(ctx), MemoryLimit.none())
                                        .normalized()
                                        .toArray(),
                                matrix(golden, name + ".text_features")
                                        .normalized()
                                        .toArray()))
                        .isLessThan(FEATURES);
                PromptEncoder.Loss loss = (step, features) ->
                        step.crossEntropy(step.cosineLogits(step.ops().normalizeRows(features)));
                MemoryLimit memory = MemoryLimit.none();
                for (int chunks = 1; chunks <= 2; chunks++) {
                    try (Step step = encoder.step(() -> List.of(ctx), loss, labels.length, memory)) {
                        assertThat(step.chunks() > 1).isEqualTo(chunks > 1);
                        step.run(images, labels);
                        assertThat(step.loss()).isCloseTo(golden.floats(name + ".loss")[0], within((float) LOGITS));
                        double difference = Differences.relative(ctx.gradient(), golden.floats(name + ".grad"));
                        assertThat(differences.note("siglip", "gradient of the context, relative", difference))
                                .isLessThan(GRADIENT);
                        memory = new MemoryLimit(step.bytes() * 3 / 4);
                    }
                }
            }
        }
    }

    @ParameterizedTest
    @ValueSource(strings = {"siglip1", "siglip2"})
    void aPromptThatDoesNotFillTheContextIsRefused(String model) throws IOException {
        try (Clip clip = SiglipModels.open(model + "/huggingface", folder)) {
            assertThrown(
                    IllegalArgumentException.class,
                    () -> clip.encodeTokens(List.of(new int[] {3, 1})),
                    "2 tokens",
                    "whole context");
        }
    }

    @RequiresBfloat16
    @ParameterizedTest
    @ValueSource(strings = {"siglip1", "siglip2"})
    void bfloat16IsClose(String model) throws IOException {
        Path file = SiglipModels.convert(model + "/huggingface", folder);
        Clip.Options options = new Clip.Options(Tokenizer::of, new Workers(2), Precision.BFLOAT16);
        try (Clip half = Clip.open(file, options);
                SafetensorsFile golden = SiglipModels.numbers(model + "/values.safetensors")) {
            FeatureMatrix features = images(half, golden).normalized();
            FeatureMatrix expected = matrix(golden, "image_features").normalized();
            for (int i = 0; i < features.rows(); i++) {
                assertThat(features.dot(i, expected, i)).isBetween(0.999f, 1 - 1e-7f);
            }
        }
    }
}
