package org.coop4j.findings;

import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import org.coop4j.base.Numbers;
import org.coop4j.base.Progress;
import org.coop4j.clip.FeatureSpace.FeatureKind;
import org.coop4j.data.FeatureSet;
import org.coop4j.data.LabelledImage;
import org.coop4j.eval.LabelScores.Decision;
import org.coop4j.eval.Labels;
import org.coop4j.eval.Predictions;
import org.coop4j.eval.Scores;
import org.coop4j.image.ExifOrientation;
import org.coop4j.method.Classifier;
import org.coop4j.method.ClassifierFile;
import org.coop4j.method.Method;
import org.coop4j.method.Method.FewShotFeatures;
import org.coop4j.method.Trainer;
import org.coop4j.method.Training;
import org.coop4j.run.Confidence;
import org.coop4j.run.Images;
import org.coop4j.run.Images.Pictures;
import org.coop4j.run.OpenRun;
import org.coop4j.run.Support;

/**
 * A learned classifier with one class more. A method in closed form learns again, from the run's images and every other
 * image of the class, if there are any; others add the class by its name.
 *
 * @param classifier the new classifier, calibrated anew; of several labels with the thresholds of the earlier one
 * @param before the run's test images, scored by the earlier classifier
 * @param after the same images, scored by the new one
 * @param added images of the class that were not learned from, scored by the new one; possibly none
 */
public record AddedClass(ClassifierFile classifier, Scores before, Scores after, Scores added) {

    private static final String REMEDY = "restore them, or learn again with the new class";

    /**
     * Adds a class.
     *
     * @param run the classifier's run, from whose images a method in closed form learns again, wherever the new class lies
     * @param name the class; must be new
     * @param images of the class; may be empty where the method can name it
     * @throws IOException if images cannot be read
     */
    public static AddedClass of(
            Images known, OpenRun run, ClassifierFile learned, String name, List<Path> images, Progress progress)
            throws IOException {
        List<String> names = new ArrayList<>(learned.classNames());
        names.add(name);
        int label = names.size() - 1;
        Labels labels = learned.decision() == null
                ? Labels.of(label)
                : Labels.of(new int[] {label}, IntStream.range(0, label).toArray());
        Pictures all = known.pictures(
                images.stream()
                        .map(file -> LabelledImage.of(file, labels, names, ExifOrientation.APPLY, null))
                        .toList(),
                name,
                progress);
        boolean byName = learned.method().namesNewClasses() && (all.size() == 0 || !isClosedForm(learned.method()));
        int[] learn = IntStream.iterate(0, i -> i < (byName ? 0 : all.size()), i -> i + 2)
                .toArray();
        Pictures tested = run.test(known, REMEDY, progress);
        Support support = run.support(known, REMEDY, progress);
        try (Classifier before = learned.open(known.space());
                Classifier after = byName
                        ? before.forClasses(names)
                        : again(
                                support,
                                learned.method(),
                                names,
                                all.select(learn).features(FeatureKind.EMBEDDED))) {
            ClassifierFile file = after.save().withOrigin(learned.origin());
            if (learned.decision() != null) {
                int[] earlier = IntStream.rangeClosed(0, label)
                        .map(i -> i < label ? i : -1)
                        .toArray();
                file = file.withDecision(learned.decision().select(earlier));
            } else {
                file = calibrated(file, support, after);
            }
            Pictures rest = all.without(IntStream.of(learn).boxed().collect(Collectors.toSet()));
            Scores added = rest.size() == 0 ? Scores.NONE : rest.scores(after);
            return new AddedClass(file, tested.scores(before), tested.scores(after), added);
        }
    }

    /** Returns the percentage of the added images for which the class is predicted. */
    public double found() {
        int label = classifier.classNames().size() - 1;
        Decision decision = classifier.decision();
        long found = Stream.of(added.logits())
                .filter(logits ->
                        decision == null ? Predictions.argmax(logits) == label : decision.predicted(logits)[label])
                .count();
        return 100.0 * found / added.size();
    }

    private static boolean isClosedForm(Method method) {
        return method.learns() && !method.training(0).trains();
    }

    /** Learns a run's classes and another one in closed form. */
    private static Classifier again(Support support, Method method, List<String> names, FeatureSet more)
            throws IOException {
        FewShotFeatures known = support.features(method, 0);
        return method.learner(support.images().space(), support.task().withClasses(names))
                .fit(
                        new FewShotFeatures(FeatureSet.joined(known.train(), more), known.val()),
                        new Trainer(Training.none(), support.task().seed()));
    }

    /** Calibrates the new classifier by val images that nothing was chosen by; the earlier calibration is another's. */
    private static ClassifierFile calibrated(ClassifierFile file, Support support, Classifier classifier) {
        Scores val = file.method().usesVal() ? Scores.NONE : support.val().scores(classifier);
        Confidence chosen = Confidence.of(val, Numbers.count(val.size(), "validation image"));
        return file.withOrigin(file.origin().withCalibration(chosen.images(), chosen.threshold()))
                .withTemperature(chosen.temperature());
    }
}
