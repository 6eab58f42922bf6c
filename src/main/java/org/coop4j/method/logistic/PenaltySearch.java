package org.coop4j.method.logistic;

import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;
import java.util.stream.IntStream;
import org.coop4j.base.Progress;

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

    private PenaltySearch() {}

    /**
     * Searches for C with given training and val images, and keeps the classifier of the end.
     *
     * @param progress counts the search's fits: one of thousands of images takes minutes
     */
    public static LinearClassifier fit(
            LabelledFeatures train, LabelledFeatures val, Progress progress) {
        return fit(train, val, Optional.empty(), progress).classifier();
    }

    /** The same with its path, and with accuracies on test images, which choose nothing. */
    static Fitted fit(LabelledFeatures train, LabelledFeatures val, LabelledFeatures test) {
        return fit(train, val, Optional.of(test), Progress.NONE);
    }

    private static Fitted fit(
            LabelledFeatures train,
            LabelledFeatures val,
            Optional<LabelledFeatures> test,
            Progress progress) {
        try (Progress.Task task = progress.task("learning", FITS, Progress.Unit.FITS)) {
            return new Search(new LogisticRegression(train), val, test, task).run();
        }
    }

    /**
     * A search and what it found.
     *
     * @param path the path of the search
     * @param classifier the classifier of the last C
     */
    record Fitted(SearchPath path, LinearClassifier classifier) {}

    /** One search. Fits are kept, as the end that stays is the same in the next step. */
    private static final class Search {
        private final LogisticRegression regression;
        private final LabelledFeatures val;
        private final Optional<LabelledFeatures> test;
        private final Progress.Task task;
        private final Map<Double, LinearClassifier> fits = new TreeMap<>();

        Search(
                LogisticRegression regression,
                LabelledFeatures val,
                Optional<LabelledFeatures> test,
                Progress.Task task) {
            this.regression = regression;
            this.val = val;
            this.test = test;
            this.task = task;
        }

        Fitted run() {
            fitGrid();
            List<SearchPath.GridPoint> grid = new ArrayList<>();
            SearchPath.GridPoint peak = null;
            for (int exponent : GRID_EXPONENTS) {
                SearchPath.GridPoint point =
                        new SearchPath.GridPoint(c(exponent), valAccuracy(exponent));
                grid.add(point);
                if (peak == null || point.valAccuracy() > peak.valAccuracy()) {
                    peak = point;
                }
            }
            return halve(grid, GRID_EXPONENTS.get(grid.indexOf(peak)));
        }

        private Fitted halve(List<SearchPath.GridPoint> grid, int peak) {
            double left = peak - 1;
            double right = peak + 1;
            List<SearchPath.Step> steps = new ArrayList<>();
            double kept = peak;
            for (int i = 0; i < STEPS; i++) {
                double leftAccuracy = valAccuracy(left);
                double rightAccuracy = valAccuracy(right);
                boolean keepRight = leftAccuracy < rightAccuracy;
                kept = keepRight ? right : left;
                steps.add(
                        new SearchPath.Step(
                                c(left),
                                c(right),
                                leftAccuracy,
                                rightAccuracy,
                                c(kept),
                                testAccuracy(fit(kept))));
                double middle = (left + right) / 2;
                left = keepRight ? middle : left;
                right = keepRight ? right : middle;
            }
            return new Fitted(new SearchPath(grid, steps), fit(kept));
        }

        /** From strong to weak penalty, each fit starting from the one before. */
        private void fitGrid() {
            IntStream.range(0, GRID_EXPONENTS.size())
                    .map(i -> GRID_EXPONENTS.get(GRID_EXPONENTS.size() - 1 - i))
                    .forEach(exponent -> fit(exponent));
        }

        private double testAccuracy(LinearClassifier fit) {
            return test.map(fit::accuracy).orElse(Double.NaN);
        }

        private double valAccuracy(double exponent) {
            return fit(exponent).accuracy(val);
        }

        private LinearClassifier fit(double exponent) {
            LinearClassifier known = fits.get(exponent);
            if (known == null) {
                known = regression.fit(c(exponent), nearest(exponent));
                fits.put(exponent, known);
                task.advanceTo(fits.size());
            }
            return known;
        }

        private Optional<LinearClassifier> nearest(double exponent) {
            return fits.entrySet().stream()
                    .min(
                            (a, b) ->
                                    Double.compare(
                                            Math.abs(a.getKey() - exponent),
                                            Math.abs(b.getKey() - exponent)))
                    .map(Map.Entry::getValue);
        }

        private static double c(double exponent) {
            return Math.pow(10, exponent);
        }
    }
}
