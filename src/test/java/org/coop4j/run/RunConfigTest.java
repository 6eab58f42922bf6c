package org.coop4j.run;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.fasterxml.jackson.databind.node.ObjectNode;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Map;
import org.coop4j.base.Settings;
import org.coop4j.data.ImageDataset.ClassHalf;
import org.coop4j.graph.host.Precision;
import org.coop4j.method.CoOp;
import org.coop4j.method.Method;
import org.coop4j.method.ZeroShot;
import org.coop4j.method.train.Training;
import org.coop4j.run.RunConfig.RunData;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class RunConfigTest {

    private static final RunData DATA = data("lists", "images");

    @TempDir
    private Path folder;

    private static RunData data(String lists, String path) {
        return new RunData("images", ClassHalf.ALL, lists, "a photo of a {}.", DataSpec.of(Path.of(path)));
    }

    private static RunConfig config(RunData data, Method method) {
        return RunConfig.of("model", data, method, method.training(4), new Sample(4, -5, 0));
    }

    private RunConfig writtenAndRead(RunConfig config) throws IOException {
        return read(config.toJson());
    }

    private RunConfig read(ObjectNode tree) throws IOException {
        Path file = folder.resolve("config.json");
        Files.writeString(file, tree.toString());
        return RunConfig.read(file);
    }

    @Test
    void aConfigurationIsReadBackUnchanged() throws IOException {
        for (Method method : Method.all()) {
            RunConfig config = config(DATA, method).withCheckpointEvery(3);
            assertThat(writtenAndRead(config)).as(method.id()).isEqualTo(config);
        }
        RunConfig set = config(DATA, new CoOp().with(Map.of("words", "a photo of a", "position", "front")));
        assertThat(writtenAndRead(set)).isEqualTo(set);
        RunConfig half = set.in(Precision.BFLOAT16, 3);
        assertThat(writtenAndRead(half)).isEqualTo(half).isNotEqualTo(set);
        assertThat(half.isSameRun(set)).isFalse();
        assertThat(half.threads()).isEqualTo(3);
        assertThat(half.isSameRun(half.in(Precision.BFLOAT16, 4))).isTrue();
    }

    @Test
    void anUnknownPrecisionIsNamed() {
        ObjectNode tree = config(DATA, new CoOp()).toJson().put("precision", "int8");
        assertThatThrownBy(() -> read(tree))
                .isInstanceOf(IOException.class)
                .hasMessageContainingAll("config.json", "float32", "bf16", "got \"int8\"");
    }

    @Test
    void thePlaceOfTheDataDoesNotChangeTheRun() {
        RunConfig config = config(DATA, new CoOp());
        assertThat(config.isSameRun(config(data("lists", "elsewhere"), new CoOp())))
                .isTrue();
        assertThat(config.isSameRun(config(data("others", "images"), new CoOp())))
                .isFalse();
        assertThat(config.isSameRun(config.withCheckpointEvery(1))).isTrue();
        assertThat(config.isSameRun(config(DATA, Method.of("linear-probe")))).isFalse();
        assertThat(config.isSameRun(config(DATA, new CoOp().with(Map.of("class_specific", true)))))
                .isFalse();
    }

    @Test
    void settingsWithTheirDefaultsDoNotShowInTheIdentity() {
        String identity = config(DATA, new CoOp()).identity();
        assertThat(identity).doesNotContain("context_length").doesNotContain("rate");
        assertThat(config(DATA, new CoOp().with(Map.of("context_length", 4))).identity())
                .contains("\"context_length\":4")
                .isNotEqualTo(identity);
    }

    @Test
    void missingSettingsHaveDefaultsAndUnknownOnesAreRefused() throws IOException {
        ObjectNode tree = config(DATA, new CoOp()).toJson();
        ((ObjectNode) tree.get("settings")).remove("position");
        assertThat(read(tree)).isEqualTo(config(DATA, new CoOp()));
        tree.remove("precision");
        assertThat(read(tree)).isEqualTo(config(DATA, new CoOp()));
        ((ObjectNode) tree.get("settings")).put("lambda", 8);
        assertThatThrownBy(() -> read(tree))
                .isInstanceOf(IOException.class)
                .hasMessageContainingAll("config.json", "\"lambda\"");
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "",
                "[]",
                "{",
                "{\"format\":3}",
                "{\"format\":2}",
                "{\"format\":2,\"method\":\"coop\"}",
                "{\"modelSha256\":\"00\"}"
            })
    void invalidConfigurationsAreNamed(String text) throws IOException {
        Path file = folder.resolve("config.json");
        Files.writeString(file, text);
        assertThatThrownBy(() -> RunConfig.read(file))
                .isInstanceOf(IOException.class)
                .hasMessageContaining("config.json is damaged");
    }

    @Test
    void handWrittenPromptsHaveNoSample() {
        RunConfig config = config(DATA, new ZeroShot());
        assertThat(config.sample()).isEqualTo(Sample.NONE);
        assertThat(config.learnedFrom()).isNull();
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

    @Test
    void invalidSettingsAreRefusedBeforeAnyWork() {
        assertThatThrownBy(() -> new CoOp().with(Map.of("context_length", "0")))
                .hasMessageContainingAll("context vectors", "got 0");
        assertThatThrownBy(() -> new CoOp().with(Map.of("words", "  "))).hasMessageContaining("words");
        assertThatThrownBy(() -> new CoOp().with(Map.of("position", "left")))
                .hasMessageContainingAll("position", "end, middle, front", "got \"left\"");
        assertThatThrownBy(() -> new CoOp().with(Map.of("lambda", 1)))
                .hasMessageContainingAll("\"lambda\"", "context_length");
        assertThatThrownBy(() -> Method.of("kgcoop").with(Map.of("words", "none")))
                .hasMessageContainingAll("context_length", "got 0");
        assertThat(Method.of("kgcoop")
                        .with(Map.of("words", "none", "context_length", 8))
                        .title())
                .isEqualTo("KgCoOp (M = 8, λ = 8)");
        assertThatThrownBy(() -> new CoOp().with(Map.of("class_specific", "yes")))
                .hasMessageContainingAll("true", "false", "got \"yes\"");
        assertThatThrownBy(() -> Settings.with(Training.coop(1, 1), Map.of("rate", -0.1)))
                .hasMessageContaining("-0.1");
        assertThatThrownBy(() -> Method.of("cop")).hasMessageContainingAll("\"cop\"", "zero-shot");
        assertThatThrownBy(() -> new Sample(-1, 1)).hasMessageContaining("got -1");
    }
}
