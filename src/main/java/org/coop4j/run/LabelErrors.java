package org.coop4j.run;

import java.io.IOException;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Comparator;
import java.util.List;
import java.util.stream.IntStream;
import org.coop4j.clip.FeatureSpace;
import org.coop4j.data.FeatureSet;
import org.coop4j.data.FeatureSets;
import org.coop4j.eval.Folds;
import org.coop4j.eval.Predictions;
import org.coop4j.eval.Temperature;
import org.coop4j.method.CrossValidation;
import org.coop4j.method.FewShotFeatures;
import org.coop4j.method.Method;
import org.coop4j.method.Task;
import org.coop4j.method.train.Training;
import org.coop4j.run.RunFeatures.Located;

/**
 * Images that look like another class than their label says, by confident learning (Northcutt,
 * Jiang, Chuang: Confident Learning: Estimating Uncertainty in Dataset Labels, 2021): each image
 * gets probabilities from a classifier that did not see it (GDA, which takes a moment and is hardly
 * misled by a few wrong labels), and is suspect if it is another class with at least the
 * probability that images of that class have of it on average.
 */
public final class LabelErrors {

    /** More images take too long. */
    public static final int MOST_IMAGES = 5000;

    private static final int FOLDS = 5;

    private LabelErrors() {}

    /**
     * An image whose label looks wrong.
     *
     * @param suggested the class that it looks like
     * @param own probability of its label
     * @param probability probability of the class that it looks like
     */
    public record Suspect(Located picture, int suggested, double own, double probability) {}

    /**
     * The images whose labels look wrong, the most suspect first; none if there are too many
     * images, or a class has one alone.
     */
    static List<Suspect> of(FeatureSpace space, Task task, RunFeatures images) throws IOException {
        List<Located> pictures = images.located();
        int[] labels = pictures.stream().mapToInt(p -> p.image().label()).toArray();
        if (pictures.size() > MOST_IMAGES
                || Folds.fewest(labels) < 2
                || Arrays.stream(labels).distinct().count() < 2) {
            return List.of();
        }
        FeatureSet known = FeatureSets.joined(images.train().all(), images.val().all());
        FeatureSet all = FeatureSets.joined(known, images.test().all());
        return suspects(pictures, labels, probabilities(space, task, all));
    }

    private static List<Suspect> suspects(List<Located> pictures, int[] labels, double[][] probabilities) {
        double[] typical = typical(labels, probabilities);
        List<Suspect> suspects = new ArrayList<>();
        for (int i = 0; i < labels.length; i++) {
            double[] p = probabilities[i];
            int looks = IntStream.range(0, p.length)
                    .filter(c -> p[c] >= typical[c])
                    .boxed()
                    .max(Comparator.comparingDouble(c -> p[c]))
                    .orElse(labels[i]);
            if (looks != labels[i]) {
                suspects.add(new Suspect(pictures.get(i), looks, p[labels[i]], p[looks]));
            }
        }
        suspects.sort(Comparator.comparingDouble(s -> s.own - s.probability));
        return suspects;
    }

    /** The mean probability of each class on the images that are labelled so. */
    private static double[] typical(int[] labels, double[][] probabilities) {
        double[] sums = new double[probabilities[0].length];
        int[] counts = new int[sums.length];
        for (int i = 0; i < labels.length; i++) {
            sums[labels[i]] += probabilities[i][labels[i]];
            counts[labels[i]]++;
        }
        for (int c = 0; c < sums.length; c++) {
            sums[c] = counts[c] == 0 ? Double.POSITIVE_INFINITY : sums[c] / counts[c];
        }
        return sums;
    }

    /** Of each image, by a classifier that did not see it, calibrated: [images][classes]. */
    private static double[][] probabilities(FeatureSpace space, Task task, FeatureSet images) throws IOException {
        float[][] logits = new CrossValidation(space, task, FOLDS)
                .logits(
                        Method.closedForm(),
                        Training.none(),
                        new FewShotFeatures(images, FeatureSets.none(images.width())),
                        0);
        double temperature = Temperature.fit(images.labels(), logits).orElse(Temperature.NONE);
        return Arrays.stream(logits)
                .map(row -> Predictions.softmax(row, temperature))
                .toArray(double[][]::new);
    }
}
