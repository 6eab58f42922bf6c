package org.coop4j.cli;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;
import static org.coop4j.cli.CommandRun.coop;
import static org.coop4j.cli.CommandRun.json;
import static org.coop4j.cli.CommandRun.picture;
import static org.coop4j.cli.TinyModel.MODEL;

import com.fasterxml.jackson.databind.JsonNode;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import org.coop4j.clip.Clip;
import org.coop4j.data.bank.TestPictures;
import org.coop4j.image.ImageDecoder;
import org.coop4j.weights.safetensors.SafetensorsFile;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class EmbedCommandTest {

    @TempDir
    private static Path folder;

    @TempDir
    private Path outFolder;

    private Path out;

    private final Path accordion = picture("accordion-image_0001");
    private final Path chair = picture("chair-image_0013");

    @BeforeEach
    void chooseOutput() {
        out = outFolder.resolve("features.safetensors");
    }

    @Test
    void textFeaturesAreThoseOfTheModelInOrder() throws IOException {
        coop("embed", "-m", MODEL, "--text", "a dog", "--text", "a cat", "-o", out)
                .ok();
        try (SafetensorsFile file = SafetensorsFile.open(out);
                Clip clip = Clip.open(MODEL)) {
            assertThat(file.shape("features").dims()).containsExactly(2L, 32L);
            assertThat(file.floats("features"))
                    .containsExactly(clip.encodeTexts(List.of("a dog", "a cat")).toArray());
            assertThat(file.metadata())
                    .containsEntry("coop4j.inputs", "[\"a dog\",\"a cat\"]")
                    .containsEntry("coop4j.kind", "text")
                    .containsEntry("coop4j.normalized", "false")
                    .containsEntry("coop4j.model_sha256", clip.model().sha256());
        }
    }

    @Test
    void normalizedFeaturesHaveNormOne() throws IOException {
        coop("embed", "-m", MODEL, "--text", "a dog", "--normalize", "-o", out);
        try (SafetensorsFile file = SafetensorsFile.open(out)) {
            double square = 0;
            for (float value : file.floats("features")) {
                square += (double) value * value;
            }
            assertThat(square).isCloseTo(1, within(1e-6));
        }
    }

    @Test
    void textsComeFromAFile() throws IOException {
        Path texts = Files.writeString(folder.resolve("texts.txt"), "a dog\na \"big\" cat\n");
        coop("embed", "-m", MODEL, "--texts", texts, "-o", out).ok();
        try (SafetensorsFile file = SafetensorsFile.open(out)) {
            assertThat(file.metadata().get("coop4j.inputs")).isEqualTo("[\"a dog\",\"a \\\"big\\\" cat\"]");
        }
        Path gap = Files.writeString(folder.resolve("gap.txt"), "a dog\n\na cat\n");
        assertThat(coop("embed", "-m", MODEL, "--texts", gap, "-o", out).failed(1))
                .contains("line 2 of");
    }

    @Test
    void pixelsAreThePreprocessedImages() throws IOException {
        coop("embed -m % % % --pixels --precision float32 -o %", MODEL, accordion, chair, out)
                .ok();
        try (SafetensorsFile file = SafetensorsFile.open(out);
                Clip clip = Clip.open(MODEL)) {
            assertThat(file.shape("pixels").dims()).containsExactly(2L, 3L, 32L, 32L);
            float[] second =
                    clip.preprocessing().toTensor(clip.preprocessing().fitted(new ImageDecoder().decode(chair)));
            float[] pixels = file.floats("pixels");
            assertThat(java.util.Arrays.copyOfRange(pixels, second.length, pixels.length))
                    .containsExactly(second);
            // Batches of another size: the last bits differ.
            assertThat(file.floats("features"))
                    .usingComparatorWithPrecision(1e-5f)
                    .containsExactly(
                            clip.encodeImages(List.of(accordion, chair)).toArray());
        }
    }

    @Test
    void unreadableImagesAreLeftOutAndReported() throws IOException {
        Path damaged = Files.writeString(folder.resolve("damaged.jpg"), "no picture");
        assertThat(coop("embed", "-m", MODEL, accordion, damaged, chair, "--pixels", "-o", out)
                        .failed(1))
                .contains("damaged.jpg", "1 of 3 images");
        try (SafetensorsFile file = SafetensorsFile.open(out)) {
            assertThat(file.shape("features").dim(0)).isEqualTo(2);
            assertThat(file.shape("pixels").dim(0)).isEqualTo(2);
            assertThat(file.metadata().get("coop4j.inputs"))
                    .contains("accordion")
                    .contains("chair")
                    .doesNotContain("damaged");
        }
    }

    @Test
    void aFolderMeansAllImagesBelowIt() throws IOException {
        Path mixed = Files.createDirectories(folder.resolve("mixed/below")).getParent();
        Files.copy(chair, mixed.resolve("below/a.png"));
        Files.copy(accordion, mixed.resolve("b.png"));
        coop("embed", "-m", MODEL, mixed, "-o", out).ok();
        try (SafetensorsFile file = SafetensorsFile.open(out)) {
            assertThat(file.metadata().get("coop4j.inputs")).matches("\\[\".*mixed/b.png\",\".*mixed/below/a.png\"]");
        }
    }

    @Test
    void nothingIsWrittenWhenNothingCanBeReadOrATextIsTooLong() {
        assertThat(coop("embed", "-m", MODEL, folder.resolve("absent.png"), "-o", out)
                        .failed(1))
                .contains("nothing is written");
        assertThat(coop("embed -m % --text % --text b -o %", MODEL, "cat ".repeat(100), out)
                        .failed(1))
                .contains("exceeds the context length");
        assertThat(outFolder).isEmptyDirectory();
    }

    private static final String[] CLASSES = {"blue_sea", "green hill", "red sky"};

    private static Path pictures;
    private static Path features;
    private static Path texts;
    private static Path run;

    @BeforeAll
    static void embedAndTrain() throws IOException {
        pictures = folder.resolve("pictures");
        for (int label = 0; label < CLASSES.length; label++) {
            for (int i = 0; i < 10; i++) {
                Path file = pictures.resolve(CLASSES[label]).resolve("picture-" + i + ".png");
                TestPictures.write(file, label, i);
            }
        }
        features = folder.resolve("features.safetensors");
        texts = folder.resolve("texts.safetensors");
        CommandRun embedded = embed(features).ok();
        assertThat(embedded.err()).contains("30 images of 3 classes, 32 wide");
        Path prompts = Files.writeString(
                folder.resolve("prompts.txt"),
                """
                        a photo of a blue sea.
                        a photo of a green hill.
                        a photo of a red sky.
                        """);
        coop("embed", "-m", MODEL, "--texts", prompts, "-o", texts).ok();
        run = folder.resolve("run");
        train("--class-features", texts, "-o", run).ok();
    }

    private static CommandRun embed(Path out, Object... more) {
        return coop("embed -m % -d % --bank % -o", MODEL, pictures, folder.resolve("bank"), out, more);
    }

    private static CommandRun train(Object... more) {
        return coop("train --method tip-adapter -d % -k 2 --seed 3", features, more);
    }

    private static CommandRun eval(Object... more) {
        return coop("eval", "-p", run, "--json", "--bank", folder.resolve("bank"), more);
    }

    @Test
    void whatWasLearnedWithoutAModelIsTestedWithoutOne() throws IOException {
        JsonNode result = json(run.resolve("result.json"));
        coop("compare", run, run).ok();
        JsonNode again = json(eval());
        assertThat(again.get("accuracy")).isEqualTo(result.get("accuracy"));
        assertThat(again.get("images").asInt()).isEqualTo(9);
        assertThat(json(eval("-d", features, "--split", "val")).get("images").asInt())
                .isEqualTo(6);
    }

    @Test
    void imagesWhoseFeaturesWereLearnedFromAreLeftOut() throws IOException {
        Path all = folder.resolve("all.safetensors");
        embed(all, "--seed", 99).ok();
        int leftOut = json(eval("-d", all)).get("left_out").asInt();
        JsonNode ofImages = json(eval("-m", MODEL, "-d", pictures, "--seed", 99));
        assertThat(leftOut).isPositive();
        assertThat(ofImages.get("left_out").asInt()).isEqualTo(leftOut);
        assertThat(ofImages.get("accuracy")).isEqualTo(json(eval("-d", all)).get("accuracy"));
    }

    @Test
    void aPlanTakesFeaturesAsItsData() throws IOException {
        Path plan = Files.writeString(
                folder.resolve("plan.yaml"),
                """
                        datasets: [features.safetensors]
                        methods: [gda]
                        shots: [2]
                        seeds: [1]
                        """);
        CommandRun swept =
                coop("sweep", plan, "-m", MODEL, "-o", folder.resolve("sweep")).ok();
        assertThat(swept.out()).contains("features.safetensors", "gda");
    }

    @Test
    void withItsModelItClassifiesPhotographs() throws IOException {
        Path picture = pictures.resolve(CLASSES[0]).resolve("picture-0.png");
        assertThat(coop("predict", "-p", run, picture).failed(1)).contains("give it with --model");
        assertThat(coop("predict", "-p", run, "-m", MODEL, picture).out()).contains("picture-0");
    }

    @Test
    void aPartOfADatasetIsEmbeddedAndSaidToBeNoData() {
        Path part = folder.resolve("train.safetensors");
        CommandRun done = embed(part, "--split", "train");
        assertThat(done.err()).contains("15 images of 3 classes");
        CommandRun trained =
                coop("train --method gda -d % --class-features % -o %", part, texts, folder.resolve("none"));
        assertThat(trained.failed(1)).contains("has only training images");
    }
}
