package org.coop4j.method;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Random;
import org.coop4j.clip.Clip;
import org.coop4j.clip.FeatureMatrix;
import org.coop4j.clip.MemoryLimit;
import org.coop4j.clip.PromptTower;
import org.coop4j.clip.TinyModel;
import org.coop4j.data.bank.TestPictures;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Classifiers of learned prompts, and the prompt tower behind them. */
class PromptClassifierTest {

    private static final List<String> NAMES = List.of("dog", "red_rose", "kite (bird of prey)");
    private static final int LENGTH = 3;

    @TempDir static Path folder;
    private static Path model;
    private static Clip clip;

    @BeforeAll
    static void open() throws IOException {
        model = TinyModel.write(folder.resolve("tiny.safetensors"), 1);
        clip = TinyModel.open(model, 2);
    }

    @AfterAll
    static void close() throws IOException {
        clip.close();
    }

    private static LearnedPrompt prompt(boolean classSpecific, String sha256) {
        PromptLayout layout = new PromptLayout(LENGTH, ClassPosition.MIDDLE, classSpecific);
        Random random = new Random(4);
        float[] context = new float[layout.vectors(NAMES.size()) * 16];
        for (int i = 0; i < context.length; i++) {
            context[i] = 0.05f * (float) random.nextGaussian();
        }
        return new LearnedPrompt(context, 16, layout, NAMES, sha256, Map.of());
    }

    private static LearnedPrompt prompt(boolean classSpecific) throws IOException {
        return prompt(classSpecific, clip.model().sha256());
    }

    @Test
    void classWeightsAreTheTowersFeaturesNormalised() throws IOException {
        for (boolean classSpecific : new boolean[] {true, false}) {
            LearnedPrompt prompt = prompt(classSpecific);
            PromptTower tower =
                    PromptLearner.tower(
                            clip,
                            prompt.layout(),
                            PromptLearner.classNames(NAMES, clip.tokenizer()),
                            MemoryLimit.none());
            tower.setContext(prompt.context());
            assertThat(PromptClassifier.of(clip, prompt).classWeights().toArray())
                    .containsExactly(tower.features().normalized().toArray());
        }
    }

    @Test
    void theMostProbableClassIsTheAnswer() throws IOException {
        PromptClassifier classifier = PromptClassifier.of(clip, prompt(false));
        for (int label = 0; label < 3; label++) {
            Path picture = TestPictures.write(folder.resolve(label + ".png"), label, 7);
            float[] p = classifier.probabilities(List.of(picture))[0];
            double sum = 0;
            int best = 0;
            for (int c = 0; c < 3; c++) {
                sum += p[c];
                best = p[c] > p[best] ? c : best;
            }
            assertThat(sum).isCloseTo(1, within(1e-6));
            assertThat(classifier.classify(picture)).isEqualTo(NAMES.get(best));
            FeatureMatrix image = clip.encodeImages(List.of(picture)).normalized();
            double ratio =
                    Math.exp(
                            100.0
                                    * (image.dot(0, classifier.classWeights(), 0)
                                            - (double) image.dot(0, classifier.classWeights(), 1)));
            assertThat(p[0] / (double) p[1]).isCloseTo(ratio, within(1e-3 * ratio));
        }
    }

    @Test
    void aPromptOfAnotherModelIsRefused() {
        assertThatThrownBy(() -> PromptClassifier.of(clip, prompt(false, "0123456789".repeat(6))))
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessageContaining("learned with the model 012345678901…")
                .hasMessageContaining("mean nothing to another model");
    }

    @Test
    void aUnifiedContextAcceptsOtherClasses() throws IOException {
        List<String> other = List.of("lawn", "dog", "sky", "a very long name of a class");
        PromptClassifier classifier = PromptClassifier.of(clip, prompt(false), Optional.of(other));
        assertThat(classifier.classNames()).isEqualTo(other);
        assertThat(classifier.classWeights().rows()).isEqualTo(4);
        float[] dog = PromptClassifier.of(clip, prompt(false)).classWeights().row(0);
        assertThat(classifier.classWeights().row(1))
                .usingComparatorWithPrecision(1e-5f)
                .containsExactly(dog);
    }

    @Test
    void aClassSpecificContextRefusesOtherClassesAndOrders() throws IOException {
        LearnedPrompt prompt = prompt(true);
        PromptClassifier.of(clip, prompt, Optional.of(NAMES));
        List<String> reversed = List.of(NAMES.get(2), NAMES.get(1), NAMES.get(0));
        for (List<String> other : List.of(reversed, List.of("lawn", "sky", "dog"))) {
            assertThatThrownBy(() -> PromptClassifier.of(clip, prompt, Optional.of(other)))
                    .isInstanceOf(IllegalArgumentException.class)
                    .hasMessageContaining("class-specific context has vectors for its own")
                    .hasMessageContaining("dog, red_rose");
        }
    }

    /** What a step gives with so many threads: loss, features, gradient. */
    private static float[] step(int threads, boolean classSpecific) throws IOException {
        try (Clip other = TinyModel.open(model, threads)) {
            LearnedPrompt prompt = prompt(classSpecific);
            PromptTower tower =
                    PromptLearner.tower(
                            other,
                            prompt.layout(),
                            PromptLearner.classNames(NAMES, other.tokenizer()),
                            MemoryLimit.none());
            tower.setContext(prompt.context());
            Random random = new Random(9);
            float[] images = new float[4 * 12];
            for (int i = 0; i < images.length; i++) {
                images[i] = (float) random.nextGaussian();
            }
            images = FeatureMatrix.of(4, 12, images).normalized().toArray();
            PromptTower.Step step = tower.step(images, new int[] {0, 2, 1, 1});
            float[] gradient = new float[prompt.context().length];
            step.gradient(gradient);
            List<Float> all = new ArrayList<>(List.of(step.loss()));
            for (float[] part : new float[][] {gradient, tower.features().toArray()}) {
                for (float value : part) {
                    all.add(value);
                }
            }
            float[] result = new float[all.size()];
            for (int i = 0; i < result.length; i++) {
                result[i] = all.get(i);
            }
            return result;
        }
    }

    @Test
    void resultsDoNotDependOnTheNumberOfThreadsAndRepeatToTheBit() throws IOException {
        for (boolean classSpecific : new boolean[] {true, false}) {
            float[] one = step(1, classSpecific);
            float largest = 0;
            for (float value : one) {
                largest = Math.max(largest, Math.abs(value));
            }
            for (int threads : new int[] {1, 2, 3, 5}) {
                float[] first = step(threads, classSpecific);
                assertThat(step(threads, classSpecific)).containsExactly(first);
                for (int i = 0; i < one.length; i++) {
                    assertThat((double) first[i]).isCloseTo(one[i], within(1e-5 * largest));
                }
            }
        }
    }

    @Test
    void numbersOfAnotherSizeAreRefused() throws IOException {
        PromptTower tower =
                PromptLearner.tower(
                        clip,
                        new PromptLayout(LENGTH, ClassPosition.END, false),
                        PromptLearner.classNames(NAMES, clip.tokenizer()),
                        MemoryLimit.none());
        assertThatThrownBy(() -> tower.setContext(new float[LENGTH * 16 + 1]))
                .hasMessageContaining("49 numbers for 3 context vectors of 16");
        assertThatThrownBy(() -> tower.step(new float[12], new int[] {3}))
                .hasMessageContaining("label 3 of an image: there are 3 classes");
        assertThatThrownBy(() -> tower.step(new float[11], new int[] {1}))
                .hasMessageContaining("11 values for a matrix of 1 rows of 12");
    }

    @Test
    void wordsBecomeOneVectorAToken() throws IOException {
        PromptLearner learner =
                PromptLearner.of(
                        clip,
                        PromptLearner.classNames(NAMES, clip.tokenizer()),
                        new ContextInit.Words("a_photo of a xoloitzcuintli"),
                        ClassPosition.END,
                        null,
                        MemoryLimit.none());
        int[] tokens = clip.tokenizer().encode("a photo of a xoloitzcuintli");
        assertThat(tokens.length).isGreaterThan(5);
        assertThat(learner.layout())
                .isEqualTo(new PromptLayout(tokens.length, ClassPosition.END, false));
        for (int i = 0; i < tokens.length; i++) {
            assertThat(Arrays.copyOfRange(learner.parameters(), i * 16, (i + 1) * 16))
                    .containsExactly(clip.tokenEmbedding(tokens[i]));
        }
        // With the embeddings of words the prompt is the text itself.
        List<String> texts =
                NAMES.stream()
                        .map(n -> "a photo of a xoloitzcuintli " + n.replace('_', ' ') + ".")
                        .toList();
        assertThat(learner.classFeatures().toArray())
                .usingComparatorWithPrecision(1e-4f)
                .containsExactly(clip.encodeTexts(texts).toArray());
    }

    @Test
    void wordsBeginTheContextOfEachClass() {
        PromptLearner unified = words(new ContextInit.Words("a photo of a"));
        PromptLearner specific = words(new ContextInit.Words("a photo of a", true));
        assertThat(specific.layout().classSpecific()).isTrue();
        int size = unified.parameters().length;
        assertThat(specific.parameters()).hasSize(NAMES.size() * size);
        for (int c = 0; c < NAMES.size(); c++) {
            assertThat(Arrays.copyOfRange(specific.parameters(), c * size, (c + 1) * size))
                    .containsExactly(unified.parameters());
        }
        assertThat(specific.classFeatures().toArray())
                .usingComparatorWithPrecision(1e-4f)
                .containsExactly(unified.classFeatures().toArray());
    }

    private PromptLearner words(ContextInit init) {
        return PromptLearner.of(
                clip,
                PromptLearner.classNames(NAMES, clip.tokenizer()),
                init,
                ClassPosition.END,
                null,
                MemoryLimit.none());
    }

    @Test
    void randomContextsHaveTheReferencesDeviation() {
        PromptLearner learner =
                PromptLearner.of(
                        clip,
                        PromptLearner.classNames(NAMES, clip.tokenizer()),
                        new ContextInit.Random(16, 0.02, true, 5),
                        ClassPosition.END,
                        null,
                        MemoryLimit.none());
        float[] context = learner.parameters();
        assertThat(context).hasSize(3 * 16 * 16);
        double square = 0;
        double sum = 0;
        for (float value : context) {
            sum += value;
            square += (double) value * value;
        }
        assertThat(Math.sqrt(square / context.length)).isCloseTo(0.02, within(0.002));
        assertThat(sum / context.length).isCloseTo(0, within(0.003));
    }
}
