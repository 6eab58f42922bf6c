package org.coop4j.predict;

import java.io.IOException;
import java.nio.file.DirectoryStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Optional;
import org.coop4j.clip.ShippedModel;
import org.coop4j.method.ClassifierFile;
import org.coop4j.run.RunFolder;
import org.coop4j.run.TrainRun;

/** Finds a learned classifier, and the model that it was learned with. */
public final class ClassifierModel {

    private ClassifierModel() {}

    /**
     * The classifier's file.
     *
     * @param run the folder of a run, or the file itself
     * @throws IOException if the folder holds none, saying what it is then
     */
    public static Path classifierFile(Path run) throws IOException {
        if (!Files.isDirectory(run)) {
            return run;
        }
        Optional<Path> file = RunFolder.classifier(run);
        if (file.isPresent()) {
            return file.get();
        }
        if (Files.exists(run.resolve(RunFolder.CONFIG))) {
            throw new IOException(
                    run + " holds no " + RunFolder.CLASSIFIER + ": the run has not finished");
        }
        throw new IOException(
                run
                        + " is not the folder of a run"
                        + runIn(run)
                                .map(inside -> ": name one in it, such as " + inside)
                                .orElse(""));
    }

    private static Optional<Path> runIn(Path folder) throws IOException {
        try (DirectoryStream<Path> inside = Files.newDirectoryStream(folder, Files::isDirectory)) {
            for (Path run : inside) {
                if (RunFolder.classifier(run).isPresent()) {
                    return Optional.of(run);
                }
            }
        }
        return Optional.empty();
    }

    /**
     * The model's file: where it was then, beside the classifier, or the one that is shipped.
     *
     * @param file where the classifier lies
     */
    public static Optional<Path> find(ClassifierFile learned, Path file) throws IOException {
        String recorded = recorded(learned);
        if (!recorded.isEmpty()) {
            Path then = Path.of(recorded);
            if (Files.exists(then)) {
                return Optional.of(then);
            }
            Path beside = file.toAbsolutePath().resolveSibling(then.getFileName());
            if (Files.exists(beside)) {
                return Optional.of(beside);
            }
        }
        return learned.modelSha256().equals(ShippedModel.sha256())
                ? Optional.of(ShippedModel.cached())
                : Optional.empty();
    }

    private static String recorded(ClassifierFile learned) {
        return learned.training().getOrDefault(TrainRun.MODEL_FILE, "");
    }

    /** What is said where {@link #find} finds none; what to do is to follow. */
    public static String notFound(ClassifierFile learned) {
        String recorded = recorded(learned);
        return "the model of this classifier (SHA-256 %s) is not at %s: "
                .formatted(learned.modelSha256(), recorded.isEmpty() ? "a known place" : recorded);
    }
}
