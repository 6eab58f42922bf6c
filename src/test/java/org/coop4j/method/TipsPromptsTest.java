package org.coop4j.method;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import java.io.IOException;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.stream.Stream;
import org.coop4j.Differences;
import org.coop4j.clip.Clip;
import org.coop4j.clip.FeatureMatrix;
import org.coop4j.clip.GoldenModels;
import org.coop4j.method.PromptContext.ContextStart;
import org.coop4j.method.PromptLayout.ClassPosition;
import org.coop4j.weights.safetensors.SafetensorsFile;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** Learned prompts of TIPSv2: vectors and names alone, before the factor of the embeddings. */
@ExtendWith(Differences.Extension.class)
@Tag("portable")
class TipsPromptsTest {

    @TempDir
    private Path folder;

    @ParameterizedTest
    @CsvSource({"tips/b, END", "tips/b, MIDDLE", "tips/b, FRONT", "tips/g, END", "tips/g, MIDDLE", "tips/g, FRONT"})
    void gradientsOfLearnedPromptsEqualTheReference(String model, ClassPosition position, Differences differences)
            throws IOException {
        SiglipPromptsTest.assertPrompts(model, model, position, folder, differences);
    }

    /** Rows of the prompts: ids, and −1−j for vector j; the rest is 0. */
    @ParameterizedTest
    @CsvSource({"tips/b, END", "tips/b, MIDDLE", "tips/b, FRONT", "tips/g, END", "tips/g, MIDDLE", "tips/g, FRONT"})
    void rowsOfThePromptsEqualTheReference(String model, ClassPosition position) throws IOException {
        List<String> names = Stream.of(GoldenModels.json(model + "/dims.json").get("names"))
                .flatMap(all -> Stream.iterate(0, i -> i < all.size(), i -> i + 1)
                        .map(i -> all.get(i).asText()))
                .toList();
        try (Clip clip = GoldenModels.open(model, folder);
                SafetensorsFile golden = GoldenModels.numbers(model + "/coop.safetensors")) {
            long[] rows = golden.tensor(position.id() + ".rows").longs();
            PromptLayout layout = new PromptLayout((int) golden.shape("ctx0").dim(0), position, false);
            List<int[]> prompts = layout.prompts(clip, layout.names(names, clip.tokenizer()));
            int length = rows.length / names.size();
            for (int i = 0; i < names.size(); i++) {
                assertThat(Arrays.copyOf(prompts.get(i), length))
                        .isEqualTo(Arrays.stream(rows, i * length, (i + 1) * length)
                                .mapToInt(Math::toIntExact)
                                .toArray());
            }
        }
    }

    /** The words of a context as vectors, before they are learned, are the words. */
    @Test
    void vectorsThatBeginAsWordsGiveTheFeaturesOfTheWords() throws IOException {
        try (Clip clip = GoldenModels.open("tips/b", folder)) {
            PromptContext context = PromptContext.atEnd(new ContextStart("a photo of a"));
            PromptLayout layout = context.layout(clip);
            float[] learned = clip.promptEncoder(
                            layout.prompts(clip, layout.names(List.of("cat", "river"), clip.tokenizer())))
                    .features(() -> List.of(context.initial(clip, 2, 1)), org.coop4j.clip.MemoryLimit.none())
                    .normalized()
                    .toArray();
            FeatureMatrix written = clip.embedTexts(List.of("a photo of a cat", "a photo of a river"));
            assertThat(Differences.absolute(learned, written.toArray())).isLessThan(1e-6);
            PromptContext random = PromptContext.atEnd(new ContextStart(16));
            double squares = 0;
            float[] vectors = random.initial(clip, 1, 1).values();
            for (float x : vectors) {
                squares += (double) x * x / vectors.length;
            }
            assertThat(Math.sqrt(squares) / clip.tokenDeviation()).isCloseTo(1, within(0.15));
        }
    }
}
