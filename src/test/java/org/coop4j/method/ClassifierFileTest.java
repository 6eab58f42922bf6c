package org.coop4j.method;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.coop4j.base.Thrown.assertThrown;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.coop4j.method.ClassifierFile.Origin;
import org.coop4j.method.PromptEnsemble.ClassDescriptions;
import org.coop4j.method.PromptLayout.ClassPosition;
import org.coop4j.weights.DType;
import org.coop4j.weights.Shape;
import org.coop4j.weights.TensorView.TensorSpec;
import org.coop4j.weights.safetensors.TensorChecksum;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvFileSource;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.ValueSource;

class ClassifierFileTest {

    private static final List<String> NAMES = List.of("sea_lake", "Zürich \"HB\"", "東京");

    @TempDir
    Path folder;

    private static ClassifierFile prompt(ClassPosition position, boolean classSpecific) {
        PromptLayout layout = new PromptLayout(2, position, classSpecific);
        float[] context = new float[layout.vectors(3) * 4];
        for (int i = 0; i < context.length; i++) {
            context[i] = (float) Math.sin(i) / 3;
        }
        return LearnedPrompts.file(context, 4, layout, NAMES, "ab".repeat(32))
                .withOrigin(Origin.NONE.with("zeta", "first").with("alpha", "second"));
    }

    @ParameterizedTest
    @EnumSource
    void aWrittenFileIsReadBack(ClassPosition position) throws IOException {
        for (boolean classSpecific : new boolean[] {true, false}) {
            ClassifierFile written = prompt(position, classSpecific);
            Path file = folder.resolve("prompt.safetensors");
            written.write(file);
            ClassifierFile read = ClassifierFile.read(file);
            assertThat(read.method()).isEqualTo(written.method());
            assertThat(read.tensor("ctx").values())
                    .containsExactly(written.tensor("ctx").values());
            assertThat(read.tensor("ctx").shape())
                    .isEqualTo(written.tensor("ctx").shape());
            assertThat(PromptLayout.of(read)).isEqualTo(new PromptLayout(2, position, classSpecific));
            assertThat(read.classNames()).isEqualTo(NAMES);
            assertThat(read.modelSha256()).isEqualTo("ab".repeat(32));
            assertThat(read.origin()).isEqualTo(written.origin());
            assertThat(read.origin().entries().keySet()).containsExactly("zeta", "alpha");
        }
    }

    @Test
    void theTemperatureIsKeptAndDefaultsToOne() throws IOException {
        Path file = folder.resolve("prompt.safetensors");
        prompt(ClassPosition.END, true).write(file);
        assertThat(ClassifierFile.read(file).temperature()).isEqualTo(1);

        prompt(ClassPosition.END, true).withTemperature(1.7).write(file);

        ClassifierFile read = ClassifierFile.read(file);
        assertThat(read.temperature()).isEqualTo(1.7);
        assertThat(read.withClassNames(NAMES).withOrigin(Origin.NONE).temperature())
                .isEqualTo(1.7);
        for (double wrong : new double[] {0, -1, Double.NaN, Double.POSITIVE_INFINITY}) {
            assertThrown(() -> read.withTemperature(wrong), "temperature", "got " + wrong);
        }
    }

    @Test
    void everyFlippedByteIsDetected() throws IOException {
        Path file = folder.resolve("prompt.safetensors");
        prompt(ClassPosition.FRONT, true).write(file);
        byte[] bytes = Files.readAllBytes(file);
        for (int i = 0; i < bytes.length; i++) {
            byte[] damaged = bytes.clone();
            damaged[i] ^= 4;
            Files.write(file, damaged);
            assertThatThrownBy(() -> ClassifierFile.read(file))
                    .as("byte %d", i)
                    .isInstanceOf(IOException.class)
                    .hasMessageContaining("prompt.safetensors");
        }
    }

    private Path written(Map<String, String> changes, Shape shape, float... values) throws IOException {
        Map<String, String> metadata = new LinkedHashMap<>();
        metadata.put("coop4j.classifier", "2");
        metadata.put("coop4j.method", "coop");
        metadata.put("coop4j.settings", "{}");
        metadata.put("coop4j.classes", "[\"a\",\"b\"]");
        metadata.put("coop4j.model_sha256", "00");
        metadata.putAll(changes);
        metadata.values().removeIf(String::isEmpty);
        Path file = folder.resolve("strange.safetensors");
        TensorChecksum.write(file, List.of(new TensorSpec("ctx", DType.F32, shape)), metadata, Map.of("ctx", values));
        return file;
    }

    @ParameterizedTest
    @CsvFileSource(resources = "damaged-metadata.txt", delimiter = '|', quoteCharacter = '\'')
    void damagedMetadataIsNamed(String key, String value, String message) throws IOException {
        Path file = written(Map.of(key, value), Shape.of(1, 2), 1, 2);
        assertThrown(IOException.class, () -> ClassifierFile.read(file), file.toString(), message);
    }

    @ParameterizedTest
    @ValueSource(floats = {Float.NaN, 3e38f, -3e38f, Float.POSITIVE_INFINITY})
    void numbersWhoseProductsOverflowAreRefused(float value) throws IOException {
        Path file = written(Map.of(), Shape.of(1, 2), 1, value);
        assertThrown(IOException.class, () -> ClassifierFile.read(file), "ctx holds " + value);
    }

    @Test
    @Timeout(600)
    void moreTensorsThanAMethodHasAreRefusedBeforeTheyAreRead() throws IOException {
        ClassifierFile file = prompt(ClassPosition.END, false);
        Map<String, ClassifierFile.Tensor> many = new LinkedHashMap<>();
        for (int i = 0; i < 60_000; i++) {
            many.put("tensor" + i, new ClassifierFile.Tensor(Shape.of(0), new float[0]));
        }
        Path path = folder.resolve("many.safetensors");
        new ClassifierFile(file.method(), NAMES, file.modelSha256(), many, Origin.NONE, 1, null).write(path);
        assertThrown(IOException.class, () -> ClassifierFile.read(path), "many.safetensors has 60000 tensors");
    }

    /** On Linux a path with two slashes is that with one, so that the file is there. */
    @Test
    void descriptionsOfAnotherMachineAreNotOpened() throws IOException {
        Path file = Files.writeString(folder.resolve("described.json"), "{\"cat\": [\"a cat\"]}");
        ClassDescriptions described = ClassDescriptions.read(file);
        Origin origin = Origin.NONE.withDescriptions(described, List.of("cat"));
        assertThat(origin.descriptions()).isEqualTo(described);
        assertThrown(
                IllegalArgumentException.class,
                () -> origin.with("descriptions", "/" + file).descriptions(),
                "another machine",
                "/" + file);
    }

    @Test
    void aFileOfAnotherKindIsRefused() throws IOException {
        Path text = Files.writeString(folder.resolve("notes.txt"), "a photo of a cat");
        assertThrown(IOException.class, () -> ClassifierFile.read(text));
        assertThrown(IOException.class, () -> ClassifierFile.read(folder.resolve("nowhere")), "nowhere");
    }

    @Test
    void tooFewNumbersAreRefused() {
        assertThrown(
                () -> ClassifierFile.of(new CoOp(), NAMES, "").with("ctx", Shape.of(2, 4), new float[7]),
                "expected 8 values");
    }
}
