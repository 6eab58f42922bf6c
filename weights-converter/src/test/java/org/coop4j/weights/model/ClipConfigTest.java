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

    /** Parameters, those of the image tower, and tensors; of OpenAI's RN50 without the 55 counters of batches. */
    @ParameterizedTest
    @CsvSource({
        "RN50, 102007137, 38316896, 434",
        "RN101, 119688033, ,",
        "RN50x4, 178300601, ,",
        "RN50x16, 290979217, ,",
        "RN50x64, 623258305, ,",
        "ViT-B/32, 151277313, 87849216, 302",
        "ViT-B/16, 149620737, 86192640, 302",
        "ViT-L/14, 427616513, 303966208, 446",
        "ViT-L/14@336px, 427944193, ,",
        "PE-Core-T16-384, 69545601, 6140544,",
        "PE-Core-S16-384, 87187713, 23782656, 313",
        "PE-Core-B16-224, 447659521, 93672960, 457",
        "PE-Core-L14-336, 671137793, 317151232, 601",
        "PE-Core-G14-448, 2419266561, 1882032640, 912",
    })
    void publishedModelsHaveTheirSizes(String name, long parameters, Long vision, Integer tensors)
            throws InputException {
        ClipConfig config = ClipConfig.named(name);
        assertThat(config.parameterCount()).isEqualTo(parameters);
        assertThat(config.visionParameterCount()).isIn(vision == null ? config.visionParameterCount() : vision);
        assertThat(config.expectedTensors())
                .hasSize(tensors == null ? config.expectedTensors().size() : tensors);
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
                "ViT-B/32 | \"layers\":12 | \"layers\":1000000",
                "ViT-B/32 | \"width\":768 | \"width\":0",
                "ViT-B/32 | \"heads\":8 | \"heads\":7",
                "ViT-B/32 | \"embed_dim\":512 | \"embed_dim\":99999999999",
                "PE-Core-B16-224 | \"pool_heads\":8 | \"pool_heads\":7",
                "PE-Core-B16-224 | \"pool_mlp_width\":3072 | \"pool_mlp_width\":0",
                "PE-Core-B16-224 | \"width\":768 | \"width\":72",
                "PE-Core-B16-224 | \"class_token\":true | \"class_token\":1",
            })
    void impossibleJsonIsRefused(String name, String part, String other) throws InputException {
        String json = ClipConfig.named(name).toJson();
        assertThat(json).contains(part);
        assertThatThrownBy(() -> ClipConfig.fromJson(json.replace(part, other))).isInstanceOf(InputException.class);
    }

    @Test
    void clipsOwnTowersSayNothingOfThePerceptionEncoder() throws InputException {
        assertThat(ClipConfig.named("ViT-B/32").toJson()).doesNotContain("pe_core");
        assertThat(ClipConfig.named("PE-Core-G14-448").toJson())
                .contains("\"pe_core\":{\"class_token\":false,\"pool_heads\":8,\"pool_mlp_width\":6144}");
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
