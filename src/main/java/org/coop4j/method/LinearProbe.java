package org.coop4j.method;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;
import java.util.stream.IntStream;
import org.coop4j.data.NumpyRandom;
import org.coop4j.method.logistic.LabelledFeatures;
import org.coop4j.method.logistic.LinearClassifier;
import org.coop4j.method.logistic.LogisticRegression;

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

    /** Those of the grid, two ends, and the middles; the first middle is of the grid. */
    private static final int FITS = GRID_EXPONENTS.size() + 2 + STEPS - 2;

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
        Drawn drawn = draw(train.labels(), val.labels(), shots, seed);
        for (int label : train.distinctLabels()) {
            requireEnough(train, "train", label, shots);
            requireEnough(val, "val", label, Math.min(shots, MOST_VAL_SHOTS));
        }
        return search(select(train, drawn.train()), select(val, drawn.val()), test);
    }

    private static void requireEnough(LabelledFeatures images, String part, int label, int wanted) {
        int count = images.positionsOf(label).length;
        if (count < wanted) {
            throw new IllegalArgumentException(
                    "class %d has %d %s images, and the linear probe draws %d of each class"
                            .formatted(label, count, part, wanted));
        }
    }

    private static LabelledFeatures select(LabelledFeatures images, List<Integer> positions) {
        return images.select(positions.stream().mapToInt(i -> i).toArray());
    }

    /** Searches for C with given training and val images. */
    public static LinearProbeResult search(
            LabelledFeatures train, LabelledFeatures val, LabelledFeatures test) {
        return fit(train, val, test).path();
    }

    /** Searches for C with given training and val images, and keeps the classifier of the end. */
    public static Fitted fit(LabelledFeatures train, LabelledFeatures val, LabelledFeatures test) {
        return fit(train, val, test, (done, total) -> {});
    }

    /**
     * The same, followed by a listener: a search of thousands of images takes minutes.
     *
     * @param listener called after each of the search's fits
     */
    public static Fitted fit(
            LabelledFeatures train,
            LabelledFeatures val,
            LabelledFeatures test,
            ProgressListener listener) {
        return new Search(new LogisticRegression(train), val, test, listener).run();
    }

    /** Follows a search. */
    @FunctionalInterface
    public interface ProgressListener {
        /** So many of all fits are done. */
        void fitted(int done, int total);
    }

    /**
     * A search and what it found.
     *
     * @param path the path of the search
     * @param classifier the classifier of the last C
     */
    public record Fitted(LinearProbeResult path, LinearClassifier classifier) {}

    /**
     * Positions of the images that a linear probe learns from.
     *
     * @param train in the list of all training images
     * @param val in the list of all val images
     */
    public record Drawn(List<Integer> train, List<Integer> val) {
        /** Copies the lists. */
        public Drawn {
            train = List.copyOf(train);
            val = List.copyOf(val);
        }
    }

    /**
     * Draws a few-shot subset as the reference does, with NumPy's generator. A class with too few
     * images, where the reference stops with an error, gives all it has.
     *
     * @param train labels of all training images
     * @param val labels of all val images
     * @param shots training images a class; min(shots, 4) val images a class
     * @param seed seed of the draw
     */
    public static Drawn draw(int[] train, int[] val, int shots, int seed) {
        if (shots < 1) {
            throw new IllegalArgumentException("shots is " + shots + ": give 1 or more");
        }
        NumpyRandom random = new NumpyRandom(seed);
        int[] labels = Arrays.stream(train).sorted().distinct().toArray();
        return new Drawn(
                draw(train, labels, shots, random),
                draw(val, labels, Math.min(shots, MOST_VAL_SHOTS), random));
    }

    private static List<Integer> draw(int[] images, int[] labels, int count, NumpyRandom random) {
        Map<Integer, List<Integer>> positions = new HashMap<>();
        for (int i = 0; i < images.length; i++) {
            positions.computeIfAbsent(images[i], label -> new ArrayList<>()).add(i);
        }
        List<Integer> drawn = new ArrayList<>();
        for (int label : labels) {
            List<Integer> own = positions.getOrDefault(label, List.of());
            if (!own.isEmpty()) {
                for (int chosen : random.choice(own.size(), Math.min(count, own.size()))) {
                    drawn.add(own.get(chosen));
                }
            }
        }
        return drawn;
    }

    /** One search. Fits are kept, as the end that stays is the same in the next step. */
    private static final class Search {
        private final LogisticRegression regression;
        private final LabelledFeatures val;
        private final LabelledFeatures test;
        private final ProgressListener listener;
        private final Map<Double, LinearClassifier> fits = new TreeMap<>();

        Search(
                LogisticRegression regression,
                LabelledFeatures val,
                LabelledFeatures test,
                ProgressListener listener) {
            this.regression = regression;
            this.val = val;
            this.test = test;
            this.listener = listener;
        }

        Fitted run() {
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
            return halve(grid, GRID_EXPONENTS.get(grid.indexOf(peak)));
        }

        private Fitted halve(List<LinearProbeResult.GridPoint> grid, int peak) {
            double left = peak - 1;
            double right = peak + 1;
            List<LinearProbeResult.Step> steps = new ArrayList<>();
            double kept = peak;
            for (int i = 0; i < STEPS; i++) {
                double leftAccuracy = valAccuracy(left);
                double rightAccuracy = valAccuracy(right);
                boolean keepRight = leftAccuracy < rightAccuracy;
                kept = keepRight ? right : left;
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
            return new Fitted(new LinearProbeResult(grid, steps), fit(kept));
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
                listener.fitted(fits.size(), FITS);
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
