package org.coop4j.run;

import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Random;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import org.coop4j.clip.FeatureSpace;
import org.coop4j.clip.FeatureSpace.FeatureKind;
import org.coop4j.clip.TextsOnce;
import org.coop4j.data.FeatureSet;
import org.coop4j.data.Moments;
import org.coop4j.eval.Folds;
import org.coop4j.eval.Labels;
import org.coop4j.eval.Scores;
import org.coop4j.method.Classifier;
import org.coop4j.method.ClassifierFile;
import org.coop4j.method.Method;
import org.coop4j.method.Method.FewShotFeatures;
import org.coop4j.method.Method.Learner;
import org.coop4j.method.Method.Task;
import org.coop4j.method.Trainer;
import org.coop4j.method.Training;
import org.coop4j.run.Images.Pictures;

/**
 * The images that a run learns from and may choose by, as the test transform shows them.
 *
 * @param images where they come from
 * @param train training images
 * @param val val images; none if they are the test images, because nothing may be chosen by these
 */
public record Support(Images images, Task task, Pictures train, Pictures val) {

    /** Approximate limit of the multiplications of learning many times, which take seconds. */
    private static final double MOST_WORK = 1e12;

    private static final int MOST_FOLDS = 5;

    /** Limit of the images that are scored by cross-validation among them, since each costs something in each epoch. */
    private static final int MOST_SCORED = 20_000;

    /** Val images that are enough to choose by one half, and to calibrate by the other. */
    private static final int ENOUGH_FOR_BOTH = 20_000;

    /** Most val images that choose or calibrate where they are enough for both. */
    private static final int ENOUGH = 50_000;

    /** Returns a learner of the task. */
    public Learner learner(Method method) {
        return method.learner(images.space(), task);
    }

    /**
     * Returns the features that a method learns from, including the val images if it uses them.
     *
     * @param shots training images per class; 0 for all
     */
    public FewShotFeatures features(Method method, int shots) throws IOException {
        FeatureSet few = train.features(method.features()).first(shots);
        return new FewShotFeatures(
                few,
                method.usesVal() ? choosing().features(method.features()) : FeatureSet.none(few.width()),
                images.sums());
    }

    /** Returns the val images that a method which uses them chooses by. */
    Pictures choosing() {
        return val.size() < ENOUGH_FOR_BOTH ? val : half(0);
    }

    /** Returns the val images that calibrate such a method, as they choose nothing; none if all choose. */
    Optional<Pictures> calibrating() {
        return val.size() < ENOUGH_FOR_BOTH ? Optional.empty() : Optional.of(half(1));
    }

    private Pictures half(int which) {
        Random random = new Random(0);
        return val.select(IntStream.range(0, val.size())
                        .filter(i -> random.nextInt(2) == which)
                        .toArray())
                .sample(ENOUGH);
    }

    /** Returns the number of folds of a cross-validation; with fewer than 2 nothing can be held out. */
    int folds() {
        return Folds.count(train.labelSets(), MOST_FOLDS);
    }

    /** Returns how often a method can learn in seconds; never for prompts. */
    public int affordable(Method method, Training training) {
        return method.group().runsTower() ? 0 : (int) (MOST_WORK / work(method, training));
    }

    /** Returns the approximate number of multiplications of learning once from image features. */
    public double work(Method method, Training training) {
        return work(method, training, Math.max(1, train.size()));
    }

    private double work(Method method, Training training, int count) {
        return method.work(count, task.classNames().size(), images.space().embedDim(), training);
    }

    /**
     * Scores the training images by cross-validation with classifiers that choose nothing by val images.
     *
     * @return in the order of the fits
     */
    List<Scores> crossValidated(List<Recipe> fits) throws IOException {
        Map<List<Object>, Scores> known = images.folds();
        List<Recipe> left =
                fits.stream().filter(fit -> !known.containsKey(key(fit))).toList();
        List<Scores> measured = crossValidated(left, null);
        for (int i = 0; i < left.size(); i++) {
            known.put(key(left.get(i)), measured.get(i));
        }
        return fits.stream().map(fit -> known.get(key(fit))).toList();
    }

    /**
     * Scores the training images by cross-validation with the settings that a learned classifier chose, which costs
     * nothing if the method chooses none and a choice among methods has done it before.
     */
    Scores crossValidated(Recipe fit, Classifier classifier) throws IOException {
        Learner learner = learner(fit.method());
        ClassifierFile learned = classifier.save();
        boolean chooses = learner.settled(learned) != learner || (fit.method().usesVal() && val.size() > 0);
        if (!chooses) {
            return crossValidated(List.of(fit)).get(0);
        }
        List<Object> key = List.of(key(fit), classifier);
        if (!images.folds().containsKey(key)) {
            images.folds().put(key, crossValidated(List.of(fit), learned).get(0));
        }
        return images.folds().get(key);
    }

    private List<Scores> crossValidated(List<Recipe> fits, ClassifierFile learned) throws IOException {
        List<FewShotFeatures> data = new ArrayList<>();
        for (Recipe fit : fits) {
            data.add(features(fit.method(), 0));
        }
        int folds = folds();
        float[][][] logits = new float[fits.size()][train.size()][];
        each(
                methods(fits),
                folds * fits.size(),
                (own, i) -> fold(own, fits.get(i / folds), learned, data.get(i / folds), i % folds, logits[i / folds]));
        return Stream.of(logits).map(one -> new Scores(train.labelSets(), one)).toList();
    }
    /**
     * Scores images by cross-validation among them, with a method as its reference trains it; none if that takes long, or a
     * class has a single image.
     */
    public Scores crossValidated(Method method, FeatureSet set) throws IOException {
        if (set.size() > MOST_SCORED) {
            return Scores.NONE;
        }
        Recipe fit = Recipe.of(
                method, Map.of(), new Recipe.Lists(set.size(), task.classNames().size(), false), images.space());
        int folds = Folds.count(set.labelSets(), MOST_FOLDS);
        if (folds < 2 || folds * work(fit.method(), fit.training(), set.size()) > MOST_WORK) {
            return Scores.NONE;
        }
        float[][] logits = new float[set.size()][];
        FewShotFeatures all = new FewShotFeatures(set, FeatureSet.none(set.width()));
        each(List.of(method), folds, (own, i) -> fold(own, fit, null, all, i, logits));
        return new Scores(set.labelSets(), logits);
    }

    /** Learns from all folds but one, and scores the images of that one. */
    private void fold(
            FeatureSpace own, Recipe fit, ClassifierFile learned, FewShotFeatures all, int fold, float[][] logits)
            throws IOException {
        List<Labels> labels = all.train().labelSets();
        Folds split = Folds.of(labels, Folds.count(labels, MOST_FOLDS));
        int[] held = split.of(fold);
        FeatureSet rest = all.train().select(split.without(fold)).first(fit.shots());
        FeatureSet chooses = learned == null ? FeatureSet.none(rest.width()) : all.val();
        FeatureSet images = all.train().select(held);
        Moments sums = all.sums() == null ? null : all.sums().without(images);
        try (Classifier classifier = fit(own, fit, learned, new FewShotFeatures(rest, chooses, sums))) {
            FeatureSet seen = classifier.features() instanceof FeatureKind.Changed changed
                    ? images.encoded(
                            own.requireTowers(fit.method().id()),
                            changed.of(fit.method().features()))
                    : images;
            float[][] rows = classifier.logits(seen.matrix()).toRows();
            for (int j = 0; j < held.length; j++) {
                logits[held[j]] = rows[j];
            }
        }
    }

    /** Learns in a space, with the settings that a learned classifier chose unless it is null. */
    private Classifier fit(FeatureSpace own, Recipe fit, ClassifierFile learned, FewShotFeatures data)
            throws IOException {
        Learner learner = fit.method().learner(own, task);
        return (learned == null ? learner : learner.settled(learned))
                .fit(data, new Trainer(fit.training(), task.seed()));
    }

    private static List<Method> methods(List<Recipe> fits) {
        return fits.stream().map(Recipe::method).toList();
    }

    private List<Object> key(Recipe fit) {
        return List.of(task, train.listed(), fit.method(), fit.training(), fit.shots());
    }

    /** Runs tasks at the same time if the methods learn from embeddings alone, otherwise one after another. */
    public void each(List<Method> methods, int count, TextsOnce.Work work) throws IOException {
        images.space()
                .each(
                        methods.stream()
                                .allMatch(method ->
                                        !method.group().runsTower() && method.features() == FeatureKind.EMBEDDED),
                        count,
                        work);
    }

    /** Scores the val images by classifiers that learned from the training images. */
    List<Scores> onVal(List<Recipe> fits) throws IOException {
        List<FewShotFeatures> data = new ArrayList<>();
        for (Recipe fit : fits) {
            data.add(features(fit.method(), fit.shots()));
        }
        Scores[] scores = new Scores[fits.size()];
        each(methods(fits), scores.length, (own, i) -> {
            try (Classifier classifier = fit(own, fits.get(i), null, data.get(i))) {
                scores[i] = val.scores(classifier);
            }
        });
        return List.of(scores);
    }
}
