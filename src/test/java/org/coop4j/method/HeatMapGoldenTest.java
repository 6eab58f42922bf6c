package org.coop4j.method;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;
import static org.coop4j.base.Thrown.assertThrown;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.io.IOException;
import java.nio.FloatBuffer;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import org.coop4j.Differences;
import org.coop4j.base.RefusedException;
import org.coop4j.clip.Clip;
import org.coop4j.clip.FeatureMatrix;
import org.coop4j.clip.GoldenModels;
import org.coop4j.clip.ImageEncoder;
import org.coop4j.eval.LabelScores.Decision;
import org.coop4j.weights.safetensors.SafetensorsFile;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/** Heat maps of all towers against values in float64 by autograd of the gated function. */
@ExtendWith(Differences.Extension.class)
@Tag("portable")
class HeatMapGoldenTest {

    private static final Path GOLDEN = Path.of("test/resources/golden/heat_map");

    /** Of the largest value of a map. */
    private static final double MAP = 5e-5;

    private static final double SCORE = 1e-4;
    private static final double GRADIENT = 5e-5;

    @TempDir
    static Path folder;

    static Stream<String> cases() throws IOException {
        JsonNode all =
                new ObjectMapper().readTree(GOLDEN.resolve("heat_map.json").toFile());
        return all.properties().stream()
                .map(one -> one.getKey() + " " + one.getValue().get("model").asText());
    }

    private static Clip open(String model) throws IOException {
        String name = model.substring("../".length());
        return GoldenModels.open(
                name.startsWith("siglip/") ? name.substring("siglip/".length()) + "/huggingface" : name, folder);
    }

    private static FeatureMatrix matrix(SafetensorsFile golden, String name) throws IOException {
        int width = (int) golden.shape(name).dim(golden.shape(name).rank() - 1);
        float[] values = golden.floats(name);
        return FeatureMatrix.of(values.length / width, width, values);
    }

    /** z = W · f + b, and with keys the votes of a cache. */
    @SuppressWarnings("ArrayRecordComponent") // never compared
    private record Golden(
            FeatureMatrix weights, float[] bias, FeatureMatrix keys, FeatureMatrix votes, JsonNode cache, boolean unit)
            implements Classifier {

        @Override
        public List<String> classNames() {
            return IntStream.range(0, weights.rows()).mapToObj(i -> "c" + i).toList();
        }

        @Override
        public <T> T logits(LogitGraph<T> graph, T images) {
            T x = unit ? graph.unit(images) : images;
            T z = graph.plus(graph.product(x, weights), bias);
            if (keys == null) {
                return z;
            }
            double beta = cache.get("beta").asDouble();
            float[] shift = new float[keys.rows()];
            Arrays.fill(shift, (float) -beta);
            T affinity = graph.exp(graph.plus(graph.times(graph.product(x, keys), beta), shift));
            return graph.plus(
                    z,
                    graph.times(
                            graph.product(affinity, votes), cache.get("alpha").asDouble()));
        }

        @Override
        public Classifier forClasses(List<String> names) {
            throw new UnsupportedOperationException();
        }

        @Override
        public ClassifierFile save() {
            ClassifierFile file = ClassifierFile.of(Method.zeroShot(), classNames(), "");
            return cache == null ? file.withDecision(Decision.EVEN) : file;
        }

        Golden ofFeatures() {
            return new Golden(weights, bias, keys, votes, cache, false);
        }
    }

    private static Golden classifier(String kind, SafetensorsFile golden, JsonNode json) throws IOException {
        FeatureMatrix weights = matrix(golden, "weights");
        float[] bias = golden.floats("bias");
        if (kind.equals("two")) {
            return new Golden(weights.rows(new int[] {0, 1}), Arrays.copyOf(bias, 2), null, null, json, true);
        }
        if (kind.equals("cache")) {
            long[] labels = golden.tensor("cache_labels").longs();
            float[] votes = new float[weights.rows() * labels.length];
            for (int key = 0; key < labels.length; key++) {
                votes[(int) labels[key] * labels.length + key] = 1;
            }
            return new Golden(
                    weights,
                    new float[bias.length], // the README has the bias, the values have not, nor has Tip-Adapter
                    matrix(golden, "cache_keys"),
                    FeatureMatrix.of(weights.rows(), labels.length, votes),
                    json,
                    true);
        }
        return new Golden(weights, bias, null, null, kind.equals("independent") ? null : json, true);
    }

    private static float[] part(float[] all, int number, int length) {
        return Arrays.copyOfRange(all, number * length, (number + 1) * length);
    }

    @ParameterizedTest
    @MethodSource("cases")
    void mapsScoresAndGradientsEqualTheReference(String of, Differences differences) throws IOException {
        String name = of.split(" ", -1)[0];
        JsonNode json = new ObjectMapper()
                .readTree(GOLDEN.resolve("heat_map.json").toFile())
                .get(name);
        try (Clip clip = open(of.split(" ", -1)[1]);
                SafetensorsFile golden = SafetensorsFile.open(GOLDEN.resolve(name + ".safetensors"))) {
            ImageEncoder encoder = clip.imageEncoder();
            float[] pixels = golden.floats("pixels");
            int images = (int) golden.shape("pixels").dim(0);
            for (String kind : List.of("linear", "independent", "two", "cache")) {
                Golden classifier = classifier(kind, golden, json);
                float[] maps = golden.floats(kind + ".heat");
                int patches = json.get("patches").asInt();
                FeatureMatrix gradients = matrix(golden, kind + ".gradient");
                int classes = classifier.weights.rows();
                float[][] two = new float[classes][];
                for (int i = 0; i < images * classes; i++) {
                    int label = i % classes;
                    double[] score = new double[1];
                    float[][] features = new float[1][];
                    float[] map = encoder.gateGradient(
                            FloatBuffer.wrap(part(pixels, i / classes, pixels.length / images)), x -> {
                                float[] gradient = new float[x.length];
                                score[0] = classifier.score(x, label, gradient);
                                features[0] = x;
                                return gradient;
                            });
                    assertThat(differences.note(
                                    "heat map",
                                    name + ", of the largest value",
                                    Differences.relative(map, part(maps, i, patches))))
                            .as("%s, %s of %s", kind, i, name)
                            .isLessThan(MAP);
                    assertThat(score[0]).isCloseTo(golden.floats(kind + ".score")[i], within(SCORE));
                    float[] gradient = new float[gradients.width()];
                    classifier.ofFeatures().score(FeatureMatrix.unit(features[0]), label, gradient);
                    assertThat(Differences.relative(gradient, gradients.row(i))).isLessThan(GRADIENT);
                    two[label] = map;
                }
                if (kind.equals("two")) {
                    for (int i = 0; i < patches; i++) {
                        assertThat(two[0][i]).isEqualTo(-two[1][i]);
                    }
                }
            }
        }
    }

    @Test
    void aResNetIsRefusedByName() throws IOException {
        try (Clip clip = GoldenModels.open("resnet", folder)) {
            assertThrown(
                    RefusedException.class,
                    () -> clip.imageEncoder().gateGradient(FloatBuffer.allocate(0), x -> x),
                    "resnet.safetensors is a ResNet",
                    "ViT");
        }
    }
}
