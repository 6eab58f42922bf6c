package org.coop4j.method;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import java.io.IOException;
import java.nio.file.Path;
import java.util.List;
import org.coop4j.clip.Clip;
import org.coop4j.clip.FeatureMatrix;
import org.coop4j.clip.TinyModel;
import org.coop4j.text.TextTooLongException;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class PromptEnsembleTest {

    private static final List<String> NAMES = List.of("red_rose", "dog");

    @TempDir static Path folder;
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
        FeatureMatrix texts =
                clip.encodeTexts(List.of("a photo of a red rose.", "a photo of a dog."));
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
                float[] text = clip.encodeTexts(List.of(template.replace("{}", name))).row(0);
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
                assertThat((double) weights.get(c, i))
                        .isCloseTo(mean[i] / Math.sqrt(square), within(2e-6));
            }
        }
    }

    @Test
    void aTemplateWithoutAPlaceForTheNameIsRefused() {
        assertThatThrownBy(() -> PromptEnsemble.of("a photo of a cat"))
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessageContaining("\"a photo of a cat\" has no {}");
        assertThatThrownBy(() -> new PromptEnsemble(List.of())).hasMessageContaining("no template");
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
        assertThat(new PromptEnsemble(List.of("a {}", "the {}")).describe())
                .isEqualTo("ensemble of 2 templates");
    }
}
