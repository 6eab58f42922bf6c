package org.coop4j.method.logistic;

import java.util.Arrays;
import java.util.Optional;
import org.coop4j.eval.Folds;

/**
 * A linear probe for data without val images: its penalty is chosen on the training images alone.
 *
 * <p>The images of each class are dealt to up to {@value #MOST_FOLDS} parts in turn. C is that of
 * 10⁻⁴, 10⁻³, …, 10 whose fits on all parts but one classify the part left out best, the smallest
 * of those that do so (features as CLIP gives them have a length of some ten: larger C hardly
 * penalise). Where a class has one image, nothing can be left out, and C is 1.
 */
public final class CrossValidatedPenalty {

    private static final int MOST_FOLDS = 4;
    private static final double[] GRID = {1e-4, 1e-3, 1e-2, 1e-1, 1, 1e1};
    private static final double WITHOUT_VALIDATION = 1;

    private CrossValidatedPenalty() {}

    /**
     * Fits to all images with the C that is chosen.
     *
     * @throws IllegalArgumentException if there are fewer than two classes
     */
    public static LinearClassifier fit(LabelledFeatures images) {
        return new LogisticRegression(images).fit(chosenC(images));
    }

    private static double chosenC(LabelledFeatures images) {
        int fewest = Folds.fewest(images.labels());
        if (fewest < 2) {
            return WITHOUT_VALIDATION;
        }
        int count = Math.min(MOST_FOLDS, fewest);
        double[][] right = new double[GRID.length][count]; // images of the part left out that are classified correctly
        Folds folds = Folds.of(images.labels(), count);
        for (int part = 0; part < count; part++) {
            LogisticRegression rest = new LogisticRegression(images.select(folds.without(part)));
            LabelledFeatures left = images.select(folds.of(part));
            Optional<LinearClassifier> last = Optional.empty();
            for (int i = 0; i < GRID.length; i++) {
                LinearClassifier fit = rest.fit(GRID[i], last);
                right[i][part] = fit.accuracy(left) * left.count();
                last = Optional.of(fit);
            }
        }
        int best = 0;
        for (int i = 1; i < GRID.length; i++) {
            best = Arrays.stream(right[i]).sum() > Arrays.stream(right[best]).sum() ? i : best;
        }
        return GRID[best];
    }
}
