package org.coop4j.findings;

import java.io.IOException;
import java.util.Arrays;
import java.util.Comparator;
import java.util.List;
import java.util.Map;
import java.util.function.IntToDoubleFunction;
import java.util.stream.IntStream;
import org.apache.commons.math3.distribution.LogisticDistribution;
import org.apache.commons.math3.distribution.PoissonDistribution;
import org.apache.commons.math3.stat.StatUtils;
import org.coop4j.data.FeatureSet;
import org.coop4j.eval.Scores;
import org.coop4j.findings.RunComparison.Located;
import org.coop4j.method.Method;
import org.coop4j.run.Learned;
import org.coop4j.run.Support;
import org.coop4j.text.Tokenizer.TextTooLongException;

/**
 * The images whose labels are most suspect, judged by a classifier that did not learn from them: a linear probe that starts
 * from the class names, cross-validated among all images of a run, which ranks wrong labels best
 * (docs/measurements/learning.md); where that takes long, the run's own classifier on the images that it did not learn from.
 *
 * <p>The margin of an image is its largest logit of another class minus the logit of its label: a misclassified image has a
 * positive one. The margins of rightly labelled images are taken to follow a logistic distribution, fitted to the median
 * and the median absolute deviation, which are robust to a few wrong labels. It gives the number of margins above a
 * threshold that are expected if all labels are right: the false alarms. Suspects are the images above the lowest
 * threshold that are at least twice as many as expected, and significantly more; if there is none, the first few.
 *
 * @param suspects the most suspect first
 * @param examined number of images
 * @param expected expected number of false alarms among the suspects
 * @param significant true if chance alone rarely gives as many suspects
 */
public record LabelErrors(List<Suspect> suspects, int examined, double expected, boolean significant) {

    /** Largest probability that chance alone gives as many suspects. */
    private static final double SIGNIFICANT = 0.01;

    /** Largest share of false alarms among significant suspects. */
    private static final double MOST_FALSE = 0.5;

    /** Suspects that are shown though they may be chance: a number, and a share of the images. */
    private static final int FEW = 10;

    private static final double FEW_SHARE = 0.05;

    /** Fewest images whose margins have a meaningful distribution. */
    private static final int FEWEST = 20;

    /** Median absolute deviation of the logistic distribution with scale 1. */
    private static final double DEVIATION = Math.log(3);

    /**
     * An image whose label may be wrong.
     *
     * @param suggested the label that it may have instead
     * @param own probability of its label
     * @param probability probability of the suggested label
     */
    public record Suspect(Located picture, int suggested, double own, double probability) {}

    /** Finds suspects among the images of a run. */
    public static LabelErrors of(Learned run) throws IOException {
        Scores judged = judged(run.support(), Located.features(run));
        return judged.size() > 0 ? of(Located.of(run), judged.at(judged.temperature())) : byItself(run);
    }

    /** Scores images by the judge, cross-validated among them; none if that takes long. */
    private static Scores judged(Support support, FeatureSet images) throws IOException {
        try {
            return support.crossValidated(Method.judges().get(0), images);
        } catch (TextTooLongException e) {
            return support.crossValidated(Method.judges().get(1), images);
        }
    }

    /** Finds suspects by the run's own classifier. */
    private static LabelErrors byItself(Learned run) throws IOException {
        Scores val = run.config().method().usesVal() ? Scores.NONE : run.val(); // not of some alone
        Map<String, Scores> parts = Map.of(
                "training",
                run.config().method().learns()
                        ? run.folds()
                        : run.support().train().scores(run.classifier()),
                "val",
                val,
                "test",
                run.test());
        Scores all = parts.get("training").and(val).and(run.test());
        return of(
                Located.of(run).stream()
                        .filter(picture -> parts.get(picture.part()).size() > 0)
                        .toList(),
                all.at(run.confidence().temperature()));
    }

    /**
     * Finds suspects by scores of images that were not learned from.
     *
     * @param scores of the pictures, in their order
     */
    static LabelErrors of(List<Located> pictures, Scores scores) {
        int n = scores.size();
        if (n < FEWEST) {
            return new LabelErrors(List.of(), n, Double.NaN, false);
        }
        double[] margins = scores.margins();
        int[] others = scores.others();
        double median = StatUtils.percentile(margins, 50);
        double[] deviations =
                Arrays.stream(margins).map(m -> Math.abs(m - median)).toArray();
        double deviation = StatUtils.percentile(deviations, 50);
        LogisticDistribution right =
                new LogisticDistribution(null, median, Math.max(Double.MIN_NORMAL, deviation / DEVIATION));
        List<Integer> order = IntStream.range(0, n)
                .filter(i -> margins[i] > 0)
                .boxed()
                .sorted(Comparator.comparingDouble(i -> -margins[i]))
                .toList();
        IntToDoubleFunction expected = k -> n * (1 - right.cumulativeProbability(margins[order.get(k - 1)]));
        int named = order.size();
        while (named > 0 && !isSignificant(named, expected.applyAsDouble(named))) {
            named--;
        }
        int shown = named > 0 ? named : Math.min(order.size(), Math.min(FEW, (int) Math.ceil(FEW_SHARE * n)));
        List<Suspect> suspects = order.subList(0, shown).stream()
                .map(i -> suspect(pictures.get(i), scores, i, others[i]))
                .toList();
        return new LabelErrors(suspects, n, shown == 0 ? 0 : expected.applyAsDouble(shown), named > 0);
    }

    /** Returns true if at most half are false alarms, and chance alone rarely gives {@code count} or more. */
    private static boolean isSignificant(int count, double expected) {
        return expected <= MOST_FALSE * count
                && (expected <= 0
                        || 1 - new PoissonDistribution(expected).cumulativeProbability(count - 1) <= SIGNIFICANT);
    }

    private static Suspect suspect(Located picture, Scores scores, int image, int suggested) {
        double[] p = scores.probabilities(image);
        return new Suspect(picture, suggested, p[scores.truth().get(image).single()], p[suggested]);
    }
}
