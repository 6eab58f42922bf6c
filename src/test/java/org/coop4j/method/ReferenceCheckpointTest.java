package org.coop4j.method;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Random;
import org.coop4j.clip.Clip;
import org.coop4j.clip.GoldenModels;
import org.coop4j.clip.TinyModel;
import org.coop4j.weights.DenseTensor;
import org.coop4j.weights.Shape;
import org.coop4j.weights.torch.TorchFile;
import org.coop4j.weights.torch.TorchSave;
import org.coop4j.weights.torch.TorchTensor;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class ReferenceCheckpointTest {

    private static final List<String> NAMES = List.of("dog", "red_rose", "kite (bird of prey)");

    @TempDir static Path models;
    private static Clip clip;

    @TempDir Path folder;

    @BeforeAll
    static void open() throws IOException {
        clip = TinyModel.open(TinyModel.write(models.resolve("tiny.safetensors"), 1), 2);
    }

    @AfterAll
    static void close() throws IOException {
        clip.close();
    }

    private static ClassifierFile prompt(ClassPosition position, boolean classSpecific)
            throws IOException {
        PromptLayout layout = new PromptLayout(5, position, classSpecific);
        Random random = new Random(4);
        float[] context = new float[layout.vectors(NAMES.size()) * 16];
        for (int i = 0; i < context.length; i++) {
            context[i] = (float) random.nextGaussian();
        }
        return LearnedPrompts.file(context, 16, layout, NAMES, clip.model().sha256(), Map.of());
    }

    @Test
    void whatIsWrittenIsReadFromAnyOfItsPlaces() throws IOException {
        for (ClassPosition position : ClassPosition.values()) {
            for (boolean classSpecific : new boolean[] {true, false}) {
                ClassifierFile written = prompt(position, classSpecific);
                Path file = ReferenceCheckpoint.write(folder, clip, written, 50);
                assertThat(file.getFileName()).hasToString("model.pth.tar-50");
                assertThat(file.resolveSibling("checkpoint")).hasContent("model.pth.tar-50\n");
                for (Path place : List.of(file, file.getParent(), folder)) {
                    ClassifierFile read = ReferenceCheckpoint.read(place, clip, NAMES, position);
                    assertThat(LearnedContext.of(read).vectors())
                            .containsExactly(LearnedContext.of(written).vectors());
                    assertThat(LearnedContext.of(read).layout())
                            .isEqualTo(LearnedContext.of(written).layout());
                    assertThat(read.classNames()).isEqualTo(NAMES);
                    assertThat(read.modelSha256()).isEqualTo(clip.model().sha256());
                }
            }
        }
    }

    @Test
    void theFileHasAllThatTheReferenceSaves() throws IOException {
        Path file = ReferenceCheckpoint.write(folder, clip, prompt(ClassPosition.END, false), 200);
        try (TorchFile torch = TorchFile.open(file)) {
            assertThat(torch.root()).isInstanceOf(Map.class);
            Map<?, ?> root = (Map<?, ?>) torch.root();
            assertThat(root.keySet().stream().map(String::valueOf).toList())
                    .containsExactly("state_dict", "epoch", "optimizer", "scheduler", "val_result");
            assertThat(root.get("epoch")).isEqualTo(200L);
            assertThat(root.get("val_result")).isNull();
            Map<String, TorchTensor> state = torch.stateDict();
            assertThat(state.get("ctx").shape()).isEqualTo(Shape.of(5, 16));
            assertThat(state.get("token_prefix").shape()).isEqualTo(Shape.of(3, 1, 16));
            assertThat(state.get("token_suffix").shape()).isEqualTo(Shape.of(3, 71, 16));
        }
    }

    /** {@code vit/reference_checkpoint}, which the reference's own trainer wrote. */
    @Test
    void theReferencesOwnCheckpointIsReadAndWrittenWithTheSameTensors() throws IOException {
        Path place = GoldenModels.file("vit/reference_checkpoint");
        JsonNode json = new ObjectMapper().readTree(GoldenModels.file("vit/coop.json").toFile());
        List<ClassName> names = new ArrayList<>();
        for (JsonNode ids : json.get("class_name_token_ids")) {
            int[] tokens = new int[ids.size() + 1];
            for (int i = 0; i < ids.size(); i++) {
                tokens[i] = ids.get(i).asInt();
            }
            tokens[ids.size()] = json.get("period").asInt();
            names.add(ClassName.of("class " + names.size(), tokens, ids.size()));
        }
        int start = json.get("sot").asInt();
        int end = json.get("eot").asInt();
        try (Clip golden = GoldenModels.open("vit", folder);
                TorchFile reference =
                        TorchFile.open(place.resolve("prompt_learner/model.pth.tar-50"))) {
            ClassifierFile read =
                    ReferenceCheckpoint.read(
                            place, golden, names, ClassPosition.MIDDLE, start, end);
            assertThat(LearnedContext.of(read).layout())
                    .isEqualTo(new PromptLayout(4, ClassPosition.MIDDLE, false));
            assertThat(LearnedContext.of(read).vectors())
                    .containsExactly(reference.stateDict().get("ctx").floats());
            Path file = ReferenceCheckpoint.write(folder, golden, read, names, 50, start, end);
            try (TorchFile written = TorchFile.open(file)) {
                Map<String, TorchTensor> expected = reference.stateDict();
                assertThat(written.stateDict().keySet()).isEqualTo(expected.keySet());
                for (Map.Entry<String, TorchTensor> tensor : written.stateDict().entrySet()) {
                    TorchTensor other = expected.get(tensor.getKey());
                    assertThat(tensor.getValue().shape()).isEqualTo(other.shape());
                    assertThat(tensor.getValue().floats()).containsExactly(other.floats());
                }
            }
            List<ClassName> swapped = new ArrayList<>(names);
            java.util.Collections.swap(swapped, 0, 5);
            assertThatThrownBy(
                            () ->
                                    ReferenceCheckpoint.read(
                                            place, golden, swapped, ClassPosition.END, start, end))
                    .isInstanceOf(IOException.class)
                    .hasMessageContaining("trained with other class names");
        }
    }

    @Test
    void otherClassNamesAndModelsAreSeen() throws IOException {
        ReferenceCheckpoint.write(folder, clip, prompt(ClassPosition.END, false), 1);
        for (List<String> other :
                List.of(
                        List.of("dog", "red rose", "kite"),
                        List.of("red_rose", "dog", "kite (bird of prey)"),
                        List.of("dog", "red_rose"))) {
            assertThatThrownBy(
                            () -> ReferenceCheckpoint.read(folder, clip, other, ClassPosition.END))
                    .isInstanceOf(IOException.class)
                    .hasMessageContaining("class names in the order");
        }
        try (Clip model = TinyModel.open(TinyModel.write(folder.resolve("other"), 2), 1)) {
            assertThatThrownBy(
                            () -> ReferenceCheckpoint.read(folder, model, NAMES, ClassPosition.END))
                    .isInstanceOf(IOException.class)
                    .hasMessageContaining("trained with other weights");
            assertThatThrownBy(
                            () ->
                                    ReferenceCheckpoint.write(
                                            folder, model, prompt(ClassPosition.END, false), 1))
                    .isInstanceOf(IllegalArgumentException.class)
                    .hasMessageContaining("mean nothing to another model");
        }
    }

    @Test
    void aClassSpecificCheckpointNeedsAllItsClasses() throws IOException {
        ReferenceCheckpoint.write(folder, clip, prompt(ClassPosition.END, true), 1);
        assertThatThrownBy(
                        () ->
                                ReferenceCheckpoint.read(
                                        folder, clip, List.of("dog", "cat"), ClassPosition.END))
                .isInstanceOf(IOException.class)
                .hasMessageContaining("was trained for 3 classes, but 2 class names are given");
    }

    private Path saved(String name, Shape shape, float... values) throws IOException {
        Map<Object, Object> state = new LinkedHashMap<>();
        state.put(name, DenseTensor.ofFloats(shape, values));
        Map<Object, Object> root = new LinkedHashMap<>();
        root.put("state_dict", state);
        Path file = folder.resolve("made");
        TorchSave.write(file, root);
        return file;
    }

    @Test
    void filesOfOtherThingsAreNamed() throws IOException {
        Path other = saved("weight", Shape.of(1), 1);
        assertThatThrownBy(() -> ReferenceCheckpoint.read(other, clip, NAMES, ClassPosition.END))
                .isInstanceOf(IOException.class)
                .hasMessageContaining("holds no ctx but [weight]");
        for (Shape shape :
                List.of(Shape.of(16), Shape.of(1, 15), Shape.of(0, 16), Shape.of(78, 16))) {
            Path file = saved("ctx", shape, new float[(int) shape.elements()]);
            assertThatThrownBy(() -> ReferenceCheckpoint.read(file, clip, NAMES, ClassPosition.END))
                    .isInstanceOf(IOException.class)
                    .hasMessageContaining("is no context of this model, whose text width is 16");
        }
        Path text = Files.writeString(folder.resolve("notes"), "not a checkpoint");
        assertThatThrownBy(() -> ReferenceCheckpoint.read(text, clip, NAMES, ClassPosition.END))
                .isInstanceOf(IOException.class);
        assertThatThrownBy(
                        () ->
                                ReferenceCheckpoint.read(
                                        folder.resolve("nowhere"), clip, NAMES, ClassPosition.END))
                .isInstanceOf(IOException.class)
                .hasMessageContaining("no such file or folder");
    }

    @Test
    void aPointerThatLeadsElsewhereIsRefused() throws IOException {
        assertThatThrownBy(() -> ReferenceCheckpoint.read(folder, clip, NAMES, ClassPosition.END))
                .isInstanceOf(IOException.class)
                .hasMessageContaining("has no file \"checkpoint\"");
        for (String name : List.of("../model.pth.tar-1", "/etc/passwd", "")) {
            Files.writeString(folder.resolve("checkpoint"), name + "\n");
            assertThatThrownBy(
                            () -> ReferenceCheckpoint.read(folder, clip, NAMES, ClassPosition.END))
                    .isInstanceOf(IOException.class)
                    .hasMessageContaining("does not name a checkpoint beside it");
        }
    }

    @Test
    void tensorsOfDataParallelTrainingAndWithoutEmbeddingsAreRead() throws IOException {
        Path file = saved("module.ctx", Shape.of(1, 16), new float[16]);
        ClassifierFile read = ReferenceCheckpoint.read(file, clip, NAMES, ClassPosition.FRONT);
        assertThat(LearnedContext.of(read).layout())
                .isEqualTo(new PromptLayout(1, ClassPosition.FRONT, false));
    }
}
