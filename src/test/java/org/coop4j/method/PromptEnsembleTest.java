package org.coop4j.method;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import java.io.IOException;
import java.nio.file.Path;
import java.util.List;
import java.util.stream.IntStream;
import org.coop4j.clip.Clip;
import org.coop4j.clip.FeatureMatrix;
import org.coop4j.clip.FeatureSpace.FeatureTable;
import org.coop4j.clip.TinyModel;
import org.coop4j.graph.host.Precision;
import org.coop4j.graph.host.Workers;
import org.coop4j.text.Tokenizer.TextTooLongException;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class PromptEnsembleTest {

    private static final List<String> NAMES = List.of("red_rose", "dog");

    @TempDir
    static Path folder;

    private static Clip clip;

    @BeforeAll
    static void open() throws IOException {
        clip = TinyModel.open(TinyModel.write(folder.resolve("tiny.safetensors"), 1), 2);
    }

    @AfterAll
    static void close() throws IOException {
        clip.close();
    }

    @Test
    void oneTemplateGivesTheNormalisedFeaturesOfItsTexts() {
        FeatureMatrix weights = PromptEnsemble.of("a photo of a {}.").classWeights(clip, NAMES);
        FeatureMatrix texts = clip.encodeTexts(List.of("a photo of a red rose.", "a photo of a dog."));
        assertThat(weights.toArray()).containsExactly(texts.normalized().toArray());
    }

    @Test
    void anEnsembleIsTheNormalisedMeanOfNormalisedFeatures() {
        List<String> templates = List.of("a photo of a {}.", "{} or {}", "itap of a {}.");
        FeatureMatrix weights = new PromptEnsemble(templates).classWeights(clip, NAMES);
        for (int c = 0; c < 2; c++) {
            String name = NAMES.get(c).replace('_', ' ');
            double[] mean = new double[weights.width()];
            for (String template : templates) {
                float[] text =
                        clip.encodeTexts(List.of(template.replace("{}", name))).row(0);
                double square = 0;
                for (float value : text) {
                    square += (double) value * value;
                }
                for (int i = 0; i < mean.length; i++) {
                    mean[i] += text[i] / Math.sqrt(square) / 3;
                }
            }
            double square = 0;
            for (double value : mean) {
                square += value * value;
            }
            for (int i = 0; i < mean.length; i++) {
                assertThat((double) weights.get(c, i)).isCloseTo(mean[i] / Math.sqrt(square), within(2e-6));
            }
        }
    }

    @Test
    void anEnsembleEqualsPyTorch() throws IOException {
        try (GoldenMethods golden = GoldenMethods.open("classifiers");
                GoldenMethods problem = GoldenMethods.open("problem")) {
            String key = "ensemble";
            int classes = problem.json().get("classes").asInt();
            int templates = Math.toIntExact(problem.shape("text_templates").dim(0));
            List<String> names = numbered("class %d", classes);
            List<String> sentences = numbered("template %d of {}", templates);
            List<String> texts = sentences.stream()
                    .flatMap(template -> PromptEnsemble.texts(template, names).stream())
                    .toList();
            float[] features = problem.floats("text_templates");
            FeatureMatrix rows = FeatureMatrix.of(texts.size(), features.length / texts.size(), features);
            float scale = (float) Math.log(problem.json().get("logit_scale").asDouble());
            try (FeatureTable space = FeatureTable.of(Precision.FLOAT32, "", scale, texts, rows, Workers.standard())) {
                PromptEnsemble all = new PromptEnsemble(sentences);
                PromptEnsemble first = PromptEnsemble.of(sentences.get(0));
                FeatureMatrix weights = all.classWeights(space, names);
                golden.assertClose(key, "ensemble_normalised", weights.toArray());
                golden.assertClose(
                        key,
                        "ensemble_raw",
                        new FeatureMethod.ClassTexts(all, space, names).raw().toArray());
                FeatureMatrix test = problem.matrix("test");
                FeatureMatrix logits = all.classifier(space, names).logits(test);
                golden.assertClose(key, "logits", logits.toArray());
                problem.assertAccuracy(logits, golden.of(key).get("accuracy").asDouble());
                FeatureMatrix ofFirst = first.classifier(space, names).logits(test);
                golden.assertClose(key, "logits_first_template", ofFirst.toArray());
                problem.assertAccuracy(
                        ofFirst, golden.of(key).get("accuracy_first_template").asDouble());
            }
        }
    }

    private static List<String> numbered(String text, int count) {
        return IntStream.range(0, count).mapToObj(text::formatted).toList();
    }

    @Test
    void aTemplateWithoutAPlaceForTheNameIsRefused() {
        assertThatThrownBy(() -> PromptEnsemble.of("a photo of a cat"))
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessageContainingAll("a photo of a cat", "{}");
        assertThatThrownBy(() -> new PromptEnsemble(List.of())).hasMessageContaining("template");
    }

    @Test
    void promptsThatDoNotFitAreNamed() {
        List<String> names = List.of("dog", "dog ".repeat(75).strip());
        PromptEnsemble.of("{}").requireFit(clip, names);
        assertThatThrownBy(() -> PromptEnsemble.of("a {}.").requireFit(clip, names))
                .isInstanceOf(TextTooLongException.class)
                .hasMessageContaining("text of 79 tokens")
                .hasMessageContaining("a dog dog");
    }

    @Test
    void aDescriptionNamesTheTemplateOrCountsThem() {
        assertThat(PromptEnsemble.of("a {}").describe()).isEqualTo("a {}");
        assertThat(new PromptEnsemble(List.of("a {}", "the {}")).describe()).isEqualTo("ensemble of 2 templates");
    }
}
