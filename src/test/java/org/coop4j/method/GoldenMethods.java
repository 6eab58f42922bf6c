package org.coop4j.method;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.json.JsonMapper;
import java.io.IOException;
import java.io.InputStream;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import org.coop4j.clip.Clip;
import org.coop4j.clip.FeatureMatrix;
import org.coop4j.clip.FeatureSpace;
import org.coop4j.clip.GoldenModels;
import org.coop4j.data.FeatureSet;
import org.coop4j.data.FeatureSet.DenseFeatures;
import org.coop4j.eval.LabelScores;
import org.coop4j.eval.Labels;
import org.coop4j.eval.Predictions;
import org.coop4j.method.PromptLayout.ClassName;
import org.coop4j.text.Tokenizer;
import org.coop4j.weights.Shape;
import org.coop4j.weights.safetensors.SafetensorsFile;

/**
 * Values of the few-shot methods made with PyTorch, and how near to them ours must be. Sizes, names
 * and hyper-parameters are read from the files, so that files of another seed or width can be put
 * in their place.
 */
public final class GoldenMethods implements AutoCloseable {

    private static final Path GOLDEN = Path.of("test/resources/golden");
    private static final Path FOLDER = GOLDEN.resolve("methods");

    /** Of the methods that train through the image tower. */
    static final Path TOWER = Path.of("test/resources/golden/image_tower");

    private final JsonNode json;
    private final SafetensorsFile values;

    private GoldenMethods(JsonNode json, SafetensorsFile values) {
        this.json = json;
        this.values = values;
    }

    /** The values of a method, such as {@code taskres} or {@code vit/kgcoop}. */
    public static GoldenMethods open(String method) throws IOException {
        return open(FOLDER, method);
    }

    /** The values of a method of another folder, such as {@code more_methods}. */
    public static GoldenMethods open(String folder, String method) throws IOException {
        return open(GOLDEN.resolve(folder), method);
    }

    /** The values of one file with the description of another. */
    static GoldenMethods open(String folder, String values, String description) throws IOException {
        return new GoldenMethods(
                new ObjectMapper()
                        .readTree(GOLDEN.resolve(folder)
                                .resolve(description + ".json")
                                .toFile()),
                SafetensorsFile.open(GOLDEN.resolve(folder).resolve(values + ".safetensors")));
    }

    private static GoldenMethods open(Path folder, String method) throws IOException {
        return new GoldenMethods(
                new ObjectMapper().readTree(folder.resolve(method + ".json").toFile()),
                SafetensorsFile.open(folder.resolve(method + ".safetensors")));
    }

    /** The same of a method that trains through the image tower. */
    public static GoldenMethods tower(String method) throws IOException {
        return open("../image_tower/" + method);
    }

    /**
     * Accuracies of whole trainings by shots and method, in percent.
     *
     * @param methods "text methods" or "feature methods"
     */
    public static JsonNode accuracies(String methods) throws IOException {
        return new ObjectMapper()
                .readTree(FOLDER.resolve("accuracy.json").toFile()).properties().stream()
                        .filter(table -> table.getKey().startsWith(methods))
                        .findFirst()
                        .orElseThrow()
                        .getValue();
    }

    /** Percentage of the test images that these logits classify correctly. */
    public double accuracy(FeatureMatrix logits) throws IOException {
        int[] labels = ints("test_labels");
        int hits = 0;
        for (int i = 0; i < labels.length; i++) {
            hits += Predictions.argmax(logits.row(i)) == labels[i] ? 1 : 0;
        }
        return 100.0 * hits / labels.length;
    }

    /** Within one image. */
    public void assertAccuracy(FeatureMatrix logits, double expected) throws IOException {
        assertThat(accuracy(logits)).isCloseTo(expected, within(100.01 / logits.rows()));
    }

    /** Returns the description of all cases. */
    public JsonNode json() {
        return json;
    }

    /** Names of the tensors of all cases. */
    public List<String> tensors() {
        return List.copyOf(values.names());
    }

    /** Names of the cases of a method. */
    public static List<String> cases(String method) throws IOException {
        try (GoldenMethods golden = open(method)) {
            return golden.cases();
        }
    }

    /** Names of the cases. */
    public List<String> cases() {
        List<String> keys = new ArrayList<>();
        json.get("cases").forEach(c -> keys.add(c.get("key").asText()));
        return keys;
    }

    /** Returns the description of a case. */
    public JsonNode of(String key) {
        for (JsonNode c : json.get("cases")) {
            if (c.get("key").asText().equals(key)) {
                return c;
            }
        }
        throw new IllegalArgumentException(key + " is no case");
    }

    public float[] floats(String name) throws IOException {
        return values.floats(name);
    }

    public Shape shape(String name) throws IOException {
        return values.shape(name);
    }

    public boolean has(String name) {
        return values.names().contains(name);
    }

    public FeatureMatrix matrix(String name) throws IOException {
        int rows = Math.toIntExact(values.shape(name).dim(0));
        float[] all = floats(name);
        return FeatureMatrix.of(rows, all.length / rows, all);
    }

    /** Whole numbers of a tensor. */
    public int[] ints(String name) throws IOException {
        long[] longs = values.tensor(name).longs();
        int[] ints = new int[longs.length];
        for (int i = 0; i < ints.length; i++) {
            ints[i] = Math.toIntExact(longs[i]);
        }
        return ints;
    }

    /** Rows of whole numbers, such as batches. */
    public int[][] rows(String name) throws IOException {
        int[] all = ints(name);
        int rows = Math.toIntExact(values.shape(name).dim(0));
        int[][] result = new int[rows][all.length / rows];
        for (int i = 0; i < all.length; i++) {
            result[i / result[0].length][i % result[0].length] = all[i];
        }
        return result;
    }

    /** Labelled features that the file has in one view each. */
    public FeatureSet features(String features, String labels) throws IOException {
        FeatureMatrix matrix = matrix(features);
        return new DenseFeatures(matrix.width(), 1, matrix.toArray(), ints(labels));
    }

    /** The model that the text methods were run on. */
    public static Clip clip(String model, Path folder) throws IOException {
        return GoldenModels.open(model, folder);
    }

    /** The classes of the text methods in tokens: names, and the token that ends a sentence. */
    public List<ClassName> classNames() {
        return classNames(json);
    }

    /** The same of another description. */
    public static List<ClassName> classNames(JsonNode json) {
        List<ClassName> names = new ArrayList<>();
        for (JsonNode ids : json.get("class_name_token_ids")) {
            int[] tokens = IntStream.rangeClosed(0, ids.size())
                    .map(i -> (i < ids.size() ? ids.get(i) : json.get("period")).asInt())
                    .toArray();
            names.add(new ClassName("class " + names.size(), tokens, ids.size()));
        }
        return names;
    }

    static Tokenizer.Frame frame(JsonNode json) {
        return Tokenizer.Frame.of(json.get("sot").asInt(), json.get("eot").asInt());
    }

    /** The prompts of the classes with context vectors laid out so. */
    public List<int[]> prompts(PromptLayout layout) {
        return layout.prompts(classNames(), frame(json), 77);
    }

    /**
     * Checks a tensor against the file's: within 20 times what float32 itself deviates by, or 1e-5
     * of the largest element, or 1e-6.
     *
     * @param name of the tensor in its case, such as {@code ctx.grad}
     */
    public void assertClose(String key, String name, float[] actual) throws IOException {
        assertClose(key, name, actual, floats(key + "." + name));
    }

    public void assertClose(String key, String name, float[] actual, float[] expected) {
        double largest = 0;
        for (float value : expected) {
            largest = Math.max(largest, Math.abs(value));
        }
        double deviation = of(key).path("float32_deviation").path(name).asDouble(0);
        double tolerance = Math.max(20 * deviation, Math.max(1e-5 * largest, 1e-6));
        assertWithin(key + " " + name, expected, actual, tolerance);
    }

    /** Checks values against the file's within a difference. */
    public static void assertWithin(String name, float[] expected, float[] actual, double tolerance) {
        assertThat(actual).as(name).hasSameSizeAs(expected);
        for (int i = 0; i < expected.length; i++) {
            assertThat((double) actual[i]).as("%s at %d", name, i).isCloseTo(expected[i], within(tolerance));
        }
    }

    /** Sets of labels by their states. */
    public List<Labels> labels(String name) throws IOException {
        return Stream.of(rows(name))
                .map(row -> Labels.ofStates(row.length, k -> row[k]))
                .toList();
    }

    /** One image may change its rank by rounding. */
    public static void assertMeanAveragePrecision(FeatureMatrix logits, List<Labels> labels, JsonNode expected) {
        assertThat(LabelScores.of(labels, logits.toRows()).meanAveragePrecision())
                .isCloseTo(expected.asDouble(), within(100.0 / labels.size()));
    }

    /** Checks numbers of images classified correctly: one may fall to the other side by rounding. */
    public static void assertHits(int[] actual, JsonNode expected) {
        for (int i = 0; i < actual.length; i++) {
            int number = expected.get(i).asInt();
            assertThat(actual[i]).as("hits of setting %d", i).isBetween(number - 1, number + 1);
        }
    }

    /** Looks at what is learned before each step and after the last. */
    public interface Watch {

        /** Is told the number of steps taken, and the loss and gradients there. */
        void at(int steps, double loss) throws IOException;
    }

    /** Takes steps on all samples at once. */
    public static void train(
            FeatureMethod.Head head,
            FeatureSpace space,
            FeatureSet samples,
            int classes,
            Training training,
            Watch watch)
            throws IOException {
        int[] all = head.order(samples.size(), new Trainer(training, 1)).epoch(0)[0];
        Optimizer optimizer = head.optimizer(training);
        try (BatchStep step = head.step(space, samples, classes)) {
            for (int i = 0; i < training.epochs(); i++) {
                watch.at(i, step.run(i, all));
                optimizer.step(head.learned(), training.rate(i, 0, 1), i + 1L);
            }
            watch.at(training.epochs(), step.run(training.epochs(), all));
        }
    }

    /** Checks that a method is trained as the file says. */
    public void assertOptimizer(Training training) {
        JsonNode said = json.get("optimiser");
        assertThat(training.optimizer().name())
                .isEqualToIgnoringCase(said.get("name").asText());
        assertThat(training.weightDecay()).isEqualTo(said.get("weight_decay").asDouble());
        for (String number : List.of("lr", "momentum", "eps")) {
            double ours =
                    switch (number) {
                        case "lr" -> training.rate();
                        case "momentum" -> training.momentum();
                        default -> training.epsilon();
                    };
            assertThat(ours).as(number).isEqualTo(said.path(number).asDouble(ours));
        }
    }

    /**
     * Checks one of several losses.
     *
     * @param name of the losses in the file
     */
    public void assertLoss(String key, String name, int step, double actual) {
        double expected = of(key).get(name).get(step).asDouble();
        double deviation = of(key).path("float32_deviation").path(name).asDouble(0);
        double tolerance = Math.max(20 * deviation, 1e-5 * Math.max(1, Math.abs(expected)));
        assertThat(actual).as("%s %s of step %d", key, name, step).isCloseTo(expected, within(tolerance));
    }

    @Override
    public void close() throws IOException {
        values.close();
    }

    public static JsonNode read(String resource) throws IOException {
        try (InputStream in = GoldenMethods.class.getResourceAsStream(resource)) {
            return new JsonMapper().readTree(in);
        }
    }

    /** The features under {@code part} with the labels under {@code part}_labels. */
    public static FeatureSet features(JsonNode node, String part) {
        JsonNode values = node.get(part);
        float[] floats = new float[values.size()];
        for (int i = 0; i < floats.length; i++) {
            floats[i] = values.get(i).floatValue();
        }
        return new DenseFeatures(node.get("dimension").asInt(), 1, floats, ints(node.get(part + "_labels")));
    }

    public static int[] ints(JsonNode array) {
        return IntStream.range(0, array.size()).map(i -> array.get(i).asInt()).toArray();
    }
}
