package org.coop4j.method;

import static org.assertj.core.api.Assertions.assertThat;
import static org.coop4j.base.Thrown.assertThrown;

import java.io.IOException;
import java.nio.file.Path;
import java.util.List;
import java.util.stream.IntStream;
import org.coop4j.clip.Clip;
import org.coop4j.clip.FeatureMatrix;
import org.coop4j.clip.FeatureSpace.FeatureTable;
import org.coop4j.clip.TinyModel;
import org.coop4j.data.DataSpec;
import org.coop4j.graph.host.Precision;
import org.coop4j.graph.host.Workers;
import org.coop4j.method.PromptEnsemble.PromptTemplates;
import org.coop4j.text.Tokenizer.TextTooLongException;
import org.junit.jupiter.api.AutoClose;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class PromptEnsembleTest {

    @TempDir
    static Path folder;

    @AutoClose
    private static Clip clip;

    @BeforeAll
    static void open() throws IOException {
        clip = TinyModel.open(TinyModel.write(folder.resolve("tiny.safetensors"), 1), 2);
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
        assertThrown(
                IllegalArgumentException.class, () -> PromptEnsemble.of("a photo of a cat"), "a photo of a cat", "{}");
        assertThrown(() -> new PromptEnsemble(List.of()), "template");
    }

    @Test
    void promptsThatDoNotFitAreNamed() {
        List<String> names = List.of("dog", "dog ".repeat(75).strip());
        PromptEnsemble.of("{}").requireFit(clip, names);
        assertThrown(
                TextTooLongException.class,
                () -> PromptEnsemble.of("a {}.").requireFit(clip, names),
                "text of 79 tokens",
                "a dog dog");
    }

    private static List<String> ensemble(String benchmark) {
        return PromptTemplates.ensemble(DataSpec.of(folder, benchmark));
    }

    @Test
    void ensemblesAreTheReferences() {
        assertThat(PromptTemplates.imageNet())
                .hasSize(80)
                .startsWith("a bad photo of a {}.")
                .doesNotHaveDuplicates()
                .allMatch(template -> template.contains("{}"))
                .containsAll(PromptTemplates.selected());
        assertThat(PromptTemplates.selected()).hasSize(7);
        assertThat(ensemble("imagenet")).hasSize(7);
        assertThat(ensemble("imagenet-v2-matched-frequency")).hasSize(8).endsWith("a photo of a {}.");
        assertThat(ensemble("eurosat")).endsWith("a centered satellite photo of {}.");
    }
}
