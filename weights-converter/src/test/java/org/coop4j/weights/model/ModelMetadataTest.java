package org.coop4j.weights.model;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.util.LinkedHashMap;
import java.util.Map;
import org.coop4j.base.InputException;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

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
    void fieldsOfALaterVersionArePassedOver() throws IOException {
        String later = VIT.replace("\"embed_dim\"", "\"pooling\":\"mean\",\"embed_dim\"");
        assertThat(ClipConfig.fromJson(later)).isEqualTo(ClipConfig.named("ViT-B/32"));
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            quoteCharacter = '`',
            value = {
                "\"layers\":12,\"heads\":12 | \"layers\":0,\"heads\":12" + " | 1 to 1000, got 0",
                "\"patch_size\":32 | \"patch_size\":33 | patch size 33, got 224",
                "\"width\":768 | \"width\":\"768\" | vision.width",
                "\"width\":768 | \"width\":76.5 | vision.width",
                "\"width\":768 | \"width\":null | width",
                "\"vit\" | \"cnn\" | vit or modified_resnet, got \"cnn\"",
                "\"embed_dim\":512, | `` | embed_dim",
                "\"text\" | \"texts\" | text",
                "}} | } | not valid JSON",
            })
    void whatIsWrongIsNamed(String part, String other, String problem) {
        assertThat(VIT).contains(part);
        assertThatThrownBy(() -> ClipConfig.fromJson(VIT.replace(part, other)))
                .isInstanceOf(InputException.class)
                .hasMessageContainingAll("architecture", problem)
                .hasMessageNotContaining("org.coop4j");
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            quoteCharacter = '`',
            value = {
                "bicubic | nearest | got \"nearest\"",
                "0.48145466, | `` | mean: expected 3",
                "0.26862954 | -1 | std: expected 3",
                "0.26862954 | \"x\" | std.0",
                "0.26862954 | null | std",
                "224 | 0 | image size",
                "\"bicubic\" | \"bicubic\",\"resize_mode\":5 | resize_mode",
            })
    void impossiblePreprocessingIsRefused(String part, String other, String problem) {
        assertThatThrownBy(() -> PreprocessConfig.fromJson(PREPROCESSING.replace(part, other)))
                .isInstanceOf(InputException.class)
                .hasMessageContainingAll("preprocessing", problem)
                .hasMessageNotContaining("org.coop4j");
    }
}
