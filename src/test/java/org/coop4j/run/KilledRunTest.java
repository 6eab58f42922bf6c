package org.coop4j.run;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import java.util.concurrent.TimeUnit;
import java.util.stream.Stream;
import org.coop4j.clip.TinyModel;
import org.coop4j.data.bank.TestPictures;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.condition.EnabledOnOs;
import org.junit.jupiter.api.condition.OS;
import org.junit.jupiter.api.io.TempDir;

/** Runs in separate processes that are killed without cleaning up, or cannot write. */
@Timeout(600)
class KilledRunTest {

    @TempDir
    static Path folder;

    private static Path model;
    private static Path data;

    @BeforeAll
    static void make() throws IOException {
        model = TinyModel.write(folder.resolve("tiny.safetensors"), 1);
        data = TestPictures.folder(folder.resolve("data"), 5, RunFixture.CLASSES);
    }

    private static List<String> java(Path place, int pause) {
        String classPath = System.getProperty("surefire.test.class.path", System.getProperty("java.class.path"));
        return List.of(
                Path.of(System.getProperty("java.home"), "bin", "java").toString(),
                "-XX:-UsePerfData",
                "-cp",
                classPath,
                RunChild.class.getName(),
                model.toString(),
                data.toString(),
                place.toString(),
                Integer.toString(pause));
    }

    private static long size(Path place, String suffix) throws IOException {
        if (!Files.exists(place)) {
            return 0;
        }
        try (Stream<Path> files = Files.walk(place)) {
            return files.filter(f -> f.toString().endsWith(suffix))
                    .mapToLong(f -> f.toFile().length())
                    .sum();
        }
    }

    /** Starts a run, and kills it some time after a file has some bytes. */
    private static void killWhen(Path place, String suffix, long bytes, long later)
            throws IOException, InterruptedException {
        Process child = new ProcessBuilder(java(place, 40))
                .redirectErrorStream(true)
                .redirectOutput(place.resolveSibling("output").toFile())
                .start();
        try {
            while (size(place, suffix) < bytes) {
                assertThat(child.isAlive()).as("the run goes on").isTrue();
                Thread.sleep(2);
            }
            Thread.sleep(later);
        } finally {
            child.destroyForcibly();
            child.waitFor();
        }
    }

    @Test
    void aRunKilledInTheBankAndInTrainingEndsWithTheSameBits() throws IOException, InterruptedException {
        Path whole = folder.resolve("whole");
        RunFixture.run(model, RunFixture.shortRun(data), whole, new RunFixture.Quiet());

        Path killed = Files.createDirectories(folder.resolve("killed"));
        Random random = new Random();
        killWhen(killed, ".bank", 600, random.nextInt(300));
        assertThat(killed.resolve("run").resolve(RunFolder.RESULT)).doesNotExist();
        killWhen(killed, RunFolder.METRICS, 1, random.nextInt(150));
        assertThat(killed.resolve("run").resolve(RunFolder.RESULT)).doesNotExist();
        RunFixture.run(model, RunFixture.shortRun(data), killed, new RunFixture.Quiet());
        assertThat(RunFixture.outcome(killed)).isEqualTo(RunFixture.outcome(whole));
    }

    /** A limit on the size of files acts as a full disk, even for root. */
    @Test
    @EnabledOnOs({OS.LINUX, OS.MAC})
    void aFullDiskEndsWithAMessageAndTheRunCanBeResumed() throws IOException, InterruptedException {
        Path full = folder.resolve("full");
        List<String> command = new ArrayList<>(List.of("/bin/sh", "-c", "ulimit -f 8; exec \"$@\""));
        command.add("sh");
        command.addAll(java(full, 0));
        Process child = new ProcessBuilder(command).redirectErrorStream(true).start();
        String output = new String(child.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
        assertThat(child.waitFor(10, TimeUnit.MINUTES)).isTrue();
        assertThat(output).contains("problem: ", ".bank");
        assertThat(child.exitValue()).isEqualTo(3);

        RunFixture.run(model, RunFixture.shortRun(data), full, new RunFixture.Quiet());
        Path whole = folder.resolve("never-full");
        RunFixture.run(model, RunFixture.shortRun(data), whole, new RunFixture.Quiet());
        assertThat(RunFixture.outcome(full)).isEqualTo(RunFixture.outcome(whole));
    }
}
