package org.coop4j.model;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.coop4j.base.Thrown.assertThrown;

import java.io.IOException;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Set;
import org.coop4j.base.InputException;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvFileSource;
import org.junit.jupiter.params.provider.MethodSource;

/** The texts are those of files that version 0.1 wrote. */
class ModelMetadataTest {
    private static final String PREPROCESSING = "{\"size\":224,\"mean\":[0.48145466,0.4578275,0.40821073],"
            + "\"std\":[0.26862954,0.26130258,0.27577711],\"interpolation\":\"bicubic\"}";
    private static final String VIT =
            "{\"embed_dim\":512,\"vision\":{\"type\":\"vit\",\"image_size\":224,\"patch_size\":32,"
                    + "\"width\":768,\"layers\":12,\"heads\":12,\"mlp_width\":3072},"
                    + "\"text\":{\"context_length\":77,\"vocabulary_size\":49408,\"width\":512,"
                    + "\"heads\":8,\"layers\":12,\"mlp_width\":2048}}";
    private static final String RESNET =
            "{\"embed_dim\":1024,\"vision\":{\"type\":\"modified_resnet\",\"image_size\":224,"
                    + "\"layers\":[3,4,6,3],\"width\":64,\"heads\":32},"
                    + "\"text\":{\"context_length\":77,\"vocabulary_size\":49408,\"width\":512,"
                    + "\"heads\":8,\"layers\":12,\"mlp_width\":2048}}";
    private static final String FROM_OPENAI =
            "{\"file\":\"a\\\"b.pt\",\"format\":\"torchscript\",\"sha256\":\"00\"," + "\"known_as\":\"OpenAI RN50\"}";
    private static final String MADE_HERE = "{\"file\":\"\",\"format\":\"random weights, seed 1\"}";

    private static Map<String, String> map(String architecture, String source) {
        Map<String, String> map = new LinkedHashMap<>();
        map.put("coop4j.format", "1");
        map.put("coop4j.architecture", architecture);
        map.put("coop4j.activation", "quick_gelu");
        map.put("coop4j.preprocessing", PREPROCESSING);
        map.put("coop4j.source", source);
        return map;
    }

    @Test
    void metadataOfFilesOfTodayIsReadAndWrittenByteForByte() throws IOException {
        ModelMetadata vit = ModelMetadata.fromMap(map(VIT, MADE_HERE));
        assertThat(vit.architecture()).isEqualTo(ClipConfig.named("ViT-B/32"));
        assertThat(vit.preprocessing()).isEqualTo(PreprocessConfig.openAi(224));
        assertThat(vit.toMap()).containsExactlyEntriesOf(map(VIT, MADE_HERE));
        ModelMetadata resNet = ModelMetadata.fromMap(map(RESNET, FROM_OPENAI));
        assertThat(resNet.architecture()).isEqualTo(ClipConfig.named("RN50"));
        assertThat(resNet.toMap()).containsExactlyEntriesOf(map(RESNET, FROM_OPENAI));
    }

    @Test
    void theDownloadIsReadAndWrittenByteForByte() throws IOException {
        Map<String, String> map = map(VIT, MADE_HERE);
        map.put(
                "coop4j.publication",
                "{\"from\":\"https://huggingface.co/vinid/plip\",\"licence\":\"none stated\","
                        + "\"template\":\"an H&E image patch of {}.\","
                        + "\"files\":{\"config.json\":{\"etag\":\"\\\"1\\\"\",\"sha256\":\"00\"}}}");
        ModelMetadata metadata = ModelMetadata.fromMap(map);
        assertThat(metadata.template()).hasValue("an H&E image patch of {}.");
        assertThat(metadata.publication()
                        .orElseThrow()
                        .files()
                        .get("config.json")
                        .etag())
                .isEqualTo("\"1\"");
        assertThat(metadata.toMap()).containsExactlyEntriesOf(map);
        map.put("coop4j.publication", map.get("coop4j.publication").replace("{}", "it"));
        assertThrown(InputException.class, () -> ModelMetadata.fromMap(map), "template: expected {}");
    }

    @Test
    void fieldsOfALaterVersionArePassedOver() throws IOException {
        String later = VIT.replace("\"embed_dim\"", "\"pooling\":\"mean\",\"embed_dim\"");
        assertThat(ClipConfig.fromJson(later)).isEqualTo(ClipConfig.named("ViT-B/32"));
    }

    @ParameterizedTest
    @CsvFileSource(resources = "impossible-json.txt", delimiter = '|', quoteCharacter = '`')
    void whatIsImpossibleIsNamed(String name, String part, String other, String problem) throws InputException {
        boolean pixels = name.equals("preprocessing");
        String json = pixels ? PREPROCESSING : ClipConfig.named(name).toJson();
        assertThat(json).contains(part);
        String wrong = json.replace(part, other);
        assertThatThrownBy(() -> Objects.hash(pixels ? PreprocessConfig.fromJson(wrong) : ClipConfig.fromJson(wrong)))
                .isInstanceOf(InputException.class)
                .hasMessageContainingAll(pixels ? name : "architecture", problem)
                .hasMessageNotContaining("org.coop4j");
    }

    static Set<String> publishedNames() {
        return ClipConfig.published().keySet();
    }

    /** Parameters, those of the image tower, and tensors; of OpenAI's RN50 without the 55 counters of batches. */
    @ParameterizedTest
    @CsvFileSource(resources = "published-sizes.txt", quoteCharacter = '\'')
    void publishedModelsHaveTheirSizes(String name, long parameters, Long vision, Integer tensors)
            throws InputException {
        ClipConfig config = ClipConfig.named(name);
        assertThat(config.parameterCount()).isEqualTo(parameters);
        assertThat(config.visionParameterCount()).isIn(vision == null ? config.visionParameterCount() : vision);
        assertThat(config.expectedTensors())
                .hasSize(tensors == null ? config.expectedTensors().size() : tensors);
    }

    @ParameterizedTest
    @MethodSource("publishedNames")
    void jsonKeepsEveryDimension(String name) throws IOException {
        ClipConfig architecture = ClipConfig.named(name);
        assertThat(ClipConfig.fromJson(architecture.toJson())).isEqualTo(architecture);
    }

    @Test
    void anUnknownNameIsAnsweredWithTheKnownOnes() {
        assertThrown(InputException.class, () -> ClipConfig.named("ViT-B/8"), "ViT-B/8", "RN50, RN101, RN50x4");
    }

    @Test
    void dimensionsThatDoNotFitAreRefused() {
        assertThatIllegalArgumentException().isThrownBy(() -> new ClipConfig.Vit(224, 15, 768, 12, 12, 3072));
        assertThatIllegalArgumentException().isThrownBy(() -> new ClipConfig.ResNet(230, List.of(3, 4, 6, 3), 64, 32));
        assertThatIllegalArgumentException().isThrownBy(() -> new ClipConfig.ResNet(224, List.of(3, 4, 6), 64, 32));
        assertThatIllegalArgumentException().isThrownBy(() -> new ClipConfig.Text(77, 49408, 512, 8, 0, 2048));
    }
}
