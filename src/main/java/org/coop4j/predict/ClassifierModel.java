package org.coop4j.predict;

import java.io.IOException;
import java.nio.file.DirectoryStream;
import java.nio.file.Files;
import java.nio.file.InvalidPathException;
import java.nio.file.Path;
import java.util.List;
import java.util.Objects;
import java.util.Optional;
import org.coop4j.base.InputException;
import org.coop4j.clip.ShippedModel;
import org.coop4j.method.ClassifierFile;
import org.coop4j.run.RunFolder;

/** Finds a learned classifier and the model that it was learned with. */
public final class ClassifierModel {

    private ClassifierModel() {}

    /**
     * Returns the classifier's file.
     *
     * @param run the folder of a run, or the file itself
     * @throws IOException if the folder has no classifier, with the reason
     */
    public static Path classifierFile(Path run) throws IOException {
        if (!Files.isDirectory(run)) {
            return run;
        }
        Optional<Path> file = RunFolder.classifier(run);
        if (file.isPresent()) {
            return file.get();
        }
        InputException.require(
                !RunFolder.holdsRun(run), "%s holds no %s: the run has not finished", run, RunFolder.CLASSIFIER);
        throw new IOException(run
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

    /** Returns the path of the model that the classifier records, if it is a valid one of this machine. */
    private static Optional<Path> recorded(ClassifierFile learned) {
        try {
            return learned.origin().modelFile().map(Path::of);
        } catch (InvalidPathException e) { // the name has a NUL
            return Optional.empty();
        }
    }

    /**
     * Returns the model's file: at its recorded path, next to the classifier, or the shipped one.
     *
     * @param file the classifier's file
     * @param advice remedy in the message if it is not found
     * @throws IOException if it is not found
     */
    public static Path find(ClassifierFile learned, Path file, String advice) throws IOException {
        Optional<Path> recorded = recorded(learned);
        if (recorded.isPresent()) {
            Path path = recorded.get();
            Path name = Objects.requireNonNullElse(path.getFileName(), path);
            for (Path place : List.of(path, file.toAbsolutePath().resolveSibling(name))) {
                if (Files.exists(place)) {
                    return place;
                }
            }
        }
        if (learned.modelSha256().equals(ShippedModel.sha256())) {
            return ShippedModel.cached();
        }
        throw new IOException("the model of this classifier (SHA-256 %s) is not at %s: %s"
                .formatted(learned.modelSha256(), recorded.map(Path::toString).orElse("a known place"), advice));
    }
}
