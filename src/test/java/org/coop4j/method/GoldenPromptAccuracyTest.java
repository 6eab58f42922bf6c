package org.coop4j.method;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import com.fasterxml.jackson.databind.JsonNode;
import java.io.IOException;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import org.coop4j.clip.Clip;
import org.coop4j.clip.FeatureMatrix;
import org.coop4j.clip.PromptEncoder;
import org.coop4j.data.FeatureSet;
import org.coop4j.data.FeatureSet.DenseFeatures;
import org.coop4j.graph.LearnedTensor;
import org.coop4j.method.Method.FewShotFeatures;
import org.coop4j.method.Method.Task;
import org.coop4j.method.PromptContext.ContextStart;
import org.coop4j.method.PromptLayout.ClassPosition;
import org.coop4j.method.train.Trainer;
import org.coop4j.method.train.Training;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;

/**
 * Whole trainings of the prompt learners at their defaults on the golden problem have the
 * accuracies of the references'.
 *
 * <p>With one shot the training images are the first of each class, with four all of them. Contexts
 * begin as the words before the class name in the teacher's prompts, ProGrad's too, whose own
 * default is longer; TCP's are random. With so few images CoOp, KgCoOp, ProGrad and TCP see all of
 * them in each step, so that nothing is drawn in the first three: theirs is the reference's
 * accuracy to one image. The others' meta-net, deep vectors and order of images are drawn, and the
 * reference's one run must lie among ours.
 *
 * <p>The table's column of 16 shots is left out: the files have 4 images per class.
 */
class GoldenPromptAccuracyTest {

    private static final List<Integer> SHOTS = List.of(1, 4);

    private static final int SEEDS = 5;

    /**
     * How far the reference's run may be from the mean of ours, in standard deviations of the
     * difference: outside of it is one accuracy of 20, by chance.
     */
    private static final double DEVIATIONS = 2;

    /**
     * A row of the table.
     *
     * @param objective of the learned tensors
     * @param spread standard deviation of the accuracy over 40 seeds (CoCoOp's with 4 shots over
     *     10), with 1 and with 4 shots, in percentage points; 0 where nothing is drawn
     */
    @SuppressWarnings("ArrayRecordComponent") // never compared
    private record Row(PromptMethod method, Initial initial, Objective objective, double... spread) {}

    private interface Initial {
        List<LearnedTensor> of(long seed);
    }

    private interface Objective {
        PromptLearner.Objective of(List<LearnedTensor> learned);
    }

    @TempDir
    static Path folder;

    private static GoldenMethods problem;
    private static Clip clip;
    private static FeatureMatrix teacher;
    private static int[] words;

    @BeforeAll
    static void open() throws IOException {
        problem = GoldenMethods.open("vit/problem");
        clip = GoldenMethods.clip("vit", folder);
        teacher = problem.matrix("teacher_text").normalized();
        int[][] prompts = problem.rows("teacher_token_ids");
        int end = Arrays.mismatch(prompts[0], prompts[1]);
        words = Arrays.copyOfRange(prompts[0], 1, end);
    }

    @AfterAll
    static void close() throws IOException {
        clip.close();
        problem.close();
    }

    private static Map<String, Row> rowsByName() {
        KgCoOp kgCoOp = new KgCoOp();
        ProGrad proGrad = new ProGrad();
        Tcp tcp = new Tcp().resolved(clip, "{}");
        DeepLanguage deep = new DeepLanguage(new ContextStart(words.length), 0).resolved(clip, null);
        PromptContext context = PromptContext.atEnd(new ContextStart(words.length));
        Initial ofWords = seed -> List.of(spoken(context.zeros(clip, 1)));
        return Map.of(
                "CoOp",
                new Row(new CoOp(), ofWords, ofContext(CoOp::loss), 0, 0),
                "KgCoOp",
                new Row(kgCoOp, ofWords, ofContext(KgCoOp.loss(teacher, kgCoOp.lambda())), 0, 0),
                "ProGrad",
                new Row(
                        proGrad,
                        ofWords,
                        ofContext(ProGrad.loss(
                                teacher,
                                proGrad.temperature(),
                                (g, combined) -> ProGrad.project(g, proGrad.lambda(), combined))),
                        0,
                        0),
                "TCP",
                new Row(
                        tcp,
                        seed -> tcp.initial(clip, new Task(List.of("one"), "{}", seed)),
                        learned -> new PromptLearner.Objective(
                                new Tcp(4, tcp.block(), 8, "{}").vectors(learned, teacher),
                                KgCoOp.loss(teacher, tcp.lambda())),
                        14.1,
                        6.6),
                "deep language",
                new Row(
                        deep,
                        seed -> spoken(deep.initial(clip, new Task(List.of("one"), "{}", seed))),
                        learned -> new PromptLearner.Objective(new DeepLanguage().vectors(learned, null), CoOp::loss),
                        8.5,
                        12.0),
                "CoCoOp",
                new Row(
                        new CoCoOp(),
                        seed -> spoken(new CoCoOp(new ContextStart(words.length))
                                .initial(clip, new Task(List.of("one"), "{}", seed))),
                        learned -> new PromptLearner.Objective(new CoCoOp().vectors(learned, null), CoOp::loss),
                        11.3,
                        12.9));
    }

    private static Objective ofContext(PromptEncoder.Loss loss) {
        return learned -> new PromptLearner.Objective(new CoOp().vectors(List.of(learned.get(0)), null), loss);
    }

    /** Returns an objective whose context is initialised by the words. */
    private static List<LearnedTensor> spoken(List<LearnedTensor> learned) {
        spoken(learned.get(0));
        return learned;
    }

    private static LearnedTensor spoken(LearnedTensor context) {
        int width = clip.architecture().text().width();
        for (int i = 0; i < words.length; i++) {
            float[] embedding = clip.tokenEmbedding(words[i]);
            System.arraycopy(embedding, 0, context.values(), i * width, width);
        }
        return context;
    }

    static Stream<Arguments> columns() throws IOException {
        JsonNode table = GoldenMethods.accuracies("text methods");
        return SHOTS.stream().flatMap(shots -> table.get(String.valueOf(shots)).properties().stream()
                .filter(row -> !row.getKey().equals("zero-shot"))
                .map(row -> Arguments.of(row.getKey(), shots, row.getValue().asDouble())));
    }

    @ParameterizedTest
    @MethodSource("columns")
    void theReferencesAccuracyIsAmongOurs(String name, int shots, double accuracy) throws IOException {
        Row row = rowsByName().get(name);
        double spread = row.spread[SHOTS.indexOf(shots)];
        int seeds = spread == 0 ? 1 : SEEDS;
        double mean = 0;
        double untrained = 0;
        for (int seed = 1; seed <= seeds; seed++) {
            Trainer trainer = new Trainer(row.method.training(shots), seed);
            mean += accuracy(row, shots, trainer) / seeds;
            Trainer none = new Trainer(Training.coop(0, 1), seed);
            untrained += accuracy(row, shots, none) / seeds;
        }
        double oneImage = 100.01 / problem.ints("test_labels").length;
        double noise = DEVIATIONS * spread * Math.sqrt(1 + 1.0 / seeds);
        assertThat(mean).isCloseTo(accuracy, within(Math.max(oneImage, noise)));
        // Deep language prompting's figure at one shot is that of chance, and would not show it.
        assertThat(mean).isGreaterThan(untrained + oneImage);
    }

    private static double accuracy(Row row, int shots, Trainer trainer) throws IOException {
        List<String> names = problem.classNames().stream().map(ClassName::name).toList();
        Task task = new Task(names, "{}", trainer.seed());
        PromptLearner learner = new PromptLearner(
                row.method,
                clip,
                task,
                problem.prompts(new PromptLayout(words.length, ClassPosition.END, false)),
                () -> row.objective.of(row.initial.of(trainer.seed())));
        FeatureSet train = train(shots);
        FewShotFeatures data = new FewShotFeatures(train, FeatureSet.none(train.width()));
        try (Classifier learned = learner.fit(data, trainer)) {
            return problem.accuracy(learned.logits(problem.matrix("test_image_features")));
        }
    }

    /** The first shots of each class. */
    private static FeatureSet train(int shots) throws IOException {
        int[] labels = problem.ints("labels");
        int[] taken = new int[problem.classNames().size()];
        int[] chosen = IntStream.range(0, labels.length)
                .filter(i -> taken[labels[i]]++ < shots)
                .toArray();
        FeatureMatrix images = problem.matrix("image_features").rows(chosen);
        int[] own = Arrays.stream(chosen).map(i -> labels[i]).toArray();
        return new DenseFeatures(images.width(), 1, images.toArray(), own);
    }

    @Test
    void zeroShotHasTheTablesAccuracy() throws IOException {
        FeatureMatrix cosines = problem.matrix("test_image_features").products(teacher);
        for (JsonNode column : GoldenMethods.accuracies("text methods")) {
            assertThat(problem.accuracy(cosines))
                    .isCloseTo(column.get("zero-shot").asDouble(), within(100.01 / cosines.rows()));
        }
    }
}
