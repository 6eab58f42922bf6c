package org.coop4j.analysis;

import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.function.Consumer;
import java.util.function.ToDoubleFunction;
import org.coop4j.base.Numbers;
import org.coop4j.clip.FeatureSpace;
import org.coop4j.data.FeatureSet;
import org.coop4j.method.Classifier;
import org.coop4j.method.ClassifierFile;
import org.coop4j.method.FewShotFeatures;
import org.coop4j.method.Learner;
import org.coop4j.method.Method;
import org.coop4j.method.PromptEnsemble;
import org.coop4j.method.Task;
import org.coop4j.method.train.Trainer;
import org.coop4j.method.train.Training;
import org.coop4j.run.Confidence;
import org.coop4j.run.Scores;

/**
 * Compares learned classifiers with what else could have been done with the same images.
 *
 * @param task what the classifiers tell apart, with its hand-written prompts
 * @param notes is told what is left out
 */
public record Comparer(
        FeatureSpace space, RunPictures pictures, Task task, Consumer<String> notes) {

    /** Multiplications of a fit, about, that somebody who asked for another method may wait for. */
    private static final double MOST_WORK = 2e13;

    private static final double NANOS = 1e9;

    /**
     * A learned classifier.
     *
     * @param name for tables
     * @param seconds that it took to learn
     */
    public record Learned(String name, ClassifierFile file, double seconds) {}

    /**
     * Scores everything on the same images.
     *
     * @param prompts hand-written prompts, of which one is chosen on training and val images
     * @param own prompts that the user wants to see beside them
     * @param methods what was learned
     */
    public Comparison compare(
            List<PromptEnsemble> prompts, List<PromptEnsemble> own, List<Learned> methods)
            throws IOException {
        List<Contender> all = new ArrayList<>();
        List<Contender> tried = new ArrayList<>();
        for (PromptEnsemble prompt : prompts) {
            tried.add(prompt(prompt, Contender.Kind.PROMPT));
        }
        Contender chosen = best(tried, Comparer::known);
        Contender hindsight = best(tried, Contender::accuracy);
        all.add(as(chosen, Contender.Kind.PROMPT));
        for (PromptEnsemble prompt : own) {
            all.add(prompt(prompt, Contender.Kind.OWN_PROMPT));
        }
        if (!hindsight.name().equals(chosen.name())) {
            all.add(as(hindsight, Contender.Kind.HINDSIGHT));
        }
        Method baseline = Method.baseline();
        if (methods.stream().noneMatch(m -> m.file.method().id().equals(baseline.id()))) {
            learned(baseline).ifPresent(all::add);
        }
        for (Learned method : methods) {
            all.add(method(method));
        }
        return new Comparison(pictures.classNames(), all);
    }

    /** Of equals the first, which is the data's own prompt where it is one of them. */
    private static Contender best(List<Contender> contenders, ToDoubleFunction<Contender> measure) {
        Contender best = null;
        for (Contender contender : contenders) {
            best =
                    best == null || measure.applyAsDouble(contender) > measure.applyAsDouble(best)
                            ? contender
                            : best;
        }
        return best;
    }

    /** Images that are no test images and are classified rightly. */
    private static double known(Contender contender) {
        return contender.train().right() + contender.val().right();
    }

    private static Contender as(Contender c, Contender.Kind kind) {
        return new Contender(
                c.name(), kind, c.train(), c.val(), c.test(), c.confidence(), c.seconds());
    }

    /** It learns nothing, so that all images but those of the test calibrate it. */
    private Contender prompt(PromptEnsemble prompts, Contender.Kind kind) {
        long start = System.nanoTime();
        var weights = prompts.classWeights(space, pictures.classNames());
        double seconds = (System.nanoTime() - start) / NANOS;
        float scale = space.logitScale();
        String name = prompts.describe();
        Scores train = pictures.train().scores(weights, scale);
        Scores val = pictures.val().scores(weights, scale);
        return new Contender(
                prompts.templates().size() == 1 ? "\"" + name + "\"" : name,
                kind,
                train,
                val,
                pictures.test().scores(weights, scale),
                Confidence.of(train.and(val), "training and val images"),
                seconds);
    }

    private Contender learned(
            String name,
            Contender.Kind kind,
            Classifier classifier,
            Confidence confidence,
            double seconds) {
        return new Contender(
                name,
                kind,
                pictures.train().scores(classifier),
                pictures.val().scores(classifier),
                pictures.test().scores(classifier),
                confidence,
                seconds);
    }

    /** Nothing where there is nothing to learn from, or it would take long. */
    private Optional<Contender> learned(Method baseline) throws IOException {
        int images = pictures.train().size();
        String title = baseline.defaults().title();
        Learner learner = baseline.learner(space, task);
        if (images == 0) {
            return Optional.empty();
        }
        if (learner.work(images, Training.none()) > MOST_WORK) {
            notes.accept(
                    "the %s is not compared with, since it takes long on %s: --method %s learns it"
                            .formatted(title, Numbers.count(images, "image"), baseline.id()));
            return Optional.empty();
        }
        long start = System.nanoTime();
        FeatureSet train = pictures.train().all();
        FewShotFeatures data = new FewShotFeatures(train, pictures.val().all());
        try (Classifier classifier =
                learner.fit(data, new Trainer(Training.none(), task.seed()))) {
            double seconds = (System.nanoTime() - start) / NANOS;
            return Optional.of(
                    learned(title, Contender.Kind.PROBE, classifier, Confidence.NONE, seconds));
        }
    }

    private Contender method(Learned learned) throws IOException {
        try (Classifier classifier = learned.file.open(space).forClasses(pictures.classNames())) {
            return learned(
                    learned.name,
                    Contender.Kind.METHOD,
                    classifier,
                    Confidence.of(learned.file),
                    learned.seconds);
        }
    }

    /** Seconds of a run's parts that are spent on learning. */
    public static double learningSeconds(Map<String, Double> seconds) {
        return seconds.getOrDefault("prepare", 0.0) + seconds.getOrDefault("train", 0.0);
    }
}
