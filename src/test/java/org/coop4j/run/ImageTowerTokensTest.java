package org.coop4j.run;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;
import org.coop4j.clip.Clip;
import org.coop4j.clip.FeatureMatrix;
import org.coop4j.clip.TinyModel;
import org.coop4j.data.bank.TestPictures;
import org.coop4j.image.ExifOrientation;
import org.coop4j.method.Classifier;
import org.coop4j.method.ClassifierFile;
import org.coop4j.method.Method;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;

/** Runs that learn from tokens on entry to the first block that they change. */
class ImageTowerTokensTest {

    @TempDir
    static Path folder;

    private static Path data;
    private static Path model;

    @BeforeAll
    static void make() throws IOException {
        model = TinyModel.write(folder.resolve("tiny.safetensors"), 1);
        data = TestPictures.folder(folder.resolve("data"), 4, RunFixture.CLASSES);
    }

    static Stream<Arguments> methods() {
        return Stream.of(
                Arguments.of("clip-lora", Map.of("vision_start", 1)),
                Arguments.of("two-stage", Map.of("vision_start", 1)),
                Arguments.of("mmrl", Map.of("first_layer", 2)),
                Arguments.of("ivlp", Map.of("first_block", 1)));
    }

    @ParameterizedTest
    @MethodSource("methods")
    void tokensAreKeptAndPixelsAreEncodedByTheTunedTower(String id, Map<String, Object> settings) throws IOException {
        RunFixture.Setup setup = RunFixture.config(data, 2, 3, 2, 0.01)
                .with("batch", 4)
                .with(Method.of(id).with(settings))
                .withCheckpointEvery(1);
        Path place = folder.resolve(id);
        RunFixture.run(model, setup, place, new RunFixture.Quiet());
        try (Stream<Path> banks = Files.walk(place.resolve("bank"))) {
            List<String> names = banks.filter(Files::isRegularFile)
                    .map(file -> file.getFileName().toString())
                    .toList();
            assertThat(names).anyMatch(name -> name.matches("train-.*tokens-1\\.bank"));
            assertThat(names).noneMatch(name -> name.contains("pixels"));
        }
        ClassifierFile file = ClassifierFile.read(place.resolve("run").resolve(RunFolder.CLASSIFIER));
        List<Path> pictures = List.of(
                data.resolve("test").resolve("lawn").resolve("picture-0.png"),
                data.resolve("test").resolve("blue sky").resolve("picture-1.png"));
        try (Clip clip = TinyModel.open(model, RunFixture.THREADS);
                Classifier classifier = file.open(clip)) {
            FeatureMatrix tuned = clip.encodeImages(pictures, classifier.features(), ExifOrientation.APPLY);
            FeatureMatrix plain = clip.encodeImages(pictures);
            assertThat(tuned.normalized().dot(0, plain.normalized(), 0)).isNotCloseTo(1f, within(1e-7f));
            assertThat(classifier.logits(tuned).toArray()).doesNotContain(Float.NaN);
        }
    }
}
