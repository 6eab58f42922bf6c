package org.coop4j.cli;

import java.awt.image.BufferedImage;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.coop4j.base.Progress;
import org.coop4j.cli.options.ModelOptions;
import org.coop4j.clip.Clip;
import org.coop4j.console.CommandFailure;
import org.coop4j.graph.host.Precision;
import org.coop4j.graph.host.Workers;
import org.coop4j.method.Classifier;
import org.coop4j.method.ClassifierFile;
import org.coop4j.method.PromptEnsemble;
import org.coop4j.method.UnknownWords;
import org.coop4j.predict.ClassifierModel;
import org.coop4j.predict.ImageClassifier;
import org.coop4j.predict.ImageClassifier.PredictionLimits;
import org.coop4j.run.RunFolder;
import org.coop4j.run.RunResult;
import org.coop4j.serve.ClassifierInfo;
import org.coop4j.serve.ServedClassifier;
import org.coop4j.text.Tokenizer;

/** Opens the classifiers of a service; those of one model share it. */
final class ServedModels implements AutoCloseable {

    private final Tokenizer tokenizer;
    private final Precision precision;
    private final PredictionLimits limits;
    private final Optional<Double> threshold;
    private final List<ServedClassifier> served = new ArrayList<>();
    private final Map<Path, Clip> clips = new HashMap<>();
    private final Deque<AutoCloseable> open = new ArrayDeque<>();

    /**
     * @param precision in which images are encoded
     * @param threshold below which the page is not sure
     */
    ServedModels(Tokenizer tokenizer, Precision precision, PredictionLimits limits, Optional<Double> threshold) {
        this.tokenizer = tokenizer;
        this.precision = precision;
        this.limits = limits;
        this.threshold = threshold;
    }

    /** The classifiers that were opened. */
    List<ServedClassifier> all() {
        return List.copyOf(served);
    }

    /**
     * Opens a learned classifier.
     *
     * @param name what requests call it
     * @param run the folder of its run, or its file
     * @param model its model, where the user names it
     */
    void addLearned(String name, Path run, Optional<Path> model) throws IOException {
        Path file = ClassifierModel.classifierFile(run);
        ClassifierFile learned = ClassifierFile.read(file);
        Path modelFile = model.isPresent() ? model.get() : ClassifierModel.find(learned, file, ModelOptions.ADVICE);
        Clip clip = clip(modelFile);
        try {
            add(clip, learned.open(clip), ClassifierInfo.of(name, learned, modelFile, result(file)));
        } catch (IllegalArgumentException e) {
            throw new CommandFailure(modelFile + ": " + e.getMessage());
        }
    }

    /** The result of the run in whose folder a classifier lies. */
    private static Optional<RunResult> result(Path classifier) throws IOException {
        Path result = classifier.toAbsolutePath().resolveSibling(RunFolder.RESULT);
        return Files.exists(result) ? Optional.of(RunFolder.read(result, RunResult.class)) : Optional.empty();
    }

    /** Makes a classifier of hand-written prompts, and warns of words that the model never saw. */
    void addZeroShot(String name, Path model, List<String> classes, PromptEnsemble prompts, Progress progress)
            throws IOException {
        Clip clip = clip(model);
        UnknownWords.warning(clip, classes).ifPresent(progress::warn);
        Classifier classifier = prompts.classifier(clip, classes);
        add(clip, classifier, ClassifierInfo.of(name, classifier.save(), model, Optional.empty()));
    }

    /** Weights are read now, so that whoever is answered first does not wait for them. */
    private void add(Clip clip, Classifier classifier, ClassifierInfo info) throws IOException {
        open.push(classifier);
        ImageClassifier images = ImageClassifier.of(clip, classifier, limits);
        open.push(images);
        images.classify(new BufferedImage(1, 1, BufferedImage.TYPE_INT_RGB));
        served.add(new ServedClassifier(threshold.map(info::withThreshold).orElse(info), images));
    }

    private Clip clip(Path model) throws IOException {
        Path key = model.toRealPath();
        Clip clip = clips.get(key);
        if (clip == null) {
            clip = Clip.open(model, new Clip.Options(() -> tokenizer, Workers.standard(), precision));
            clips.put(key, clip);
            open.push(clip);
        }
        return clip;
    }

    /** Closes all, the last first: a classifier before its model. */
    @Override
    public void close() {
        while (!open.isEmpty()) {
            try {
                open.pop().close();
            } catch (Exception e) {
                throw new IllegalStateException(e);
            }
        }
    }
}
