package org.coop4j.cli;

import static org.assertj.core.api.Assertions.assertThat;
import static org.coop4j.cli.CommandRun.coop;
import static org.coop4j.cli.CommandRun.json;
import static org.coop4j.cli.TinyModel.MODEL;

import com.fasterxml.jackson.databind.JsonNode;
import java.io.IOException;
import java.nio.file.Path;
import java.util.List;
import org.coop4j.data.bank.TestPictures;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** One sample per data, shots and seed: a method is as accurate on one screen as on another. */
class OneSampleTest {

    private static final List<String> CLASSES = List.of("sea", "hill", "sky");
    private static final int EACH = 30;

    @TempDir
    private static Path folder;

    /** A third of the pictures of a class look like another one, so that the accuracy depends on the sample. */
    @BeforeAll
    static void write() throws IOException {
        for (int label = 0; label < CLASSES.size(); label++) {
            for (int i = 0; i < EACH; i++) {
                int seen = i % 3 == 0 ? (label + 1 + i % 2) % CLASSES.size() : label;
                Path file = folder.resolve("photos").resolve(CLASSES.get(label)).resolve("picture-" + i + ".png");
                TestPictures.write(file, seen, label * EACH + i);
            }
        }
    }

    private static JsonNode train(String methods) throws IOException {
        return json(coop(
                "train -m % -d % -o % -k 4 --bank % --method % --json",
                MODEL, folder.resolve("photos"), folder.resolve("run-" + methods), folder.resolve("bank"), methods));
    }

    /** Returns the row of the probe, whose name may be followed by its shots. */
    private static JsonNode probe(JsonNode said) {
        for (JsonNode row : said.get("comparison").get(0)) {
            if (row.get("classifier").asText().startsWith("linear probe")) {
                return row;
            }
        }
        throw new AssertionError("no linear probe in " + said.get("comparison"));
    }

    private static List<Double> accuracies(JsonNode row) {
        return List.of(
                row.get("train_accuracy").asDouble(),
                row.get("val_accuracy").asDouble(),
                row.get("accuracy").asDouble());
    }

    @Test
    void aProbeIsAsAccurateAloneAsBesideAnotherMethod() throws IOException {
        JsonNode alone = probe(train("linear-probe"));
        JsonNode baseline = probe(train("gda"));

        assertThat(alone.get("kind").asText()).isEqualTo("method");
        assertThat(baseline.get("kind").asText()).isEqualTo("probe");
        assertThat(accuracies(alone)).isEqualTo(accuracies(baseline));
    }

    @Test
    void aProbeIsAsAccurateAmongCandidatesAsAlone() throws IOException {
        JsonNode alone = probe(train("linear-probe,prototypes"));
        JsonNode chosen = train("auto");

        for (JsonNode candidate : chosen.get("candidates")) {
            if (candidate.get("candidate").asText().equals("linear probe")) {
                assertThat(candidate.get("accuracy")).isEqualTo(alone.get("val_accuracy"));
            }
        }
        assertThat(chosen.get("candidates").findValuesAsText("candidate")).contains("linear probe");
        assertThat(accuracies(probe(chosen))).isEqualTo(accuracies(alone));
    }
}
