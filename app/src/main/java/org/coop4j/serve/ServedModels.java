package org.coop4j.serve;

import static org.coop4j.graph.host.Precision.BFLOAT16;
import static org.coop4j.graph.host.Precision.FLOAT32;
import static org.coop4j.run.RunFolder.RESULT;

import java.awt.image.BufferedImage;
import java.io.Closeable;
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
import org.coop4j.base.IoFunction;
import org.coop4j.base.Progress;
import org.coop4j.clip.Clip;
import org.coop4j.clip.EncodingQueue.EncodingLimits;
import org.coop4j.console.CommandFailure;
import org.coop4j.graph.host.Precision;
import org.coop4j.graph.host.Workers;
import org.coop4j.method.Classifier;
import org.coop4j.method.ClassifierFile;
import org.coop4j.method.Method;
import org.coop4j.method.PromptEnsemble;
import org.coop4j.method.UnknownWords;
import org.coop4j.predict.ClassifierModel;
import org.coop4j.predict.ImageClassifier;
import org.coop4j.run.RunFolder;
import org.coop4j.run.RunResult;
import org.coop4j.text.Tokenizer;
import org.coop4j.weights.model.ConvertedModel;

/** The open classifiers of a service; those of one model share it. */
public final class ServedModels implements AutoCloseable {

    /** Name of the classifier of hand-written prompts. */
    public static final String ZERO_SHOT = Method.zeroShot().id();

    private final IoFunction<ConvertedModel, Tokenizer> vocabulary;
    private final Optional<Precision> precision;
    private final EncodingLimits limits;
    private final Double threshold;
    private final List<ServedClassifier> served = new ArrayList<>();
    private final Map<Path, Clip> clips = new HashMap<>();
    private final Deque<Closeable> open = new ArrayDeque<>();

    /**
     * @param vocabulary returns the tokenizer of a model
     * @param precision of the encoding of images; empty for the fastest of each model
     * @param threshold probability below which the page says "not sure", or null
     */
    public ServedModels(
            IoFunction<ConvertedModel, Tokenizer> vocabulary,
            Optional<Precision> precision,
            EncodingLimits limits,
            Double threshold) {
        this.vocabulary = vocabulary;
        this.precision = precision;
        this.limits = limits;
        this.threshold = threshold;
    }

    public List<ServedClassifier> all() {
        return served;
    }

    /** Returns bfloat16 if images of any model are encoded in it, otherwise float32. */
    public Precision precision() {
        return clips.values().stream().anyMatch(clip -> clip.precision() == BFLOAT16) ? BFLOAT16 : FLOAT32;
    }

    /**
     * Opens a learned classifier.
     *
     * @param name its name in requests
     * @param run the folder of its run, or its file
     * @param model its model, or null for the recorded one
     */
    public void addLearned(String name, Path run, Path model) throws IOException {
        Path file = ClassifierModel.classifierFile(run);
        ClassifierFile learned = ClassifierFile.read(file);
        Path found = model == null ? ClassifierModel.find(learned, file, "give it with --model") : model;
        Path result = file.toAbsolutePath().resolveSibling(RESULT);
        Optional<RunResult> test =
                Files.exists(result) ? Optional.of(RunFolder.read(result, RunResult.class)) : Optional.empty();
        Clip clip = clip(found);
        try {
            add(clip, learned.open(clip), ClassifierInfo.of(name, learned, clip, test, threshold));
        } catch (IllegalArgumentException e) {
            throw new CommandFailure(found + ": " + e.getMessage());
        }
    }

    /** Makes a classifier of hand-written prompts; warns of words that the model was not trained on. */
    public void addZeroShot(Path model, List<String> classes, PromptEnsemble prompts, Progress progress)
            throws IOException {
        Clip clip = clip(model);
        UnknownWords.warning(clip, classes).ifPresent(progress::warn);
        Classifier classifier = prompts.classifier(clip, classes);
        add(clip, classifier, ClassifierInfo.of(ZERO_SHOT, classifier.save(), clip, Optional.empty(), threshold));
    }

    /** Adds a classifier and reads the weights, so that the first request does not wait for them. */
    private void add(Clip clip, Classifier classifier, ClassifierInfo info) throws IOException {
        open.push(classifier::close);
        ImageClassifier images = ImageClassifier.of(clip, classifier, limits);
        open.push(images::close);
        images.classify(new BufferedImage(1, 1, BufferedImage.TYPE_INT_RGB));
        served.add(new ServedClassifier(info, images));
    }

    private Clip clip(Path model) throws IOException {
        Path key = model.toRealPath();
        Clip clip = clips.get(key);
        if (clip == null) {
            clip = Clip.open(model, new Clip.Options(vocabulary, Workers.standard(), precision));
            clips.put(key, clip);
            open.push(clip);
        }
        return clip;
    }

    /** Closes all in reverse order: each classifier before its model. */
    @Override
    public void close() throws IOException {
        while (!open.isEmpty()) {
            open.pop().close();
        }
    }
}
