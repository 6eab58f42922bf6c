package org.coop4j.cli;

import java.io.IOException;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import org.coop4j.cli.Options.Vocabulary;
import org.coop4j.clip.Clip;
import org.coop4j.clip.FeatureSpace;
import org.coop4j.console.CommandFailure;
import org.coop4j.data.LabelledImage;
import org.coop4j.data.StoredFeatures;
import org.coop4j.graph.host.Precision;
import org.coop4j.graph.host.Workers;
import org.coop4j.method.Classifier;
import org.coop4j.method.ClassifierFile;
import org.coop4j.predict.ClassifierModel;
import org.coop4j.run.OpenRun;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;

/** A learned classifier and the model that it was learned with. */
final class PromptOptions {

    @Option(
            names = {"-p", "--prompt"},
            required = true,
            paramLabel = "RUN|FILE")
    Path prompt;

    @Mixin
    OfModel model = new OfModel();

    /** The model of a learned classifier. */
    static final class OfModel {
        @Option(
                names = {"-m", "--model"},
                paramLabel = "FILE")
        Path file;

        @Mixin
        Vocabulary vocabulary;

        /** Returns the model's file, or null if none was given. */
        Path file() throws IOException {
            return file == null ? null : ModelOptions.file(file);
        }
    }

    /** Options that the command line sets. */
    PromptOptions() {}

    /** Options of a command with other names for its classifiers. */
    PromptOptions(Path prompt, OfModel model) {
        this.prompt = prompt;
        this.model = model;
    }

    /** Reads the classifier's file. */
    ClassifierFile read() throws IOException {
        return ClassifierFile.read(file());
    }

    /** Returns the classifier's folder, which may also be its run's. */
    Path folder() throws IOException {
        return file().toAbsolutePath().getParent();
    }

    /** Returns the contents of the pictures that the classifier's run learned from; none for a file without its run. */
    Set<String> learnedContents(ClassifierFile learned) throws IOException {
        Optional<OpenRun> run = OpenRun.of(learned, folder());
        return run.isPresent() ? run.get().images().learnedContents() : Set.of();
    }

    private Path file() throws IOException {
        return ClassifierModel.classifierFile(prompt);
    }

    /** Opens the model that the classifier was learned with, in a precision. */
    Clip open(ClassifierFile learned, Optional<Precision> precision) throws IOException {
        Path given = model.file();
        Path file = given == null ? ClassifierModel.find(learned, file(), "give it with --model") : given;
        Clip clip = Clip.open(file, model.vocabulary.clip(precision));
        try {
            learned.requireModel(clip);
        } catch (IllegalArgumentException e) {
            clip.close();
            throw new CommandFailure(file + ": " + e.getMessage());
        }
        return clip;
    }

    /**
     * Opens the model that the classifier was learned with. If it was learned from features without a model, and none
     * is given, returns the space of the features to test it on.
     *
     * @param stored features to test it on; empty for images
     */
    FeatureSpace open(ClassifierFile learned, Optional<StoredFeatures> stored, Optional<Precision> precision)
            throws IOException {
        return model.file != null || stored.isEmpty() || !learned.learnedWithoutModel()
                ? open(learned, precision)
                : stored.get().space(Workers.standard());
    }

    /** Returns the features of images; empty if they are files. */
    static Optional<StoredFeatures> stored(List<LabelledImage> images) {
        return images.stream()
                .limit(1)
                .filter(image -> image.stored() != null)
                .map(image -> image.stored().features())
                .findFirst();
    }

    /** Opens a classifier for classes that its method may not be able to name. */
    static Classifier classifier(ClassifierFile learned, FeatureSpace space, List<String> classNames)
            throws IOException {
        return CommandFailure.unless(() -> {
            Classifier own = learned.open(space);
            return classNames.equals(learned.classNames()) ? own : own.forClasses(classNames);
        });
    }
}
