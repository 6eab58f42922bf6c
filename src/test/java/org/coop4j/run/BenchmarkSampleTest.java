package org.coop4j.run;

import static org.assertj.core.api.Assertions.assertThat;
import static org.coop4j.base.Thrown.assertThrown;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.json.JsonMapper;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import org.coop4j.base.InputException;
import org.coop4j.clip.TinyModel;
import org.coop4j.data.DataSpec;
import org.coop4j.data.FewShotSampler;
import org.coop4j.data.GoldenSplits;
import org.coop4j.data.ImageDataset;
import org.coop4j.data.ImageDataset.ClassHalf;
import org.coop4j.data.LabelledImage;
import org.coop4j.data.bank.TestPictures;
import org.coop4j.data.benchmark.MiniatureBenchmarks;
import org.coop4j.method.CoOp;
import org.coop4j.method.Method;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** The images of a published dataset that a run learns from. */
class BenchmarkSampleTest {

    @TempDir
    Path root;

    /**
     * Sampling precedes halving: the images of the base and the new half are those of the sample of
     * all classes, which is the reference's (positions that it drew, published).
     */
    @ParameterizedTest
    @CsvSource({
        "split_zhou_Caltech101.json.gz, caltech101.json.gz, 50",
        "split_zhou_DescribableTextures.json.gz, dtd.json.gz, 24",
    })
    void bothHalvesComeFromTheReferencesSample(String split, String golden, int baseClasses) throws IOException {
        ImageDataset whole = GoldenSplits.read(split, root);
        int classes = whole.classCount();
        JsonNode positions = new JsonMapper().readTree(GoldenSplits.bytes(golden));
        for (int shots : new int[] {1, 2, 4, 8, 16}) {
            for (int seed = 1; seed <= 3; seed++) {
                JsonNode drawn = positions.get("shot_%d-seed_%d".formatted(shots, seed));
                List<LabelledImage> train = at(whole.train(), drawn.get("train"));
                List<LabelledImage> val = at(whole.val(), drawn.get("val"));
                ImageDataset all = sample(whole, ClassHalf.ALL, shots, seed);
                ImageDataset base = sample(whole, ClassHalf.BASE, shots, seed);
                ImageDataset rest = sample(whole, ClassHalf.NEW, shots, seed);

                assertThat(all.train()).isEqualTo(train);
                assertThat(all.val()).isEqualTo(val);
                assertThat(base.classNames()).isEqualTo(whole.classNames().subList(0, baseClasses));
                assertThat(base.train()).isEqualTo(part(train, 0, baseClasses));
                assertThat(base.val()).isEqualTo(part(val, 0, baseClasses));
                assertThat(base.test()).isEqualTo(part(whole.test(), 0, baseClasses));
                assertThat(rest.classNames()).isEqualTo(whole.classNames().subList(baseClasses, classes));
                assertThat(rest.train()).isEqualTo(part(train, baseClasses, classes));
                assertThat(rest.val()).isEqualTo(part(val, baseClasses, classes));
                assertThat(rest.test()).isEqualTo(part(whole.test(), baseClasses, classes));
            }
        }
    }

    @Test
    void noShotsMeansAllImagesOfTheHalf() throws IOException {
        ImageDataset whole = GoldenSplits.read("split_zhou_DescribableTextures.json.gz", root);

        assertThat(sample(whole, ClassHalf.ALL, 0, 1)).isEqualTo(whole);
        assertThat(sample(whole, ClassHalf.BASE, 0, 1).train()).hasSize(24 * 60);
        assertThat(sample(whole, ClassHalf.NEW, 0, 1).test()).hasSize(23 * 36);
    }

    @Test
    void aDatasetWithOnlyTestImagesCannotBeLearnedFrom() throws IOException {
        MiniatureBenchmarks.plant("ImageNetA", root);
        ImageDataset shifted = named("imagenet-a").load(1);

        for (int shots : new int[] {0, 16}) {
            assertThrown(InputException.class, () -> sample(shifted, ClassHalf.ALL, shots, 1), "ImageNetA", "test");
        }
    }

    private DataSpec named(String benchmark) {
        return DataSpec.of(root, benchmark);
    }

    private ImageDataset sample(ImageDataset whole, ClassHalf half, int shots, int seed) throws IOException {
        List<String> notes = new ArrayList<>();
        ImageDataset sample = Sample.of(shots, seed).draw(whole, new CoOp(), half, notes::add);
        assertThat(notes).isEmpty();
        return sample;
    }

    private static List<LabelledImage> at(List<LabelledImage> images, JsonNode positions) {
        List<LabelledImage> drawn = new ArrayList<>();
        positions.forEach(position -> drawn.add(images.get(position.asInt())));
        return drawn;
    }

    private static List<LabelledImage> part(List<LabelledImage> images, int from, int to) {
        return images.stream()
                .filter(image -> image.label() >= from && image.label() < to)
                .map(i -> new LabelledImage(i.path(), i.label() - from, i.className()))
                .toList();
    }

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

        Recipe probe = Recipe.checked(Method.of("linear-probe"), preset);

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
