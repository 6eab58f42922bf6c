package org.coop4j.run;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assumptions.assumeThat;

import java.io.IOException;
import java.nio.file.Path;
import org.coop4j.MemoryChild;
import org.coop4j.base.Machine;
import org.coop4j.clip.Clip;
import org.coop4j.clip.TinyModel;
import org.coop4j.data.bank.TestPictures;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class TrainingMemoryTest {

    private static final int TRAININGS = 100;
    private static final int WARMUP = 20;

    /**
     * The compiled code still grows a little after the warm-up. A step's plan of this model and its tensors takes about
     * 1 MB: 80 of them would be 80 MB.
     */
    private static final long ALLOWED = 48L << 20;

    @TempDir
    private Path folder;

    @Test
    void manyTrainingsInOneProcessLeakNoMemory() throws IOException, InterruptedException {
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
