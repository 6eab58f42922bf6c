package org.coop4j.cli;

import static org.coop4j.console.CommandFailure.unless;
import static org.coop4j.graph.host.Precision.FLOAT32;

import java.io.IOException;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import org.coop4j.base.Progress;
import org.coop4j.clip.Clip;
import org.coop4j.clip.FeatureSpace;
import org.coop4j.console.CommandFailure;
import org.coop4j.data.StoredFeatures;
import org.coop4j.eval.Calibration;
import org.coop4j.findings.EvaluationData;
import org.coop4j.graph.host.Precision;
import org.coop4j.graph.host.Workers;
import org.coop4j.method.Classifier;
import org.coop4j.method.ClassifierFile;
import org.coop4j.method.UnknownWords;
import org.coop4j.predict.ClassifierModel;

/**
 * A learned classifier and the model that it was learned with.
 *
 * @param path of its file
 * @param options name the model, or leave it to the classifier
 */
record LearnedClassifier(ClassifierFile file, Path path, ModelOptions options) {

    /** Returns the classifier without the calibration of its probabilities. */
    LearnedClassifier raw() {
        return new LearnedClassifier(file.withTemperature(Calibration.NO_TEMPERATURE), path, options);
    }

    /** Returns the classifier's folder, which may also be its run's. */
    Path folder() {
        return path.toAbsolutePath().getParent();
    }

    /** Returns the contents of the pictures that the classifier's run learned from; none for a file without its run. */
    Set<String> contents(Progress progress) throws IOException {
        return EvaluationData.of(file, folder(), progress).images().get().learnedContents();
    }

    /** Opens the model in float32. */
    Clip open() throws IOException {
        return open(Optional.of(FLOAT32));
    }

    /** Opens the model in a precision. */
    Clip open(Optional<Precision> precision) throws IOException {
        Path model = options.model == null ? ClassifierModel.find(file, path, "give it with --model") : options.model;
        Clip clip = options.vocabulary.open(model, precision);
        try {
            file.requireModel(clip);
        } catch (IllegalArgumentException e) {
            clip.close();
            throw new CommandFailure(model + ": " + e.getMessage());
        }
        return clip;
    }

    /**
     * Opens the model. If the classifier was learned from features without a model, and none is given, returns the space
     * of the features to test it on.
     *
     * @param stored features to test it on; empty for images
     */
    FeatureSpace open(Optional<StoredFeatures> stored, Optional<Precision> precision) throws IOException {
        return options.model != null || stored.isEmpty() || !file.learnedWithoutModel()
                ? open(precision)
                : stored.get().space(Workers.standard());
    }

    /** Opens the classifier for classes that its method may not be able to name; warns of those that the model does not know. */
    Classifier in(FeatureSpace space, List<String> classNames, Progress progress) throws IOException {
        UnknownWords.warning(space, file, classNames).ifPresent(progress::warn);
        return unless(() -> {
            Classifier own = file.open(space);
            return classNames.equals(file.classNames()) ? own : own.forClasses(classNames);
        });
    }
}
