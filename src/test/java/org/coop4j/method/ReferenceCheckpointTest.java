package org.coop4j.method;

import static org.assertj.core.api.Assertions.assertThat;
import static org.coop4j.RandomValues.gaussian;
import static org.coop4j.base.Thrown.assertThrown;

import com.fasterxml.jackson.databind.JsonNode;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.coop4j.clip.Clip;
import org.coop4j.clip.FeatureMatrix;
import org.coop4j.clip.GoldenModels;
import org.coop4j.clip.TinyModel;
import org.coop4j.data.FeatureSet.DenseFeatures;
import org.coop4j.method.Method.FewShotFeatures;
import org.coop4j.method.Method.Task;
import org.coop4j.method.PromptContext.ContextStart;
import org.coop4j.method.PromptLayout.ClassName;
import org.coop4j.method.PromptLayout.ClassPosition;
import org.coop4j.weights.Shape;
import org.coop4j.weights.torch.TorchFile;
import org.coop4j.weights.torch.TorchSave;
import org.coop4j.weights.torch.TorchSave.DenseTensor;
import org.coop4j.weights.torch.TorchTensor;
import org.junit.jupiter.api.AutoClose;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class ReferenceCheckpointTest {

    private static final List<String> NAMES = List.of("dog", "red_rose", "kite (bird of prey)");

    @TempDir
    static Path models;

    @AutoClose
    private static Clip clip;

    @TempDir
    Path folder;

    @BeforeAll
    static void open() throws IOException {
        clip = TinyModel.open(TinyModel.write(models.resolve("tiny.safetensors"), 1), 2);
    }

    private static ClassifierFile prompt(ClassPosition position, boolean classSpecific) throws IOException {
        PromptLayout layout = new PromptLayout(5, position, classSpecific);
        float[] context = gaussian(4, layout.vectors(NAMES.size()) * 16);
        return LearnedPrompts.file(context, 16, layout, NAMES, clip.model().sha256());
    }

    private static Method coop(ClassPosition position) {
        return new CoOp(16, position, false);
    }

    private static void assertRefused(Path place, List<String> names, String... words) {
        assertThrown(
                IOException.class, () -> ReferenceCheckpoint.read(place, clip, coop(ClassPosition.END), names), words);
    }

    @Test
    void aCheckpointIsReadFromTheFileOrEitherFolder() throws IOException {
        for (ClassPosition position : ClassPosition.values()) {
            for (boolean classSpecific : new boolean[] {true, false}) {
                ClassifierFile written = prompt(position, classSpecific);
                Path file = ReferenceCheckpoint.write(folder, clip, written, 50);
                assertThat(file.getFileName()).hasToString("model.pth.tar-50");
                assertThat(file.resolveSibling("checkpoint")).hasContent("model.pth.tar-50\n");
                for (Path place : List.of(file, file.getParent(), folder)) {
                    ClassifierFile read = ReferenceCheckpoint.read(place, clip, coop(position), NAMES);
                    assertThat(read.tensor("ctx").values())
                            .containsExactly(written.tensor("ctx").values());
                    assertThat(PromptLayout.of(read)).isEqualTo(PromptLayout.of(written));
                    assertThat(read.classNames()).isEqualTo(NAMES);
                    assertThat(read.modelSha256()).isEqualTo(clip.model().sha256());
                }
            }
        }
    }

    /** {@code vit/reference_checkpoint}, which the reference's own trainer wrote. */
    @Test
    void theReferencesOwnCheckpointIsReadAndWrittenWithTheSameTensors() throws IOException {
        Path place = GoldenModels.file("vit/reference_checkpoint");
        JsonNode json = GoldenModels.json("vit/coop.json");
        List<ClassName> names = GoldenMethods.classNames(json);
        ReferenceCheckpoint.Words words = new ReferenceCheckpoint.Words(names, GoldenMethods.frame(json));
        try (Clip golden = GoldenModels.open("vit", folder);
                TorchFile reference = TorchFile.open(place.resolve("prompt_learner/model.pth.tar-50"))) {
            ClassifierFile read = ReferenceCheckpoint.read(place, golden, coop(ClassPosition.MIDDLE), prompts -> words);
            assertThat(PromptLayout.of(read)).isEqualTo(new PromptLayout(4, ClassPosition.MIDDLE, false));
            assertThat(read.tensor("ctx").values())
                    .containsExactly(reference.stateDict().get("ctx").floats());
            Path file = ReferenceCheckpoint.write(folder, golden, read, words, 50);
            try (TorchFile written = TorchFile.open(file)) {
                Map<String, TorchTensor> expected = reference.stateDict();
                assertThat(written.stateDict().keySet()).isEqualTo(expected.keySet());
                assertThat(((Map<?, ?>) reference.root()).keySet().toString())
                        .isEqualTo(((Map<?, ?>) written.root()).keySet().toString());
                for (Map.Entry<String, TorchTensor> tensor : written.stateDict().entrySet()) {
                    TorchTensor other = expected.get(tensor.getKey());
                    assertThat(tensor.getValue().shape()).isEqualTo(other.shape());
                    assertThat(tensor.getValue().floats()).containsExactly(other.floats());
                }
            }
            List<ClassName> swapped = new ArrayList<>(names);
            Collections.swap(swapped, 0, 5);
            ReferenceCheckpoint.Words other = new ReferenceCheckpoint.Words(swapped, words.frame());
            assertThrown(
                    IOException.class,
                    () -> ReferenceCheckpoint.read(place, golden, coop(ClassPosition.END), prompts -> other),
                    "other class names");
        }
    }

    @Test
    void otherClassNamesAndModelsAreDetected() throws IOException {
        ReferenceCheckpoint.write(folder, clip, prompt(ClassPosition.END, false), 1);
        for (List<String> other : List.of(
                List.of("dog", "red rose", "kite"),
                List.of("red_rose", "dog", "kite (bird of prey)"),
                List.of("dog", "red_rose"))) {
            assertRefused(folder, other, folder.toString());
        }
        try (Clip model = TinyModel.open(TinyModel.write(folder.resolve("other"), 2), 1)) {
            assertThrown(
                    IOException.class,
                    () -> ReferenceCheckpoint.read(folder, model, coop(ClassPosition.END), NAMES),
                    folder.toString(),
                    "weights");
            assertThrown(
                    IllegalArgumentException.class,
                    () -> ReferenceCheckpoint.write(folder, model, prompt(ClassPosition.END, false), 1),
                    model.modelSha256().substring(0, 12));
        }
    }

    @Test
    void aClassSpecificCheckpointNeedsAllItsClasses() throws IOException {
        ReferenceCheckpoint.write(folder, clip, prompt(ClassPosition.END, true), 1);
        assertRefused(folder, List.of("dog", "cat"), "3 classes", "2 class names");
    }

    private Path saved(String name, Shape shape, float... values) throws IOException {
        Map<Object, Object> state = new LinkedHashMap<>();
        state.put(name, DenseTensor.ofFloats(shape, values));
        state.put("bias_vectors", DenseTensor.ofFloats(Shape.of(1), 0)); // KgCoOp's, unused
        Map<Object, Object> root = new LinkedHashMap<>();
        root.put("state_dict", state);
        Path file = folder.resolve("made");
        TorchSave.write(file, root);
        return file;
    }

    @Test
    void aContextWithNaNIsRefused() throws IOException {
        PromptLayout layout = new PromptLayout(5, ClassPosition.END, false);
        float[] context = new float[layout.vectors(NAMES.size()) * 16];
        context[7] = Float.NaN;
        ClassifierFile prompt =
                LearnedPrompts.file(context, 16, layout, NAMES, clip.model().sha256());
        Path file = ReferenceCheckpoint.write(folder, clip, prompt, 50);
        assertRefused(file, NAMES, "ctx holds NaN");
    }

    @Test
    void otherFilesAreRefusedByName() throws IOException {
        Path other = saved("weight", Shape.of(1), 1);
        assertRefused(other, NAMES, other.toString(), "ctx", "[weight, bias_vectors]", "coop");
        for (Shape shape : List.of(Shape.of(16), Shape.of(1, 15), Shape.of(0, 16), Shape.of(78, 16))) {
            Path file = saved("ctx", shape, new float[(int) shape.elements()]);
            assertRefused(file, NAMES, "text width is 16");
        }
        Path text = Files.writeString(folder.resolve("notes"), "not a checkpoint");
        assertRefused(text, NAMES);
        assertRefused(
                folder.resolve("nowhere"), NAMES, folder.resolve("nowhere").toString());
    }

    @Test
    void aPointerThatLeadsElsewhereIsRefused() throws IOException {
        assertRefused(folder, NAMES, folder.toString(), "\"checkpoint\"");
        for (String name : List.of("../model.pth.tar-1", "/etc/passwd", "")) {
            Files.writeString(folder.resolve("checkpoint"), name + "\n");
            assertRefused(folder, NAMES, folder.resolve("checkpoint").toString(), name);
        }
    }

    @Test
    void tensorsOfDataParallelTrainingAndWithoutEmbeddingsAreRead() throws IOException {
        Path file = saved("module.ctx", Shape.of(1, 16), new float[16]);
        ClassifierFile read = ReferenceCheckpoint.read(file, clip, coop(ClassPosition.FRONT), NAMES);
        assertThat(PromptLayout.of(read)).isEqualTo(new PromptLayout(1, ClassPosition.FRONT, false));
        ClassifierFile kgCoOp = ReferenceCheckpoint.read(file, clip, new KgCoOp(), NAMES);
        assertThat(kgCoOp.tensors().keySet()).containsExactly("ctx");
    }

    /** Each with settings that are not its defaults, where it has some. */
    private static List<Method> exchanged() {
        return List.of(
                new KgCoOp(PromptContext.atEnd(new ContextStart(3)), 2),
                new ProGrad(3, true, 0.8, 2),
                new CoCoOp(new ContextStart(3)),
                new Tcp(3, 1, 2, "a picture of a {}, a kind of thing."));
    }

    private static FeatureMatrix images(int n) {
        float[] values = gaussian(5, n * clip.architecture().embedDim());
        return FeatureMatrix.of(n, clip.architecture().embedDim(), values);
    }

    private static DenseFeatures features(int... labels) {
        int width = clip.architecture().embedDim();
        return new DenseFeatures(width, 1, images(labels.length).toArray(), labels);
    }

    @Test
    void checkpointsOfOtherPromptLearnersGiveTheSameLogits() throws IOException {
        Task task = new Task(NAMES, "a photo of a {}.", 1);
        FewShotFeatures data = new FewShotFeatures(features(0, 1, 2), features());
        for (Method method : exchanged()) {
            try (Classifier learned = method.learner(clip, task).fit(data, new Trainer(Training.coop(2, 3), 1))) {
                ClassifierFile file = learned.save();
                Path place = folder.resolve(method.id());
                ReferenceCheckpoint.write(place, clip, file, 2);
                // The number of vectors comes from the checkpoint, and whether they are class-specific.
                Method asked = method.with(Map.of("context_length", 7));
                ClassifierFile read = ReferenceCheckpoint.read(place, clip, asked, NAMES);
                assertThat(read.method()).isEqualTo(file.method());
                try (Classifier again = read.open(clip)) {
                    assertThat(again.save().tensors().keySet())
                            .isEqualTo(file.tensors().keySet());
                    assertThat(again.logits(images(4)).toArray())
                            .containsExactly(learned.logits(images(4)).toArray());
                }
            }
        }
    }

    @Test
    void aCheckpointOfAnotherMethodIsNamed() throws IOException {
        ReferenceCheckpoint.write(folder, clip, prompt(ClassPosition.END, true), 1);
        assertThrown(
                IOException.class,
                () -> ReferenceCheckpoint.read(folder, clip, Method.of("cocoop"), NAMES),
                "meta_net.linear1.weight",
                "[ctx",
                "cocoop");
        assertThrown(
                IllegalArgumentException.class,
                () -> ReferenceCheckpoint.read(folder, clip, Method.of("gda"), NAMES),
                "coop, kgcoop, prograd, tcp, cocoop");
    }
}
