package org.coop4j.method;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.coop4j.weights.DenseTensor;
import org.coop4j.weights.Shape;
import org.coop4j.weights.safetensors.SafetensorsWriter;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.EnumSource;

class LearnedPromptTest {

    private static final List<String> NAMES = List.of("sea_lake", "Zürich \"HB\"", "東京");

    @TempDir Path folder;

    private static LearnedPrompt prompt(ClassPosition position, boolean classSpecific) {
        PromptLayout layout = new PromptLayout(2, position, classSpecific);
        float[] context = new float[layout.vectors(3) * 4];
        for (int i = 0; i < context.length; i++) {
            context[i] = (float) Math.sin(i) / 3;
        }
        Map<String, String> training = new LinkedHashMap<>();
        training.put("zeta", "first");
        training.put("alpha", "second");
        return new LearnedPrompt(context, 4, layout, NAMES, "ab".repeat(32), training);
    }

    @ParameterizedTest
    @EnumSource
    void whatIsWrittenIsRead(ClassPosition position) throws IOException {
        for (boolean classSpecific : new boolean[] {true, false}) {
            LearnedPrompt written = prompt(position, classSpecific);
            Path file = folder.resolve("prompt.safetensors");
            written.write(file);
            LearnedPrompt read = LearnedPrompt.read(file);
            assertThat(read.context()).containsExactly(written.context());
            assertThat(read.width()).isEqualTo(4);
            assertThat(read.layout()).isEqualTo(written.layout());
            assertThat(read.classNames()).isEqualTo(NAMES);
            assertThat(read.modelSha256()).isEqualTo("ab".repeat(32));
            assertThat(read.training()).isEqualTo(written.training());
            assertThat(read.training().keySet()).containsExactly("zeta", "alpha");
        }
    }

    @Test
    void aUnifiedContextIsTheSameForOtherClasses() {
        LearnedPrompt prompt = prompt(ClassPosition.END, false);
        LearnedPrompt other = prompt.forClasses(List.of("fox", "owl"));
        assertThat(other.classNames()).containsExactly("fox", "owl");
        assertThat(other.context()).containsExactly(prompt.context());
        assertThat(other.training()).isEqualTo(prompt.training());
    }

    @Test
    void ofAClassSpecificContextClassesTakeTheRowsOfTheirNames() {
        LearnedPrompt prompt = prompt(ClassPosition.MIDDLE, true);
        LearnedPrompt few = prompt.forClasses(List.of("東京", "Sea Lake"));
        float[] all = prompt.context();
        assertThat(Arrays.copyOf(few.context(), 8))
                .containsExactly(Arrays.copyOfRange(all, 16, 24));
        assertThat(Arrays.copyOfRange(few.context(), 8, 16)).containsExactly(Arrays.copyOf(all, 8));
        assertThat(few.layout()).isEqualTo(prompt.layout());
        assertThatThrownBy(() -> prompt.forClasses(List.of("fox", "東京")))
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessageContaining("vectors for its own classes alone")
                .hasMessageContaining("class \"fox\" is not among the 3 classes");
    }

    @Test
    void theSamePromptGivesTheSameBytes() throws IOException {
        prompt(ClassPosition.END, false).write(folder.resolve("a"));
        prompt(ClassPosition.END, false).write(folder.resolve("b"));
        assertThat(Files.readAllBytes(folder.resolve("a")))
                .isEqualTo(Files.readAllBytes(folder.resolve("b")));
    }

    @Test
    void theContextGivenOutIsACopy() {
        LearnedPrompt prompt = prompt(ClassPosition.END, false);
        Arrays.fill(prompt.context(), 9);
        assertThat(prompt.context()).doesNotContain(9f);
    }

    private Path written(Map<String, String> changes, Shape shape, float... values)
            throws IOException {
        Map<String, String> metadata = new LinkedHashMap<>();
        metadata.put("coop4j.prompt", "1");
        metadata.put("coop4j.position", "end");
        metadata.put("coop4j.classes", "[\"a\",\"b\"]");
        metadata.put("coop4j.model_sha256", "00");
        metadata.putAll(changes);
        metadata.values().removeIf(String::isEmpty);
        Path file = folder.resolve("strange.safetensors");
        SafetensorsWriter.write(file, Map.of("ctx", DenseTensor.ofFloats(shape, values)), metadata);
        return file;
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            value = {
                "coop4j.prompt | 2 | is not a learned prompt",
                "coop4j.prompt | '' | is not a learned prompt",
                "coop4j.position | left | choose end, middle or front",
                "coop4j.position | '' | has no coop4j.position",
                "coop4j.classes | null | class names are null",
                "coop4j.classes | [] | class names are []",
                "coop4j.classes | [null] | class names are [null]",
                "coop4j.classes | [\"a\" | damaged metadata",
                "coop4j.classes | {} | damaged metadata",
                "coop4j.model_sha256 | '' | has no coop4j.model_sha256",
                "coop4j.training | null | coop4j.training is null",
                "coop4j.training | [] | damaged metadata"
            })
    void damagedMetadataIsNamed(String key, String value, String message) throws IOException {
        Path file = written(Map.of(key, value), Shape.of(1, 2), 1, 2);
        assertThatThrownBy(() -> LearnedPrompt.read(file))
                .isInstanceOf(IOException.class)
                .hasMessageContaining(file.toString())
                .hasMessageContaining(message);
    }

    @Test
    void aContextOfAnImpossibleShapeIsNamed() throws IOException {
        Path flat = written(Map.of(), Shape.of(2), 1, 2);
        assertThatThrownBy(() -> LearnedPrompt.read(flat))
                .isInstanceOf(IOException.class)
                .hasMessageContaining("is no context");
        Path classes = written(Map.of(), Shape.of(3, 1, 1), 1, 2, 3);
        assertThatThrownBy(() -> LearnedPrompt.read(classes))
                .isInstanceOf(IOException.class)
                .hasMessageContaining("for 2 classes");
        Path empty = written(Map.of(), Shape.of(0, 4));
        assertThatThrownBy(() -> LearnedPrompt.read(empty))
                .isInstanceOf(IOException.class)
                .hasMessageContaining("context of 0 vectors");
        Path huge = written(Map.of(), Shape.of(1L << 40, 0));
        assertThatThrownBy(() -> LearnedPrompt.read(huge)).isInstanceOf(IOException.class);
    }

    @Test
    void aContextThatIsNotANumberIsRefused() throws IOException {
        Path file = written(Map.of(), Shape.of(1, 2), 1, Float.NaN);
        assertThatThrownBy(() -> LearnedPrompt.read(file))
                .isInstanceOf(IOException.class)
                .hasMessageContaining("the context holds NaN");
    }

    @Test
    void aFileOfAnotherKindIsRefused() throws IOException {
        Path text = Files.writeString(folder.resolve("notes.txt"), "a photo of a cat");
        assertThatThrownBy(() -> LearnedPrompt.read(text)).isInstanceOf(IOException.class);
        assertThatThrownBy(() -> LearnedPrompt.read(folder.resolve("nowhere")))
                .isInstanceOf(IOException.class)
                .hasMessageContaining("no such file");
    }

    @Test
    void tooFewNumbersAreRefused() {
        assertThatThrownBy(
                        () ->
                                new LearnedPrompt(
                                        new float[7],
                                        4,
                                        new PromptLayout(2, ClassPosition.END, false),
                                        NAMES,
                                        "",
                                        Map.of()))
                .hasMessageContaining("7 numbers for 2 vectors of 4");
    }
}
