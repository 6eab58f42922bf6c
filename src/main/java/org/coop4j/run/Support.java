package org.coop4j.run;

import java.io.IOException;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.coop4j.clip.FeatureSpace;
import org.coop4j.clip.FeatureSpace.FeatureKind;
import org.coop4j.clip.TextsOnce;
import org.coop4j.data.FeatureSet;
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
import org.coop4j.run.MethodChoice.Candidate;

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
                few, method.usesVal() ? val.features(method.features()) : FeatureSet.none(few.width()));
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
    List<Scores> crossValidated(List<Candidate> fits) throws IOException {
        return crossValidated(fits, null);
    }

    /**
     * Scores the training images by cross-validation with the settings that a learned classifier chose, which costs
     * nothing if the method chooses none and a choice among methods has done it before.
     */
    Scores crossValidated(Candidate fit, ClassifierFile learned) throws IOException {
        Learner learner = learner(fit.method());
        boolean chooses = learner.settled(learned) != learner || (fit.method().usesVal() && val.size() > 0);
        return crossValidated(List.of(fit), chooses ? learned : null).get(0);
    }

    private List<Scores> crossValidated(List<Candidate> fits, ClassifierFile learned) throws IOException {
        Map<List<Object>, Scores> known = learned == null ? images.folds() : new HashMap<>();
        List<Candidate> left =
                fits.stream().filter(fit -> !known.containsKey(key(fit))).toList();
        List<FewShotFeatures> data = new ArrayList<>();
        for (Candidate fit : left) {
            data.add(features(fit.method(), 0));
        }
        int folds = folds();
        float[][][] logits = new float[left.size()][train.size()][];
        each(
                methods(left),
                folds * left.size(),
                (own, i) -> fold(own, left.get(i / folds), learned, data.get(i / folds), i % folds, logits[i / folds]));
        for (int i = 0; i < left.size(); i++) {
            known.put(key(left.get(i)), new Scores(train.labelSets(), logits[i]));
        }
        return fits.stream().map(fit -> known.get(key(fit))).toList();
    }

    /**
     * Scores images by cross-validation among them, with a method as its reference trains it; none if that takes long, or a
     * class has a single image.
     */
    public Scores crossValidated(Method method, FeatureSet set) throws IOException {
        Candidate fit = Candidate.of(method, Map.of(), 0, images.space().logitScale());
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
            FeatureSpace own, Candidate fit, ClassifierFile learned, FewShotFeatures all, int fold, float[][] logits)
            throws IOException {
        List<Labels> labels = all.train().labelSets();
        Folds split = Folds.of(labels, Folds.count(labels, MOST_FOLDS));
        int[] held = split.of(fold);
        FeatureSet rest = all.train().select(split.without(fold)).first(fit.shots());
        FeatureSet chooses = learned == null ? FeatureSet.none(rest.width()) : all.val();
        try (Classifier classifier = fit(own, fit, learned, new FewShotFeatures(rest, chooses))) {
            FeatureSet images = all.train().select(held);
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
    private Classifier fit(FeatureSpace own, Candidate fit, ClassifierFile learned, FewShotFeatures data)
            throws IOException {
        Learner learner = fit.method().learner(own, task);
        return (learned == null ? learner : learner.settled(learned))
                .fit(data, new Trainer(fit.training(), task.seed()));
    }

    private static List<Method> methods(List<Candidate> fits) {
        return fits.stream().map(Candidate::method).toList();
    }

    private List<Object> key(Candidate fit) {
        return List.of(task, train.listed(), fit.method(), fit.training(), fit.shots());
    }

    /** Does pieces of work at the same time if the methods learn from embeddings alone, otherwise one after another. */
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
    List<Scores> onVal(List<Candidate> fits) throws IOException {
        List<FewShotFeatures> data = new ArrayList<>();
        for (Candidate fit : fits) {
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
