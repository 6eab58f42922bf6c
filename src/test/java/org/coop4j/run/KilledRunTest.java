package org.coop4j.run;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assumptions.assumeThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import java.util.concurrent.TimeUnit;
import org.coop4j.MemoryChild;
import org.coop4j.base.Folders;
import org.coop4j.base.JavaChild;
import org.coop4j.base.Machine;
import org.coop4j.clip.Clip;
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

    private static ProcessBuilder java(Path place, int pause) {
        return JavaChild.of(KilledRunTest.class, List.of("-XX:-UsePerfData"), model, data, place, pause);
    }

    private static long size(Path place, String suffix) throws IOException {
        return Folders.files(place).stream()
                .filter(f -> f.toString().endsWith(suffix))
                .mapToLong(f -> f.toFile().length())
                .sum();
    }

    /** Starts a run, and kills it some time after a file has some bytes. */
    private static void killWhen(Path place, String suffix, long bytes, long later) throws Exception {
        Process child = java(place, 40)
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
    void aRunKilledInTheBankAndInTrainingEndsWithTheSameBits() throws Exception {
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
    void aFullDiskEndsWithAMessageAndTheRunCanBeResumed() throws Exception {
        Path full = folder.resolve("full");
        List<String> command = new ArrayList<>(List.of("/bin/sh", "-c", "ulimit -f 8; exec \"$@\""));
        command.add("sh");
        command.addAll(java(full, 0).command());
        Process child = new ProcessBuilder(command).redirectErrorStream(true).start();
        String output = new String(child.getInputStream().readAllBytes(), UTF_8);
        assertThat(child.waitFor(10, TimeUnit.MINUTES)).isTrue();
        assertThat(output).contains("problem: ", ".bank");
        assertThat(child.exitValue()).isEqualTo(3);

        RunFixture.run(model, RunFixture.shortRun(data), full, new RunFixture.Quiet());
        Path whole = folder.resolve("never-full");
        RunFixture.run(model, RunFixture.shortRun(data), whole, new RunFixture.Quiet());
        assertThat(RunFixture.outcome(full)).isEqualTo(RunFixture.outcome(whole));
    }

    /** Arguments: model, data, place, milliseconds to wait after each view and epoch; unless they are 0, it never ends. */
    public static void main(String[] args) throws IOException {
        long pause = Long.parseLong(args[3]);
        RunFixture.Quiet slow = new RunFixture.Quiet() {
            @Override
            void encoded(long done) {
                sleep(pause / 4);
            }

            @Override
            void epoch(int epoch) {
                sleep(epoch < 4 || pause == 0 ? pause : Long.MAX_VALUE);
            }
        };
        try {
            RunFixture.Setup config = RunFixture.shortRun(Path.of(args[1]));
            RunFixture.run(Path.of(args[0]), config, Path.of(args[2]), slow);
            System.out.println("finished");
        } catch (IOException e) {
            System.out.println("problem: " + e.getMessage());
            System.exit(3);
        }
    }

    private static void sleep(long millis) {
        try {
            Thread.sleep(millis);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
    }

    private static final int TRAININGS = 80;
    private static final int WARMUP = 40;

    /**
     * The compiled code still grows after the warm-up, by 10 MB on one core. A step's plan of this model and its tensors
     * takes about 1 MB: 40 of them would be 40 MB.
     */
    private static final long ALLOWED = 24L << 20;

    @Test
    void manyTrainingsInOneProcessLeakNoMemory() throws Exception {
        assumeThat(Machine.memory()).as("resident memory is known on Linux").isPresent();
        long[] memory = MemoryChild.run(Trainings.class, folder.toString());
        assertThat(memory).hasSize(TRAININGS);
        assertThat(memory[TRAININGS - 1] - memory[WARMUP]).isLessThan(ALLOWED);
    }

    /** Trains many times, and reports the memory after each training. */
    static final class Trainings {

        private Trainings() {}

        public static void main(String[] args) throws IOException {
            Path folder = Path.of(args[0]);
            Path model = TinyModel.write(folder.resolve("tiny.safetensors"), 1);
            Path data = TestPictures.folder(folder.resolve("data"), 4, RunFixture.CLASSES);
            RunFixture.Setup setup = RunFixture.config(data, 2, 2, 0, 0.01);
            for (int i = 0; i < TRAININGS; i++) {
                try (Clip clip = TinyModel.open(model, RunFixture.THREADS)) {
                    setup.withSeed(i + 1)
                            .run(clip, RunFixture.options(folder, false), new RunFixture.Quiet())
                            .run(folder.resolve("run" + i), false);
                }
                MemoryChild.report();
            }
        }
    }
}
