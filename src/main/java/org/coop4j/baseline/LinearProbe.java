package org.coop4j.baseline;

import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;
import java.util.stream.IntStream;
import org.coop4j.data.NumpyRandom;

/**
 * The CoOp reference's linear probe ({@code lpclip/linear_probe.py}): logistic regression on image
 * features that are not normalised, the penalty chosen on the val images.
 *
 * <p>C is first one of 10⁶, 10⁴, …, 10⁻⁶, the largest of those with the best val accuracy. Then an
 * interval of a tenth to ten times it is halved on the logarithm, 8 times: the end with the better
 * val accuracy (the left one if equal) is kept, and the other moves to the middle. The test
 * accuracy of the end kept in the last step is the result.
 */
public final class LinearProbe {
    private static final List<Integer> GRID_EXPONENTS = List.of(6, 4, 2, 0, -2, -4, -6);
    private static final int STEPS = 8;
    private static final int MOST_VAL_SHOTS = 4;

    private LinearProbe() {}

    /**
     * Draws a few-shot subset as the reference does, with NumPy's generator, and searches on it.
     *
     * @param train features of all training images
     * @param val features of all val images
     * @param test features of the test images
     * @param shots training images a class; min(shots, 4) val images a class
     * @param seed seed of the draw
     * @throws IllegalArgumentException if a class has fewer images than that
     */
    public static LinearProbeResult run(
            LabelledFeatures train,
            LabelledFeatures val,
            LabelledFeatures test,
            int shots,
            int seed) {
        if (shots < 1) {
            throw new IllegalArgumentException("shots is " + shots + ": give 1 or more");
        }
        NumpyRandom random = new NumpyRandom(seed);
        int[] labels = train.distinctLabels();
        LabelledFeatures fewTrain = draw(train, "train", labels, shots, random);
        LabelledFeatures fewVal = draw(val, "val", labels, Math.min(shots, MOST_VAL_SHOTS), random);
        return search(fewTrain, fewVal, test);
    }

    /** Searches for C with given training and val images. */
    public static LinearProbeResult search(
            LabelledFeatures train, LabelledFeatures val, LabelledFeatures test) {
        return new Search(new LogisticRegression(train), val, test).run();
    }

    private static LabelledFeatures draw(
            LabelledFeatures images, String part, int[] labels, int count, NumpyRandom random) {
        List<Integer> drawn = new ArrayList<>();
        for (int label : labels) {
            int[] positions = images.positionsOf(label);
            if (positions.length < count) {
                throw new IllegalArgumentException(
                        "class %d has %d %s images, and the linear probe draws %d of each class"
                                .formatted(label, positions.length, part, count));
            }
            for (int chosen : random.choice(positions.length, count)) {
                drawn.add(positions[chosen]);
            }
        }
        return images.select(drawn.stream().mapToInt(i -> i).toArray());
    }

    /** One search. Fits are kept, as the end that stays is the same in the next step. */
    private static final class Search {
        private final LogisticRegression regression;
        private final LabelledFeatures val;
        private final LabelledFeatures test;
        private final Map<Double, LinearClassifier> fits = new TreeMap<>();

        Search(LogisticRegression regression, LabelledFeatures val, LabelledFeatures test) {
            this.regression = regression;
            this.val = val;
            this.test = test;
        }

        LinearProbeResult run() {
            fitGrid();
            List<LinearProbeResult.GridPoint> grid = new ArrayList<>();
            LinearProbeResult.GridPoint peak = null;
            for (int exponent : GRID_EXPONENTS) {
                LinearProbeResult.GridPoint point =
                        new LinearProbeResult.GridPoint(c(exponent), valAccuracy(exponent));
                grid.add(point);
                if (peak == null || point.valAccuracy() > peak.valAccuracy()) {
                    peak = point;
                }
            }
            return new LinearProbeResult(grid, halve(GRID_EXPONENTS.get(grid.indexOf(peak))));
        }

        private List<LinearProbeResult.Step> halve(int peak) {
            double left = peak - 1;
            double right = peak + 1;
            List<LinearProbeResult.Step> steps = new ArrayList<>();
            for (int i = 0; i < STEPS; i++) {
                double leftAccuracy = valAccuracy(left);
                double rightAccuracy = valAccuracy(right);
                boolean keepRight = leftAccuracy < rightAccuracy;
                double kept = keepRight ? right : left;
                steps.add(
                        new LinearProbeResult.Step(
                                c(left),
                                c(right),
                                leftAccuracy,
                                rightAccuracy,
                                c(kept),
                                fit(kept).accuracy(test)));
                double middle = (left + right) / 2;
                left = keepRight ? middle : left;
                right = keepRight ? right : middle;
            }
            return steps;
        }

        /** From strong to weak penalty, each fit starting from the one before. */
        private void fitGrid() {
            IntStream.range(0, GRID_EXPONENTS.size())
                    .map(i -> GRID_EXPONENTS.get(GRID_EXPONENTS.size() - 1 - i))
                    .forEach(exponent -> fit(exponent));
        }

        private double valAccuracy(double exponent) {
            return fit(exponent).accuracy(val);
        }

        private LinearClassifier fit(double exponent) {
            LinearClassifier known = fits.get(exponent);
            if (known == null) {
                known = regression.fit(c(exponent), nearest(exponent));
                fits.put(exponent, known);
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
