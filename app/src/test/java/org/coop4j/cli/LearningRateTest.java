package org.coop4j.cli;

import static org.assertj.core.api.Assertions.assertThat;
import static org.coop4j.cli.CommandRun.coop;
import static org.coop4j.cli.CommandRun.json;

import com.fasterxml.jackson.databind.JsonNode;
import java.io.IOException;
import java.io.InputStream;
import java.math.BigDecimal;
import java.math.MathContext;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.zip.ZipEntry;
import java.util.zip.ZipInputStream;
import org.coop4j.clip.Clip;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** The default rate suits the shipped model, whose logit scale is far below 100. */
class LearningRateTest {

    @TempDir
    private static Path folder;

    private static CommandRun done;

    @BeforeAll
    static void learn() throws IOException {
        try (InputStream in = LearningRateTest.class.getResourceAsStream("photos.zip");
                ZipInputStream zip = new ZipInputStream(in)) {
            for (ZipEntry entry = zip.getNextEntry(); entry != null; entry = zip.getNextEntry()) {
                Path target = folder.resolve("photos").resolve(entry.getName());
                Files.createDirectories(target.getParent());
                Files.copy(zip, target);
            }
        }
        done = train("run", "coop,clip-adapter");
        done.ok();
    }

    private static CommandRun train(String run, String methods, Object... more) {
        return coop(
                "train -m coop4j-small -d % --method % -o % --json --bank",
                folder.resolve("photos"), methods, folder.resolve(run), folder.resolve("bank"), more);
    }

    private static JsonNode training(String run) throws IOException {
        return json(folder.resolve(run).resolve("config.json")).get("training");
    }

    @Test
    void methodsAtTheirDefaultsAreFarAboveHandWrittenPrompts() throws IOException {
        double prompts = 0;
        List<Double> learned = new ArrayList<>();
        for (JsonNode row : json(done).get("comparison")) {
            double accuracy = row.get("accuracy").asDouble();
            if (row.get("kind").asText().equals("method")) {
                learned.add(accuracy);
            } else if (row.get("kind").asText().equals("prompt")) {
                prompts = Math.max(prompts, accuracy);
            }
        }
        double least = prompts + 20;
        assertThat(learned).hasSize(2).allSatisfy(accuracy -> assertThat(accuracy)
                .isGreaterThan(least));
    }

    @Test
    void theRateIsSaidOnceAndRecorded() throws IOException {
        double scale;
        try (Clip clip = Clip.shipped()) {
            scale = clip.logitScale();
        }
        double rate = new BigDecimal(0.002 * Math.pow(100 / scale, 2))
                .round(new MathContext(2))
                .doubleValue();
        assertThat(rate).isGreaterThan(0.01);
        assertThat(done.err())
                .containsOnlyOnce("coop: rate " + rate)
                .contains("0.002", "logit scale of " + Math.round(scale));
        for (String method : List.of("coop", "clip-adapter")) {
            assertThat(training("run/" + method).get("rate").asDouble()).isEqualTo(rate);
            assertThat(training("run/" + method).get("warmup_rate").asDouble()).isEqualTo(1e-5);
        }
    }

    @Test
    void aRateThatIsGivenIsTaken() throws IOException {
        CommandRun given = train("given", "taskres", "--lr", 0.03).ok();
        assertThat(given.err()).doesNotContain("logit scale");
        assertThat(training("given").get("rate").asDouble()).isEqualTo(0.03);
    }

    @Test
    void theSameCommandIsTheSameRunAndAnotherRateIsNot() throws IOException {
        train("same", "taskres").ok();
        train("same", "taskres", "--resume").ok();
        double rate = training("same").get("rate").asDouble();
        train("same", "taskres", "--resume", "--lr", rate).ok();
        assertThat(train("same", "taskres", "--resume", "--lr", rate / 5).code())
                .isEqualTo(1);
    }
}
