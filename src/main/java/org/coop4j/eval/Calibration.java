package org.coop4j.eval;

import java.util.ArrayList;
import java.util.List;
import org.coop4j.base.Require;

/**
 * Agreement of confidences and accuracies (Guo and others, On Calibration of Modern Neural Networks, 2017).
 *
 * <p>An image's confidence is the probability of its predicted label. Bin b of B holds the confidences in (b/B,
 * (b+1)/B]. The expected calibration error is Σ n_b/n · |accuracy_b − confidence_b|, with accuracy and mean confidence
 * of a bin from 0 to 1.
 *
 * @param bins the bins, of equal width, from low to high confidence
 */
public record Calibration(List<Bin> bins) {
    /** The usual number of bins in the literature. */
    public static final int USUAL_BINS = 15;

    /** The temperature that leaves probabilities unchanged. */
    public static final double NO_TEMPERATURE = 1;

    public Calibration {
        bins = List.copyOf(bins);
    }

    /**
     * One bin.
     *
     * @param count number of images
     * @param accuracy share of them predicted correctly, 0 if there are none
     * @param confidence their mean confidence, 0 if there are none
     */
    public record Bin(int count, double accuracy, double confidence) {}

    /**
     * Bins confidences.
     *
     * @param confidence confidence of each image's prediction
     * @param correct whether the prediction is correct
     */
    public static Calibration of(double[] confidence, boolean[] correct, int bins) {
        Require.that(bins >= 1, "bins: expected 1 or more, got %s", bins);
        int[] counts = new int[bins];
        int[] right = new int[bins];
        double[] sums = new double[bins];
        for (int i = 0; i < confidence.length; i++) {
            int bin = Math.max(0, Math.min(bins - 1, (int) Math.ceil(confidence[i] * bins) - 1));
            counts[bin]++;
            right[bin] += correct[i] ? 1 : 0;
            sums[bin] += confidence[i];
        }
        List<Bin> all = new ArrayList<>();
        for (int b = 0; b < bins; b++) {
            int n = Math.max(counts[b], 1);
            all.add(new Bin(counts[b], (double) right[b] / n, sums[b] / n));
        }
        return new Calibration(all);
    }

    /** Returns the expected calibration error, from 0 to 1. */
    public double expectedError() {
        int total = bins.stream().mapToInt(Bin::count).sum();
        return bins.stream()
                .mapToDouble(b -> b.count() * Math.abs(b.accuracy() - b.confidence()) / total)
                .sum();
    }
}
