package org.coop4j.run;

import java.io.IOException;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Comparator;
import java.util.List;
import java.util.stream.IntStream;
import org.coop4j.data.FeatureSet;
import org.coop4j.data.FeatureSets;
import org.coop4j.eval.Folds;
import org.coop4j.eval.Predictions;
import org.coop4j.eval.Temperature;
import org.coop4j.method.CrossValidation;
import org.coop4j.method.FewShotFeatures;
import org.coop4j.method.Method;
import org.coop4j.method.train.Training;
import org.coop4j.run.RunFeatures.Located;

/**
 * Images whose labels may be wrong, by confident learning (Northcutt, Jiang, Chuang: Confident Learning: Estimating
 * Uncertainty in Dataset Labels, 2021). Each image gets probabilities from a classifier that did not see it (GDA, which
 * is fast and robust against a few wrong labels), and is suspect if its probability of another class is at least the
 * mean probability of that class on images with that label.
 */
public final class LabelErrors {

    /** Limit of the number of images, for the time that it takes. */
    public static final int MOST_IMAGES = 5000;

    private static final int FOLDS = 5;

    private LabelErrors() {}

    /**
     * An image whose label may be wrong.
     *
     * @param suggested the label that it may have instead
     * @param own probability of its label
     * @param probability probability of the suggested label
     */
    public record Suspect(Located picture, int suggested, double own, double probability) {}

    /**
     * Returns the images whose labels may be wrong, the most suspect first; none if there are too many images, or a class
     * has a single one.
     */
    static List<Suspect> of(RunFeatures images) throws IOException {
        List<Located> pictures = images.located();
        int[] labels = pictures.stream().mapToInt(p -> p.image().label()).toArray();
        if (pictures.size() > MOST_IMAGES
                || Folds.fewest(labels) < 2
                || Arrays.stream(labels).distinct().count() < 2) {
            return List.of();
        }
        return suspects(pictures, labels, probabilities(images));
    }

    private static List<Suspect> suspects(List<Located> pictures, int[] labels, double[][] probabilities) {
        double[] typical = typical(labels, probabilities);
        List<Suspect> suspects = new ArrayList<>();
        for (int i = 0; i < labels.length; i++) {
            double[] p = probabilities[i];
            int suggested = IntStream.range(0, p.length)
                    .filter(c -> p[c] >= typical[c])
                    .boxed()
                    .max(Comparator.comparingDouble(c -> p[c]))
                    .orElse(labels[i]);
            if (suggested != labels[i]) {
                suspects.add(new Suspect(pictures.get(i), suggested, p[labels[i]], p[suggested]));
            }
        }
        suspects.sort(Comparator.comparingDouble(s -> s.own - s.probability));
        return suspects;
    }

    /** Returns the mean probability of each class on the images with that label. */
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

    /** Returns calibrated probabilities by a classifier that did not see the image, [images][classes]. */
    private static double[][] probabilities(RunFeatures images) throws IOException {
        FeatureSet all = images.all();
        FewShotFeatures data = new FewShotFeatures(all, FeatureSets.none(all.width()));
        float[][] logits = new CrossValidation(images.space(), images.task(), FOLDS)
                .logits(Method.closedForm(), Training.none(), data, 0);
        double temperature = Temperature.fit(all.labels(), logits).orElse(Temperature.NONE);
        return Arrays.stream(logits)
                .map(row -> Predictions.softmax(row, temperature))
                .toArray(double[][]::new);
    }
}
