package org.coop4j.fuzz;

import static java.nio.charset.StandardCharsets.UTF_8;

import com.code_intelligence.jazzer.junit.FuzzTest;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;
import org.coop4j.study.SweepPlan;
import org.junit.jupiter.params.provider.MethodSource;

/** Plans of sweeps. */
class PlanFuzz {

    private static final Path FILE = Seeds.file(".yaml");

    static List<byte[]> seeds() {
        return List.of(SweepPlan.example().getBytes(UTF_8));
    }

    @MethodSource("seeds")
    @FuzzTest
    void aPlanIsReadOrRefused(byte[] content) throws IOException {
        Files.write(FILE, content);
        try {
            SweepPlan.read(FILE, Optional.empty());
        } catch (IOException e) {
            // Refused.
        }
    }
}
