package org.coop4j.method.logistic;

import java.util.ArrayList;
import java.util.List;
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
        List<Fold> folds = folds(images, Math.min(MOST_FOLDS, fewest));
        double best = -1;
        double chosen = WITHOUT_VALIDATION;
        for (double c : GRID) {
            double right = folds.stream().mapToDouble(fold -> fold.right(c)).sum();
            if (right > best) {
                best = right;
                chosen = c;
            }
        }
        return chosen;
    }

    private static List<Fold> folds(LabelledFeatures images, int count) {
        Folds dealt = Folds.of(images.labels(), count);
        List<Fold> folds = new ArrayList<>();
        for (int part = 0; part < count; part++) {
            folds.add(
                    new Fold(
                            new LogisticRegression(images.select(dealt.without(part))),
                            images.select(dealt.of(part))));
        }
        return folds;
    }

    /** All parts but one, and that one. */
    private static final class Fold {
        private final LogisticRegression rest;
        private final LabelledFeatures left;
        private Optional<LinearClassifier> last = Optional.empty();

        Fold(LogisticRegression rest, LabelledFeatures left) {
            this.rest = rest;
            this.left = left;
        }

        /** Images of the part left out that are classified rightly; begins at the last fit. */
        double right(double c) {
            LinearClassifier fit = rest.fit(c, last);
            last = Optional.of(fit);
            return fit.accuracy(left) * left.count();
        }
    }
}
