package org.coop4j.cli;

import static org.assertj.core.api.Assertions.assertThat;
import static org.coop4j.cli.CommandRun.coop;
import static org.coop4j.cli.TinyModel.MODEL;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import org.coop4j.base.Folders;
import org.coop4j.data.bank.TestPictures;
import org.coop4j.method.ClassifierFile;
import org.coop4j.report.ComparisonTable;
import org.coop4j.run.Run;
import org.coop4j.run.RunFolder;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** What one does with finished runs: look at errors, compare them, add a class, use thresholds. */
class ErrorsAndChangesTest {

    private static final String[] CLASSES = {"sea", "hill", "sky"};

    @TempDir
    private static Path folder;

    private static Path pictures;

    @BeforeAll
    static void train() throws IOException {
        pictures = TestPictures.folder(folder.resolve("pictures"), 4, CLASSES);
        // A picture that every classifier of colours gets wrong.
        TestPictures.write(pictures.resolve("test/sea/really sky.png"), 2, 77);
        for (String method : List.of("prototypes", "zero-shot", "coop")) {
            Object[] epochs = method.equals("coop") ? new Object[] {"--epochs", 2} : new Object[0];
            run("train", "-m", MODEL, "-d", pictures, "-k", 4, "-o", folder.resolve(method), "--method", method, epochs)
                    .ok();
        }
    }

    private static CommandRun run(Object... words) {
        return coop(words, "--bank", folder.resolve("bank"));
    }

    private static JsonNode json(String text) throws IOException {
        return new ObjectMapper().readTree(text);
    }

    @Test
    void aLossIsPointsBelowTheBaseline() {
        assertThat(ComparisonTable.over(-50, "50.0")).isEqualTo("50.0 points below the best baseline");
    }

    @Test
    void misclassifiedPicturesAreCopiedAndEveryImageHasALine() throws IOException {
        Path errors = folder.resolve("errors");
        Path lines = folder.resolve("all.jsonl");

        run("eval", "-p", folder.resolve("prototypes"), "-d", pictures, "--errors", errors, "--per-image", lines)
                .ok();
        assertThat(Folders.files(errors))
                .anyMatch(f -> errors.relativize(f).toString().matches("sea as sky/\\d{3} really sky.png"));
        List<String> all = Files.readAllLines(lines);
        assertThat(all).hasSize(13);
        int wrong = 0;
        for (String line : all) {
            JsonNode image = json(line);
            boolean right =
                    image.get("truth").asText().equals(image.get("label").asText());
            assertThat(image.get("right").asBoolean()).isEqualTo(right);
            assertThat(image.get("probability").asDouble())
                    .isBetween(image.get("truth_probability").asDouble(), 1.0);
            wrong += right ? 0 : 1;
        }
        assertThat(Folders.files(errors)).hasSize(wrong);

        assertThat(run("eval", "-p", folder.resolve("prototypes"), "-d", pictures, "--errors", errors)
                        .failed(1))
                .contains("is not empty");
    }

    @Test
    void allDisagreementsAreShownOnDemand() throws IOException {
        Path many = TestPictures.folder(folder.resolve("many"), 16, CLASSES);
        List<Path> runs = new ArrayList<>();
        for (String method : List.of("zero-shot", "prototypes")) {
            runs.add(folder.resolve("many-" + method));
            CommandRun done =
                    run("train", "-m", MODEL, "-d", many, "-o", runs.get(runs.size() - 1), "--method", method);
            done.ok();
        }
        int all = json(run("compare", runs.get(0), runs.get(1), "--json").out())
                .get("disagreements")
                .size();
        assertThat(all).isGreaterThan(20);
        CommandRun first = run("compare", runs.get(0), runs.get(1));
        assertThat(first.out()).contains("different labels on " + all, "--all");
        assertThat(first.out().lines().filter(line -> line.contains(".png"))).hasSize(20);
        CommandRun every = run("compare", runs.get(0), runs.get(1), "--all");
        assertThat(every.out().lines().filter(line -> line.contains(".png"))).hasSize(all);
    }

    /** A class between the earlier ones in the run's own folder shifts no label and changes no training image. */
    @ParameterizedTest
    @ValueSource(strings = {"prototypes", "tip-adapter"})
    void aClassIsAddedToTheRunsOwnImages(String method) throws IOException {
        Path places = folder.resolve("places-" + method);
        for (int label = 0; label < CLASSES.length; label++) {
            for (int i = 0; i < 12; i++) {
                TestPictures.write(places.resolve(CLASSES[label]).resolve(i + ".png"), label, i);
            }
        }
        Path run = folder.resolve("places-run-" + method);
        run("train", "-m", MODEL, "-d", places, "-o", run, "--method", method).ok();
        Path coves = folder.resolve("coves-" + method);
        for (int i = 0; i < 6; i++) {
            TestPictures.write(coves.resolve(i + ".png"), 3, i);
        }
        Path expected = folder.resolve(method + "-expected.safetensors");
        String table = addCove(run, coves, expected).ok().out();
        Files.move(coves, places.resolve("cove"));
        Path inside = folder.resolve(method + "-inside.safetensors");
        assertThat(addCove(run, places.resolve("cove"), inside).ok().out().replace(inside.toString(), ""))
                .isEqualTo(table.replace(expected.toString(), ""));
        assertThat(inside).hasSameBinaryContentAs(expected);

        ClassifierFile before = ClassifierFile.read(run.resolve(RunFolder.CLASSIFIER));
        ClassifierFile after = ClassifierFile.read(inside);
        int val = Run.open(run).images().val().size();
        assertThat(before.origin().calibratedOn()).contains("cross-validation");
        assertThat(after.origin().calibratedOn()).isEqualTo(after.method().usesVal() ? "" : val + " validation images");
        assertThat(before.origin().threshold()).isPresent();
        assertThat(after.origin().threshold().isPresent())
                .isNotEqualTo(after.method().usesVal());

        Path none = folder.resolve(method + "-none.safetensors");
        Path image = Run.open(run).images().train().get(0).path();
        byte[] content = Files.readAllBytes(image);
        TestPictures.write(image, 0, 999);
        assertThat(addCove(run, places.resolve("cove"), none).failed(1))
                .contains("1 of the run's", "training images has changed (" + image);
        Files.delete(image);
        assertThat(addCove(run, places.resolve("cove"), none).failed(1))
                .contains("training images is missing (" + image, "restore");
        assertThat(none).doesNotExist();
        Files.write(image, content);
        addCove(run, places.resolve("cove"), none).ok();
        assertThat(none).hasSameBinaryContentAs(expected);
    }

    private static CommandRun addCove(Path run, Path images, Path out) {
        return run("add-class", "-p", run, "--name", "cove", "-d", images, "-o", out);
    }

    /** Other images would be another test, whose accuracy differs. */
    @Test
    void runsAreComparedOnTheImagesThatTheyWereTestedOn() throws IOException {
        Path data = TestPictures.folder(folder.resolve("vanishing"), 7, CLASSES);
        Path[] runs = {folder.resolve("vanishing-prototypes"), folder.resolve("vanishing-zero-shot")};
        for (Path run : runs) {
            String method = run.getFileName().toString().replace("vanishing-", "");
            run("train", "-m", MODEL, "-d", data, "-o", run, "--method", method).ok();
        }
        JsonNode expected = json(run("compare", runs, "--json").ok().out());
        assertThat(expected.get("images").asInt()).isEqualTo(21);

        TestPictures.write(data.resolve("test/sea/new.png"), 0, 77);
        CommandRun more = run("compare", runs, "--json").ok();
        assertThat(json(more.out())).isEqualTo(expected);
        assertThat(more.err()).contains("without 1 other test image that the data has today");

        TestPictures.write(data.resolve("test/sea/picture-0.png"), 0, 78);
        assertThat(run("compare", runs, "--json").failed(1))
                .contains("1 of the run's 21 test images has changed", "picture-0.png");
        TestPictures.write(data.resolve("test/sea/picture-0.png"), 0, 100);

        for (String part : List.of("train", "test")) {
            Files.move(data.resolve(part).resolve("sky"), folder.resolve(part + "-sky"));
        }
        assertThat(run("compare", runs, "--json").failed(1))
                .contains("7 of the run's 21 test images are missing", "restore them, or name the data");
        assertThat(run("compare", runs, "-d", data, "--json").ok().err()).contains("2 of the 3 classes");
    }

    @Test
    void aThresholdGivesUnknownAndTopMoreClasses() {
        Object sea = pictures.resolve("test/sea");
        Path run = folder.resolve("prototypes");

        CommandRun unsure = coop("predict", "-p", run, sea, "--threshold", "1", "--csv");
        CommandRun table = coop("predict", "-p", run, sea, "--threshold", "1");
        CommandRun top = coop("predict", "-p", run, sea, "--top", 3);
        CommandRun both = coop("predict", "-p", run, sea, "--threshold", 1, "--top", 3, "--csv");

        unsure.ok();
        assertThat(unsure.out().lines().skip(1)).hasSize(5).allMatch(line -> line.endsWith(",unknown,"));
        assertThat(table.out()).containsPattern("unknown *\n");
        assertThat(top.out()).containsPattern("sea +9\\d.\\d %\n.* hill +\\d.\\d %\n.* sky +\\d.\\d %\n");
        assertThat(both.out().lines().skip(1)).hasSize(5 * 4);
        assertThat(both.out()).containsPattern(",unknown,\n.*,sea,0\\.9\\d+\n.*,hill,.*\n.*,sky,"); // the guess as well
    }

    @Test
    void calibratedProbabilitiesAreTheRawOnesAtTheTemperature() throws IOException {
        Path run = folder.resolve("prototypes");
        Path hot = folder.resolve("hot.safetensors");
        ClassifierFile.read(run.resolve(RunFolder.CLASSIFIER))
                .withTemperature(50)
                .write(hot);
        Object sea = pictures.resolve("test/sea");

        String raw =
                coop("predict", "-p", hot, "-m", MODEL, sea, "--raw", "--json").out();
        String own = coop("predict", "-p", run, sea, "--raw", "--json").out();
        String calibrated =
                coop("predict", "-p", hot, "-m", MODEL, sea, "--json").out();

        assertThat(raw).isEqualTo(own);
        assertThat(json(calibrated).get(0).get("label"))
                .isEqualTo(json(raw).get(0).get("label"));
        assertThat(json(calibrated).get(0).get("probability").asDouble())
                .isLessThan(json(raw).get(0).get("probability").asDouble());
    }
}
