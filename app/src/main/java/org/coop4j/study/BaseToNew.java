package org.coop4j.study;

/**
 * Accuracies on base and on new classes, in percent (Zhou and others, CoCoOp, 2022).
 *
 * @param baseAccuracy accuracy on the base classes
 * @param newAccuracy accuracy on the new classes
 */
public record BaseToNew(double baseAccuracy, double newAccuracy) {
    public BaseToNew {
        for (double accuracy : new double[] {baseAccuracy, newAccuracy}) {
            if (!(accuracy >= 0 && accuracy <= 100)) {
                throw new IllegalArgumentException("accuracy: expected a percentage from 0 to 100, got " + accuracy);
            }
        }
    }

    /** Returns the harmonic mean of both, 0 if both are 0. */
    public double harmonicMean() {
        double sum = baseAccuracy + newAccuracy;
        return sum == 0 ? 0 : 2 * baseAccuracy * newAccuracy / sum;
    }
}
