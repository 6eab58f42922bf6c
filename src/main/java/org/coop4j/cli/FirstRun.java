package org.coop4j.cli;

import java.io.IOException;
import java.io.OutputStream;
import java.nio.FloatBuffer;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import org.coop4j.clip.Clip;
import org.coop4j.console.Console;
import org.coop4j.weights.convert.RandomWeights;
import org.coop4j.weights.model.ClipConfig;
import org.coop4j.weights.model.MlpActivation;

/**
 * Uses most of what commands use, once, on a tiny model: the launcher runs it after a build, so
 * that the JVM archives the classes it loads and later starts are faster. It also unpacks ND4J's
 * native libraries.
 */
public final class FirstRun {

    private FirstRun() {}

    /** Needs no arguments and prints nothing. */
    public static void main(String[] arguments) throws IOException {
        Coop.configureLogging();
        Path folder = Files.createTempDirectory("coop4j");
        Path model = folder.resolve("tiny.safetensors");
        try {
            ClipConfig tiny =
                    new ClipConfig(
                            16,
                            new ClipConfig.Vit(16, 8, 16, 1, 1, 16),
                            new ClipConfig.Text(77, 49408, 16, 1, 1, 16));
            RandomWeights.write(tiny, 1, model, MlpActivation.QUICK_GELU);
            use(model);
        } finally {
            Files.deleteIfExists(model);
            Files.delete(folder);
        }
    }

    private static void use(Path model) throws IOException {
        try (Clip clip = Clip.open(model)) {
            clip.encodeTexts(List.of("a photo of a cat."));
            clip.encodePixels(FloatBuffer.allocate(3 * 16 * 16), 1);
        }
        Console nowhere =
                new Console(
                        OutputStream.nullOutputStream(),
                        OutputStream.nullOutputStream(),
                        false,
                        80);
        Coop.run(nowhere, "model", model.toString());
        Coop.run(nowhere, "tokenize", "--json", "a photo of a cat.");
        Coop.run(nowhere, "zero-shot", "--help");
    }
}
