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
import org.coop4j.run.Recipe;
import org.coop4j.run.Run;
import org.coop4j.run.RunConfig.RunData;

/**
 * The way in which a classifier is learned in memory, by a method or the best of several ({@link MethodChoice}).
 *
 * @param candidates one or more methods; a single one is used without a choice
 * @param settings as {@link Recipe#of} takes them, without views; what is not given is the reference's
 * @param skipsUnreadable true to leave out images that cannot be read
 * @param progress receives what is done, and warnings
 * @param descriptions sentences about the classes
 */
public record Learning(
        List<Method> candidates,
        Map<String, Object> settings,
        boolean skipsUnreadable,
        Progress progress,
        ClassDescriptions descriptions) {

    public Learning {
        candidates = List.copyOf(candidates);
        settings = Map.copyOf(settings);
        Require.that(!candidates.isEmpty(), "methods: expected 1 or more, got 0");
    }

    /** Returns the references' training of one method, or of each of some to choose among, on all examples by seed 1. */
    public static Learning by(Method... candidates) {
        return new Learning(List.of(candidates), Map.of(), false, Progress.NONE, ClassDescriptions.NONE);
    }

    /** Returns a choice among the quick methods, which learn in seconds. */
    public static Learning auto() {
        return by(Method.quick().toArray(Method[]::new));
    }

    /** Returns the learning with some settings, such as {@code Map.of("epochs", 50, "shots", 16)}. */
    public Learning with(Map<String, ?> more) {
        Map<String, Object> all = new HashMap<>(settings);
        all.putAll(more);
        return new Learning(candidates, all, skipsUnreadable, progress, descriptions);
    }

    /** Returns the learning without images that cannot be read, which are otherwise refused. */
    public Learning skippingUnreadable() {
        return new Learning(candidates, settings, true, progress, descriptions);
    }

    /** Returns the learning that reports what it does. */
    public Learning reporting(Progress other) {
        return new Learning(candidates, settings, skipsUnreadable, other, descriptions);
    }

    /** Returns the learning with sentences about the classes, for methods that use text features. */
    public Learning describing(ClassDescriptions sentences) {
        return new Learning(candidates, settings, skipsUnreadable, progress, sentences);
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
        long seed = Recipe.checked(candidates.get(0), settings).sample().seed();
        ImageDataset lists = examples.lists(clip, seed);
        candidates.forEach(method -> method.requireSuits(lists.hasSets()));
        Images images = Images.of(clip, lists, (some, kind) -> {
            var features = examples.encode(clip, some, kind, unreadable::put);
            if (!skipsUnreadable && !unreadable.isEmpty()) {
                throw unreadable.values().iterator().next();
            }
            return features;
        });
        RunData data = images.data(descriptions.in(examples.source()), seed, ClassHalf.ALL);
        Recipe recipe = recipe(images, data, lists);
        try (Learned learned = new Run(images, recipe.named(recipe.method().title()), data, progress).learn()) {
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

    private Recipe recipe(Images images, RunData data, ImageDataset lists) throws IOException {
        Recipe.Lists counts = Recipe.Lists.of(data.source(), lists);
        List<Recipe> all = candidates.stream()
                .map(method -> Recipe.ofOneView(method, settings, counts, images.space()))
                .toList();
        return all.size() == 1
                ? all.get(0)
                : MethodChoice.best(images, data, all, progress).chosen().get(0);
    }
}
