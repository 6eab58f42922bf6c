package org.coop4j.model.convert;

import static org.assertj.core.api.Assertions.assertThat;
import static org.coop4j.base.Thrown.assertThrown;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.function.Consumer;
import java.util.stream.Stream;
import org.coop4j.base.InputException;
import org.coop4j.base.Progress;
import org.coop4j.model.ClipConfig;
import org.coop4j.model.ConvertedModel;
import org.coop4j.model.MlpActivation;
import org.coop4j.model.ModelMetadata;
import org.coop4j.model.PreprocessConfig;
import org.coop4j.weights.DType;
import org.coop4j.weights.Golden;
import org.coop4j.weights.Shape;
import org.coop4j.weights.TensorView;
import org.coop4j.weights.torch.TorchFile;
import org.coop4j.weights.torch.TorchSave;
import org.coop4j.weights.torch.TorchSave.DenseTensor;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.CsvFileSource;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.MethodSource;
import org.junit.jupiter.params.provider.ValueSource;

/** Perception Encoders in Meta's and open_clip's form. */
class PeCoreTest {
    private static final String META = "/meta/PE-Core-tiny.pt";
    private static final String CONFIG = "open_clip_config.json";
    private static final String WEIGHTS = "open_clip_model.safetensors";

    @TempDir
    private Path folder;

    private Path target;
    private Path source;

    @BeforeEach
    void nameFiles() throws IOException {
        target = folder.resolve("out.safetensors");
        source = Files.createDirectory(folder.resolve("source"));
    }

    private ModelMetadata convert(Path from) throws IOException {
        return Converter.convert(from, target, Optional.empty(), Progress.NONE);
    }

    private void assertRefused(Path from, String... problem) {
        assertThrown(InputException.class, () -> convert(from), problem);
        assertThat(target).doesNotExist();
    }

    private static ClipConfig expected(String model) {
        ClipConfig.Text text = new ClipConfig.Text(16, 600, 32, 2, model.equals("cls") ? 2 : 1, 128);
        return model.equals("cls")
                ? new ClipConfig(
                        40, new ClipConfig.Vit(32, 8, 64, 2, 2, 256, new ClipConfig.Pooling(true, true, 8, 256)), text)
                : new ClipConfig(
                        24, new ClipConfig.Vit(40, 8, 32, 2, 2, 80, new ClipConfig.Pooling(false, true, 8, 128)), text);
    }

    private void assertConverted(String model, ModelMetadata metadata) throws IOException {
        assertThat(metadata.architecture()).isEqualTo(expected(model));
        assertThat(metadata.activation()).isEqualTo(MlpActivation.GELU);
        List<Double> halves = List.of(0.5, 0.5, 0.5);
        int size = expected(model).vision().imageSize();
        assertThat(metadata.preprocessing())
                .isEqualTo(new PreprocessConfig(size, halves, halves, true, PreprocessConfig.Interpolation.BILINEAR));
        try (TorchFile meta = TorchFile.open(Golden.path("pe_core/" + model + META));
                ConvertedModel converted = ConvertedModel.open(target)) {
            assertThat(converted.metadata()).isEqualTo(metadata);
            assertThat(converted.weights().names())
                    .containsExactlyInAnyOrderElementsOf(meta.stateDict().keySet());
            for (TensorView tensor : converted.weights().tensors()) {
                TensorView published = meta.stateDict().get(tensor.name()).view(tensor.name());
                assertThat(tensor.shape()).as(tensor.name()).isEqualTo(published.shape());
                assertThat(tensor.floats()).as(tensor.name()).isEqualTo(published.floats());
            }
        }
    }

    @ParameterizedTest
    @ValueSource(strings = {"cls", "no_cls"})
    void openClipsFolderBecomesMetasTensors(String model) throws IOException {
        assertConverted(model, convert(Golden.path("pe_core/" + model + "/open_clip")));
    }

    /** The heads of these models are not those of their width. */
    @ParameterizedTest
    @ValueSource(strings = {"cls", "no_cls"})
    void metasFileIsConvertedWithAConfigurationBesideIt(String model) throws IOException {
        Files.copy(Golden.path("pe_core/" + model + META), source.resolve("open_clip_pytorch_model.bin"));
        Files.copy(Golden.path("pe_core/" + model + "/open_clip/" + CONFIG), source.resolve(CONFIG));
        assertConverted(model, convert(source));
    }

    @ParameterizedTest
    @ValueSource(strings = {"cls" + META, "no_cls" + META, "cls/open_clip/" + WEIGHTS, "no_cls/open_clip/" + WEIGHTS})
    void withoutAConfigurationUnknownHeadsAreNotGuessed(String file) throws IOException {
        assertRefused(Golden.path("pe_core/" + file), "width", "heads", CONFIG);
    }

    /** The golden tensors with heads that follow the published rule: a width of 192 has 3, a text width of 64 has 1. */
    private Map<String, DenseTensor> published() {
        ClipConfig.Vit vit = new ClipConfig.Vit(16, 8, 192, 1, 3, 768, new ClipConfig.Pooling(true, true, 8, 768));
        ClipConfig architecture = new ClipConfig(24, vit, new ClipConfig.Text(32, 50, 64, 1, 1, 256));
        Map<String, DenseTensor> tensors = new LinkedHashMap<>();
        architecture.expectedTensors().forEach((name, shape) -> {
            float[] values = new float[(int) shape.elements()];
            for (int i = 0; i < values.length; i++) {
                values[i] = tensors.size() + i / 1000f;
            }
            tensors.put(name, DenseTensor.ofFloats(shape, values));
        });
        return tensors;
    }

    @Test
    void metasFileAloneNamesNeitherActivationNorPreprocessingAndNeedsNeither() throws IOException {
        Path file = folder.resolve("PE-Core-T.pt");
        for (Object dict : List.of(published(), Map.of("state_dict", published()), Map.of("weights", prefixed()))) {
            TorchSave.write(file, dict);
            ModelMetadata metadata = convert(file);
            assertThat(metadata.architecture().vision().heads()).isEqualTo(3);
            assertThat(((ClipConfig.Vit) metadata.architecture().vision()).pooling())
                    .isEqualTo(new ClipConfig.Pooling(true, true, 8, 768));
            assertThat(metadata.activation()).isEqualTo(MlpActivation.GELU);
            assertThat(metadata.preprocessing()).isEqualTo(PreprocessConfig.published(metadata.architecture()));
        }
        assertThrown(
                InputException.class,
                () -> Converter.convert(file, target, Optional.of(MlpActivation.QUICK_GELU), Progress.NONE),
                "a Perception Encoder means gelu");
    }

    private Map<String, DenseTensor> prefixed() {
        Map<String, DenseTensor> tensors = new LinkedHashMap<>();
        published().forEach((name, tensor) -> tensors.put("module." + name, tensor));
        return tensors;
    }

    @Test
    void foldersOfOtherModelsAreRefusedByTheirConfiguration() throws IOException {
        Files.copy(Golden.path("pe_core/cls/open_clip/" + WEIGHTS), source.resolve("model.safetensors"));
        Path config = source.resolve("config.json");
        Files.writeString(config, "{\"architecture\": \"vit_pe_core_base_patch16_224\", \"num_classes\": 1024}");
        assertRefused(source, "config.json", "image tower");
        Files.writeString(config, "{\"model_type\": \"pe_video\"}");
        assertRefused(source, "config.json", "model_type", "pe_video");
    }

    @Test
    void relativesWithoutATextTowerOrPoolingAreRefused() throws IOException {
        Map<String, DenseTensor> tensors = published();
        tensors.keySet().removeIf(name -> !name.startsWith("visual."));
        Path file = folder.resolve("PE-Spatial.pt");
        TorchSave.write(file, tensors);
        assertRefused(file, "text_projection");
        tensors.keySet().removeIf(name -> name.contains("attn_pool") || name.equals("visual.proj"));
        TorchSave.write(file, tensors);
        assertRefused(file, "not a CLIP model");
        Map<String, DenseTensor> scaled = published();
        scaled.put("visual.transformer.resblocks.0.ls_1.gamma", DenseTensor.ofFloats(Shape.of(1), 1));
        TorchSave.write(file, scaled);
        assertRefused(file, "1 unexpected: visual.transformer.resblocks.0.ls_1.gamma");
    }

    /** Writes the golden folder of open_clip with other tensors. */
    private void writeSource(Consumer<Map<String, DenseTensor>> change) throws IOException {
        Path golden = Golden.path("pe_core/cls/open_clip");
        Files.copy(golden.resolve(CONFIG), source.resolve(CONFIG));
        Map<String, DenseTensor> tensors = Golden.tensors(golden.resolve(WEIGHTS));
        change.accept(tensors);
        Golden.writeSafetensors(source.resolve(WEIGHTS), tensors);
    }

    @Test
    void aBiasOfTheProjectionIsNotDropped() throws IOException {
        float[] bias = new float[40];
        bias[39] = 1e-30f;
        writeSource(tensors -> tensors.put("visual.trunk.head.bias", DenseTensor.ofFloats(Shape.of(40), bias)));
        assertRefused(source, "visual.trunk.head.bias", "zeros");
    }

    @Test
    void aMissingPartOfThePoolingIsNamed() throws IOException {
        writeSource(tensors -> tensors.remove("visual.trunk.attn_pool.kv.bias"));
        assertRefused(source, "visual.attn_pool.attn.in_proj_bias is incomplete: its attn_pool.kv is missing");
    }

    @Test
    void tensorsOfOtherShapesAreRefused() throws IOException {
        DenseTensor two = DenseTensor.ofFloats(Shape.of(2, 32), new float[64]);
        writeSource(tensors -> tensors.put("visual.trunk.cls_token", two));
        assertRefused(source, "visual.trunk.cls_token of shape [2, 32]");
    }

    @Test
    void siglipsPoolingIsNotTakenForAPerceptionEncoders() throws IOException {
        DenseTensor bias = DenseTensor.ofFloats(Shape.of(64), new float[64]);
        writeSource(tensors -> tensors.put("visual.trunk.patch_embed.proj.bias", bias));
        assertRefused(source.resolve(WEIGHTS), "not a CLIP model");
    }

    /** Texts of the configuration that are replaced, what replaces them, and the problem. */
    @ParameterizedTest
    @CsvFileSource(resources = "pe-core-configurations.txt", delimiter = '|', quoteCharacter = '\'')
    void configurationsThatChangeTheModelAreRefused(String part, String other, String problem) throws IOException {
        writeSource(tensors -> {});
        String json = Files.readString(source.resolve(CONFIG));
        assertThat(json).contains(part);
        Files.writeString(source.resolve(CONFIG), json.replace(part, other));
        assertRefused(source, problem);
    }

    @ParameterizedTest
    @CsvSource({
        "PE-Core-T16-384, vit_pe_core_tiny_patch16_384, 512, 384, 32, 512, 8, 12",
        "PE-Core-S16-384, vit_pe_core_small_patch16_384, 512, 384, 32, 512, 8, 12",
        "PE-Core-B16-224, vit_pe_core_base_patch16_224, 1024, 224, 32, 1024, 16, 24",
        "PE-Core-L14-336, vit_pe_core_large_patch14_336, 1024, 336, 32, 1024, 16, 24",
        "PE-Core-G14-448, vit_pe_core_gigantic_patch14_448, 1280, 448, 72, 1280, 20, 24",
    })
    void publishedConfigurationsAreThoseOfTheNames(
            String name, String timm, int embed, int image, int context, int width, int heads, int layers)
            throws IOException {
        Files.writeString(
                source.resolve(CONFIG),
                """
                {"model_cfg": {"embed_dim": %d, "vision_cfg": {"image_size": %d, "timm_model_name": "%s",
                    "timm_model_pretrained": false, "timm_pool": "map", "timm_proj": null},
                  "text_cfg": {"context_length": %d, "vocab_size": 49408, "width": %d, "heads": %d, "layers": %d},
                  "custom_text": true},
                 "preprocess_cfg": {"mean": [0.5, 0.5, 0.5], "std": [0.5, 0.5, 0.5], "interpolation": "bilinear",
                  "resize_mode": "squash"}}
                """
                        .formatted(embed, image, timm, context, width, heads, layers));
        ModelSource.ModelConfig config = OpenClipConfig.read(source);
        assertThat(config.architecture()).isEqualTo(ClipConfig.named(name));
        assertThat(config.architecture().publishedName()).hasValue(name);
        assertThat(config.preprocessing()).isEqualTo(PreprocessConfig.published(config.architecture()));
    }

    @Test
    void randomWeightsHaveItsActivationAndPreprocessing() throws IOException {
        ModelMetadata written = RandomWeights.write(expected("no_cls"), 2, target, MlpActivation.GELU, Progress.NONE);
        assertThat(written.preprocessing()).isEqualTo(PreprocessConfig.published(expected("no_cls")));
        try (ConvertedModel model = ConvertedModel.open(target)) {
            assertThat(model.metadata()).isEqualTo(written);
            assertThat(model.weights().floats("visual.attn_pool.layernorm.weight"))
                    .containsOnly(1);
            assertThat(model.weights().floats("visual.attn_pool.attn.in_proj_bias"))
                    .containsOnly(0);
            assertThat(model.weights().tensor("visual.attn_pool.probe").dtype()).isEqualTo(DType.F32);
        }
        assertThrown(
                IllegalArgumentException.class,
                () -> RandomWeights.write(expected("cls"), 2, target, MlpActivation.QUICK_GELU, Progress.NONE),
                "gelu");
    }

    /** All but SigLIP and TIPS, whose tensors do not show their heads. */
    static Stream<String> publishedNames() {
        return ClipConfig.published().entrySet().stream()
                .filter(model -> !model.getValue().text().unmasked())
                .map(Map.Entry::getKey);
    }

    @ParameterizedTest
    @MethodSource("publishedNames")
    void theArchitectureIsReadOffItsTensors(String name) throws InputException {
        ClipConfig architecture = ClipConfig.named(name);
        assertThat(ArchitectureInference.infer(architecture.expectedTensors())).isEqualTo(architecture);
    }

    /** 16 heads of 80, 88 and 104 channels, not 20, 22 and 26 of 64. */
    @ParameterizedTest
    @ValueSource(ints = {1280, 1408, 1664})
    void wideTowersOfOpenClipHaveSixteenHeads(int width) throws InputException {
        ClipConfig architecture = new ClipConfig(
                64, new ClipConfig.Vit(28, 14, width, 1, 16, width), new ClipConfig.Text(77, 600, 128, 2, 1, 512));
        assertThat(ArchitectureInference.infer(architecture.expectedTensors())).isEqualTo(architecture);
    }

    static Stream<Arguments> unknownHeads() {
        return Stream.of(
                Arguments.of(new ClipConfig.Vit(32, 8, 80, 1, 1, 320), "width 80"),
                Arguments.of(new ClipConfig.Vit(224, 14, 1152, 1, 16, 4304), "1152"),
                Arguments.of(
                        new ClipConfig.Vit(32, 8, 512, 1, 8, 2048, new ClipConfig.Pooling(true, true, 8, 2048)),
                        "width 512"));
    }

    @ParameterizedTest
    @MethodSource("unknownHeads")
    void headsThatTheWidthDoesNotTellNeedAConfiguration(ClipConfig.Vit vit, String width) throws InputException {
        ClipConfig architecture = new ClipConfig(64, vit, new ClipConfig.Text(77, 600, 128, 2, 1, 512));
        Map<String, Shape> shapes = architecture.expectedTensors();
        assertThrown(
                InputException.class,
                () -> ArchitectureInference.infer(shapes),
                width,
                "heads",
                "configuration file",
                "open_clip_config.json");
    }
}
