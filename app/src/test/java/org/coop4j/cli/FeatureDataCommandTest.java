package org.coop4j.cli;

import static org.assertj.core.api.Assertions.assertThat;
import static org.coop4j.cli.CommandRun.coop;
import static org.coop4j.cli.CommandRun.json;
import static org.coop4j.cli.TinyModel.MODEL;

import com.fasterxml.jackson.databind.JsonNode;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import org.coop4j.data.bank.TestPictures;
import org.coop4j.run.RunFolder;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Images are embedded once; training and testing take the features, with or without the model. */
class FeatureDataCommandTest {

    private static final String[] CLASSES = {"blue_sea", "green hill", "red sky"};

    @TempDir
    private static Path folder;

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
        JsonNode result = json(run.resolve(RunFolder.RESULT));
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
    void runsAreComparedWithoutTheirModel() {
        CommandRun compared = coop("compare", run, run).ok();
        assertThat(compared.out()).contains(run.toString());
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
