package org.coop4j.fuzz;

import com.code_intelligence.jazzer.junit.FuzzTest;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import org.coop4j.method.LearnedPrompt;
import org.coop4j.method.ProbeFile;
import org.junit.jupiter.params.provider.MethodSource;

/** Learned prompts and probes. */
class PromptFuzz {

    private static final Path FILE = Seeds.file(".safetensors");

    static List<byte[]> seeds() throws IOException {
        List<byte[]> seeds = Seeds.below("test/resources/before-method", "prompt.safetensors");
        seeds.addAll(Seeds.below("test/resources/before-method", "probe.safetensors"));
        return seeds;
    }

    @MethodSource("seeds")
    @FuzzTest
    void aLearnedFileIsReadOrRefused(byte[] content) throws IOException {
        Files.write(FILE, content);
        try {
            LearnedPrompt.read(FILE);
        } catch (IOException e) {
            // Refused.
        }
        try {
            ProbeFile.read(FILE);
        } catch (IOException e) {
            // Refused.
        }
    }
}
