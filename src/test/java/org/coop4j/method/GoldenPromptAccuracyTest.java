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
import org.coop4j.data.FeatureSet;
import org.coop4j.data.FeatureSet.DenseFeatures;
import org.coop4j.graph.LearnedTensor;
import org.coop4j.method.Method.FewShotFeatures;
import org.coop4j.method.Method.Task;
import org.coop4j.method.PromptContext.ContextStart;
import org.coop4j.method.PromptLayout.ClassName;
import org.coop4j.method.PromptLayout.ClassPosition;
import org.junit.jupiter.api.AutoClose;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;

/**
 * Whole trainings of the prompt learners at their defaults on the golden problem.
 *
 * <p>With one shot the training images are the first of each class, with four all of them. Contexts begin as the words
 * before the class name in the teacher's prompts, ProGrad's too, whose own default is longer. With so few images CoOp,
 * KgCoOp and ProGrad see all of them in each step, so that nothing is drawn, and theirs are the references' accuracies to
 * one image. The others' meta-net, deep vectors and order of images are drawn. One run of the reference says little about
 * them; {@link PromptStepsTest} compares their steps instead.
 *
 * <p>The table's column of 16 shots is left out: the files have 4 images per class.
 */
class GoldenPromptAccuracyTest {

    private static final List<Integer> SHOTS = List.of(1, 4);

    /** Rows of the table by the methods' names. */
    private static final Map<String, String> NAMES = Map.of("coop", "CoOp", "kgcoop", "KgCoOp", "prograd", "ProGrad");

    @TempDir
    static Path folder;

    @AutoClose
    private static GoldenMethods problem;

    @AutoClose
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

    static Stream<Arguments> columns() throws IOException {
        JsonNode table = GoldenMethods.accuracies("text methods");
        return SHOTS.stream().flatMap(shots -> Stream.of(new CoOp(), new KgCoOp(), new ProGrad())
                .map(method -> Arguments.of(
                        method,
                        shots,
                        table.get(String.valueOf(shots))
                                .get(NAMES.get(method.id()))
                                .asDouble())));
    }

    @ParameterizedTest
    @MethodSource("columns")
    void theReferencesAccuracyIsOurs(PromptMethod method, int shots, double accuracy) throws IOException {
        double oneImage = 100.01 / problem.ints("test_labels").length;
        double ours = accuracy(method, shots, new Trainer(method.training(shots), 1));
        assertThat(ours).isCloseTo(accuracy, within(oneImage));
        assertThat(ours).isGreaterThan(accuracy(method, shots, new Trainer(Training.none(), 1)) + oneImage);
    }

    private static double accuracy(PromptMethod method, int shots, Trainer trainer) throws IOException {
        List<String> names = problem.classNames().stream().map(ClassName::name).toList();
        LearnedTensor context =
                PromptContext.atEnd(new ContextStart(words.length)).zeros(clip, names.size());
        float[] embeddings = PromptContext.embeddings(clip, words);
        System.arraycopy(embeddings, 0, context.values(), 0, embeddings.length);
        PromptLearner learner = new PromptLearner(
                method,
                clip,
                new Task(names, "{}", trainer.seed()),
                problem.prompts(new PromptLayout(words.length, ClassPosition.END, false)));
        FeatureSet train = train(shots);
        FewShotFeatures data = new FewShotFeatures(train, FeatureSet.none(train.width()));
        try (Classifier learned =
                learner.fit(new PromptLearner.Objective(method, List.of(context), teacher), data, trainer)) {
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
