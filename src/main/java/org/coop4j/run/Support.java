package org.coop4j.run;

import java.io.IOException;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.coop4j.clip.FeatureSpace;
import org.coop4j.data.FeatureSet;
import org.coop4j.data.LabelledImage;
import org.coop4j.method.Classifier;
import org.coop4j.method.ClassifierFile;
import org.coop4j.method.Method;
import org.coop4j.method.Method.FewShotFeatures;
import org.coop4j.method.Method.Learner;
import org.coop4j.method.Method.Task;
import org.coop4j.method.train.Trainer;
import org.coop4j.method.train.Training;
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

    /**
     * A classifier to be learned.
     *
     * @param shots training images per class; 0 for all
     */
    record Fit(Method method, Training training, int shots) {}

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
        return CrossValidation.folds(
                train.listed().stream().mapToInt(LabelledImage::label).toArray());
    }

    /** Returns how often a method can learn in seconds; never for prompts. */
    public int affordable(Method method, Training training) {
        return method.group() == Method.Group.PROMPTS ? 0 : (int) (MOST_WORK / work(method, training));
    }

    /** Returns the approximate number of multiplications of learning once from image features. */
    public double work(Method method, Training training) {
        return method.work(
                Math.max(1, train.size()),
                task.classNames().size(),
                images.space().embedDim(),
                training);
    }

    /**
     * Scores the training images by cross-validation with classifiers that choose nothing by val images.
     *
     * @return in the order of the fits
     */
    List<Scores> crossValidated(List<Fit> fits) throws IOException {
        return crossValidated(fits, null);
    }

    /**
     * Scores the training images by cross-validation with the settings that a learned classifier chose, which costs
     * nothing if the method chooses none and a choice among methods has done it before.
     */
    Scores crossValidated(Fit fit, ClassifierFile learned) throws IOException {
        Learner learner = learner(fit.method);
        boolean chooses = learner.settled(learned) != learner || (fit.method.usesVal() && val.size() > 0);
        return crossValidated(List.of(fit), chooses ? learned : null).get(0);
    }

    private List<Scores> crossValidated(List<Fit> fits, ClassifierFile learned) throws IOException {
        Map<List<Object>, Scores> known = learned == null ? images.folds() : new HashMap<>();
        int folds = CrossValidation.folds(train.labels());
        List<Fit> left = new ArrayList<>();
        List<FewShotFeatures> data = new ArrayList<>();
        List<float[][]> logits = new ArrayList<>();
        for (Fit fit : fits) {
            if (!known.containsKey(key(fit))) {
                left.add(fit);
                FewShotFeatures all = features(fit.method, 0);
                data.add(
                        learned == null
                                ? new FewShotFeatures(
                                        all.train(), FeatureSet.none(all.train().width()))
                                : all);
                logits.add(new float[train.size()][]);
            }
        }
        each(left.stream().map(Fit::method).toList(), folds * left.size(), (own, i) -> {
            int which = i / folds;
            Fit fit = left.get(which);
            Learner learner = fit.method.learner(own, task);
            Learner settled = learned == null ? learner : learner.settled(learned);
            new CrossValidation(settled, new Trainer(fit.training, task.seed()), folds)
                    .fold(i % folds, data.get(which), fit.shots, logits.get(which));
        });
        for (int i = 0; i < left.size(); i++) {
            known.put(key(left.get(i)), new Scores(train.labels(), logits.get(i)));
        }
        return fits.stream().map(fit -> known.get(key(fit))).toList();
    }

    private List<Object> key(Fit fit) {
        return List.of(task, train.listed(), fit);
    }

    /** Work that learns, such as with a part of the images. */
    public interface Work {

        /** Does piece {@code i} in a space of its thread. */
        void run(FeatureSpace own, int i) throws IOException;
    }

    /** Does pieces of work at the same time if the methods learn from embeddings alone, otherwise one after another. */
    public void each(List<Method> methods, int count, Work work) throws IOException {
        images.texts().each(methods.stream().allMatch(TextsOnce::mayRunAlone), count, work);
    }

    /** Scores the val images by classifiers that learned from the training images. */
    List<Scores> onVal(List<Fit> fits) throws IOException {
        List<FewShotFeatures> data = new ArrayList<>();
        for (Fit fit : fits) {
            data.add(features(fit.method, fit.shots));
        }
        Scores[] scores = new Scores[fits.size()];
        each(fits.stream().map(Fit::method).toList(), scores.length, (own, i) -> {
            Fit fit = fits.get(i);
            Learner learner = fit.method.learner(own, task);
            try (Classifier classifier = learner.fit(data.get(i), new Trainer(fit.training, task.seed()))) {
                scores[i] = val.scores(classifier);
            }
        });
        return List.of(scores);
    }
}
