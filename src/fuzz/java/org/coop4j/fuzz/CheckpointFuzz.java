package org.coop4j.fuzz;

import com.code_intelligence.jazzer.junit.FuzzTest;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import org.coop4j.weights.checkpoint.WeightsFile;
import org.junit.jupiter.params.provider.MethodSource;

/** Weights in the forms of PyTorch and safetensors. */
class CheckpointFuzz {

    /** What a test may hold in memory; readers of models take what the architecture needs. */
    private static final long MOST_BYTES = 1 << 20;

    private static final Path FILE = Seeds.file(".pt");

    static List<byte[]> seeds() throws IOException {
        return Seeds.below("fuzz/resources/checkpoints", "");
    }

    @MethodSource("seeds")
    @FuzzTest
    void aCheckpointIsReadOrRefused(byte[] content) throws IOException {
        Files.write(FILE, content);
        try (WeightsFile file = WeightsFile.open(FILE)) {
            for (String name : file.names()) {
                if (file.tensor(name).bytes() <= MOST_BYTES) {
                    file.tensor(name).floats();
                }
            }
        } catch (IOException e) {
            // Refused.
        }
    }
}
