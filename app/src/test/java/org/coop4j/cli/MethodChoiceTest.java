package org.coop4j.cli;

import static org.assertj.core.api.Assertions.assertThat;
import static org.coop4j.cli.CommandRun.coop;
import static org.coop4j.cli.CommandRun.json;
import static org.coop4j.cli.TinyModel.MODEL;

import com.fasterxml.jackson.databind.JsonNode;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.stream.Stream;
import org.coop4j.data.bank.TestPictures;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Which method {@code coop train} chooses, and by what. */
class MethodChoiceTest {

    private static final List<String> CLASSES = List.of("sea", "hill", "sky");
    private static final String TOWER = "2SFS (from blocks 1 and 1)"; // what a budget allows to compare

    @TempDir
    private static Path folder;

    /** Pictures of classes that are each other's in the test images. */
    private static Path planted(String name, int each) throws IOException {
        Path root = folder.resolve(name);
        for (int label = 0; label < CLASSES.size(); label++) {
            for (int i = 0; i < each; i++) {
                String file = "picture-" + i + ".png";
                String own = CLASSES.get(label);
                String other = CLASSES.get((label + 1) % CLASSES.size());
                TestPictures.write(root.resolve("train").resolve(own).resolve(file), label, i);
                TestPictures.write(root.resolve("val").resolve(own).resolve(file), label, 50 + i);
                TestPictures.write(root.resolve("test").resolve(other).resolve(file), label, 100 + i);
            }
        }
        return root;
    }

    private static CommandRun train(Path data, String out, Object... more) {
        return coop("train -m % -d % -o % -k 4 --bank", MODEL, data, folder.resolve(out), folder.resolve("bank"), more);
    }

    private static double candidate(JsonNode said, String name) {
        for (JsonNode candidate : said.get("candidates")) {
            if (candidate.get("candidate").asText().equals(name)) {
                return candidate.get("accuracy").asDouble();
            }
        }
        throw new AssertionError(name + " is not among " + said.get("candidates"));
    }

    @Test
    void aMethodThatWinsOnTestAndLosesOnValIsNotChosen() throws IOException {
        Path data = planted("planted", 8);
        String[] methods = {"zero-shot,prototypes", "prototypes,zero-shot"};
        for (int i = 0; i < methods.length; i++) {
            JsonNode chosen = json(train(data, "chosen" + i, "--tune", "--method", methods[i], "--json"));
            JsonNode both = json(train(data, "both" + i, "--method", methods[i], "--json"));

            assertThat(candidate(chosen, "prototypes"))
                    .isGreaterThan(candidate(chosen, "zero-shot CLIP, \"a photo of a {}.\""));
            assertThat(accuracy(both, "zero-shot CLIP")).isGreaterThan(accuracy(both, "prototypes"));
            assertThat(chosen.get("runs").findValuesAsText("method")).containsExactly("prototypes");
        }
    }

    private static double accuracy(JsonNode said, String method) {
        for (JsonNode run : said.get("runs")) {
            if (run.get("method").asText().equals(method)) {
                return run.get("accuracy").asDouble();
            }
        }
        throw new AssertionError(method + " is not among " + said.get("runs"));
    }

    @Test
    void aMethodOfTheImageTowerIsComparedWithinABudget() throws IOException {
        Path data = planted("budget", 8);
        CommandRun said = train(data, "budgeted", "--method", "auto", "--budget", 20, "--json");
        assertThat(said.err())
                .containsPattern("2SFS \\(from blocks 1 and 1\\): about .* to compare and to learn; the budget is 20");
        JsonNode scores = json(said).get("candidates");
        assertThat(Files.readString(folder.resolve("budgeted/report.html")))
                .contains(" to compare and to learn; the budget is 20");
        double tower = candidate(json(said), TOWER);
        double best = 0;
        for (JsonNode score : scores) {
            best = Math.max(
                    best,
                    score.get("candidate").asText().equals(TOWER)
                            ? 0
                            : score.get("accuracy").asDouble());
        }
        assertThat(json(said).get("runs").findValuesAsText("method").contains(TOWER))
                .isEqualTo(tower > best);
        assertThat(said.err().contains("the fast settings")).isEqualTo(tower > best);
    }

    @Test
    void fewImagesAClassAreChosenByCrossValidation() throws IOException {
        Path data = planted("small", 4);

        CommandRun done = train(data, "small-run", "--tune", "--method", "zero-shot,prototypes")
                .ok();
        assertThat(done.err()).contains("4-fold", "12 training images");
        assertThat(done.out()).contains("CROSS-VALIDATION", "zero-shot CLIP, \"a photo of a {}.\"");
        assertThat(done.out().lines().takeWhile(line -> !line.isBlank()))
                .filteredOn(line -> line.startsWith("* ")) // the winner
                .hasSize(1);
    }

    @Test
    void valuesOfASettingAreCandidates() throws IOException {
        Path data = planted("settings", 8);

        String[] words = "--method tip-adapter --tune alpha=1|2 --set search=false --json".split(" ");
        JsonNode said = json(train(data, "settings-run", (Object[]) words));

        assertThat(said.get("candidates").findValuesAsText("candidate"))
                .hasSize(2)
                .allMatch(name -> name.contains("alpha="));
    }

    @Test
    void numbersOfTrainingImagesAreCandidates() throws IOException {
        for (int each : new int[] {4, 8}) { // by cross-validation, by val images
            Path data = planted("shots" + each, each);
            String out = "shots-run" + each;

            JsonNode said = json(train(data, out, "--method", "prototypes", "--tune", "shots=1|2", "--json"));

            assertThat(said.get("candidates").findValuesAsText("candidate"))
                    .containsExactly("prototypes, shots=1", "prototypes, shots=2");
            double one = candidate(said, "prototypes, shots=1");
            double two = candidate(said, "prototypes, shots=2");
            JsonNode config = json(folder.resolve(out).resolve("config.json"));
            assertThat(config.get("sample").get("shots").asInt()).isEqualTo(two > one ? 2 : 1);
        }
    }

    @Test
    void learnedPromptsAreCandidatesWhereTheyAreNamed() throws IOException {
        Path data = planted("named", 4);

        JsonNode said = json(train(
                data, "named-run", "--method", "auto,coop", "--tune", "context_length=1|2", "--epochs", 1, "--json"));

        assertThat(said.get("candidates").findValuesAsText("candidate"))
                .contains("linear probe", "CoOp (M = 1), context_length=1")
                .hasSizeGreaterThan(10);
    }

    @Test
    void methodsOfOtherRowsOfTheImageTowerAreCandidatesToo() throws IOException {
        for (int each : new int[] {4, 8}) { // by cross-validation, by val images
            Path data = planted("rows" + each, each);
            String out = "rows-run" + each;

            JsonNode said = json(train(data, out, "--tune", "--method", "prolip,prototypes", "--json"));

            assertThat(said.get("candidates")).hasSize(2);
            assertThat(candidate(said, "prototypes")).isPositive();
        }
    }

    @Test
    void oneImageAClassIsTooFewToChooseBy() throws IOException {
        assertThat(train(planted("one", 1), "one-run", "--method", "auto").failed(1))
                .contains("one training image")
                .doesNotContain("-fold");
    }

    /** A third of the pictures of a class look like another one, so that the accuracy depends on the sample. */
    private static JsonNode trainOnMixed(String methods) throws IOException {
        Path photos = folder.resolve("photos");
        for (int label = 0; label < CLASSES.size(); label++) {
            for (int i = 0; i < 30; i++) {
                int seen = i % 3 == 0 ? (label + 1 + i % 2) % CLASSES.size() : label;
                TestPictures.write(photos.resolve(CLASSES.get(label) + "/picture-" + i + ".png"), seen, label * 30 + i);
            }
        }
        return json(train(photos, "run-" + methods, "--method", methods, "--json"));
    }

    /** Returns the kind and the accuracies of the probe, whose name may be followed by its shots. */
    private static List<String> probe(JsonNode said) {
        for (JsonNode row : said.get("comparison")) {
            if (row.get("classifier").asText().startsWith("linear probe")) {
                return Stream.of("kind", "train_accuracy", "val_accuracy", "accuracy")
                        .map(row::get)
                        .map(value -> value.isNumber() ? String.valueOf(value.asDouble()) : value.asText())
                        .toList();
            }
        }
        throw new AssertionError("no linear probe in " + said.get("comparison"));
    }

    /** One sample per data, shots and seed: a method is as accurate on one screen as on another. */
    @Test
    void aProbeIsAsAccurateAloneAsBesideAnotherMethodAndAmongCandidates() throws IOException {
        List<String> alone = probe(trainOnMixed("linear-probe"));
        List<String> baseline = probe(trainOnMixed("gda"));
        assertThat(alone.get(0)).isEqualTo("method");
        assertThat(baseline.get(0)).isEqualTo("probe");
        assertThat(baseline.subList(1, 4)).isEqualTo(alone.subList(1, 4));
        List<String> beside = probe(trainOnMixed("linear-probe,prototypes"));
        JsonNode chosen = trainOnMixed("auto");
        assertThat(String.valueOf(candidate(chosen, "linear probe"))).isEqualTo(beside.get(2));
        assertThat(probe(chosen).subList(1, 4)).isEqualTo(beside.subList(1, 4));
    }
}
