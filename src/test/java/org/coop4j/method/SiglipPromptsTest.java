package org.coop4j.method;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Locale;
import org.coop4j.clip.Clip;
import org.coop4j.clip.SiglipModels;
import org.coop4j.method.PromptLayout.ClassPosition;
import org.coop4j.weights.safetensors.SafetensorsFile;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** Learned prompts of SigLIP: neither start token nor full stop, names after a space where vectors precede them. */
class SiglipPromptsTest {

    @TempDir
    private Path folder;

    @ParameterizedTest
    @CsvSource({"siglip1, END", "siglip1, MIDDLE", "siglip1, FRONT", "siglip2, END", "siglip2, MIDDLE", "siglip2, FRONT"
    })
    void rowsAreThoseOfTheGoldenPrompts(String model, ClassPosition position) throws IOException {
        JsonNode dims = SiglipModels.json(model + "/dims.json");
        List<String> names = new ArrayList<>();
        dims.get("names").forEach(name -> names.add(name.asText()));
        try (Clip clip = SiglipModels.open(model + "/huggingface", folder);
                SafetensorsFile golden = SiglipModels.numbers(model + "/coop.safetensors")) {
            PromptLayout layout = new PromptLayout(dims.get("vectors").asInt(), position, false);
            List<int[]> prompts = layout.prompts(clip, layout.names(names, clip.tokenizer()));
            long[] rows = golden.tensor(position.name().toLowerCase(Locale.ROOT) + ".rows")
                    .longs();
            int context = clip.architecture().text().contextLength();
            for (int c = 0; c < names.size(); c++) {
                int[] padded = Arrays.copyOf(prompts.get(c), context);
                Arrays.fill(
                        padded,
                        prompts.get(c).length,
                        context,
                        clip.tokenizer().frame().padding());
                assertThat(Arrays.stream(padded).asLongStream())
                        .as(names.get(c))
                        .containsExactly(Arrays.stream(rows, c * context, (c + 1) * context)
                                .boxed()
                                .toArray(Long[]::new));
            }
        }
    }

    @Test
    void namesOfTheSameTokensAreNoted() throws IOException {
        try (Clip clip = SiglipModels.open("siglip1/huggingface", folder)) {
            assertThat(UnknownWords.warning(clip, List.of("jack-fruit", "cat", "jackfruit")))
                    .hasValueSatisfying(
                            warning -> assertThat(warning).contains("jack-fruit", "jackfruit", "same tokens"));
            assertThat(UnknownWords.warning(clip, List.of("cat", "river"))).isEmpty();
        }
    }
}
