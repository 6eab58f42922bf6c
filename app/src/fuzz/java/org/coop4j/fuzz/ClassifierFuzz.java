package org.coop4j.fuzz;

import com.code_intelligence.jazzer.junit.FuzzTest;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import org.coop4j.method.ClassifierFile;
import org.coop4j.method.Method;
import org.coop4j.weights.Shape;
import org.junit.jupiter.params.provider.MethodSource;

/** Learned classifiers. */
class ClassifierFuzz {

    private static final Path FILE = Seeds.file(".safetensors");

    static List<byte[]> seeds() throws IOException {
        ClassifierFile.of(Method.of("coop"), List.of("red rose", "lawn"), "0".repeat(64))
                .with("ctx", Shape.of(2, 3), new float[] {1, 2, 3, 4, 5, 6})
                .write(FILE);
        return List.of(Files.readAllBytes(FILE));
    }

    @MethodSource("seeds")
    @FuzzTest
    void aLearnedFileIsReadOrRefused(byte[] content) throws IOException {
        Files.write(FILE, content);
        try {
            ClassifierFile.read(FILE);
        } catch (IOException e) {
            // Refused.
        }
    }
}
