package org.coop4j.run;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.coop4j.base.Thrown.assertThrown;

import com.fasterxml.jackson.databind.node.ObjectNode;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import org.coop4j.base.CheckedJson;
import org.coop4j.base.Settings;
import org.coop4j.data.DataSpec;
import org.coop4j.data.ImageDataset.ClassHalf;
import org.coop4j.graph.host.Precision;
import org.coop4j.method.CoOp;
import org.coop4j.method.Method;
import org.coop4j.method.Training;
import org.coop4j.method.ZeroShot;
import org.coop4j.run.RunConfig.RunData;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** What makes another run of a configuration, and what does not. */
class RunConfigTest {

    private static final String MODEL = "ab".repeat(32);
    private static final Sample SAMPLE = Sample.of(4, 2);

    @TempDir
    private Path folder;

    private static RunData data(String path, ClassHalf half, String lists) {
        return new RunData("Caltech101", half, lists, "a photo of a {}.", DataSpec.of(Path.of(path)));
    }

    private static final RunData CALTECH = data("here", ClassHalf.ALL, "12".repeat(32));

    private static RunConfig of(Method method) {
        return RunConfig.of(MODEL, CALTECH, method, method.training(4), SAMPLE);
    }

    private static RunConfig of(Training training) {
        return RunConfig.of(MODEL, CALTECH, new CoOp(), training, SAMPLE);
    }

    /** Returns all methods, those with hand-written prompts with one besides the data's own. */
    private static List<Method> methods() {
        return Method.all().stream()
                .map(m -> Settings.of(m.settings()).containsKey("templates")
                        ? m.with(Map.of("templates", List.of("the {}")))
                        : m)
                .toList();
    }

    /** Returns another allowed value. */
    private static Object other(Settings.Description setting) {
        Object value = setting.value();
        if (!setting.choices().isEmpty()) {
            return setting.choices().stream()
                    .filter(c -> !c.equals(value))
                    .findFirst()
                    .get();
        }
        if (value instanceof Boolean flag) {
            return !flag;
        }
        if (value instanceof Double number) {
            return number == 0 ? 0.5 : number / 2;
        }
        if (value instanceof Number number) {
            return number.longValue() + 1;
        }
        if (value instanceof List) {
            return List.of("a {}");
        }
        return setting.name().equals("template") ? "this is a {}" : "this is a";
    }

    /** A change of the identity would give all runs of all users other folders. */
    @Test
    void namesOfRunsNeverChange() {
        String lists = "12".repeat(32);
        String data = "[\"Caltech101\",\"ALL\",\"" + lists + "\",\"a photo of a {}.\"]";
        assertThat(of(new CoOp()).identity())
                .isEqualTo("{\"model\":\""
                        + MODEL
                        + "\",\"learned_from\":"
                        + data
                        + ",\"tested_on\":"
                        + data
                        + ",\"method\":\"coop\",\"settings\":{},\"training\":{},"
                        + "\"sample\":{\"shots\":4,\"seed\":2}}");
        assertThat(of(new ZeroShot()).identity())
                .isEqualTo("{\"model\":\""
                        + MODEL
                        + "\",\"tested_on\":"
                        + data
                        + ",\"method\":\"zero-shot\",\"settings\":{},\"training\":{},"
                        + "\"sample\":{}}");
    }

    /** A setting that is added later, with the earlier behaviour as its default, changes nothing. */
    @Test
    void aSettingWithItsDefaultIsNotPartOfTheIdentity() {
        for (Method method : Method.all()) {
            RunConfig config = of(method);
            for (String name : Settings.of(method.settings()).keySet()) {
                assertThat(config.identity()).doesNotContain("\"" + name + "\"");
            }
            assertThat(of(method.with(Settings.of(method.settings()))).identity())
                    .isEqualTo(config.identity());
        }
        assertThat(of(Settings.with(new CoOp().training(4), Map.of("epochs", 100)))
                        .identity())
                .isEqualTo(of(new CoOp()).identity());
    }

    /** The default at another logit scale is the run with this rate given, and not that with the reference's rate. */
    @Test
    void anAdaptedRateIsPartOfTheIdentity() {
        Training reference = new CoOp().training(4);
        RunConfig adapted = of(new CoOp().adapted(reference, 20));
        assertThat(adapted.isSameRun(of(reference))).isFalse();
        assertThat(adapted.identity()).contains("\"rate\":0.05");
        assertThat(of(new CoOp().adapted(reference, 100)).identity())
                .isEqualTo(of(reference).identity());
    }

    @Test
    void everySettingOfEveryMethodMakesAnotherRun() {
        List<RunConfig> all = new ArrayList<>();
        for (Method method : methods()) {
            all.add(of(method));
            boolean words = Settings.of(method.settings()).get("words") != null;
            for (Settings.Description setting : Settings.describe(method.settings())) {
                if (words && setting.name().equals("context_length")) {
                    continue; // the words say it
                }
                all.add(of(method.with(Map.of(setting.name(), other(setting)))));
            }
        }
        assertAllDiffer(all);
    }

    @Test
    void everySettingOfTrainingAndEveryDrawMakesAnotherRun() {
        List<RunConfig> all = new ArrayList<>(List.of(of(new CoOp())));
        Training training = new CoOp().training(4);
        for (Settings.Description setting : Settings.describe(training)) {
            all.add(of(Settings.with(training, Map.of(setting.name(), other(setting)))));
        }
        for (Sample sample :
                List.of(Sample.of(2, 2), Sample.of(4, 3), Sample.of(4, 2).withViews(5))) {
            all.add(RunConfig.of(MODEL, CALTECH, new CoOp(), training, sample));
        }
        assertAllDiffer(all);
    }

    @Test
    void theModelAndTheListsMakeAnotherRun() {
        RunConfig config = of(new CoOp());
        RunData others = data("here", ClassHalf.ALL, "34".repeat(32));
        assertAllDiffer(List.of(
                config,
                new RunConfig(
                        "cd".repeat(32),
                        CALTECH,
                        CALTECH,
                        new CoOp(),
                        config.training(),
                        SAMPLE,
                        Precision.FLOAT32,
                        1,
                        10,
                        null),
                config.in(RunFixture.space(Precision.BFLOAT16, 1)),
                config.testedOn(others),
                config.testedOn(data("here", ClassHalf.NEW, "12".repeat(32))),
                RunConfig.of(MODEL, others, new CoOp(), config.training(), SAMPLE),
                RunConfig.of(
                        MODEL, data("here", ClassHalf.BASE, "12".repeat(32)), new CoOp(), config.training(), SAMPLE)));
    }

    private static void assertAllDiffer(List<RunConfig> all) {
        assertThat(all).extracting(RunConfig::identity).doesNotHaveDuplicates();
        for (RunConfig one : all) {
            assertThat(all).filteredOn(one::isSameRun).containsExactly(one);
        }
    }

    @Test
    void thePlaceOfTheDataAndCheckpointsDoNotChangeTheRun() {
        RunConfig here = of(new CoOp());
        RunData moved = data("there", ClassHalf.ALL, "12".repeat(32));
        RunConfig there =
                RunConfig.of(MODEL, moved, new CoOp(), here.training(), SAMPLE).withCheckpointEvery(3);
        assertThat(there.identity()).isEqualTo(here.identity());
        assertThat(there.isSameRun(here)).isTrue();
    }

    @Test
    void aFlippedBitNeverMakesAnotherRun() throws IOException {
        RunConfig config = of(new CoOp().with(Map.of("context_length", 4)));
        Path file = folder.resolve("config.json");
        CheckedJson.write(file, config.toJson());
        byte[] written = Files.readAllBytes(file);
        assertThat(RunConfig.read(file)).isEqualTo(config);
        int refused = 0;
        for (int i = 0; i < written.length; i++) {
            byte[] flipped = written.clone();
            flipped[i] ^= 1;
            Files.write(file, flipped);
            try {
                assertThat(RunConfig.read(file)).as("byte %d", i).isEqualTo(config);
            } catch (IOException e) {
                assertThat(e).hasMessageStartingWith(file + " is damaged: ");
                refused++;
            }
        }
        assertThat(refused).isGreaterThan(written.length - 10); // all but the checksum's own name
        byte[] cut = new byte[written.length - 1];
        System.arraycopy(written, 0, cut, 0, cut.length);
        Files.write(file, cut);
        assertThrown(() -> RunConfig.read(file), "is damaged");
    }

    @Test
    void aPathThatCannotBeOneIsDamage() throws IOException {
        Path file = folder.resolve("config.json");
        ObjectNode tree = of(new CoOp()).toJson();
        for (String name : List.of("path", "imageRoot", "namesFile")) {
            ((ObjectNode) tree.get("testedOn").get("source")).put(name, "a\0b");
            CheckedJson.write(file, tree);
            assertThatThrownBy(() -> RunConfig.read(file))
                    .isInstanceOf(IOException.class)
                    .hasMessageStartingWith(file + " is damaged: ");
        }
    }

    private RunConfig read(ObjectNode tree) throws IOException {
        Path file = folder.resolve("config.json");
        Files.writeString(file, tree.toString());
        return RunConfig.read(file);
    }

    @Test
    void aConfigurationIsReadBackUnchanged() throws IOException {
        for (Method method : Method.all()) {
            RunConfig config = of(method).withCheckpointEvery(3);
            assertThat(read(config.toJson())).as(method.id()).isEqualTo(config);
        }
        RunConfig set = of(new CoOp().with(Map.of("words", "a photo of a", "position", "front")));
        assertThat(read(set.toJson())).isEqualTo(set);
        RunConfig half = set.in(RunFixture.space(Precision.BFLOAT16, 3));
        assertThat(read(half.toJson())).isEqualTo(half).isNotEqualTo(set);
        assertThat(half.isSameRun(set)).isFalse();
        assertThat(half.threads()).isEqualTo(3);
        assertThat(half.isSameRun(half.in(RunFixture.space(Precision.BFLOAT16, 4))))
                .isTrue();
    }

    @Test
    void anUnknownPrecisionIsNamed() {
        ObjectNode tree = of(new CoOp()).toJson().put("precision", "int8");
        assertThrown(IOException.class, () -> read(tree), "config.json", "float32", "bf16", "got \"int8\"");
    }

    @Test
    void missingSettingsHaveDefaultsAndUnknownOnesAreRefused() throws IOException {
        ObjectNode tree = of(new CoOp()).toJson();
        ((ObjectNode) tree.get("settings")).remove("position");
        assertThat(read(tree)).isEqualTo(of(new CoOp()));
        tree.remove("precision");
        assertThat(read(tree)).isEqualTo(of(new CoOp()));
        ((ObjectNode) tree.get("settings")).put("lambda", 8);
        assertThrown(IOException.class, () -> read(tree), "config.json", "\"lambda\"");
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "",
                "[]",
                "{",
                "{\"format\":4}",
                "{\"format\":3}",
                "{\"format\":3,\"method\":\"coop\"}",
                "{\"modelSha256\":\"00\"}"
            })
    void invalidConfigurationsAreNamed(String text) throws IOException {
        Path file = folder.resolve("config.json");
        Files.writeString(file, text);
        assertThrown(IOException.class, () -> RunConfig.read(file), "config.json is damaged");
    }

    /** The epochs that the reference recommends, COOP.md. */
    @ParameterizedTest
    @CsvSource({"1, 50", "2, 100", "4, 100", "8, 200", "16, 200", "0, 200"})
    void theReferencesEpochsFollowFromTheShots(int shots, int epochs) {
        Training training = new CoOp().training(shots);
        assertThat(training.epochs()).isEqualTo(epochs);
        assertThat(training.batch()).isEqualTo(32);
        assertThat(training.rate()).isEqualTo(0.002);
        assertThat(Settings.of(new CoOp())).containsEntry("context_length", 16);
    }
}
