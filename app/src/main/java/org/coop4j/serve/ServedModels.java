package org.coop4j.serve;

import static org.coop4j.graph.host.Precision.BFLOAT16;
import static org.coop4j.graph.host.Precision.FLOAT32;

import java.awt.image.BufferedImage;
import java.io.Closeable;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.HashMap;
import java.util.LinkedHashMap;
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
import org.coop4j.model.ConvertedModel;
import org.coop4j.predict.ClassifierModel;
import org.coop4j.predict.ImageClassifier;
import org.coop4j.run.OpenRun;
import org.coop4j.run.RunResult;
import org.coop4j.text.Tokenizer;

/** The open classifiers of a service; those of one model share it. */
public final class ServedModels implements AutoCloseable {

    /** Name of the classifier of hand-written prompts. */
    public static final String ZERO_SHOT = Method.zeroShot().id();

    private final IoFunction<ConvertedModel, Tokenizer> vocabulary;
    private final Optional<Precision> precision;
    private final EncodingLimits limits;
    private final Double threshold;
    private final List<ServedClassifier> served = new ArrayList<>();
    private final Map<ServedClassifier, Path> learnedFrom = new LinkedHashMap<>();
    /** The result that each description has. */
    private final Map<String, Optional<RunResult>> described = new HashMap<>();
    /** Last messages of classifiers that cannot be replaced. */
    private final Map<String, String> problems = new HashMap<>();

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
        Clip clip = clip(found);
        try {
            add(ImageClassifier.load(run, clip, limits), images -> info(name, run, images));
        } catch (IllegalArgumentException e) {
            throw new CommandFailure(found + ": " + e.getMessage());
        }
        learnedFrom.put(served.get(served.size() - 1), run);
    }

    private ClassifierInfo info(String name, Path run, ImageClassifier images) throws IOException {
        Optional<RunResult> test = result(run);
        ClassifierInfo info = ClassifierInfo.of(name, images.classifier().save(), images.clip(), test, threshold);
        described.put(name, test);
        return info;
    }

    private static Optional<RunResult> result(Path run) throws IOException {
        return OpenRun.result(
                ClassifierModel.classifierFile(run).toAbsolutePath().getParent());
    }

    /**
     * Opens classifiers again whose files were replaced, and describes those whose result, which a run writes last, has
     * changed. Requests that have begun are answered by the old ones, which stay where a new one cannot be opened.
     *
     * @param progress receives what was replaced, and why what cannot be
     */
    public synchronized void reload(Progress progress) {
        learnedFrom.forEach((one, run) -> {
            String name = one.info().name();
            try {
                boolean replaced = one.classifier().reload();
                if (replaced) {
                    problems.remove(name);
                    progress.note("%s was replaced: %s".formatted(name, one.classifier()));
                }
                if (replaced || !result(run).equals(described.get(name))) {
                    one.describe(info(name, run, one.classifier()));
                }
            } catch (IOException | RuntimeException e) {
                if (!String.valueOf(e.getMessage()).equals(problems.put(name, String.valueOf(e.getMessage())))) {
                    progress.warn("%s is served as before: %s".formatted(name, e.getMessage()));
                }
            }
        });
    }

    /** Makes a classifier of hand-written prompts; warns of words that the model was not trained on. */
    public void addZeroShot(Path model, List<String> classes, PromptEnsemble prompts, Progress progress)
            throws IOException {
        Clip clip = clip(model);
        UnknownWords.warning(clip, classes).ifPresent(progress::warn);
        Classifier classifier = prompts.classifier(clip, classes);
        open.push(classifier::close);
        add(
                ImageClassifier.of(clip, classifier, limits),
                images -> ClassifierInfo.of(ZERO_SHOT, classifier.save(), clip, Optional.empty(), threshold));
    }

    /** Adds a classifier and reads the weights, so that the first request does not wait for them. */
    private void add(ImageClassifier images, IoFunction<ImageClassifier, ClassifierInfo> description)
            throws IOException {
        open.push(images::close);
        images.classify(new BufferedImage(1, 1, BufferedImage.TYPE_INT_RGB));
        served.add(new ServedClassifier(description.apply(images), images));
    }

    /** Opens a model, once. */
    public Clip clip(Path model) throws IOException {
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
