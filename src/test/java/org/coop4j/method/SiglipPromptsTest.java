package org.coop4j.method;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import com.fasterxml.jackson.databind.JsonNode;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import org.coop4j.Differences;
import org.coop4j.clip.Clip;
import org.coop4j.clip.FeatureMatrix;
import org.coop4j.clip.GoldenModels;
import org.coop4j.clip.MemoryLimit;
import org.coop4j.clip.PromptEncoder;
import org.coop4j.clip.Step;
import org.coop4j.graph.LearnedTensor;
import org.coop4j.method.PromptLayout.ClassPosition;
import org.coop4j.weights.safetensors.SafetensorsFile;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** Learned prompts of SigLIP: neither start token nor full stop, names after a space where vectors precede them. */
@ExtendWith(Differences.Extension.class)
@Tag("portable")
class SiglipPromptsTest {

    @TempDir
    private Path folder;

    /** The rows of the prompts are ours. */
    @ParameterizedTest
    @CsvSource({"siglip1, END", "siglip1, MIDDLE", "siglip1, FRONT", "siglip2, END", "siglip2, MIDDLE", "siglip2, FRONT"
    })
    void gradientsOfLearnedPromptsEqualTheReference(String model, ClassPosition position, Differences differences)
            throws IOException {
        assertPrompts(model, model + "/huggingface", position, folder, differences);
    }

    /** Also of other families without a start token. */
    static void assertPrompts(
            String model, String converted, ClassPosition position, Path folder, Differences differences)
            throws IOException {
        JsonNode dims = GoldenModels.json(model + "/dims.json");
        List<String> names = new ArrayList<>();
        dims.get("names").forEach(name -> names.add(name.asText()));
        try (Clip clip = GoldenModels.open(converted, folder);
                SafetensorsFile golden = GoldenModels.numbers(model + "/coop.safetensors")) {
            float[] images = golden.floats("image_features");
            int[] labels = Arrays.stream(golden.tensor("labels").longs())
                    .mapToInt(Math::toIntExact)
                    .toArray();
            for (boolean own : List.of(false, true)) {
                String start = own ? "csc_ctx0" : "ctx0";
                String name = position.id() + (own ? ".csc" : "");
                LearnedTensor ctx = LearnedTensor.of(
                        "ctx", golden.floats(start), golden.shape(start).toArray());
                PromptLayout layout =
                        new PromptLayout((int) golden.shape("ctx0").dim(0), position, own);
                PromptEncoder encoder = clip.promptEncoder(layout.prompts(clip, layout.names(names, clip.tokenizer())));
                float[] features = golden.floats(name + ".text_features");
                assertThat(Differences.absolute(
                                encoder.features(() -> List.of(ctx), MemoryLimit.none())
                                        .normalized()
                                        .toArray(),
                                FeatureMatrix.of(names.size(), features.length / names.size(), features)
                                        .normalized()
                                        .toArray()))
                        .isLessThan(5e-6);
                PromptEncoder.Loss loss = (step, classes) ->
                        step.crossEntropy(step.cosineLogits(step.ops().normalizeRows(classes)));
                MemoryLimit memory = MemoryLimit.none();
                for (int chunks = 1; chunks <= 2; chunks++) {
                    try (Step step = encoder.step(() -> List.of(ctx), loss, labels.length, memory)) {
                        assertThat(step.chunks() > 1).isEqualTo(chunks > 1);
                        step.run(images, labels);
                        assertThat(step.loss()).isCloseTo(golden.floats(name + ".loss")[0], within(3e-4f));
                        double difference = Differences.relative(ctx.gradient(), golden.floats(name + ".grad"));
                        assertThat(differences.note(
                                        model.replaceFirst("\\d|/.*", ""),
                                        "gradient of the context, relative",
                                        difference))
                                .isLessThan(5e-5);
                        memory = new MemoryLimit(step.bytes() * 3 / 4);
                    }
                }
            }
        }
    }

    @Test
    void namesOfTheSameTokensAreNoted() throws IOException {
        try (Clip clip = GoldenModels.open("siglip1/huggingface", folder)) {
            assertThat(UnknownWords.warning(clip, List.of("jack-fruit", "cat", "jackfruit")))
                    .hasValueSatisfying(
                            warning -> assertThat(warning).contains("jack-fruit", "jackfruit", "same tokens"));
            assertThat(UnknownWords.warning(clip, List.of("cat", "river"))).isEmpty();
        }
    }
}
