package org.coop4j.eval;

/**
 * The result on one class.
 *
 * @param label the class
 * @param total images that show it
 * @param correct images that show it and were predicted as it
 * @param predicted images that were predicted as it
 */
public record ClassResult(int label, int total, int correct, int predicted) {
    /** Returns the percentage of its images predicted as it (its recall). */
    public double accuracy() {
        return percent(correct, total);
    }

    /** Returns F1 in percent, 2·correct / (total + predicted). */
    public double f1() {
        return percent(2.0 * correct, total + predicted);
    }

    private static double percent(double part, int whole) {
        return whole == 0 ? 0 : 100.0 * part / whole;
    }
}
