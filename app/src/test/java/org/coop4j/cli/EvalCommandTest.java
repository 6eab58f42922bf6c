package org.coop4j.cli;

import static org.assertj.core.api.Assertions.assertThat;
import static org.coop4j.cli.CommandRun.coop;
import static org.coop4j.cli.CommandRun.json;
import static org.coop4j.cli.TinyModel.MODEL;

import com.fasterxml.jackson.databind.JsonNode;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import org.coop4j.data.LabelledImage;
import org.coop4j.data.bank.TestPictures;
import org.coop4j.run.Run;
import org.coop4j.run.RunFolder;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/**
 * What {@code coop eval} tests on: the run's own images, or others without what it learned from.
 */
class EvalCommandTest {

    private static final String[] CLASSES = {"blue sea", "green hill", "red sky"};
    private static final int EACH = 10;

    /** Not the seed that commands have by themselves. */
    private static final int SEED = 7;

    @TempDir
    private static Path folder;

    /** Not divided into train and test. */
    private static Path pictures;

    private static Path run;

    @BeforeAll
    static void train() throws IOException {
        pictures = folder.resolve("pictures");
        for (int label = 0; label < CLASSES.length; label++) {
            for (int i = 0; i < EACH; i++) {
                TestPictures.write(pictures.resolve(CLASSES[label]).resolve("picture-" + i + ".png"), label, i);
            }
        }
        run = folder.resolve("run");
        train(run, pictures).ok();
    }

    private static CommandRun train(Path out, Path data, Object... more) {
        return coop(
                "train -m % -d % -o % -M 3 -k 2 --epochs 3 --batch 4 --seed % --bank",
                MODEL, data, out, SEED, folder.resolve("bank"), more);
    }

    private static CommandRun eval(Object... more) {
        return coop("eval", "--bank", folder.resolve("bank"), more);
    }

    private static double accuracyOf(Path finished) throws IOException {
        return json(finished.resolve("result.json")).get("accuracy").asDouble();
    }

    private static void assertSameTest(CommandRun done, Path finished) throws IOException {
        JsonNode said = json(done);
        assertThat(said.get("accuracy").asDouble()).isEqualTo(accuracyOf(finished));
        assertThat(said.get("images").asInt()).isEqualTo(9); // 30 % of 10 pictures a class
        assertThat(said.get("left_out").asInt()).isZero();
        assertThat(said.get("precision").asText()).isEqualTo("float32");
    }

    @Test
    void theTestIsTheRunsWhateverItsSeedAndWithAnyOptionsForTheData() throws IOException {
        assertSameTest(eval("-p", run, "--json"), run);
        assertSameTest(eval("-p", run, "-d", pictures, "--json"), run);
        CommandRun train = eval("-p", run, "--split", "train", "--json");
        assertThat(json(train).get("images").asInt()).isEqualTo(15);
        assertThat(train.err()).contains("6 of 15 images");
    }

    /** The classifier's file has the settings that were chosen, config.json those given. */
    @Test
    void aRunWhoseMethodChoseSettingsIsItsOwnToo() throws IOException {
        Path tip = folder.resolve("tip");
        Path bank = folder.resolve("bank");
        coop("train -m % -d % -o % -k 2 --seed % --method tip-adapter --bank %", MODEL, pictures, tip, SEED, bank)
                .ok();
        assertSameTest(eval("-p", tip, "--json"), tip);
        CommandRun train = eval("-p", tip, "--split", "train", "--json");
        assertThat(train.err()).contains("6 of 15 images");
    }

    @Test
    void imagesThatWereLearnedFromAreNamedAndLeftOutByContent() throws IOException {
        int other = otherSplit();
        CommandRun done = eval("-p", run, "-d", pictures, "--seed", other, "--json");
        int leftOut = json(done).get("left_out").asInt();
        assertThat(leftOut).isPositive();
        assertThat(json(done).get("images").asInt()).isEqualTo(9 - leftOut);
        assertThat(done.err()).contains(leftOut + " of 9 images", pictures.toString(), "left out", "--allow-overlap");

        CommandRun all = eval("-p", run, "-d", pictures, "--seed", other, "--allow-overlap", "--json");
        assertThat(json(all).get("images").asInt()).isEqualTo(9);
        assertThat(all.err()).contains("inflate the accuracy");
    }

    /** A seed whose test images have some of the run's training images among them. */
    private static int otherSplit() throws IOException {
        for (int seed = 1; ; seed++) {
            CommandRun done = eval("-p", run, "-d", pictures, "--seed", seed, "--json");
            if (done.code() == 0 && json(done).get("left_out").asInt() > 0) {
                return seed;
            }
        }
    }

    @Test
    void copiesUnderOtherNamesAreLearnedFromToo() throws IOException {
        Path copies = folder.resolve("copies");
        for (LabelledImage image : Run.open(run).images().train()) {
            Path copy = copies.resolve("test").resolve(image.className());
            Files.createDirectories(copy);
            Files.copy(image.path(), copy.resolve(image.sha256().substring(0, 8) + ".png"));
        }
        assertThat(eval("-p", run, "-d", copies).failed(1)).contains("6 of 6 images", "--allow-overlap");

        TestPictures.write(copies.resolve("test").resolve(CLASSES[1]).resolve("new.png"), 1, 99);
        JsonNode said = json(eval("-p", run, "-d", copies, "--json"));
        assertThat(said.get("images").asInt()).isEqualTo(1);
        assertThat(said.get("left_out").asInt()).isEqualTo(6);
    }

    @Test
    void theRunsClassNamesAreUsedAndWhatDiffersIsSaid() throws IOException {
        Path names =
                Files.writeString(folder.resolve("names.csv"), "blue sea,ocean\ngreen hill,meadow\nred sky,sunset\n");
        Path named = folder.resolve("named");
        train(named, pictures, "--names", names).ok();
        CommandRun done = eval("-p", named, "-d", pictures, "--json");
        assertSameTest(done, named);
        assertThat(json(done).get("classes").get(0).get("class").asText()).isEqualTo("ocean");
        assertThat(done.err()).contains("ocean, meadow, sunset");

        Path two = folder.resolve("two");
        TestPictures.write(two.resolve("test/red sky/a.png"), 2, 200);
        TestPictures.write(two.resolve("test/green hill/a.png"), 1, 200);
        assertThat(eval("-p", run, "-d", two).err()).contains("2 of the 3 classes", "--only-these-classes");
        TestPictures.write(two.resolve("test/zebra/a.png"), 3, 200);
        assertThat(eval("-p", run, "-d", two).err()).contains("1 of 3 classes", "zebra");
    }

    @Test
    void dataWithoutASplitIsTestedWhole() throws IOException {
        Path more = folder.resolve("more");
        for (int label = 0; label < CLASSES.length; label++) {
            for (int i = 0; i < 2; i++) { // too few to be divided
                TestPictures.write(more.resolve(CLASSES[label]).resolve(i + ".png"), label, 300 + i);
            }
        }
        CommandRun done = eval("-p", run, "-d", more, "--json");
        assertThat(json(done).get("images").asInt()).isEqualTo(6);
        assertThat(done.err()).contains("all 6 images");
        assertThat(json(eval("-p", run, "-d", pictures, "--split", "test", "--seed", 99, "--allow-overlap", "--json"))
                        .get("images")
                        .asInt())
                .isEqualTo(9);
    }

    @Test
    void imagesOfSomeClassesAreDistinguishedAmongAll() throws IOException {
        Path some = folder.resolve("some");
        for (int i = 0; i < 4; i++) {
            TestPictures.write(some.resolve("red sky").resolve(i + ".png"), 2, 400 + i);
            TestPictures.write(some.resolve("green hill").resolve(i + ".png"), 1, 400 + i);
        }
        Path among = folder.resolve("among-all.jsonl");
        CommandRun all = eval("-p", run, "-d", some, "--per-image", among, "--json");
        assertThat(json(all).get("images").asInt()).isEqualTo(8);
        assertThat(json(all).get("classes").findValuesAsText("class")).containsExactly("green hill", "red sky");
        assertThat(all.err()).contains("2 of the 3 classes", "--only-these-classes");

        Path alone = folder.resolve("among-two.jsonl");
        CommandRun two = eval("-p", run, "-d", some, "--only-these-classes", "--per-image", alone, "--json");
        assertThat(json(two).get("images").asInt()).isEqualTo(8);
        assertThat(two.err()).contains("2 of the 3 classes");
        assertThat(alone).content().isNotEqualTo(Files.readString(among)); // probabilities among fewer classes
    }

    @Test
    void testImagesThatAreGoneOrOthersAreNamed() throws IOException {
        Path data = folder.resolve("changing");
        TestPictures.folder(data, 3, CLASSES);
        Path learned = folder.resolve("changed");
        train(learned, data).ok();
        Path image = data.resolve("test/red sky/picture-1.png");
        TestPictures.write(image, 2, 1234);
        CommandRun changed = eval("-p", learned);
        assertThat(changed.failed(1)).contains("1 of the run's 9 test images has changed (" + image);
        eval("-p", learned, "-d", data).ok();

        Files.delete(image);
        assertThat(eval("-p", learned).failed(1)).contains("1 of the run's 9", image + "");
    }

    @Test
    void ofAClassifierWithoutItsRunNothingIsKnown() throws IOException {
        Path alone = folder.resolve("alone/learned.safetensors");
        Files.createDirectories(alone.getParent());
        Files.copy(run.resolve(RunFolder.CLASSIFIER), alone);
        assertThat(eval("-p", alone).err()).contains("no run", "--data");
        CommandRun done = eval("-p", alone, "-d", pictures, "--json");
        assertThat(json(done).get("images").asInt()).isEqualTo(3 * EACH);
        assertThat(done.err()).contains("not recorded");
        assertSameTest(eval("-p", run.resolve(RunFolder.CLASSIFIER), "--json"), run);
    }
}
