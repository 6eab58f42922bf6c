package org.coop4j.fuzz;

import com.code_intelligence.jazzer.junit.FuzzTest;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import org.coop4j.data.NpzFile;
import org.coop4j.model.convert.WeightsFile;
import org.coop4j.weights.TensorView;
import org.junit.jupiter.params.provider.MethodSource;

/** Tensors in the forms of PyTorch, safetensors and NumPy. */
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
            for (TensorView tensor : file.tensors().values()) {
                read(tensor);
            }
        } catch (IOException e) {
            // Refused.
        }
        try (NpzFile file = NpzFile.open(FILE, MOST_BYTES)) {
            for (TensorView array : file.arrays().values()) {
                read(array);
            }
        } catch (IOException e) {
            // Refused.
        }
    }

    private static void read(TensorView tensor) throws IOException {
        if (tensor.bytes() > MOST_BYTES) {
            return;
        }
        if (tensor.dtype().isFloat()) {
            tensor.floats();
        } else {
            tensor.longs();
        }
    }
}
