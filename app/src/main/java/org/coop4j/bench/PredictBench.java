package org.coop4j.bench;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.SplittableRandom;
import java.util.stream.IntStream;
import org.coop4j.clip.Clip;
import org.coop4j.data.DenseFeatures;
import org.coop4j.data.FeatureSets;
import org.coop4j.graph.host.Precision;
import org.coop4j.method.Classifier;
import org.coop4j.method.FewShotFeatures;
import org.coop4j.method.Roles;
import org.coop4j.method.Task;
import org.coop4j.method.train.Trainer;
import org.coop4j.method.train.Training;

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
     * Measures processes that classify a picture by what random features taught, after one that
     * warms the disk's cache.
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
            return Measurement.of(1, runs, 0, () -> coop.run(arguments));
        } finally {
            Files.delete(classifier);
        }
    }

    private static void write(Path model, Path classifier) throws IOException {
        try (Clip clip = Clip.open(model)) {
            SplittableRandom random = new SplittableRandom(1);
            int width = clip.embedDim();
            int[] labels = IntStream.range(0, 2 * CLASSES.size()).map(i -> i / 2).toArray();
            float[] rows = StepBench.gaussian(random, labels.length * width, 1);
            FewShotFeatures data =
                    new FewShotFeatures(
                            DenseFeatures.of(width, 1, rows, labels), FeatureSets.none(width));
            Task task = new Task(CLASSES, "{}", List.of("{}"), 1);
            try (Classifier learned =
                    Roles.closedForm()
                            .learner(clip, task)
                            .fit(data, new Trainer(Training.none(), 1))) {
                learned.save().write(classifier);
            }
        }
    }
}
