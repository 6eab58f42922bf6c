package org.coop4j.weights.model;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.coop4j.base.InputException;
import org.coop4j.weights.DType;
import org.coop4j.weights.Shape;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.MethodSource;

class ClipConfigTest {
    static Set<String> publishedNames() {
        return ClipConfig.published().keySet();
    }

    @ParameterizedTest
    @CsvSource({
        "RN50, 102007137",
        "RN101, 119688033",
        "RN50x4, 178300601",
        "RN50x16, 290979217",
        "RN50x64, 623258305",
        "ViT-B/32, 151277313",
        "ViT-B/16, 149620737",
        "ViT-L/14, 427616513",
        "ViT-L/14@336px, 427944193",
        "PE-Core-T16-384, 69545601",
        "PE-Core-S16-384, 87187713",
        "PE-Core-B16-224, 447659521",
        "PE-Core-L14-336, 671137793",
        "PE-Core-G14-448, 2419266561",
    })
    void publishedModelsHaveTheirNumberOfParameters(String name, long parameters) throws InputException {
        assertThat(ClipConfig.named(name).parameterCount()).isEqualTo(parameters);
    }

    @ParameterizedTest
    @CsvSource({
        "RN50, 38316896",
        "ViT-B/32, 87849216",
        "ViT-B/16, 86192640",
        "ViT-L/14, 303966208",
        "PE-Core-T16-384, 6140544",
        "PE-Core-S16-384, 23782656",
        "PE-Core-B16-224, 93672960",
        "PE-Core-L14-336, 317151232",
        "PE-Core-G14-448, 1882032640",
    })
    void theImageTowerHasItsShareOfThem(String name, long parameters) throws InputException {
        assertThat(ClipConfig.named(name).visionParameterCount()).isEqualTo(parameters);
    }

    @ParameterizedTest
    // OpenAI's RN50 has 489 keys, 55 of them counters of batches that are not written.
    @CsvSource({
        "RN50, 434",
        "ViT-B/32, 302",
        "ViT-B/16, 302",
        "ViT-L/14, 446",
        "PE-Core-S16-384, 313",
        "PE-Core-B16-224, 457",
        "PE-Core-L14-336, 601",
        "PE-Core-G14-448, 912",
    })
    void publishedModelsHaveTheirNumberOfTensors(String name, int tensors) throws InputException {
        assertThat(ClipConfig.named(name).expectedTensors()).hasSize(tensors);
    }

    @Test
    void shapesAreThoseOfOpenAi() throws InputException {
        Map<String, Shape> b32 = ClipConfig.named("ViT-B/32").expectedTensors();
        assertThat(b32)
                .containsEntry("positional_embedding", Shape.of(77, 512))
                .containsEntry("text_projection", Shape.of(512, 512))
                .containsEntry("logit_scale", Shape.of())
                .containsEntry("token_embedding.weight", Shape.of(49408, 512))
                .containsEntry("visual.class_embedding", Shape.of(768))
                .containsEntry("visual.positional_embedding", Shape.of(50, 768))
                .containsEntry("visual.conv1.weight", Shape.of(768, 3, 32, 32))
                .containsEntry("visual.transformer.resblocks.11.attn.in_proj_weight", Shape.of(2304, 768))
                .containsEntry("transformer.resblocks.0.mlp.c_proj.weight", Shape.of(512, 2048));
        Map<String, Shape> rn50 = ClipConfig.named("RN50").expectedTensors();
        assertThat(rn50)
                .containsEntry("visual.layer1.0.downsample.0.weight", Shape.of(256, 64, 1, 1))
                .containsEntry("visual.layer4.0.conv1.weight", Shape.of(512, 1024, 1, 1))
                .containsEntry("visual.layer4.2.bn3.running_var", Shape.of(2048))
                .containsEntry("visual.attnpool.positional_embedding", Shape.of(50, 2048))
                .containsEntry("visual.attnpool.c_proj.weight", Shape.of(1024, 2048))
                .doesNotContainKey("visual.layer1.1.downsample.0.weight");
    }

    @ParameterizedTest
    @MethodSource("publishedNames")
    void jsonKeepsEveryDimension(String name) throws IOException {
        ClipConfig architecture = ClipConfig.named(name);
        assertThat(ClipConfig.fromJson(architecture.toJson())).isEqualTo(architecture);
    }

    @Test
    void anUnknownNameIsAnsweredWithTheKnownOnes() {
        assertThatThrownBy(() -> ClipConfig.named("ViT-B/8"))
                .isInstanceOf(InputException.class)
                .hasMessageContaining("ViT-B/8")
                .hasMessageContaining("RN50, RN101, RN50x4");
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            value = {
                "\"layers\":12 | \"layers\":1000000",
                "\"width\":768 | \"width\":0",
                "\"patch_size\":32 | \"patch_size\":33",
                "\"heads\":8 | \"heads\":7",
                "\"embed_dim\":512 | \"embed_dim\":99999999999",
                "\"embed_dim\":512 | \"embed_dim\":\"512\"",
                "\"vit\" | \"cnn\"",
                "\"text\" | \"texts\"",
            })
    void impossibleJsonIsRefused(String part, String other) throws InputException {
        String json = ClipConfig.named("ViT-B/32").toJson();
        assertThat(json).contains(part);
        assertThatThrownBy(() -> ClipConfig.fromJson(json.replace(part, other))).isInstanceOf(InputException.class);
    }

    @Test
    void clipsOwnTowersSayNothingOfThePerceptionEncoder() throws InputException {
        assertThat(ClipConfig.named("ViT-B/32").toJson()).doesNotContain("pe_core");
        assertThat(ClipConfig.named("PE-Core-G14-448").toJson())
                .contains("\"pe_core\":{\"class_token\":false,\"pool_heads\":8,\"pool_mlp_width\":6144}");
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            value = {
                "\"pool_heads\":8 | \"pool_heads\":7",
                "\"pool_mlp_width\":3072 | \"pool_mlp_width\":0",
                "\"width\":768 | \"width\":72",
                "\"class_token\":true | \"class_token\":1",
            })
    void impossiblePoolingIsRefused(String part, String other) throws InputException {
        String json = ClipConfig.named("PE-Core-B16-224").toJson();
        assertThat(json).contains(part);
        assertThatThrownBy(() -> ClipConfig.fromJson(json.replace(part, other))).isInstanceOf(InputException.class);
    }

    @Test
    void tensorSpecsDeclareEveryTensorInOneType() throws InputException {
        assertThat(ClipConfig.named("ViT-B/16").tensorSpecs(DType.F16))
                .hasSize(302)
                .allMatch(spec -> spec.dtype() == DType.F16);
    }

    @Test
    void dimensionsThatDoNotFitAreRefused() {
        assertThatIllegalArgumentException().isThrownBy(() -> new ClipConfig.Vit(224, 15, 768, 12, 12, 3072));
        assertThatIllegalArgumentException().isThrownBy(() -> new ClipConfig.ResNet(230, List.of(3, 4, 6, 3), 64, 32));
        assertThatIllegalArgumentException().isThrownBy(() -> new ClipConfig.ResNet(224, List.of(3, 4, 6), 64, 32));
        assertThatIllegalArgumentException().isThrownBy(() -> new ClipConfig.Text(77, 49408, 512, 8, 0, 2048));
    }
}
