package org.coop4j.method;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;
import static org.coop4j.RandomValues.gaussian;
import static org.coop4j.base.Thrown.assertThrown;

import java.io.IOException;
import java.nio.FloatBuffer;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.stream.Stream;
import org.coop4j.base.Progress;
import org.coop4j.base.Settings;
import org.coop4j.clip.Clip;
import org.coop4j.clip.FeatureMatrix;
import org.coop4j.clip.FeatureSpace.FeatureKind;
import org.coop4j.clip.TinyModel;
import org.coop4j.data.FeatureSet;
import org.coop4j.data.FeatureSet.DenseFeatures;
import org.coop4j.graph.LearnedTensor;
import org.coop4j.method.Method.FewShotFeatures;
import org.coop4j.method.Method.Task;
import org.coop4j.model.ClipConfig;
import org.coop4j.model.convert.CheckpointForm;
import org.coop4j.model.convert.Converter;
import org.coop4j.weights.Shape;
import org.coop4j.weights.torch.TorchSave;
import org.coop4j.weights.torch.TorchSave.DenseTensor;
import org.junit.jupiter.api.AutoClose;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.MethodSource;

/** Files of other programs: models with the weights that a classifier changed, and the authors' checkpoints. */
class ImageTowerFilesTest {

    private static final List<String> NAMES = List.of("left", "up_there", "right");

    @TempDir
    static Path folder;

    @AutoClose
    private static Clip clip;

    @BeforeAll
    static void open() throws IOException {
        clip = TinyModel.open(TinyModel.write(folder.resolve("tiny.safetensors"), 1), 2);
    }

    private static FeatureMatrix pixels(int count) {
        int width = clip.featureWidth(FeatureKind.PIXELS);
        return FeatureMatrix.of(count, width, gaussian(7, count * width));
    }

    private static Classifier fit(Method method) throws IOException {
        FeatureSet pixels = new DenseFeatures(pixels(3).width(), 1, pixels(3).toArray(), new int[] {0, 1, 2});
        FeatureSet images =
                method.features() == FeatureKind.EMBEDDED ? pixels.encoded(clip, FeatureKind.EMBEDDED) : pixels;
        Training training = Settings.with(method.training(1), Map.of("epochs", 3, "rate", 0.02));
        return method.learner(clip, new Task(NAMES, "a photo of a {}.", 1))
                .fit(new FewShotFeatures(images, FeatureSet.none(images.width())), new Trainer(training, 1));
    }

    static Stream<Method> merged() {
        Method lora = Method.of("clip-lora");
        return Stream.of(
                lora,
                lora.with(Map.of("encoder", "vision", "params", "qkvo")),
                lora.with(Map.of("encoder", "text", "text_start", 1)),
                Method.of("two-stage"));
    }

    /** With heads and MLPs of other sizes than the defaults of both programs. */
    @ParameterizedTest
    @MethodSource("merged")
    void theModelThatAClassifierHasIsWrittenAndReadAgain(Method method) throws IOException {
        try (Classifier learned = fit(method)) {
            ClassifierFile file = learned.save();
            FeatureMatrix images = clip.imageEncoder(learned.features())
                    .encode(
                            4,
                            (i, target, offset) -> target.put(offset, pixels(4).row(i)))
                    .all();
            Map<String, float[]> changed = method.changedWeights(clip, file);
            assertThat(changed).isNotEmpty();
            for (CheckpointForm form : CheckpointForm.values()) {
                Path place = folder.resolve(
                        form + method.title() + Settings.of(method.settings()).hashCode());
                assertThat(form.write(place, clip.model(), changed)).allMatch(Files::exists);
                Path model = place.resolve("converted.safetensors");
                Converter.convert(place, model, Optional.empty(), Progress.NONE);
                try (Clip read = TinyModel.open(model, 1);
                        Classifier others = learned.forClasses(List.of("down", "left up"))) {
                    assertThat(read.architecture()).isEqualTo(clip.architecture());
                    assertThat(read.model().preprocessing())
                            .isEqualTo(clip.model().preprocessing());
                    FloatBuffer all = FloatBuffer.wrap(pixels(4).toArray());
                    assertThat(read.encodePixels(all, 4).toArray()).containsExactly(images.toArray(), within(2e-5f));
                    assertThat(map(read, FeatureKind.EMBEDDED))
                            .containsExactly(map(clip, learned.features()), within(2e-5f));
                    assertThat(read.encodeTexts(List.of("a photo of a down.", "a photo of a left up."))
                                    .normalized()
                                    .toArray())
                            .containsExactly(
                                    others.save().matrix("class_weights").toArray(), within(2e-5f));
                }
            }
        }
    }

    /** Returns where the first image speaks for its own features. */
    private static float[] map(Clip clip, FeatureKind kind) {
        return clip.imageEncoder(kind).gateGradient(FloatBuffer.wrap(pixels(1).toArray()), FeatureMatrix::unit);
    }

    /** The shipped model has 6 blocks for images and 3 for texts. */
    @ParameterizedTest
    @CsvSource({"0, 4, 3", "4, 3, 2", "6, 1, 1"})
    void rowsOfTextsBeginAtTheHeightOfThoseOfImages(int first, int imageBlocks, int textBlocks) throws IOException {
        PromptMethod mmrl = (PromptMethod) Method.of("mmrl").with(Map.of("first_layer", first));
        try (Clip small = Clip.shipped()) {
            List<String> learned = mmrl.besideContext(small, 1).stream()
                    .map(LearnedTensor::name)
                    .toList();
            assertThat(learned)
                    .filteredOn(name -> name.matches(".*r2vproj.*weight"))
                    .hasSize(imageBlocks);
            assertThat(learned)
                    .filteredOn(name -> name.matches(".*r2tproj.*weight"))
                    .hasSize(textBlocks);
        }
    }

    @Test
    void aModelWithFurtherRowsIsNoPlainOne() throws IOException {
        Method vpt = Method.of("vpt");
        try (Classifier learned = fit(vpt)) {
            assertThrown(
                    UnsupportedOperationException.class,
                    () -> vpt.changedWeights(clip, learned.save()),
                    "further rows");
        }
        Method coop = Method.of("coop");
        assertThrown(
                UnsupportedOperationException.class, () -> coop.changedWeights(clip, null), "weights of the model");
    }

    static Stream<Method> imported() {
        return Stream.of(
                Method.of("vpt").with(Map.of("image_length", 3, "image_depth", 1)),
                Method.of("ivlp"),
                Method.of("promptsrc"),
                Method.of("maple"),
                Method.of("mmrl").with(Map.of("space", 8, "template", "a photo of a {}.")),
                Method.of("clip-lora").with(Map.of("rank", 3, "alpha", 2, "params", "qv")));
    }

    private static DenseTensor saved(Shape shape) {
        return DenseTensor.ofFloats(shape, new float[Math.toIntExact(shape.elements())]);
    }

    /** Writes what the authors' code saves: a state dict of the whole model, or CLIP-LoRA's layers. */
    private static Path saved(ClassifierFile file, String name) throws IOException {
        Map<Object, Object> state = new LinkedHashMap<>();
        Map<Object, Object> layers = new LinkedHashMap<>();
        file.tensors().forEach((tensor, values) -> {
            DenseTensor dense = DenseTensor.ofFloats(values.shape(), values.values());
            if (tensor.contains("_lora_")) {
                int before = tensor.startsWith("visual.")
                        ? TinyModel.ARCHITECTURE.text().layers()
                        : 0;
                String[] path = tensor.replaceFirst("^visual\\.", "").split("\\.", -1);
                String layer = "layer_" + (before + Integer.parseInt(path[2]));
                entry(entry(layers, layer), path[4]).put(path[5], dense);
            } else if (!List.of("class_weights", "known").contains(tensor)) {
                state.put(tensor, dense);
            }
        });
        state.put("prompt_learner.token_prefix", saved(Shape.of(3, 1, 16)));
        state.put("prompt_learner.ZS_image_encoder.transformer.resblocks.1.VPT_shallow", saved(Shape.of(4, 16)));
        Map<Object, Object> metadata = new LinkedHashMap<>();
        metadata.put("r", 3);
        metadata.put("alpha", 2);
        metadata.put("encoder", "both");
        metadata.put("params", List.of("q", "v"));
        metadata.put("position", "all");
        Map<Object, Object> root = new LinkedHashMap<>();
        root.put(layers.isEmpty() ? "state_dict" : "weights", layers.isEmpty() ? state : layers);
        root.put("metadata", metadata);
        Path place = Files.createDirectories(folder.resolve(name).resolve("VLPromptLearner"));
        TorchSave.write(place.resolve("model.pth.tar-50"), root);
        Files.writeString(place.resolve("checkpoint"), "model.pth.tar-50\n");
        return place.getParent();
    }

    @SuppressWarnings("unchecked")
    private static Map<Object, Object> entry(Map<Object, Object> map, String key) {
        return (Map<Object, Object>) map.computeIfAbsent(key, k -> new LinkedHashMap<>());
    }

    @ParameterizedTest
    @MethodSource("imported")
    void theAuthorsCheckpointGivesTheSameLogits(Method method) throws IOException {
        try (Classifier learned = fit(method)) {
            Path place = saved(learned.save(), method.id());
            Method asked = method.id().equals("clip-lora") ? Method.of("clip-lora") : method;
            ClassifierFile read = ReferenceCheckpoint.read(place, clip, asked, NAMES);
            assertThat(read.method()).isEqualTo(learned.save().method());
            FeatureSet images =
                    new DenseFeatures(pixels(2).width(), 1, pixels(2).toArray(), new int[] {0, 0});
            try (Classifier again = read.open(clip)) {
                assertThat(again.logits(images.encoded(clip, again.features()).matrix())
                                .toArray())
                        .containsExactly(learned.logits(
                                        images.encoded(clip, learned.features()).matrix())
                                .toArray());
            }
        }
    }

    @Test
    void aCheckpointOfAnotherDepthRankOrWidthIsNamedWithBothShapes() throws IOException {
        Path ivlp;
        Path lora;
        try (Classifier prompts = fit(Method.of("ivlp"));
                Classifier branches = fit(Method.of("clip-lora").with(Map.of("rank", 4, "params", "qv")))) {
            ivlp = saved(prompts.save(), "deep");
            lora = saved(branches.save(), "rank");
        }
        Map<String, Object> shallow = Map.of("image_depth", 1);
        refused(ivlp, clip, Method.of("ivlp").with(shallow), "resblocks.1.VPT_shallow", "not to be there", "[2, 16]");
        refused(
                ivlp,
                clip,
                Method.of("ivlp").with(Map.of("image_length", 3)),
                "image_encoder.VPT",
                "[3, 16]",
                "[2, 16]");
        refused(ivlp, clip, Method.of("vpt").with(Map.of("image_length", 2)), "prompt_learner.ctx", "[2, 16]");
        refused(lora, clip, Method.of("clip-lora"), "w_lora_A", "[3, 16]", "[4, 16]");
        ClipConfig.Vit tiny = (ClipConfig.Vit) TinyModel.ARCHITECTURE.vision();
        ClipConfig wide = new ClipConfig(
                TinyModel.ARCHITECTURE.embedDim(),
                new ClipConfig.Vit(tiny.imageSize(), tiny.patchSize(), 24, 3, 2, 48),
                TinyModel.ARCHITECTURE.text());
        try (Clip other = TinyModel.open(TinyModel.write(wide, folder.resolve("wide.safetensors"), 1), 1)) {
            refused(ivlp, other, Method.of("ivlp"), "image_encoder.VPT", "[2, 24]", "[2, 16]");
        }
    }

    private static void refused(Path place, Clip model, Method method, String... words) {
        assertThrown(IOException.class, () -> ReferenceCheckpoint.read(place, model, method, NAMES), words);
    }
}
