package org.coop4j.bench;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Path;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Random;
import org.coop4j.base.Progress;
import org.coop4j.clip.Clip;
import org.coop4j.clip.InputImage;
import org.coop4j.data.Examples;
import org.coop4j.data.ImageFiles;
import org.coop4j.demo.DemoPictures;
import org.coop4j.method.Method;
import org.coop4j.model.convert.CheckpointForm;
import org.coop4j.model.convert.Converter;
import org.coop4j.predict.HeatMap;
import org.coop4j.predict.ImageClassifier;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Heat maps of the shipped model explain its answers about the demo's photographs. */
class HeatMapFaithfulTest {

    /** Takes every so many of the test photographs. */
    private static final int EACH = 3;

    @TempDir
    private static Path folder;

    private static Path photographs;
    private static Clip clip;

    @BeforeAll
    static void open() throws IOException {
        photographs = DemoPictures.unpack(folder.resolve("demo")).folder().resolve("photographs");
        clip = Clip.shipped();
    }

    @AfterAll
    static void close() throws IOException {
        clip.close();
    }

    @ParameterizedTest
    @ValueSource(strings = {"linear-probe", "gda", "tip-adapter"})
    void coveringWhatAMapMarksChangesAnswersMoreThanCoveringSquares(String method) throws IOException {
        HeatMapBench.Faithfulness found = HeatMapBench.Faithfulness.of(clip, Method.of(method), photographs, EACH);
        assertThat(found.images()).isGreaterThan(30);
        assertThat(found.better()).isGreaterThanOrEqualTo(0.85);
        assertThat(found.marked()).isGreaterThanOrEqualTo(1.8 * found.square());
    }

    /** The weights of each tensor of the blocks in another order: the map depends on what the tower has learned. */
    @Test
    void ofAShuffledTowerTheMapIsAnotherAndOfTwoClassesOneIsTheOtherNegated() throws IOException {
        Random random = new Random(1);
        Map<String, float[]> changed = new HashMap<>();
        for (String name : clip.model().weights().names()) {
            if (name.startsWith("visual.transformer.")) {
                float[] values = clip.weight(name);
                for (int i = values.length - 1; i > 0; i--) {
                    int j = random.nextInt(i + 1);
                    float other = values[j];
                    values[j] = values[i];
                    values[i] = other;
                }
                changed.put(name, values);
            }
        }
        Path written = folder.resolve("shuffled");
        CheckpointForm.OPEN_CLIP.write(written, clip.model(), changed);
        Path model = folder.resolve("shuffled.safetensors");
        Converter.convert(written, model, Optional.empty(), Progress.NONE);
        try (ImageClassifier classifier = ImageClassifier.learn(
                        clip, Examples.folder(photographs.resolve("train")), Method.of("linear-probe"));
                Clip shuffled = Clip.open(model);
                ImageClassifier other = ImageClassifier.of(shuffled, classifier.classifier())) {
            double sum = 0;
            List<Path> pictures = List.of(
                    photographs.resolve("test/barrel"),
                    photographs.resolve("test/pizza"),
                    photographs.resolve("test/watch"));
            int count = 0;
            for (Path pictureFolder : pictures) {
                String label = pictureFolder.getFileName().toString();
                for (Path file : ImageFiles.in(pictureFolder)) {
                    InputImage image = InputImage.of(file);
                    sum += HeatMapBench.correlation(classifier.why(image, label), other.why(image, label));
                    count++;
                }
            }
            assertThat(sum / count).isLessThan(0.3);
            InputImage image = InputImage.of(ImageFiles.in(pictures.get(0)).get(0));
            try (ImageClassifier two =
                    ImageClassifier.of(clip, classifier.classifier().forClasses(List.of("barrel", "pizza")))) {
                HeatMap barrel = two.why(image, "barrel");
                assertThat(two.why(image, "pizza").values())
                        .containsExactlyElementsOf(
                                barrel.values().stream().map(value -> -value).toList());
            }
        }
    }
}
