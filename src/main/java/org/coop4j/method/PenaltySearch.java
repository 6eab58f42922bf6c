package org.coop4j.method;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.Comparator;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import org.coop4j.base.Progress;
import org.coop4j.data.FeatureSet;
import org.coop4j.eval.Folds;
import org.coop4j.graph.host.Workers;

/**
 * The CoOp reference's linear probe ({@code lpclip/linear_probe.py}): logistic regression on image features that are
 * not normalised, with the penalty chosen on the val images.
 *
 * <p>C is first the largest of 10⁶, 10⁴, …, 10⁻⁶ with the best val accuracy. Then an interval from a tenth to ten times
 * that value is halved 8 times on the logarithm: the end with the better val accuracy (the left one if equal) is kept,
 * and the other moves to the middle. The end kept in the last step is the result.
 */
final class PenaltySearch {

    private static final List<Integer> GRID_EXPONENTS = List.of(6, 4, 2, 0, -2, -4, -6);
    private static final int STEPS = 8;

    /** Number of fits: the grid, two ends and the middles; the grid has the first middle. */
    public static final int FITS = GRID_EXPONENTS.size() + 2 + STEPS - 2;

    private static final int MOST_FOLDS = 4;
    private static final double[] FOLDS_GRID = {1e-4, 1e-3, 1e-2, 1e-1, 1, 1e1};
    private static final double WITHOUT_VALIDATION = 1;

    private final LogisticRegression regression;
    private final FeatureSet val;
    private final Progress.Task task;
    private final Map<Double, Fit> fits = new TreeMap<>(); // by exponent of C
    final List<Fit> grid = new ArrayList<>(); // from the largest C to the smallest
    final List<Step> steps = new ArrayList<>();

    /**
     * A fit with one C.
     *
     * @param valAccuracy accuracy on the val images, from 0 to 1
     */
    record Fit(LinearClassifier classifier, double valAccuracy) {}

    /**
     * One halving of the interval.
     *
     * @param left fit at its lower end
     * @param right fit at its upper end
     * @param kept fit at the end that is kept
     */
    record Step(Fit left, Fit right, Fit kept) {}

    private PenaltySearch(LogisticRegression regression, FeatureSet val, Progress.Task task) {
        this.regression = regression;
        this.val = val;
        this.task = task;
    }

    /**
     * Fits a classifier with a C that is searched on the val images.
     *
     * @param progress counts the fits: with thousands of images they take minutes
     */
    public static LinearClassifier fit(FeatureSet train, FeatureSet val, Workers workers, Progress progress) {
        return search(train, val, workers, progress).classifier();
    }

    /** Fits a classifier with a given C. */
    public static LinearClassifier fit(FeatureSet images, Workers workers, double c) {
        return new LogisticRegression(images, workers).fit(c, null);
    }

    /** Searches for C and keeps the path. */
    static PenaltySearch search(FeatureSet train, FeatureSet val, Workers workers, Progress progress) {
        try (Progress.Task task = progress.task("learning", FITS, Progress.Unit.FITS)) {
            PenaltySearch search = new PenaltySearch(new LogisticRegression(train, workers), val, task);
            search.run();
            return search;
        }
    }

    LinearClassifier classifier() {
        return steps.get(steps.size() - 1).kept().classifier();
    }

    private void run() {
        for (int i = GRID_EXPONENTS.size() - 1; i >= 0; i--) {
            fit(GRID_EXPONENTS.get(i)); // from strong to weak penalty, each fit starting from the one before
        }
        int peak = 0;
        for (int i = 0; i < GRID_EXPONENTS.size(); i++) {
            grid.add(fit(GRID_EXPONENTS.get(i)));
            peak = grid.get(i).valAccuracy > grid.get(peak).valAccuracy ? i : peak;
        }
        double left = GRID_EXPONENTS.get(peak) - 1;
        double right = GRID_EXPONENTS.get(peak) + 1;
        for (int i = 0; i < STEPS; i++) {
            Fit lower = fit(left);
            Fit upper = fit(right);
            boolean keepRight = lower.valAccuracy < upper.valAccuracy;
            steps.add(new Step(lower, upper, keepRight ? upper : lower));
            double middle = (left + right) / 2;
            left = keepRight ? middle : left;
            right = keepRight ? right : middle;
        }
    }

    private Fit fit(double exponent) {
        Fit known = fits.get(exponent);
        if (known == null) {
            LinearClassifier nearest = fits.entrySet().stream()
                    .min(Comparator.comparingDouble(fit -> Math.abs(fit.getKey() - exponent)))
                    .map(fit -> fit.getValue().classifier)
                    .orElse(null);
            LinearClassifier classifier = regression.fit(Math.pow(10, exponent), nearest);
            known = new Fit(classifier, classifier.accuracy(val));
            fits.put(exponent, known);
            task.advanceTo(fits.size());
        }
        return known;
    }

    /**
     * Fits a classifier with a C that is chosen by cross-validation on the training images.
     *
     * <p>The images of each class are dealt to up to {@value #MOST_FOLDS} folds in turn. C is the smallest of 10⁻⁴,
     * 10⁻³, …, 10 whose fits on all folds but one classify the remaining fold best (CLIP's features have a length of
     * about ten: larger C hardly penalise). If a class has one image, C is 1.
     *
     * @throws IllegalArgumentException if there are fewer than two classes
     */
    public static LinearClassifier crossValidated(FeatureSet images, Workers workers) {
        return fit(images, workers, chosenC(images, workers));
    }

    private static double chosenC(FeatureSet images, Workers workers) {
        int count = Folds.count(images.labels(), MOST_FOLDS);
        if (count < 2) {
            return WITHOUT_VALIDATION;
        }
        double[][] right = new double[FOLDS_GRID.length][count]; // held-out images classified correctly
        Folds folds = Folds.of(images.labels(), count);
        for (int fold = 0; fold < count; fold++) {
            LogisticRegression rest = new LogisticRegression(images.select(folds.without(fold)), workers);
            FeatureSet held = images.select(folds.of(fold));
            LinearClassifier last = null;
            for (int i = 0; i < FOLDS_GRID.length; i++) {
                last = rest.fit(FOLDS_GRID[i], last);
                right[i][fold] = last.accuracy(held) * held.size();
            }
        }
        int best = 0;
        for (int i = 1; i < right.length; i++) {
            best = Arrays.stream(right[i]).sum() > Arrays.stream(right[best]).sum() ? i : best;
        }
        return FOLDS_GRID[best];
    }
}
