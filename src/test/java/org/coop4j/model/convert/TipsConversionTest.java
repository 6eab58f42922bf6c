package org.coop4j.model.convert;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;
import static org.coop4j.base.Thrown.assertThrown;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.zip.ZipEntry;
import java.util.zip.ZipOutputStream;
import org.coop4j.Differences;
import org.coop4j.base.InputException;
import org.coop4j.base.JsonTree;
import org.coop4j.base.Progress;
import org.coop4j.clip.GoldenModels;
import org.coop4j.model.ClipConfig;
import org.coop4j.model.ConvertedModel;
import org.coop4j.model.MlpActivation;
import org.coop4j.model.ModelMetadata;
import org.coop4j.model.ModelVocabulary;
import org.coop4j.model.ModelVocabulary.Cleaning;
import org.coop4j.model.PreprocessConfig;
import org.coop4j.model.convert.ModelSource.ModelConfig;
import org.coop4j.model.convert.OpenAiNames.SourceTensor;
import org.coop4j.weights.Golden;
import org.coop4j.weights.NpzFileTest;
import org.coop4j.weights.Shape;
import org.coop4j.weights.TensorView;
import org.coop4j.weights.safetensors.SafetensorsFile;
import org.coop4j.weights.torch.TorchSave.DenseTensor;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** TIPSv2 from the folder of the Hub with either configuration, and from npz files of the reference. */
class TipsConversionTest {
    private static final String HUB = "/huggingface/";
    private static final String CONFIG = "config.json";
    private static final String WEIGHTS = "model.safetensors";

    @TempDir
    private Path folder;

    private Path source() throws IOException {
        return Files.createDirectories(folder.resolve("source"));
    }

    private ModelMetadata convert() throws IOException {
        return convert(OptionalInt.empty());
    }

    private ModelMetadata convert(OptionalInt size) throws IOException {
        return Converter.convert(source(), out(), Optional.empty(), size, Optional.empty(), Progress.NONE);
    }

    private Path out() {
        return folder.resolve("out.safetensors");
    }

    private void copy(String from, String name) throws IOException {
        Files.copy(GoldenModels.file(from), source().resolve(name));
    }

    private void hub(String model, String config) throws IOException {
        copy(model + HUB + config, CONFIG);
        copy(model + HUB + WEIGHTS, WEIGHTS);
        copy(model + HUB + "tokenizer.model", "tokenizer.model");
    }

    private void npz(String model) throws IOException {
        try (var files = Files.list(GoldenModels.file(model + "/npz"))) {
            for (Path file :
                    files.filter(path -> path.toString().endsWith(".npz")).toList()) {
                Files.copy(file, source().resolve(file.getFileName()));
            }
        }
    }

    private void write(String file, Object json) throws IOException {
        Files.writeString(source().resolve(file), json.toString());
    }

    private void assertRefused(String... problem) {
        assertThrown(InputException.class, this::convert, problem);
        assertThat(out()).doesNotExist();
    }

    @ParameterizedTest
    @ValueSource(strings = {"tips/b", "tips/g"})
    void everyFormGivesTheSameFile(String model) throws IOException {
        hub(model, CONFIG);
        ModelMetadata nested = convert();
        Map<String, DenseTensor> expected = Golden.tensors(out());
        assertThat(nested.architecture().family()).isEqualTo(ClipConfig.Family.TIPS);
        assertThat(nested.textActivation()).isEqualTo(MlpActivation.RELU);
        assertThat(nested.vocabulary()).hasValue(new ModelVocabulary("tokenizer.model", Cleaning.LOWER, "", ""));
        assertThat(nested.preprocessing()).isEqualTo(PreprocessConfig.published(nested.architecture()));
        assertThat(nested).isEqualTo(ModelMetadata.fromMap(nested.toMap()));
        Files.delete(source().resolve(CONFIG));
        copy(model + HUB + "config.flat.json", CONFIG);
        assertSame(nested, convert(), expected);
        Files.delete(source().resolve(WEIGHTS));
        npz(model);
        // npz files have no heads, which are not those of the width here; the temperature is a tensor of the text
        // tower.
        write(CONFIG, ((ObjectNode) GoldenModels.json(model + HUB + "config.flat.json")).without("temperature"));
        assertSame(nested, convert(), expected);
    }

    private void assertSame(ModelMetadata wanted, ModelMetadata converted, Map<String, DenseTensor> expected)
            throws IOException {
        assertThat(converted.architecture()).isEqualTo(wanted.architecture());
        assertThat(converted.preprocessing()).isEqualTo(wanted.preprocessing());
        assertThat(converted.vocabulary()).isEqualTo(wanted.vocabulary());
        Map<String, DenseTensor> tensors = Golden.tensors(out());
        assertThat(tensors.keySet()).isEqualTo(expected.keySet());
        expected.forEach(
                (name, tensor) -> assertThat(tensors.get(name).data()).as(name).isEqualTo(tensor.data()));
    }

    /** The names and shapes of the published models, from which the configuration is read. */
    @ParameterizedTest
    @ValueSource(strings = {"b14", "l14", "so400m14", "g14"})
    void publishedModelsHaveTheirDimensions(String name) throws IOException {
        JsonNode published = GoldenModels.json("tips/published.json").get(name);
        ObjectNode config = (ObjectNode) published.get("config");
        Map<String, SourceTensor> tensors = tensors(published);
        write(CONFIG, config);
        TipsForm form = TipsForm.in(source()).orElseThrow();
        ModelConfig read = form.config(tensors, OptionalInt.empty());
        ClipConfig architecture = read.architecture();
        ClipConfig.Vit vit = (ClipConfig.Vit) architecture.vision();
        assertThat(vit.heads()).isEqualTo(published.get("vision_heads").asInt());
        assertThat(vit.tokens()).isEqualTo(1026);
        long folded = (3L + 2L * vit.layers()) * vit.width();
        assertThat(architecture.visionParameterCount() + folded)
                .isEqualTo(published.at("/parameters/vision").asLong());
        long computed = (long) architecture.text().contextLength() * vit.width() + 1;
        assertThat(architecture.parameterCount() - architecture.visionParameterCount() - computed)
                .isEqualTo(published.at("/parameters/text").asLong());
        assertThat(architecture).isEqualTo(ClipConfig.named("tipsv2-" + name));
        // Without a configuration, the widths tell the heads.
        TipsForm bare = new TipsForm(source(), new JsonTree("", Map.of()));
        assertThat(bare.config(tensors, OptionalInt.empty()).architecture()).isEqualTo(architecture);
        config.put("temperature", 0.005);
        write(CONFIG, config);
        Map<String, SourceTensor> converted =
                TipsForm.in(source()).orElseThrow().folded(tensors, architecture);
        assertThat(converted.keySet())
                .containsExactlyInAnyOrderElementsOf(
                        architecture.expectedTensors().keySet());
        ClipConfig small = form.config(tensors, OptionalInt.of(224)).architecture();
        assertThat(((ClipConfig.Vit) small.vision()).tokens()).isEqualTo(258);
    }

    private static Map<String, SourceTensor> tensors(JsonNode published) {
        JsonNode config = published.get("config");
        long width = config.get("embed_dim").asLong();
        long hidden = published.get("vision_hidden").asLong();
        long rows = config.get("ffn_layer").asText().equals("swiglu") ? 2 * hidden : hidden;
        long textHidden = config.get("text_mlp_dim").asLong();
        Map<String, Shape> shapes = new LinkedHashMap<>();
        shapes.put("visual.class_embedding", Shape.of(width));
        shapes.put("visual.positional_embedding", Shape.of(1025, width));
        shapes.put("visual.trunk.register_tokens", Shape.of(1, 1, width));
        shapes.put("visual.trunk.mask_token", Shape.of(1, width));
        shapes.put("visual.conv1.weight", Shape.of(width, 3, 14, 14));
        shapes.put("visual.conv1.bias", Shape.of(width));
        shapes.put("visual.ln_post.weight", Shape.of(width));
        shapes.put("visual.ln_post.bias", Shape.of(width));
        for (int i = 0; i < published.get("vision_layers").asInt(); i++) {
            block("visual.transformer.resblocks." + i, width, rows, hidden, shapes);
            shapes.put("visual.trunk.blocks." + i + ".ls1.gamma", Shape.of(width));
            shapes.put("visual.trunk.blocks." + i + ".ls2.gamma", Shape.of(width));
        }
        shapes.put("token_embedding.weight", Shape.of(config.get("vocab_size").asLong(), width));
        for (int i = 0; i < config.get("text_num_layers").asInt(); i++) {
            block("transformer.resblocks." + i, width, textHidden, textHidden, shapes);
        }
        shapes.put("ln_final.weight", Shape.of(width));
        shapes.put("ln_final.bias", Shape.of(width));
        Map<String, SourceTensor> tensors = new LinkedHashMap<>();
        shapes.forEach((name, shape) -> tensors.put(name, SourceTensor.computed(name, shape, s -> new float[0])));
        return tensors;
    }

    private static void block(String block, long width, long rows, long hidden, Map<String, Shape> shapes) {
        shapes.put(block + ".attn.in_proj_weight", Shape.of(3 * width, width));
        shapes.put(block + ".attn.in_proj_bias", Shape.of(3 * width));
        shapes.put(block + ".attn.out_proj.weight", Shape.of(width, width));
        shapes.put(block + ".mlp.c_fc.weight", Shape.of(rows, width));
        shapes.put(block + ".mlp.c_fc.bias", Shape.of(rows));
        shapes.put(block + ".mlp.c_proj.weight", Shape.of(width, hidden));
        for (String name : new String[] {"attn.out_proj.bias", "mlp.c_proj.bias", "ln_1.weight", "ln_1.bias"}) {
            shapes.put(block + "." + name, Shape.of(width));
            shapes.put(block + "." + name.replace("ln_1", "ln_2"), Shape.of(width));
        }
    }

    @ParameterizedTest
    @ValueSource(strings = {"tips/b", "tips/g"})
    void positionsOfOtherSizesEqualTheReference(String model) throws IOException {
        try (SafetensorsFile hub = SafetensorsFile.open(GoldenModels.file(model + HUB + WEIGHTS));
                SafetensorsFile golden = GoldenModels.numbers(model + "/values.safetensors")) {
            float[] own = hub.floats("vision_encoder.pos_embed");
            int width = (int) hub.shape("vision_encoder.pos_embed").dim(2);
            int side = (int) Math.round(Math.sqrt(own.length / width - 1));
            int tried = 0;
            for (; golden.names().contains("other_size." + tried + ".positions"); tried++) {
                long[] pixels = golden.shape("other_size." + tried + ".pixels").toArray();
                float[] expected = golden.floats("other_size." + tried + ".positions");
                float[] resized = TipsForm.resized(
                        Arrays.copyOfRange(own, width, own.length), side, (int) pixels[2] / 14, (int) pixels[3] / 14);
                assertThat(Differences.absolute(resized, Arrays.copyOfRange(expected, width, expected.length)))
                        .isLessThan(5e-6);
                assertThat(Arrays.copyOf(own, width)).containsExactly(Arrays.copyOf(expected, width), within(1e-7f));
            }
            assertThat(tried).isGreaterThan(1);
        }
    }

    @Test
    void aTemperatureAmongTheTensorsWins() throws IOException {
        hub("tips/b", CONFIG);
        convert();
        double written;
        try (ConvertedModel model = ConvertedModel.open(out())) {
            written = Math.exp(-model.weights().floats("logit_scale")[0]);
        }
        assertThat(written)
                .isCloseTo(
                        GoldenModels.json("tips/b/dims.json").get("temperature").asDouble(), within(1e-8));
        Map<String, DenseTensor> tensors = Golden.tensors(GoldenModels.file("tips/b" + HUB + WEIGHTS));
        tensors.put("text_encoder.temperature", DenseTensor.ofFloats(Shape.of(), 0.01f));
        Files.delete(source().resolve(WEIGHTS));
        Golden.writeSafetensors(source().resolve(WEIGHTS), tensors);
        convert();
        try (ConvertedModel model = ConvertedModel.open(out())) {
            assertThat(Math.exp(model.weights().floats("logit_scale")[0])).isCloseTo(100, within(1e-4));
        }
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            value = {
                "/model_type | \"tipsv2_dpt\" | tipsv2_dpt",
                "/vision_config/num_register_tokens | 4 | num_register_tokens",
                "/vision_config/hidden_size | 48 | expected",
                "/vision_config/layer_norm_eps | 1e-5 | layer_norm_eps",
                "/vision_config/use_swiglu_ffn | true | mlp.c_fc.weight",
                "/vision_config/num_hidden_layers | 2 | unexpected",
                "/vision_config/image_size | 50 | multiple of patch size 14",
                "/text_config/scale_sqrt_depth | false | scale_sqrt_depth",
                "/text_config/hidden_act | \"gelu\" | hidden_act",
                "/text_config/hidden_size | 80 | two towers of one width",
                "/text_config/vocab_size | 641 | token_embedding.weight",
                "/temperature_init_value | null | temperature: expected a number from 1.0E-4 to 1",
                "/temperature_init_value | -0.005 | got -0.005",
                "/temperature_init_value | 250.0 | got 250.0",
                "/temperature_init_value | \"cold\" | temperature_init_value"
            })
    void otherConfigurationsAreRefusedByName(String pointer, String value, String problem) throws IOException {
        hub("tips/b", CONFIG);
        ObjectNode json = (ObjectNode) GoldenModels.json("tips/b" + HUB + CONFIG);
        int name = pointer.lastIndexOf('/');
        ((ObjectNode) json.at(pointer.substring(0, name)))
                .set(pointer.substring(name + 1), new ObjectMapper().readTree(value));
        write(CONFIG, json);
        assertRefused(problem);
    }

    @ParameterizedTest
    @CsvSource({
        "vision_encoder.blocks.1.ls2.gamma, ls2.gamma is missing",
        "vision_encoder.register_tokens, register_tokens",
        "vision_encoder.patch_embed.proj.bias, conv1.bias is missing",
        "text_encoder.ln_final.weight, ln_final.weight"
    })
    void missingTensorsAreNamed(String left, String problem) throws IOException {
        hub("tips/b", CONFIG);
        Map<String, DenseTensor> tensors = Golden.tensors(GoldenModels.file("tips/b" + HUB + WEIGHTS));
        tensors.remove(left);
        Files.delete(source().resolve(WEIGHTS));
        Golden.writeSafetensors(source().resolve(WEIGHTS), tensors);
        assertRefused(problem);
    }

    @Test
    void imagesOfAnotherSizeAreForTipsAlone() throws IOException {
        hub("tips/b", CONFIG);
        assertThat(convert(OptionalInt.of(28)).preprocessing().size()).isEqualTo(28);
        assertThrown(InputException.class, () -> convert(OptionalInt.of(30)), "multiple of patch size 14, got 30");
        assertThrown(
                InputException.class,
                () -> Converter.convert(
                        Golden.path("vit/torchscript.pt"),
                        out(),
                        Optional.empty(),
                        OptionalInt.of(224),
                        Optional.empty(),
                        Progress.NONE),
                "only TIPS");
    }

    @Test
    void otherProgramsHaveNoSuchFile() throws IOException {
        try (ConvertedModel model = ConvertedModel.open(GoldenModels.convert("tips/b", folder))) {
            for (CheckpointForm form : CheckpointForm.values()) {
                assertThrown(
                        IllegalArgumentException.class,
                        () -> form.write(folder.resolve("written"), model, Map.of()),
                        "not CLIP's vision transformer");
            }
        }
    }

    @Test
    void loneFilesNameWhatTheyLack() throws IOException {
        assertThrown(
                InputException.class,
                () -> Converter.convert(
                        GoldenModels.file("tips/b" + HUB + WEIGHTS), out(), Optional.empty(), Progress.NONE),
                "converted from its folder",
                CONFIG,
                "tokenizer.model");
        Map<String, DenseTensor> dino = new LinkedHashMap<>();
        try (SafetensorsFile hub = SafetensorsFile.open(GoldenModels.file("tips/b" + HUB + WEIGHTS))) {
            for (TensorView tensor : hub.tensors()) {
                if (tensor.name().startsWith(TipsForm.IMAGE)) {
                    dino.put(
                            tensor.name().substring(TipsForm.IMAGE.length()),
                            DenseTensor.ofFloats(tensor.shape(), tensor.floats()));
                }
            }
        }
        Path alone = folder.resolve("dinov2_vitb14_reg4_pretrain.safetensors");
        Golden.writeSafetensors(alone, dino);
        assertThrown(
                InputException.class,
                () -> Converter.convert(alone, out(), Optional.empty(), Progress.NONE),
                "without a text tower",
                "DINOv2",
                "tipsv2-b14");
    }

    @Test
    void npzFilesWithoutAConfigurationNeedAKnownWidth() throws IOException {
        npz("tips/b");
        assertRefused("heads", "width", "40", "config.json");
        npz("tips/g");
        assertRefused("files of one model");
    }

    @Test
    void aHalfOfAnNpzPairNamesTheOther() throws IOException {
        npz("tips/b");
        copy("tips/b" + HUB + "config.flat.json", CONFIG);
        Files.delete(source().resolve("tips_v2_oss_b14_text.npz"));
        assertRefused("tips_v2_oss_b14_text.npz", "no such file");
    }

    @Test
    void npzFilesOfScenicAndOfOtherTypesAreRefused() throws IOException {
        npz("tips/b");
        copy("tips/b" + HUB + "config.flat.json", CONFIG);
        Path vision = source().resolve("tips_v2_oss_b14_vision.npz");
        for (Map.Entry<String, String> entry : Map.of(
                        "ToTokenSequence_0/cls.npy", "hf:google/tipsv2-b14",
                        "../../evil.npy", "named by a path",
                        "cls_token.txt", "not a NumPy array")
                .entrySet()) {
            write(vision, entry.getKey(), NpzFileTest.npy("<f4", false, "(1,)", new byte[4]));
            assertRefused(entry.getKey().replace(".npy", ""), entry.getValue());
        }
        write(vision, "cls_token.npy", NpzFileTest.npy("|O", false, "(1,)", new byte[4]));
        assertRefused("cls_token", "Python objects");
        write(vision, "cls_token.npy", NpzFileTest.npy("|V2", false, "(2,)", new byte[4]));
        assertRefused("cls_token", "|V2");
        write(vision, "cls_token.npy", NpzFileTest.npy("<f4", false, "(50000000,)", new byte[200_000_000]));
        assertRefused("unpack to more than");
    }

    private static void write(Path npz, String name, byte[] contents) throws IOException {
        try (ZipOutputStream zip = new ZipOutputStream(Files.newOutputStream(npz))) {
            zip.putNextEntry(new ZipEntry(name));
            zip.write(contents);
        }
    }
}
