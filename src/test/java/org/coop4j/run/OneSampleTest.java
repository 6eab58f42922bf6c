package org.coop4j.run;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Path;
import java.util.Map;
import org.coop4j.clip.TinyModel;
import org.coop4j.data.DataSpec;
import org.coop4j.data.FewShotSampler;
import org.coop4j.data.ImageDataset;
import org.coop4j.data.bank.TestPictures;
import org.coop4j.method.Method;
import org.coop4j.run.MethodChoice.Candidate;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Every method learns from the same images, unless a preset asks for its reference's. */
class OneSampleTest {

    @TempDir
    private Path folder;

    private ImageDataset data(String... parts) throws IOException {
        for (int i = 0; i < 12; i++) {
            for (String part : parts) {
                for (int label = 0; label < 3; label++) {
                    TestPictures.write(folder.resolve("data/%s/class%d/%d.png".formatted(part, label, i)), label, i);
                }
            }
        }
        return DataSpec.of(folder.resolve("data")).load(1);
    }

    @Test
    void everyMethodLearnsFromOneSample() throws IOException {
        ImageDataset data = data("train", "val", "test");
        ImageDataset expected = new FewShotSampler(4, 1).sample(data);

        assertThat(Method.all().stream().map(method -> method.sample(data, 4, 1)))
                .hasSizeGreaterThan(15)
                .allMatch(expected::equals);
    }

    @Test
    void theProbeDrawsImagesAsItsReferenceDoes() throws IOException {
        ImageDataset data = data("train", "val", "test");
        Map<String, String> preset = Map.of("reference_sample", "true");

        Candidate probe = Candidate.of(Method.of("linear-probe"), preset, 4, 100);

        ImageDataset drawn = probe.method().sample(data, 4, 1);
        assertThat(drawn).isEqualTo(new FewShotSampler(4, 1).sampleOfProbe(data));
        assertThat(drawn).isNotEqualTo(new FewShotSampler(4, 1).sample(data));
    }

    /** As in ImageNet: without val images of their own, the penalty is chosen by cross-validation. */
    @Test
    void nothingIsChosenByTestImages() throws IOException {
        assertThat(data("train", "val").validatesOnTest()).isTrue();
        Path model = TinyModel.write(folder.resolve("tiny.safetensors"), 1);

        RunResult result = RunFixture.run(
                model,
                RunFixture.config(folder.resolve("data"), 4, 1, 0, 0.1).with(Method.of("linear-probe")),
                folder,
                new RunFixture.Quiet());

        assertThat(result.testImages()).isEqualTo(36);
        assertThat(RunImages.of(folder.resolve("run")).orElseThrow().val()).isEmpty();
    }
}
