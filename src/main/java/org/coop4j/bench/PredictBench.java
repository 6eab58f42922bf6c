package org.coop4j.bench;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.SplittableRandom;
import org.coop4j.clip.Clip;
import org.coop4j.graph.host.Precision;
import org.coop4j.method.ClassifierFile;
import org.coop4j.method.Method;
import org.coop4j.weights.Shape;

/** {@code coop predict} of one picture from its start to its end, as a person waits for it. */
public final class PredictBench {

    private static final List<String> CLASSES = List.of("a", "b", "c", "d", "e", "f", "g", "h");

    private PredictBench() {}

    /** Runs the command line in a process of its own. */
    @FunctionalInterface
    public interface CommandLine {
        void run(List<String> arguments) throws IOException;
    }

    /**
     * Measures processes that classify a picture by random prototypes, after one that warms the
     * disk's cache.
     */
    public static Measurement run(
            Path model, Precision precision, Path picture, int runs, CommandLine coop)
            throws IOException {
        Path classifier = Files.createTempFile("coop-bench", ".safetensors");
        try {
            write(model, classifier);
            List<String> arguments =
                    List.of(
                            "predict",
                            "--prompt=" + classifier,
                            "--model=" + model,
                            "--precision=" + precision.id(),
                            picture.toString());
            return Measurement.of(1, runs, 0, () -> run(coop, arguments));
        } catch (UncheckedIOException e) {
            throw e.getCause();
        } finally {
            Files.delete(classifier);
        }
    }

    private static void run(CommandLine coop, List<String> arguments) {
        try {
            coop.run(arguments);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    private static void write(Path model, Path classifier) throws IOException {
        try (Clip clip = Clip.open(model)) {
            SplittableRandom random = new SplittableRandom(1);
            float[] prototypes = new float[CLASSES.size() * clip.embedDim()];
            for (int i = 0; i < prototypes.length; i++) {
                prototypes[i] = (float) random.nextGaussian();
            }
            ClassifierFile.of(Method.of("prototypes"), CLASSES, clip.modelSha256())
                    .with("prototypes", Shape.of(CLASSES.size(), clip.embedDim()), prototypes)
                    .write(classifier);
        }
    }
}
