package org.coop4j.method.logistic;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.Comparator;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;
import org.coop4j.base.Progress;
import org.coop4j.eval.Folds;

/**
 * The CoOp reference's linear probe ({@code lpclip/linear_probe.py}): logistic regression on image
 * features that are not normalised, the penalty chosen on the val images.
 *
 * <p>C is first one of 10⁶, 10⁴, …, 10⁻⁶, the largest of those with the best val accuracy. Then an
 * interval of a tenth to ten times it is halved on the logarithm, 8 times: the end with the better
 * val accuracy (the left one if equal) is kept, and the other moves to the middle. The test
 * accuracy of the end kept in the last step is the result.
 */
public final class PenaltySearch {

    private static final List<Integer> GRID_EXPONENTS = List.of(6, 4, 2, 0, -2, -4, -6);
    private static final int STEPS = 8;

    /** Those of the grid, two ends, and the middles; the first middle is of the grid. */
    private static final int FITS = GRID_EXPONENTS.size() + 2 + STEPS - 2;

    private static final int MOST_FOLDS = 4;
    private static final double[] FOLDS_GRID = {1e-4, 1e-3, 1e-2, 1e-1, 1, 1e1};
    private static final double WITHOUT_VALIDATION = 1;

    private final LogisticRegression regression;
    private final LabelledFeatures val;
    private final Progress.Task task;

    /** Fits are kept, as the end that stays is the same in the next step. */
    private final Map<Double, LinearClassifier> fits = new TreeMap<>();

    private final List<GridPoint> grid = new ArrayList<>();
    private final List<Step> steps = new ArrayList<>();

    /**
     * One C of the grid.
     *
     * @param c inverse penalty strength
     * @param valAccuracy accuracy on the val images, from 0 to 1
     */
    record GridPoint(double c, double valAccuracy) {}

    /**
     * One halving of the interval around the best.
     *
     * @param left classifier of its lower end
     * @param right classifier of its upper end
     * @param leftValAccuracy accuracy on the val images at the lower end, from 0 to 1
     * @param rightValAccuracy accuracy on the val images at the upper end
     * @param kept classifier of the end that is kept
     */
    record Step(
            LinearClassifier left,
            LinearClassifier right,
            double leftValAccuracy,
            double rightValAccuracy,
            LinearClassifier kept) {}

    private PenaltySearch(LogisticRegression regression, LabelledFeatures val, Progress.Task task) {
        this.regression = regression;
        this.val = val;
        this.task = task;
    }

    /**
     * Searches for C with given training and val images, and keeps the classifier of the end.
     *
     * @param progress counts the search's fits: one of thousands of images takes minutes
     */
    public static LinearClassifier fit(LabelledFeatures train, LabelledFeatures val, Progress progress) {
        return search(train, val, progress).classifier();
    }

    /** The same with its path. */
    static PenaltySearch search(LabelledFeatures train, LabelledFeatures val, Progress progress) {
        try (Progress.Task task = progress.task("learning", FITS, Progress.Unit.FITS)) {
            PenaltySearch search = new PenaltySearch(new LogisticRegression(train), val, task);
            search.run();
            return search;
        }
    }

    /** The first search, from the largest C to the smallest. */
    List<GridPoint> grid() {
        return grid;
    }

    /** The halvings. */
    List<Step> steps() {
        return steps;
    }

    /** The classifier of the last C. */
    LinearClassifier classifier() {
        return steps.get(steps.size() - 1).kept();
    }

    private void run() {
        for (int i = GRID_EXPONENTS.size() - 1; i >= 0; i--) {
            fit(GRID_EXPONENTS.get(i)); // from strong to weak penalty, each fit starting from the one before
        }
        int peak = 0;
        for (int i = 0; i < GRID_EXPONENTS.size(); i++) {
            LinearClassifier fit = fit(GRID_EXPONENTS.get(i));
            grid.add(new GridPoint(fit.c(), fit.accuracy(val)));
            peak = grid.get(i).valAccuracy > grid.get(peak).valAccuracy ? i : peak;
        }
        double left = GRID_EXPONENTS.get(peak) - 1;
        double right = GRID_EXPONENTS.get(peak) + 1;
        for (int i = 0; i < STEPS; i++) {
            LinearClassifier lower = fit(left);
            LinearClassifier upper = fit(right);
            double leftAccuracy = lower.accuracy(val);
            double rightAccuracy = upper.accuracy(val);
            boolean keepRight = leftAccuracy < rightAccuracy;
            steps.add(new Step(lower, upper, leftAccuracy, rightAccuracy, keepRight ? upper : lower));
            double middle = (left + right) / 2;
            left = keepRight ? middle : left;
            right = keepRight ? right : middle;
        }
    }

    private LinearClassifier fit(double exponent) {
        LinearClassifier known = fits.get(exponent);
        if (known == null) {
            known = regression.fit(Math.pow(10, exponent), nearest(exponent));
            fits.put(exponent, known);
            task.advanceTo(fits.size());
        }
        return known;
    }

    private Optional<LinearClassifier> nearest(double exponent) {
        return fits.entrySet().stream()
                .min(Comparator.comparingDouble(fit -> Math.abs(fit.getKey() - exponent)))
                .map(Map.Entry::getValue);
    }

    /**
     * Fits without val images, with a C that is chosen on the training images alone.
     *
     * <p>The images of each class are dealt to up to {@value #MOST_FOLDS} parts in turn. C is that of 10⁻⁴, 10⁻³, …, 10
     * whose fits on all parts but one classify the part left out best, the smallest of those that do so (features as
     * CLIP gives them have a length of some ten: larger C hardly penalise). Where a class has one image, nothing can be
     * left out, and C is 1.
     *
     * @throws IllegalArgumentException if there are fewer than two classes
     */
    public static LinearClassifier crossValidated(LabelledFeatures images) {
        return new LogisticRegression(images).fit(chosenC(images));
    }

    private static double chosenC(LabelledFeatures images) {
        int fewest = Folds.fewest(images.labels());
        if (fewest < 2) {
            return WITHOUT_VALIDATION;
        }
        int count = Math.min(MOST_FOLDS, fewest);
        double[][] right =
                new double[FOLDS_GRID.length][count]; // images of the part left out that are classified correctly
        Folds folds = Folds.of(images.labels(), count);
        for (int part = 0; part < count; part++) {
            LogisticRegression rest = new LogisticRegression(images.select(folds.without(part)));
            LabelledFeatures left = images.select(folds.of(part));
            Optional<LinearClassifier> last = Optional.empty();
            for (int i = 0; i < FOLDS_GRID.length; i++) {
                LinearClassifier fit = rest.fit(FOLDS_GRID[i], last);
                right[i][part] = fit.accuracy(left) * left.count();
                last = Optional.of(fit);
            }
        }
        int best = 0;
        for (int i = 1; i < FOLDS_GRID.length; i++) {
            best = Arrays.stream(right[i]).sum() > Arrays.stream(right[best]).sum() ? i : best;
        }
        return FOLDS_GRID[best];
    }
}
