package org.coop4j.model.convert;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import org.coop4j.base.Progress;
import org.coop4j.model.ClipConfig;
import org.coop4j.model.ConvertedModel;
import org.coop4j.model.MlpActivation;
import org.coop4j.model.convert.RandomWeights.Gaussian;
import org.coop4j.weights.safetensors.SafetensorsFile;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class RandomWeightsTest {
    private static final ClipConfig.Text TEXT = new ClipConfig.Text(16, 500, 128, 2, 3, 512);
    private static final ClipConfig VIT = new ClipConfig(64, new ClipConfig.Vit(32, 8, 128, 2, 2, 512), TEXT);
    private static final ClipConfig RESNET =
            new ClipConfig(64, new ClipConfig.ResNet(64, List.of(1, 2, 1, 1), 16, 8), TEXT);

    @TempDir
    private Path folder;

    private Path write(String name, ClipConfig architecture, long seed) throws IOException {
        Path file = folder.resolve(name);
        RandomWeights.write(architecture, seed, file, MlpActivation.QUICK_GELU, Progress.NONE);
        return file;
    }

    @Test
    void theSameSeedGivesTheSameFileAndAnotherSeedAnother() throws IOException {
        Path one = write("1", VIT, 1);
        assertThat(Files.mismatch(one, write("2", VIT, 1))).isEqualTo(-1);
        assertThat(Files.mismatch(one, write("3", VIT, 2))).isPositive();
    }

    @Test
    void theFileOpensAsAModelAndSaysWhereItComesFrom() throws IOException {
        for (ClipConfig architecture : List.of(VIT, RESNET)) {
            try (ConvertedModel model = ConvertedModel.open(write("m", architecture, 7))) {
                assertThat(model.architecture()).isEqualTo(architecture);
                assertThat(model.activation()).isEqualTo(MlpActivation.QUICK_GELU);
                assertThat(model.source().format()).isEqualTo("random weights, seed 7");
                assertThat(model.source().sha256()).isEmpty();
            }
        }
    }

    @Test
    void deviationsAreThoseOfClip() throws IOException {
        try (SafetensorsFile file = SafetensorsFile.open(write("v", VIT, 3))) {
            assertDeviation(file, "token_embedding.weight", 0.02);
            assertDeviation(file, "positional_embedding", 0.01);
            assertDeviation(file, "text_projection", Math.pow(128, -0.5));
            assertDeviation(file, "transformer.resblocks.1.attn.in_proj_weight", Math.pow(128, -0.5));
            double projection = Math.pow(128, -0.5) * Math.pow(2 * 3, -0.5);
            assertDeviation(file, "transformer.resblocks.2.attn.out_proj.weight", projection);
            assertDeviation(file, "transformer.resblocks.2.mlp.c_proj.weight", projection);
            assertDeviation(file, "transformer.resblocks.0.mlp.c_fc.weight", Math.pow(256, -0.5));
            assertDeviation(file, "visual.proj", Math.pow(128, -0.5));
            // A uniform distribution within b deviates by b / √3.
            assertDeviation(file, "visual.conv1.weight", Math.pow(3 * 192, -0.5));
            assertDeviation(file, "visual.transformer.resblocks.0.attn.in_proj_weight", Math.sqrt(6 / 512.0 / 3));
            assertDeviation(file, "visual.transformer.resblocks.1.mlp.c_proj.weight", Math.pow(3 * 512, -0.5));
            assertThat(file.floats("logit_scale")[0]).isEqualTo((float) Math.log(1 / 0.07));
            assertThat(file.floats("ln_final.weight")).containsOnly(1);
            assertThat(file.floats("visual.ln_post.bias")).containsOnly(0);
            assertThat(file.floats("transformer.resblocks.0.attn.in_proj_bias")).containsOnly(0);
        }
    }

    @Test
    void aResNetBeginsWithIdentityBottlenecks() throws IOException {
        try (SafetensorsFile file = SafetensorsFile.open(write("r", RESNET, 3))) {
            assertThat(file.floats("visual.layer2.1.bn3.weight")).containsOnly(0);
            assertThat(file.floats("visual.bn3.weight")).containsOnly(1);
            assertThat(file.floats("visual.bn1.running_var")).containsOnly(1f / 3);
            assertThat(file.floats("visual.layer1.0.bn2.running_mean")).containsOnly(0);
            assertDeviation(file, "visual.attnpool.q_proj.weight", Math.pow(512, -0.5));
            assertDeviation(file, "visual.layer4.0.conv2.weight", Math.pow(3 * 128 * 9, -0.5));
        }
    }

    private static void assertDeviation(SafetensorsFile file, String name, double expected) throws IOException {
        float[] values = file.floats(name);
        double sum = 0;
        double squares = 0;
        for (float value : values) {
            sum += value;
            squares += (double) value * value;
        }
        double error = 4 / Math.sqrt(values.length);
        assertThat(sum / values.length).as(name).isEqualTo(0, within(error * expected));
        assertThat(Math.sqrt(squares / values.length)).as(name).isEqualTo(expected, within(error * expected));
    }

    @Test
    void gaussianNumbersFollowTheNormalDistribution() {
        Gaussian random = Gaussian.stream(5, "test");
        int n = 1_000_000;
        double[] moments = new double[5];
        int[] beyond = new int[4];
        for (int i = 0; i < n; i++) {
            double x = random.next();
            for (int k = 1; k < 5; k++) {
                moments[k] += Math.pow(x, k) / n;
            }
            for (int k = 1; k < 4; k++) {
                beyond[k] += x > k ? 1 : 0;
            }
        }
        // Five standard errors each.
        assertThat(moments[1]).isEqualTo(0, within(5e-3));
        assertThat(moments[2]).isEqualTo(1, within(7.1e-3));
        assertThat(moments[3]).isEqualTo(0, within(2e-2));
        assertThat(moments[4]).isEqualTo(3, within(5e-2));
        assertThat(beyond[1] / (double) n).isEqualTo(0.158655, within(1.9e-3));
        assertThat(beyond[2] / (double) n).isEqualTo(0.022750, within(7.5e-4));
        assertThat(beyond[3] / (double) n).isEqualTo(0.001350, within(1.9e-4));
    }
}
