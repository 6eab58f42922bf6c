package org.coop4j.method;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Random;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import org.coop4j.clip.Clip;
import org.coop4j.clip.FeatureMatrix;
import org.coop4j.clip.MemoryLimit;
import org.coop4j.clip.PlainTextTower;
import org.coop4j.clip.PromptTower;
import org.coop4j.clip.TinyModel;
import org.coop4j.method.PromptLayout.ClassName;
import org.coop4j.method.PromptLayout.ClassPosition;
import org.coop4j.text.Tokenizer;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/**
 * The learner's features, logits, loss and gradient against a plain computation of every class's 77
 * positions ({@link PlainTextTower}) with prompts put together as the reference does, for randomly
 * drawn classes, names, contexts and positions.
 */
@Tag("portable")
class PromptOracleTest {

    private static final double FEATURES = 2e-5;
    private static final double LOGITS = 1e-3;
    private static final double LOSS = 5e-4;
    private static final double GRADIENT = 2e-4;
    private static final double STEP = 1e-5;
    private static final int DIFFERENCED = 4;
    private static final int IMAGES = 5;

    private static final List<String> NAMES = List.of(
            "cat",
            "dog",
            "dog house",
            "sea_lake",
            "annual crop land",
            "kite (bird of prey)",
            "Mexican hairless dog (xoloitzcuintli)",
            "jack-o'-lantern",
            "707-320",
            "cat",
            "X",
            "a b c d e f g h i j k l m n");

    @TempDir
    static Path folder;

    private static Clip clip;
    private static PlainTextTower plain;

    @BeforeAll
    static void open() throws IOException {
        clip = TinyModel.open(TinyModel.write(folder.resolve("tiny.safetensors"), 5), 3);
        plain = new PlainTextTower(clip);
    }

    @AfterAll
    static void close() throws IOException {
        clip.close();
    }

    /** A random case. */
    record Case(int seed, List<String> names, PromptLayout layout) {
        float[] context() {
            Random random = new Random(100 + seed);
            int vectors = layout.vectors(names.size());
            float[] context = new float[vectors * TinyModel.ARCHITECTURE.text().width()];
            for (int i = 0; i < context.length; i++) {
                context[i] = (float) (0.05 * random.nextGaussian());
            }
            return context;
        }

        @Override
        public String toString() {
            return names.size() + " classes, " + layout;
        }
    }

    static Stream<Case> cases() {
        return IntStream.range(0, 18).mapToObj(seed -> {
            Random random = new Random(seed);
            List<String> names = new ArrayList<>();
            int classes = 1 + random.nextInt(7);
            for (int c = 0; c < classes; c++) {
                names.add(NAMES.get(random.nextInt(NAMES.size())));
            }
            PromptLayout layout = new PromptLayout(
                    1 + random.nextInt(seed % 4 == 0 ? 40 : 9),
                    List.of(ClassPosition.values()).get(seed % 3),
                    random.nextBoolean());
            return new Case(seed, names, layout);
        });
    }

    /** Features by the reference's assembly of prefix, context and suffix (semantics 5.2). */
    private static double[][] features(Case c, double[] context) throws IOException {
        Tokenizer tokenizer = clip.tokenizer();
        int m = c.layout.length();
        int width = clip.architecture().text().width();
        double[][] features = new double[c.names.size()][];
        for (int n = 0; n < features.length; n++) {
            String name = c.names.get(n).replace('_', ' ');
            int[] ids = tokenizer.tokenize("X ".repeat(m) + name + ".", 77);
            int nameLength = tokenizer.encode(name).length;
            double[][] placeholder = plain.embed(ids);
            List<double[]> rows = new ArrayList<>();
            double[][] vectors = new double[m][width];
            for (int v = 0; v < m; v++) {
                int from = ((c.layout.classSpecific() ? n * m : 0) + v) * width;
                vectors[v] = Arrays.copyOfRange(context, from, from + width);
            }
            List<double[]> suffix = Arrays.asList(placeholder).subList(1 + m, 77);
            int before =
                    switch (c.layout.position()) {
                        case END -> m;
                        case MIDDLE -> m / 2;
                        case FRONT -> 0;
                    };
            int moved = c.layout.position() == ClassPosition.END ? 0 : nameLength;
            rows.add(placeholder[0]);
            rows.addAll(Arrays.asList(vectors).subList(0, before));
            rows.addAll(suffix.subList(0, moved));
            rows.addAll(Arrays.asList(vectors).subList(before, m));
            rows.addAll(suffix.subList(moved, suffix.size()));
            int end = 0;
            while (ids[end] != tokenizer.endToken()) {
                end++;
            }
            features[n] = plain.encode(rows.toArray(double[][]::new), end);
        }
        return features;
    }

    private static double[][] logits(double[][] features, float[] images) {
        double scale = clip.logitScale();
        int embed = features[0].length;
        double[][] logits = new double[IMAGES][features.length];
        for (int i = 0; i < IMAGES; i++) {
            for (int n = 0; n < features.length; n++) {
                double dot = 0;
                double square = 0;
                for (int j = 0; j < embed; j++) {
                    dot += images[i * embed + j] * features[n][j];
                    square += features[n][j] * features[n][j];
                }
                logits[i][n] = scale * dot / Math.sqrt(square);
            }
        }
        return logits;
    }

    private static double loss(double[][] logits, int[] labels) {
        double loss = 0;
        for (int i = 0; i < IMAGES; i++) {
            loss -= Math.log(PlainTextTower.softmax(logits[i])[labels[i]]) / IMAGES;
        }
        return loss;
    }

    @ParameterizedTest
    @MethodSource("cases")
    void packedTowerEqualsThePlainOne(Case c) throws IOException {
        Random random = new Random(1000 + c.seed);
        int embed = clip.architecture().embedDim();
        float[] images = new float[IMAGES * embed];
        for (int i = 0; i < images.length; i++) {
            images[i] = (float) random.nextGaussian();
        }
        images = FeatureMatrix.of(IMAGES, embed, images).normalized().toArray();
        int[] labels = random.ints(IMAGES, 0, c.names.size()).toArray();
        float[] initial = c.context();
        double[] context = new double[initial.length];
        Arrays.setAll(context, i -> initial[i]);

        PromptTower tower = PromptTower.of(
                clip,
                c.layout.prompts(clip, ClassName.of(c.names, clip.tokenizer())),
                c.layout.vectors(c.names.size()),
                MemoryLimit.none());
        tower.setContext(initial);
        double[][] expected = features(c, context);
        FeatureMatrix actual = tower.features();
        double largest = Arrays.stream(expected)
                .flatMapToDouble(Arrays::stream)
                .map(Math::abs)
                .max()
                .orElseThrow();
        for (int n = 0; n < expected.length; n++) {
            for (int j = 0; j < embed; j++) {
                assertThat((double) actual.get(n, j))
                        .as("feature %d of %s", j, c.names.get(n))
                        .isCloseTo(expected[n][j], within(FEATURES * largest));
            }
        }

        PromptTower.Step step = tower.step(images, labels);
        double[][] logits = logits(expected, images);
        double[][] stepLogits = new double[IMAGES][expected.length];
        for (int i = 0; i < IMAGES; i++) {
            for (int n = 0; n < expected.length; n++) {
                stepLogits[i][n] = step.logits(i)[n];
                assertThat(stepLogits[i][n]).isCloseTo(logits[i][n], within(LOGITS));
            }
        }
        assertThat((double) step.loss()).isCloseTo(loss(logits, labels), within(LOSS));
        // By the step's own logits: a name drawn twice ties, and rounding then decides.
        assertThat(step.accuracy()).isEqualTo(accuracy(stepLogits, labels));

        float[] gradient = new float[context.length];
        step.gradient(gradient);
        double scale = 0;
        for (float g : gradient) {
            scale = Math.max(scale, Math.abs(g));
        }
        for (int k = 0; k < DIFFERENCED; k++) {
            int i = random.nextInt(context.length);
            double value = context[i];
            context[i] = value + STEP;
            double above = loss(logits(features(c, context), images), labels);
            context[i] = value - STEP;
            double below = loss(logits(features(c, context), images), labels);
            context[i] = value;
            assertThat((double) gradient[i])
                    .as("gradient at %d", i)
                    .isCloseTo((above - below) / (2 * STEP), within(GRADIENT * scale + 1e-6));
        }
    }

    private static double accuracy(double[][] logits, int[] labels) {
        double correct = 0;
        for (int i = 0; i < IMAGES; i++) {
            int best = 0;
            for (int n = 1; n < logits[i].length; n++) {
                best = logits[i][n] > logits[i][best] ? n : best;
            }
            correct += best == labels[i] ? 1 : 0;
        }
        return correct / IMAGES;
    }
}
