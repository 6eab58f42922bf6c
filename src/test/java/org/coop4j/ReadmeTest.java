package org.coop4j;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import org.coop4j.clip.Clip;
import org.coop4j.clip.FeatureMatrix;
import org.coop4j.clip.MemoryLimit;
import org.coop4j.eval.Predictions;
import org.coop4j.method.Classifier;
import org.coop4j.method.ClassifierFile;
import org.coop4j.method.CoOp;
import org.coop4j.run.DataSpec;
import org.coop4j.run.RunFolder;
import org.coop4j.run.Sample;
import org.coop4j.run.TrainRun;
import org.coop4j.weights.convert.RandomWeights;
import org.coop4j.weights.model.ClipConfig;
import org.coop4j.weights.model.MlpActivation;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Keeps what the README shows true. */
class ReadmeTest {

    @TempDir private Path folder;

    // README begins
    static float[][] classify(Path model, List<Path> photos, List<String> prompts)
            throws IOException {
        try (Clip clip = Clip.open(model)) {
            FeatureMatrix images = clip.encodeImages(photos); // a row a photo
            FeatureMatrix texts = clip.encodeTexts(prompts); // a row a prompt
            return clip.probabilities(images, texts); // [photos][prompts]
        }
    }

    // README ends

    // README training begins
    static String learn(Path model, Path pictures, Path run, Path photo) throws IOException {
        TrainRun.Options options =
                new TrainRun.Options(run.resolveSibling("bank"), false, MemoryLimit.none());
        try (Clip clip = Clip.open(model)) {
            Sample sample = new Sample(16, 1); // shots, seed
            TrainRun.of(clip, DataSpec.of(pictures), new CoOp(), sample, options).run(run, false);
            Path file = run.resolve(RunFolder.CLASSIFIER);
            try (Classifier classifier = ClassifierFile.read(file).open(clip)) {
                FeatureMatrix logits = classifier.logits(clip.encodeImages(List.of(photo)));
                return classifier.classNames().get(Predictions.argmax(logits.row(0)));
            }
        }
    }

    // README training ends

    @Test
    void theReadmeShowsTheTrainingExample() throws IOException {
        String source = Files.readString(Path.of("test/java/org/coop4j/ReadmeTest.java"));
        String begin = "// README training begins\n";
        String example =
                source.substring(
                        source.indexOf(begin) + begin.length(),
                        source.indexOf("    // README training ends"));
        assertThat(Files.readString(Path.of("../README.md")))
                .contains(example.stripTrailing().stripIndent());
    }

    @Test
    void theExampleClassifies() throws IOException {
        Path model = folder.resolve("tiny.safetensors");
        RandomWeights.write(
                new ClipConfig(
                        16,
                        new ClipConfig.Vit(32, 16, 64, 1, 1, 64),
                        new ClipConfig.Text(77, 49408, 64, 1, 1, 64)),
                1,
                model,
                MlpActivation.QUICK_GELU);
        Path photo = Path.of("test/resources/golden/text_image/grey.png");
        float[][] probabilities =
                classify(model, List.of(photo, photo), List.of("a cat", "a dog", "a fox"));
        assertThat(probabilities).hasDimensions(2, 3);
        assertThat(probabilities[0][0] + probabilities[0][1] + probabilities[0][2])
                .isCloseTo(1f, within(1e-6f));
    }

    @Test
    void theReadmeShowsTheExample() throws IOException {
        String source = Files.readString(Path.of("test/java/org/coop4j/ReadmeTest.java"));
        String example =
                source.substring(
                        source.indexOf("// README begins\n") + "// README begins\n".length(),
                        source.indexOf("    // README ends"));
        assertThat(Files.readString(Path.of("../README.md")))
                .contains(example.stripTrailing().stripIndent());
    }
}
