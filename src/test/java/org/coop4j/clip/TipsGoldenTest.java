package org.coop4j.clip;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.FloatBuffer;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalInt;
import org.coop4j.Differences;
import org.coop4j.base.Progress;
import org.coop4j.graph.AttentionLayout;
import org.coop4j.graph.AttentionLayout.Queries;
import org.coop4j.graph.ExecutionPlan;
import org.coop4j.graph.Graph;
import org.coop4j.graph.host.ArrayValues;
import org.coop4j.graph.host.Precision;
import org.coop4j.graph.host.Workers;
import org.coop4j.model.ClipConfig;
import org.coop4j.model.ConvertedModel;
import org.coop4j.model.convert.Converter;
import org.coop4j.weights.safetensors.SafetensorsFile;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import org.nd4j.autodiff.samediff.SDVariable;
import org.nd4j.linalg.api.buffer.DataType;
import org.nd4j.linalg.api.ndarray.INDArray;

/** Towers of TIPSv2 against values of the reference in float64. */
@ExtendWith(Differences.Extension.class)
@Tag("portable")
class TipsGoldenTest {

    private static final double FEATURES = 5e-6;
    private static final double STAGES = 2e-5;

    /** Of the norms: a wrong epsilon changes unit features by 2e-6 alone. */
    private static final double NORMS = 2e-6;

    private static final double LOGITS = 5e-4;
    private static final double SOFTMAX = 1e-5;

    @TempDir
    static Path folder;

    private static SafetensorsFile values(String model) {
        return GoldenModels.numbers(model + "/values.safetensors");
    }

    private static float[] unit(float[] rows, int width) {
        return FeatureMatrix.of(rows.length / width, width, rows).normalized().toArray();
    }

    /** The rows of {@code token_ids} without their padding. */
    private static List<int[]> texts(SafetensorsFile golden) throws IOException {
        List<int[]> rows = GoldenModels.tokens(golden);
        float[] paddings = paddings(golden);
        List<int[]> texts = new ArrayList<>();
        for (int i = 0; i < rows.size(); i++) {
            int length = 0;
            while (length < rows.get(i).length && paddings[i * rows.get(i).length + length] == 0) {
                length++;
            }
            texts.add(Arrays.copyOf(rows.get(i), length));
        }
        return texts;
    }

    private static float[] paddings(SafetensorsFile golden) throws IOException {
        if (golden.tensor("paddings").dtype().isFloat()) {
            return golden.floats("paddings");
        }
        long[] paddings = golden.tensor("paddings").longs();
        float[] values = new float[paddings.length];
        for (int i = 0; i < values.length; i++) {
            values[i] = paddings[i];
        }
        return values;
    }

    @ParameterizedTest
    @ValueSource(strings = {"tips/b", "tips/g"})
    void featuresLogitsAndProbabilitiesEqualTheReference(String model, Differences differences) throws IOException {
        try (Clip clip = GoldenModels.open(model, folder);
                SafetensorsFile golden = values(model)) {
            int width = clip.embedDim();
            FeatureMatrix images = clip.encodePixels(FloatBuffer.wrap(golden.floats("pixels")), (int)
                    golden.shape("pixels").dim(0));
            FeatureMatrix texts = clip.encodeTokens(texts(golden));
            for (var features :
                    Map.of("image_features", images, "text_features", texts).entrySet()) {
                float[] expected = golden.floats(features.getKey());
                assertThat(Differences.relative(features.getValue().toArray(), expected))
                        .as(features.getKey())
                        .isLessThan(STAGES);
                double difference =
                        Differences.absolute(unit(features.getValue().toArray(), width), unit(expected, width));
                assertThat(differences.note("tips", "unit features, absolute", difference))
                        .isLessThan(FEATURES);
            }
            FeatureMatrix cosines = images.normalized().products(texts.normalized());
            double difference =
                    Differences.absolute(cosines.times(clip.logitScale()).toArray(), golden.floats("logits"));
            assertThat(differences.note("tips", "logits, absolute", difference)).isLessThan(LOGITS);
            float[][] probabilities = clip.probabilities(images, texts);
            assertThat(Differences.absolute(
                            FeatureMatrix.of(List.of(probabilities), texts.rows())
                                    .toArray(),
                            golden.floats("softmax")))
                    .isLessThan(SOFTMAX);
        }
    }

    /** Images of other sizes, by positions that the converter resizes; the tower's are square. */
    @ParameterizedTest
    @ValueSource(strings = {"tips/b", "tips/g"})
    void imagesOfOtherSizesEqualTheReference(String model) throws IOException {
        int tried = 0;
        try (SafetensorsFile golden = values(model)) {
            for (int i = 0; golden.names().contains("other_size." + i + ".pixels"); i++) {
                String name = "other_size." + i;
                long[] shape = golden.shape(name + ".pixels").toArray();
                int side = (int) shape[2];
                if (side == shape[3]) {
                    tried++;
                    Path file = folder.resolve(side + model.replace('/', '-') + ".safetensors");
                    Converter.convert(
                            GoldenModels.file(model + "/huggingface"),
                            file,
                            Optional.empty(),
                            OptionalInt.of(side),
                            Optional.empty(),
                            Progress.NONE);
                    try (Clip clip = Clip.open(file)) {
                        assertThat(clip.preprocessing().size()).isEqualTo(side);
                        float[] pixels = golden.floats(name + ".pixels");
                        FeatureMatrix images = clip.encodePixels(FloatBuffer.wrap(pixels), (int) shape[0]);
                        float[] expected = golden.floats(name + ".image_features");
                        assertThat(Differences.absolute(
                                        unit(images.toArray(), images.width()), unit(expected, images.width())))
                                .isLessThan(FEATURES);
                    }
                }
            }
        }
        assertThat(tried).isPositive();
    }

    /** Computes variables of a graph. */
    private static Map<String, float[]> run(
            Graph graph, Map<String, SDVariable> variables, Workers workers, Map<String, float[]> inputs) {
        Map<String, float[]> results = new LinkedHashMap<>();
        try (ExecutionPlan plan = graph.plan(variables, workers)) {
            inputs.forEach((name, values) -> ArrayValues.of(plan.input(name)).fill(values));
            plan.run();
            for (String name : variables.keySet()) {
                ArrayValues values = ArrayValues.of(plan.output(name));
                values.load();
                results.put(name, values.toArray());
            }
        }
        return results;
    }

    private static void assertStages(
            String model, Map<String, float[]> stages, SafetensorsFile golden, Differences differences)
            throws IOException {
        for (Map.Entry<String, float[]> stage : stages.entrySet()) {
            boolean norm = stage.getKey().contains("norm") || stage.getKey().contains("ln_final");
            double difference = Differences.relative(stage.getValue(), golden.floats(stage.getKey()));
            assertThat(differences.note("tips", norm ? "norms, of the largest" : "stages, of the largest", difference))
                    .as("%s of %s", stage.getKey(), model)
                    .isLessThan(norm ? NORMS : STAGES);
        }
    }

    @ParameterizedTest
    @ValueSource(strings = {"tips/b", "tips/g"})
    void stagesOfTheImageTowerEqualTheReference(String model, Differences differences) throws IOException {
        try (ConvertedModel file = ConvertedModel.open(GoldenModels.convert(model, folder));
                Workers workers = Workers.standard();
                NativeWeights weights = new NativeWeights(file, workers, Precision.FLOAT32);
                SafetensorsFile golden = values(model)) {
            ClipConfig.Vit vit = (ClipConfig.Vit) file.architecture().vision();
            Graph graph = Graph.create();
            Parameters parameters = new Parameters.Frozen(graph, weights);
            VisionTransformer tower = new VisionTransformer(parameters, vit, file.activation());
            SDVariable images = graph.placeholder("images", DataType.FLOAT, 1, 3, vit.imageSize(), vit.imageSize());
            Map<String, SDVariable> stages = new LinkedHashMap<>();
            SDVariable x = tower.tokens(images, 1, 0);
            stages.put("visual.tokens", x);
            String block = "visual.transformer.resblocks.";
            SDVariable norm = parameters.norm(block + "0.ln_1", x);
            stages.put("visual.block.0.norm1", norm);
            AttentionLayout layout = AttentionLayout.unmasked(vit.heads(), 1, vit.tokens());
            SDVariable heads = graph.attention(layout, parameters.inProjection(block + "0.attn", norm));
            SDVariable scaled = parameters.linear(block + "0.attn.out_proj", heads);
            stages.put("visual.block.0.attention_scaled", scaled);
            SDVariable y = graph.add(x, scaled);
            SDVariable after = parameters.mlp(block + "0.mlp", block + "0.ln_2", file.activation(), y);
            stages.put("visual.block.0.mlp_scaled", after.sub(y));
            for (int i = 1; i <= vit.layers(); i++) {
                stages.put("visual.block." + (i - 1), tower.tokens(images, 1, i));
            }
            stages.put("visual.norm", parameters.norm("visual.ln_post", tower.tokens(images, 1, vit.layers())));
            // Patches by the value path of the last block.
            SDVariable before = tower.tokens(images, 1, vit.layers() - 1);
            String last = block + (vit.layers() - 1);
            SDVariable v = parameters.inProjection(
                    last + ".attn", parameters.norm(last + ".ln_1", before), 2 * vit.width(), 3 * vit.width());
            v = graph.add(before, parameters.linear(last + ".attn.out_proj", v));
            v = parameters.norm("visual.ln_post", parameters.mlp(last + ".mlp", last + ".ln_2", file.activation(), v));
            int[] patches = new int[vit.grid() * vit.grid()];
            Arrays.setAll(patches, i -> 2 + i);
            stages.put("visual.patches_by_value", graph.selectRows(v, patches));
            float[] pixels = golden.floats("pixels");
            assertStages(
                    model,
                    run(graph, stages, workers, Map.of("images", Arrays.copyOf(pixels, pixels.length / 2))),
                    golden,
                    differences);
        }
    }

    @ParameterizedTest
    @ValueSource(strings = {"tips/b", "tips/g"})
    void stagesOfTheTextTowerEqualTheReference(String model, Differences differences) throws IOException {
        try (ConvertedModel file = ConvertedModel.open(GoldenModels.convert(model, folder));
                Workers workers = Workers.standard();
                NativeWeights weights = new NativeWeights(file, workers, Precision.FLOAT32);
                SafetensorsFile golden = values(model)) {
            assertThat(Differences.absolute(
                            file.weights().floats("positional_embedding"), golden.floats("text.positions")))
                    .isLessThan(FEATURES);
            ClipConfig.Text text = file.architecture().text();
            PackedPrompts prompts = PackedPrompts.of(List.of(texts(golden).get(2)), text);
            Graph graph = Graph.create();
            Parameters parameters = new Parameters.Frozen(graph, weights);
            INDArray rows = TextTransformer.embeddings(weights, prompts);
            SDVariable x = graph.constant("rows", rows);
            Transformer transformer = new Transformer(
                    parameters,
                    "transformer",
                    text.width(),
                    text.layers(),
                    file.metadata().textActivation());
            Transformer.Sequences sequences = Transformer.packed(graph, prompts.layout(), Queries.ALL);
            Map<String, SDVariable> stages = new LinkedHashMap<>();
            for (int i = 0; i < text.layers(); i++) {
                x = transformer.blocks(x, i, i + 1, sequences, Map.of());
                stages.put("text.block." + i, x);
            }
            stages.put("text.ln_final", parameters.norm("ln_final", x));
            Map<String, float[]> results = run(graph, stages, workers, Map.of());
            ArrayValues tokens = ArrayValues.of(rows);
            tokens.load();
            results.put("text.tokens", tokens.toArray());
            assertStages(model, results, golden, differences);
        }
    }
}
