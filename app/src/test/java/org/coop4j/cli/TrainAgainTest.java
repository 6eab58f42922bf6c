package org.coop4j.cli;

import static org.assertj.core.api.Assertions.assertThat;
import static org.coop4j.cli.CommandRun.coop;
import static org.coop4j.cli.CommandRun.json;
import static org.coop4j.cli.TinyModel.MODEL;

import com.fasterxml.jackson.databind.JsonNode;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import org.coop4j.clip.Clip;
import org.coop4j.data.DataSpec;
import org.coop4j.data.Examples;
import org.coop4j.data.LabelledImage;
import org.coop4j.data.bank.TestPictures;
import org.coop4j.data.benchmark.Benchmarks;
import org.coop4j.method.Method;
import org.coop4j.predict.ImageClassifier;
import org.coop4j.run.Run;
import org.coop4j.run.RunFolder;
import org.coop4j.run.RunImages;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** A plain folder is learned from whole, and again after its labels were fixed. */
class TrainAgainTest {

    private static final List<String> CLASSES = List.of("sea", "hill", "sky");
    private static final int EACH = 40;

    @TempDir
    private static Path folder;

    private static Path pictures;

    @BeforeAll
    static void write() throws IOException {
        pictures = folder.resolve("pictures");
        for (int label = 0; label < CLASSES.size(); label++) {
            for (int i = 0; i < EACH; i++) {
                TestPictures.write(pictures.resolve(CLASSES.get(label)).resolve("p" + i + ".png"), label, i);
            }
        }
    }

    private static CommandRun train(Path data, Path out, Object... more) {
        return coop(
                "train -m % -d % -o % --method prototypes --bank %", MODEL, data, out, folder.resolve("bank"), more);
    }

    private static int trained(Path run) throws IOException {
        return json(run.resolve("result.json")).get("trainImages").asInt();
    }

    @Test
    void aPlainFolderUsesItsWholeTrainingHalfAndWhatIsLeftUnusedIsSaid() throws IOException {
        Path all = folder.resolve("all");
        CommandRun whole = train(pictures, all).ok();
        assertThat(trained(all)).isEqualTo(60);
        assertThat(whole.err()).doesNotContain("unused", "fewer than");
        train(pictures, all, "--resume", "--shots", "all").ok(); // the same run

        CommandRun some =
                train(pictures, folder.resolve("some"), "-k", 4, "--json").ok();
        assertThat(trained(folder.resolve("some"))).isEqualTo(12);
        assertThat(some.err()).contains("4 training images per class", "60 labelled images", "--shots all uses them");
        assertThat(json(some).get("unused_images").asInt()).isEqualTo(60);
    }

    @Test
    void onePictureOfEachClassIsLearnedWithoutATest() throws IOException {
        Path few = folder.resolve("single");
        for (int label = 0; label < CLASSES.size(); label++) {
            TestPictures.write(few.resolve(CLASSES.get(label)).resolve("p.png"), label, 77);
        }
        Path run = folder.resolve("untested");
        assertThat(train(few, run).failed(1)).contains("has 1 image", "100/0/0");
        CommandRun learned = train(few, run, "--split", "100/0/0").ok();
        assertThat(learned.err()).contains("no test images");
        assertThat(learned.out()).contains("learned without a test");
        Path sea = TestPictures.write(folder.resolve("new sea.png"), 0, 78);
        assertThat(coop("predict --csv -p % %", run, sea).ok().out()).contains("sea");
        assertThat(train(few, run, "--split", "100/0/0").failed(1)).contains(run.toString());
        assertThat(train(few, folder.resolve("two"), "--split", "100/0/0", "--seeds", "1,2")
                        .failed(2))
                .contains("one seed");
        try (Clip clip = Clip.open(MODEL);
                ImageClassifier inJava = ImageClassifier.learn(
                        clip,
                        Examples.of(DataSpec.of(few).with().split("100/0/0").build()),
                        Method.of("prototypes"))) {
            assertThat(inJava.classify(sea).get(0).label()).isEqualTo("sea");
        }
    }

    @Test
    void publishedDataAndPresetsKeepTheReferencesShots() {
        RunOptions options = new RunOptions();
        DataOptions data = new DataOptions();
        assertThat(options.shots(data)).isZero();
        options.preset = ReferencePreset.named("coop-vit-b16");
        assertThat(options.shots(data)).isEqualTo(16);
        options.preset = null;
        data.benchmark = Benchmarks.published().get("eurosat");
        assertThat(options.shots(data)).isEqualTo(16);
    }

    @Test
    void fastSettingsAreSaidWithTheirCostAndRecorded() throws IOException {
        Path run = folder.resolve("fast");
        String said = coop(
                        "train -m % -d % -o % --method clip-lora --fast -k 2 --set rank=1 --bank %",
                        MODEL, pictures, run, folder.resolve("bank"))
                .ok()
                .err();
        assertThat(said)
                .containsPattern("CLIP-LoRA \\(rank 1\\): 2 epochs in batches of 16 at rate 0\\.014, the fast settings")
                .containsPattern("keeping the tokens of 24 views|of tokens in the bank")
                .containsPattern("training on 6 images in 4 views: 4 steps of 6, .* s each by a measured one: about ");
        JsonNode config = json(run.resolve("config.json"));
        assertThat(config.get("settings").get("vision_start").asInt()).isEqualTo(1);
        assertThat(config.get("settings").get("rank").asInt()).isEqualTo(1);
        assertThat(config.get("sample").get("views").asInt()).isEqualTo(4);
        assertThat(config.get("training").get("epochs").asInt()).isEqualTo(2);
    }

    /** Its tower encodes all views again before the classifier is trained. */
    @Test
    void theCostOfTwoStageIncludesWhatFollowsTheTowersTraining() throws IOException {
        String said = coop(
                        "train -m % -d % -o % --method two-stage --fast -k 2 --bank %",
                        MODEL, pictures, folder.resolve("two"), folder.resolve("bank"))
                .ok()
                .err();
        assertThat(said)
                .containsPattern("training on 6 images in 4 views: .* s each by a measured one, then encoding: about ");
    }

    @Test
    void afterLabelsWereFixedARunIsMadeAnewAndTheOldOneIsKeptAndCompared() throws IOException {
        Path data = folder.resolve("fixed");
        for (int label = 0; label < CLASSES.size(); label++) {
            for (int i = 0; i < EACH; i++) {
                TestPictures.write(data.resolve(CLASSES.get(label)).resolve("p" + i + ".png"), label, 1000 + i);
            }
        }
        Path run = folder.resolve("run");
        train(data, run).ok();
        byte[] first = Files.readAllBytes(run.resolve(RunFolder.CLASSIFIER));
        Files.move(data.resolve("sea/p0.png"), data.resolve("hill/moved.png"));

        assertThat(train(data, run).failed(1)).contains("learn anew (--again) and keep it as run.1");
        assertThat(train(data, run, "--resume").failed(1))
                .contains("have changed", "learn anew (--again) and keep the old run as run.1");
        try (RunFolder writing = RunFolder.open(run)) {
            assertThat(train(data, writing.path(), "--again").failed(1)).contains("another run is writing to " + run);
        }
        CommandRun again = train(data, run, "--again").ok();
        Path kept = folder.resolve("run.1");
        assertThat(again.err()).contains("kept as " + kept);
        assertThat(Files.readAllBytes(kept.resolve(RunFolder.CLASSIFIER))).isEqualTo(first);
        assertThat(Files.readAllBytes(run.resolve(RunFolder.CLASSIFIER))).isNotEqualTo(first);

        JsonNode compared = json(coop("compare % % -d % --bank % --json", kept, run, data, folder.resolve("bank")));
        Set<String> unseen = contents(Run.open(run).images().test());
        unseen.removeAll(contents(Run.open(kept).images().train()));
        unseen.removeAll(contents(Run.open(kept).images().val()));
        assertThat(compared.get("images").asInt()).isEqualTo(unseen.size());
        assertThat(compared.get("left_out").asInt()).isEqualTo(CLASSES.size() * EACH - unseen.size());
        assertThat(compared.get("tests").get(0).get("p").isNumber()).isTrue();

        Path few = folder.resolve("few");
        for (int i = 0; i < 4; i++) {
            TestPictures.write(few.resolve(CLASSES.get(i % 2)).resolve(i + ".png"), i % 2, 2000 + i);
        }
        assertThat(coop("compare", kept, run, "-d", few).failed(1))
                .contains("4 of 4 images are left", "give 6 or more");

        train(data, run, "--again").ok();
        assertThat(folder.resolve("run.2").resolve(RunFolder.PROVENANCE)).exists();
    }

    private static Set<String> contents(List<LabelledImage> images) {
        return new HashSet<>(RunImages.contents(images));
    }
}
