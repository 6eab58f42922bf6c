package org.coop4j.method.logistic;

import java.util.List;

/**
 * The path of a linear probe's search for C; accuracies are from 0 to 1.
 *
 * @param grid the first search, from the largest C to the smallest
 * @param steps the halvings of the interval around the best
 */
record SearchPath(List<GridPoint> grid, List<Step> steps) {
    /** Copies the lists. */
    public SearchPath {
        grid = List.copyOf(grid);
        steps = List.copyOf(steps);
    }

    /**
     * One C of the grid.
     *
     * @param c inverse penalty strength
     * @param valAccuracy accuracy on the val images
     */
    public record GridPoint(double c, double valAccuracy) {}

    /**
     * One halving.
     *
     * @param leftC lower end of the interval
     * @param rightC upper end
     * @param leftValAccuracy accuracy on the val images at the lower end
     * @param rightValAccuracy accuracy on the val images at the upper end
     * @param keptC the end that is kept
     * @param testAccuracy accuracy on the test images at the kept end
     */
    public record Step(
            double leftC,
            double rightC,
            double leftValAccuracy,
            double rightValAccuracy,
            double keptC,
            double testAccuracy) {}

    /** Returns the last step's C. */
    public double c() {
        return steps.get(steps.size() - 1).keptC();
    }

    /** Returns the last step's test accuracy, which the reference reports. */
    public double testAccuracy() {
        return steps.get(steps.size() - 1).testAccuracy();
    }
}
