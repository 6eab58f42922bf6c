package org.coop4j.model.convert;

import static org.assertj.core.api.Assertions.assertThat;
import static org.coop4j.base.Thrown.assertThrown;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.stream.Stream;
import org.coop4j.base.InputException;
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
import org.coop4j.model.download.ModelDownload;
import org.coop4j.text.Tokenizer;
import org.coop4j.weights.Shape;
import org.coop4j.weights.TensorView;
import org.coop4j.weights.TensorView.TensorSpec;
import org.coop4j.weights.safetensors.SafetensorsFile;
import org.coop4j.weights.safetensors.SafetensorsWriter;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.MethodSource;

/** SigLIP and SigLIP 2 in the forms of Hugging Face and open_clip. */
class SiglipConversionTest {
    @TempDir
    private Path folder;

    static Stream<String> published() throws IOException {
        Stream.Builder<String> names = Stream.builder();
        GoldenModels.json("published.json").fieldNames().forEachRemaining(names);
        return names.build();
    }

    @ParameterizedTest
    @MethodSource("published")
    void publishedConfigurationsHaveTheirDimensions(String name) throws IOException {
        JsonNode model = GoldenModels.json("published.json").get(name);
        JsonNode expected = model.get("expected");
        Files.writeString(
                folder.resolve("config.json"), model.get("hugging_face").toString());
        Files.writeString(
                folder.resolve("open_clip_config.json"), model.get("open_clip").toString());
        ModelConfig huggingFace = HuggingFaceConfig.read(folder);
        ModelConfig openClip = OpenClipConfig.read(folder);
        assertDimensions(
                openClip.architecture(), expected, expected.get("image").asInt());
        assertDimensions(
                huggingFace.architecture(),
                expected,
                model.get("hugging_face")
                        .path("vision_config")
                        .path("image_size")
                        .asInt(224));
        assertThat(huggingFace.activation()).hasValue(MlpActivation.GELU_TANH);
        assertThat(huggingFace.textActivation()).hasValue(MlpActivation.GELU_TANH);
        assertThat(openClip.activation()).hasValue(activation(expected, "open_clip_image_activation"));
        assertThat(openClip.textActivation()).hasValue(activation(expected, "open_clip_text_activation"));
        assertThat(openClip.preprocessing().interpolation()).isEqualTo(PreprocessConfig.Interpolation.BICUBIC);
        assertThat(ModelDownload.isName(name)).isTrue();
        assertThat(huggingFace.architecture().publishedName())
                .hasValueSatisfying(
                        google -> assertThat(ModelDownload.isName(google)).isTrue());
    }

    private static MlpActivation activation(JsonNode expected, String tower) {
        return expected.get(tower).asText().equals("tanh") ? MlpActivation.GELU_TANH : MlpActivation.GELU;
    }

    private static void assertDimensions(ClipConfig actual, JsonNode expected, int image) {
        ClipConfig.Vit vit = (ClipConfig.Vit) actual.vision();
        ClipConfig.Text text = actual.text();
        Map<String, Object> dimensions = new LinkedHashMap<>();
        dimensions.put("patch", vit.patchSize());
        dimensions.put("grid", vit.grid());
        dimensions.put("width", vit.width());
        dimensions.put("layers", vit.layers());
        dimensions.put("heads", vit.heads());
        dimensions.put("mlp", vit.mlpWidth());
        dimensions.put("embed", actual.embedDim());
        dimensions.put("context", text.contextLength());
        dimensions.put("vocab", text.vocabularySize());
        dimensions.put("text_width", text.width());
        dimensions.put("text_layers", text.layers());
        dimensions.put("text_heads", text.heads());
        dimensions.put("text_mlp", text.mlpWidth());
        dimensions.put("parameters", actual.parameterCount());
        dimensions.put("image_parameters", actual.visionParameterCount());
        dimensions.forEach((name, value) -> assertThat(value.toString())
                .as(name)
                .isEqualTo(expected.get(name).asText()));
        assertThat(vit.imageSize()).isEqualTo(image);
        assertThat(vit.pooling()).isEqualTo(new ClipConfig.Pooling(false, false, vit.heads(), vit.mlpWidth()));
    }

    @ParameterizedTest
    @CsvSource({
        "siglip1/huggingface, PUNCTUATION, BICUBIC",
        "siglip1/open_clip, CANONICALIZE, BICUBIC",
        "siglip2/huggingface, LOWER, BILINEAR",
        "siglip2/open_clip, CANONICALIZE, BICUBIC"
    })
    void aConvertedFileHoldsVocabularyFilterAndBothActivations(
            String model, Cleaning cleaning, PreprocessConfig.Interpolation filter) throws IOException {
        JsonNode dims = GoldenModels.json(model.replaceFirst("/.*", "/dims.json"));
        try (ConvertedModel converted = ConvertedModel.open(GoldenModels.convert(model, folder))) {
            ModelVocabulary vocabulary = converted.metadata().vocabulary().orElseThrow();
            assertThat(vocabulary.cleaning()).isEqualTo(cleaning);
            assertThat(converted.vocabulary().orElseThrow())
                    .isEqualTo(Files.readAllBytes(GoldenModels.file(model).resolve(vocabulary.file())));
            assertThat(converted.preprocessing())
                    .isEqualTo(PreprocessConfig.squash(dims.get("image").asInt(), filter));
            assertThat(converted.weights().floats("logit_bias"))
                    .containsExactly((float) dims.get("bias").asDouble());
            assertThat(converted.metadata())
                    .isEqualTo(ModelMetadata.fromMap(converted.metadata().toMap()));
        }
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            value = {
                "/model_type | \"siglip2\" | NaFlex",
                "/vision_config/vision_use_head | false | vision_use_head",
                "/vision_config/layer_norm_eps | 1e-5 | layer_norm_eps",
                "/text_config/hidden_act | \"quick_gelu\" | hidden_act",
                "/text_config/vocab_size | 291 | token_embedding.weight"
            })
    void otherFormsOfHuggingFaceAreRefusedByName(String pointer, String value, String problem) throws IOException {
        assertRefused("siglip1/huggingface", "config.json", pointer, value, problem);
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            value = {
                "/model_cfg/vision_cfg/timm_model_name | \"naflexvit_base_patch16_siglip\" | naflexvit",
                "/model_cfg/vision_cfg/timm_model_name | \"vit_base_patch16_siglip_gap_224\" | _gap_",
                "/model_cfg/vision_cfg/timm_proj | \"linear\" | timm_proj",
                "/model_cfg/text_cfg/hf_model_name | \"nllb\" | hf_model_name",
                "/model_cfg/text_cfg/pool_type | \"argmax\" | pool_type",
                "/model_cfg/text_cfg/no_causal_mask | false | no_causal_mask",
                "/model_cfg/text_cfg/embed_cls | true | embed_cls",
                "/model_cfg/text_cfg/proj_type | \"none\" | proj_type",
                "/model_cfg/text_cfg/act_kwargs | {\"approximate\": \"none\"} | act_kwargs",
                "/model_cfg/text_cfg/norm_kwargs | {} | norm_kwargs"
            })
    void otherFormsOfOpenClipAreRefusedByName(String pointer, String value, String problem) throws IOException {
        assertRefused("siglip2/open_clip", "open_clip_config.json", pointer, value, problem);
    }

    private void assertRefused(String model, String config, String pointer, String value, String problem)
            throws IOException {
        ObjectNode json = (ObjectNode) GoldenModels.json(model + "/" + config);
        int name = pointer.lastIndexOf('/');
        ((ObjectNode) json.at(pointer.substring(0, name)))
                .set(pointer.substring(name + 1), new ObjectMapper().readTree(value));
        for (Path file : List.of(Path.of("model.safetensors"), Path.of("open_clip_model.safetensors"))) {
            if (Files.exists(GoldenModels.file(model).resolve(file))) {
                Files.copy(GoldenModels.file(model).resolve(file), folder.resolve(file));
            }
        }
        Files.writeString(folder.resolve(config), json.toString());
        assertThrown(
                InputException.class,
                () -> Converter.convert(folder, folder.resolve("out.safetensors"), Optional.empty(), Progress.NONE),
                problem);
    }

    @Test
    void aVocabularyOfMoreBytesThanPublishedOnesIsNotRead() throws IOException {
        Path hostile = folder.resolve("hostile.safetensors");
        byte[] vocabulary = new byte[(64 << 20) + 1];
        try (SafetensorsFile whole = SafetensorsFile.open(GoldenModels.convert("siglip1/huggingface", folder))) {
            List<TensorSpec> specs = whole.tensors().stream()
                    .map(TensorView::spec)
                    .map(spec -> spec.name().equals(ModelVocabulary.TENSOR)
                            ? new TensorSpec(spec.name(), spec.dtype(), Shape.of(vocabulary.length))
                            : spec)
                    .toList();
            try (SafetensorsWriter writer = SafetensorsWriter.create(hostile, specs, whole.metadata())) {
                for (TensorSpec spec : specs) {
                    if (spec.name().equals(ModelVocabulary.TENSOR)) {
                        writer.writeBytes(spec.name(), ByteBuffer.wrap(vocabulary));
                    } else {
                        whole.tensor(spec.name()).forEachChunk(chunk -> writer.writeBytes(spec.name(), chunk));
                    }
                }
                writer.commit();
            }
        }
        try (ConvertedModel model = ConvertedModel.open(hostile)) {
            assertThrown(InputException.class, () -> Tokenizer.of(model), "hostile", "a vocabulary of 67.1 MB");
        }
    }

    @Test
    void weightsWithoutAConfigurationAreNotGuessed() {
        assertThrown(
                InputException.class,
                () -> Converter.convert(
                        GoldenModels.file("siglip1/huggingface/model.safetensors"),
                        folder.resolve("out.safetensors"),
                        Optional.empty(),
                        Progress.NONE),
                "SigLIP",
                "heads");
    }
}
