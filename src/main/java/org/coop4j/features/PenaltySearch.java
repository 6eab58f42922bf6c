package org.coop4j.features;

import java.util.Arrays;
import java.util.Comparator;
import java.util.Map;
import java.util.TreeMap;
import org.coop4j.base.Progress;
import org.coop4j.data.FeatureSet;
import org.coop4j.eval.Folds;
import org.coop4j.eval.Predictions;
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

    private static final int LARGEST_EXPONENT = 6;
    private static final int STEPS = 8;

    /** Number of fits: the grid, two ends and the middles; the grid has the first middle. */
    static final int FITS = LARGEST_EXPONENT + 1 + 2 + STEPS - 2;

    private static final int MOST_FOLDS = 4;
    private static final double[] FOLDS_GRID = {1e-4, 1e-3, 1e-2, 1e-1, 1, 1e1};
    private static final double WITHOUT_VALIDATION = 1;

    /** Number of multiplications of a product from which all threads compute it; below, each thread takes a fold. */
    private static final long WORTH_ALL_THREADS = 1 << 24;

    private final LogisticRegression regression;
    private final FeatureSet val;
    private final Progress.Task task;
    final Map<Double, Fit> fits = new TreeMap<>(); // by exponent of C
    LinearClassifier best;

    /**
     * A fit with one C.
     *
     * @param hits number of val images classified correctly
     */
    record Fit(LinearClassifier classifier, int hits) {}

    private PenaltySearch(LogisticRegression regression, FeatureSet val, Progress.Task task) {
        this.regression = regression;
        this.val = val;
        this.task = task;
    }

    /**
     * Searches for the C of a classifier, of very many images with the largest sample that is held in memory.
     *
     * @param progress counts the fits: with thousands of images they take minutes
     */
    static PenaltySearch of(FeatureSet train, FeatureSet val, Workers workers, Progress progress) {
        try (Progress.Task task = progress.task("learning", FITS, Progress.Unit.FITS)) {
            LogisticRegression regression = new LogisticRegression(LogisticRegression.sample(train), workers);
            PenaltySearch search = new PenaltySearch(regression, LogisticRegression.sample(val), task);
            search.run();
            return search;
        }
    }

    private void run() {
        double peak = -LARGEST_EXPONENT;
        for (int i = -LARGEST_EXPONENT; i <= LARGEST_EXPONENT; i += 2) { // each fit starts from the one before
            peak = fit(i).hits >= fit(peak).hits ? i : peak;
        }
        double left = peak - 1;
        double right = peak + 1;
        double kept = peak;
        for (int i = 0; i < STEPS; i++) {
            double middle = (left + right) / 2;
            if (fit(left).hits < fit(right).hits) {
                kept = right;
                left = middle;
            } else {
                kept = left;
                right = middle;
            }
        }
        best = fit(kept).classifier;
    }

    private Fit fit(double exponent) {
        Fit known = fits.get(exponent);
        if (known == null) {
            LinearClassifier nearest = fits.entrySet().stream()
                    .min(Comparator.comparingDouble(fit -> Math.abs(fit.getKey() - exponent)))
                    .map(fit -> fit.getValue().classifier)
                    .orElse(null);
            LinearClassifier classifier = regression.fit(Math.pow(10, exponent), nearest);
            known = new Fit(classifier, classifier.hits(val));
            fits.put(exponent, known);
            task.advanceTo(fits.size());
        }
        return known;
    }

    /**
     * Returns a C that is chosen by cross-validation on the training images.
     *
     * <p>The images of each class are dealt to up to {@value #MOST_FOLDS} folds in turn. C is the smallest of 10⁻⁴,
     * 10⁻³, …, 10 whose fits on all folds but one classify the remaining fold best (CLIP's features have a length of
     * about ten: larger C hardly penalise). If a class has one image, C is 1.
     *
     * @throws IllegalArgumentException if there are fewer than two classes
     */
    static double crossValidated(FeatureSet training, Workers workers) {
        FeatureSet images = LogisticRegression.sample(training);
        int count = Folds.count(images.labels(), MOST_FOLDS);
        if (count < 2) {
            return WITHOUT_VALIDATION;
        }
        Folds folds = Folds.of(images.labels(), count);
        int[][] hits = new int[count][];
        long product = (long) images.size()
                * images.width()
                * (1 + Arrays.stream(images.labels()).max().orElseThrow());
        if (product < WORTH_ALL_THREADS) {
            workers.each(count, (worker, fold) -> {
                try (Workers alone = Workers.onOneThread(workers.count())) {
                    hits[fold] = hits(images, folds, fold, alone);
                }
            });
        } else {
            Arrays.setAll(hits, fold -> hits(images, folds, fold, workers));
        }
        return FOLDS_GRID[
                Predictions.argmax(
                        FOLDS_GRID.length,
                        i -> Arrays.stream(hits).mapToInt(fold -> fold[i]).sum())];
    }

    /** Returns how many images of a fold are classified correctly with each C by fits to all other folds. */
    private static int[] hits(FeatureSet images, Folds folds, int fold, Workers workers) {
        LogisticRegression rest =
                new LogisticRegression(images.select(folds.without(fold)), workers, LogisticRegression.TO_CLASSIFY);
        FeatureSet held = images.select(folds.of(fold));
        int[] hits = new int[FOLDS_GRID.length];
        LinearClassifier last = null;
        for (int i = 0; i < hits.length; i++) {
            last = rest.fit(FOLDS_GRID[i], last);
            hits[i] = last.hits(held);
        }
        return hits;
    }
}
