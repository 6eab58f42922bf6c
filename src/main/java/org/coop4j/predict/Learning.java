package org.coop4j.predict;

import java.io.IOException;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.coop4j.base.Progress;
import org.coop4j.base.Require;
import org.coop4j.clip.Clip;
import org.coop4j.data.Examples;
import org.coop4j.data.ImageDataset;
import org.coop4j.data.ImageDataset.ClassHalf;
import org.coop4j.data.LabelledImage;
import org.coop4j.method.Method;
import org.coop4j.method.PromptEnsemble.ClassDescriptions;
import org.coop4j.run.Confidence;
import org.coop4j.run.Images;
import org.coop4j.run.Learned;
import org.coop4j.run.MethodChoice;
import org.coop4j.run.MethodChoice.Candidate;
import org.coop4j.run.Run;
import org.coop4j.run.RunConfig.RunData;
import org.coop4j.run.Sample;

/**
 * The way in which a classifier is learned in memory, by a method or the best of several ({@link MethodChoice}).
 *
 * @param candidates one or more methods; a single one is used without a choice
 * @param settings of the methods and their training by name, such as {@code epochs} and {@code rate}, and {@code fast},
 *     which is true for settings for few cores; all others are the references'
 * @param sample examples per class, 0 for all, and the seed of every random draw; it has no views
 * @param skipsUnreadable true to leave out images that cannot be read
 * @param progress receives what is done, and warnings
 * @param descriptions sentences about the classes
 */
public record Learning(
        List<Method> candidates,
        Map<String, Object> settings,
        Sample sample,
        boolean skipsUnreadable,
        Progress progress,
        ClassDescriptions descriptions) {

    public Learning {
        candidates = List.copyOf(candidates);
        settings = Map.copyOf(settings);
        Require.that(!candidates.isEmpty(), "methods: expected 1 or more, got 0");
        Require.that(sample.views() == 0, "views: expected 0 in memory, got %s", sample.views());
    }

    /** Returns the references' training of one method, or of each of some to choose among, on all examples by seed 1. */
    public static Learning by(Method... candidates) {
        return new Learning(
                List.of(candidates), Map.of(), new Sample(0, 1), false, Progress.NONE, ClassDescriptions.NONE);
    }

    /** Returns a choice among the quick methods, which learn in seconds. */
    public static Learning auto() {
        return by(Method.quick().toArray(Method[]::new));
    }

    /** Returns the learning with settings of the method or its training, such as {@code Map.of("epochs", 50)}. */
    public Learning with(Map<String, ?> more) {
        Map<String, Object> all = new HashMap<>(settings);
        all.putAll(more);
        return new Learning(candidates, all, sample, skipsUnreadable, progress, descriptions);
    }

    /** Returns the learning from another sample of the examples. */
    public Learning from(Sample other) {
        return new Learning(candidates, settings, other, skipsUnreadable, progress, descriptions);
    }

    /** Returns the learning without images that cannot be read, which are otherwise refused. */
    public Learning skippingUnreadable() {
        return new Learning(candidates, settings, sample, true, progress, descriptions);
    }

    /** Returns the learning that reports what it does. */
    public Learning reporting(Progress other) {
        return new Learning(candidates, settings, sample, skipsUnreadable, other, descriptions);
    }

    /** Returns the learning with sentences about the classes, for methods that use text features. */
    public Learning describing(ClassDescriptions sentences) {
        return new Learning(candidates, settings, sample, skipsUnreadable, progress, sentences);
    }

    /**
     * Account of a classifier that was learned in memory.
     *
     * @param trainImages number of images that it learned from
     * @param trainAccuracy percentage of them that it classifies correctly; of sets of labels the mean average precision
     * @param confidence calibration of its probabilities
     * @param warnings about the examples and the training
     * @param unreadable problems of images that were left out; one in memory is called as {@link Examples#NAME} says
     */
    public record Account(
            int trainImages,
            double trainAccuracy,
            Confidence confidence,
            List<String> warnings,
            Map<LabelledImage, IOException> unreadable) {}

    /** Learns a classifier without a test. */
    ImageClassifier learn(Clip clip, Examples examples) throws IOException {
        Map<LabelledImage, IOException> unreadable = new LinkedHashMap<>();
        ImageDataset lists = examples.lists(clip, sample.seed());
        candidates.forEach(method -> method.requireSuits(lists.hasSets()));
        Images images = Images.of(clip, lists, (some, kind) -> {
            var features = examples.encode(clip, some, kind, unreadable::put);
            if (!skipsUnreadable && !unreadable.isEmpty()) {
                throw unreadable.values().iterator().next();
            }
            return features;
        });
        try (Learned learned = learn(images, RunData.of(descriptions.in(examples.source()), lists, ClassHalf.ALL))) {
            Images.Pictures train = learned.support().train();
            return ImageClassifier.of(
                    clip,
                    learned.file(),
                    new Account(
                            train.size(),
                            train.scores(learned.classifier()).value(),
                            learned.confidence(),
                            learned.warnings(),
                            unreadable));
        }
    }

    private Learned learn(Images images, RunData data) throws IOException {
        ImageDataset lists = images.dataset(data.source(), sample.seed());
        List<Candidate> all = candidates.stream()
                .map(method -> Candidate.of(method, settings, sample.shots(), images.space(), lists))
                .toList();
        Candidate chosen = all.get(0);
        if (all.size() > 1) {
            Candidate learns =
                    all.stream().filter(c -> c.method().learns()).findFirst().orElse(chosen);
            chosen = MethodChoice.best(images, learns.config(images.space(), data, sample), all, progress)
                    .chosen()
                    .get(0);
        }
        return new Run(images, chosen.method().title(), chosen.config(images.space(), data, sample), progress).learn();
    }
}
