package org.coop4j.eval;

import java.util.Arrays;
import java.util.List;
import java.util.Random;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import org.apache.commons.math3.analysis.UnivariateFunction;
import org.apache.commons.math3.analysis.solvers.BrentSolver;
import org.coop4j.base.Require;

/** The logits of labelled images, and what follows from them. */
public final class Scores {

    /** Penalty on |log temperature| in nats, which a few images cannot outweigh. */
    private static final double PENALTY = 2;

    /** Standard errors of the slope that chance may explain. */
    private static final double STANDARD_ERRORS = 1.5;

    /** Most images that a temperature is fitted on; more would not change its digits that matter. */
    public static final int MOST_FITTED = 20_000;

    private static final double LARGEST_LOG = 12;
    private static final double ACCURACY = 1e-12;
    private static final int MOST_STEPS = 500;

    /** The scores of no images. */
    public static final Scores NONE = new Scores(List.of(), new float[0][]);

    private final List<Labels> truth;
    private final float[][] logits;
    private int[] predicted; // once they are asked for

    /**
     * Scores of images.
     *
     * @param truth labels of each image
     * @param logits [images][classes]; not to be changed
     */
    public Scores(List<Labels> truth, float[][] logits) {
        Require.that(
                truth.size() == logits.length,
                "expected as many labels as rows of logits, got %d and %d",
                truth.size(),
                logits.length);
        this.truth = List.copyOf(truth);
        this.logits = logits;
    }

    /** Scores of images with single labels. */
    public Scores(int[] labels, float[][] logits) {
        this(Labels.singles(labels), logits);
    }

    /** Returns the labels of each image. */
    public List<Labels> truth() {
        return truth;
    }

    /** Returns the logits, [images][classes]; not to be changed. */
    public float[][] logits() {
        return logits;
    }

    /** Returns the single label of each image, in a new array. */
    public int[] labels() {
        return truth.stream().mapToInt(Labels::single).toArray();
    }

    /** Returns the scores of these images and further ones of the same classes. */
    public Scores and(Scores others) {
        return new Scores(
                Stream.of(truth, others.truth).flatMap(List::stream).toList(),
                Stream.concat(Stream.of(logits), Stream.of(others.logits)).toArray(float[][]::new));
    }

    /** Returns the number of images. */
    public int size() {
        return truth.size();
    }

    /** Returns at most so many of the images, drawn at random with the same seed each time, in their order. */
    public Scores sample(int most) {
        if (size() <= most) {
            return this;
        }
        int[] drawn =
                new Random(0).ints(0, size()).distinct().limit(most).sorted().toArray();
        return new Scores(
                IntStream.of(drawn).mapToObj(truth::get).toList(),
                IntStream.of(drawn).mapToObj(i -> logits[i]).toArray(float[][]::new));
    }

    /** Returns true for each image that is classified correctly. */
    public boolean[] correct() {
        int[] labels = predictions();
        boolean[] correct = new boolean[size()];
        for (int i = 0; i < correct.length; i++) {
            correct[i] = labels[i] == truth.get(i).single();
        }
        return correct;
    }

    /** Returns the probability of each image's predicted label. */
    public double[] confidences() {
        return Arrays.stream(logits)
                .parallel()
                .mapToDouble(Predictions::confidence)
                .toArray();
    }

    /** Returns the number of images that are classified correctly. */
    public int right() {
        int right = 0;
        for (boolean one : correct()) {
            right += one ? 1 : 0;
        }
        return right;
    }

    /** Returns the percentage of images that are classified correctly; not a number if there are none. */
    public double accuracy() {
        return 100.0 * right() / size();
    }

    /**
     * Returns what classifiers are compared by: the accuracy, or the mean average precision of sets of labels; not a number
     * if there is none.
     */
    public double value() {
        if (!Labels.areSets(truth)) {
            return accuracy();
        }
        Double map = sets().meanAveragePrecision();
        return map == null ? Double.NaN : map;
    }

    /** Returns them as the scores of sets of labels. */
    public LabelScores sets() {
        return LabelScores.of(truth, logits);
    }

    /** Returns the same predictions with the logits divided by a temperature. */
    public Scores at(double temperature) {
        if (temperature == Calibration.NO_TEMPERATURE) {
            return this;
        }
        float[][] scaled = new float[logits.length][];
        for (int i = 0; i < logits.length; i++) {
            scaled[i] = logits[i].clone();
            for (int c = 0; c < scaled[i].length; c++) {
                scaled[i][c] = (float) (logits[i][c] / temperature);
            }
        }
        return new Scores(truth, scaled);
    }

    /** Returns the predicted label of each image, the smallest one of equal logits. */
    public synchronized int[] predictions() {
        if (predicted == null) {
            predicted = Predictions.argmax(logits);
        }
        return predicted.clone();
    }

    /** Returns the probabilities of an image's classes. */
    public double[] probabilities(int image) {
        return Predictions.softmax(logits[image]);
    }

    /** Returns the accuracy, F1 and the confusion matrix. */
    public Evaluation evaluation() {
        return Evaluation.of(labels(), predictions());
    }

    /** Returns the agreement of confidences and accuracies. */
    public Calibration calibration(int bins) {
        return Calibration.of(confidences(), correct(), bins);
    }

    /** Returns the expected calibration error in the usual bins, 0 to 1. */
    public double calibrationError() {
        return calibration(Calibration.USUAL_BINS).expectedError();
    }

    /** For each threshold of the probability, counts the answers at or above it, and how many of them are correct. */
    public Coverage coverage() {
        return Coverage.of(confidences(), correct());
    }

    /** Returns the percentage of images of other classes that a score accepts as one of the classes. */
    public double falsePositives(OpenSet score) {
        int[] labels = labels();
        int[] classes = Arrays.stream(labels).distinct().toArray();
        return score.falsePositives(this, classes.length > 1 ? classes : new int[0], this);
    }

    /**
     * Fits a temperature (temperature scaling; Guo and others, On Calibration of Modern Neural Networks, 2017): divided by
     * it, the logits give probabilities that are right as often as they say, such as 80 % four times out of five. It
     * changes no prediction.
     *
     * <p>It is the temperature nearest to 1 at which chance explains the slope of the summed cross-entropy in the log
     * temperature: at most {@value #PENALTY} nats and {@value #STANDARD_ERRORS} standard errors. The minimum of the
     * cross-entropy, the usual choice, makes good probabilities worse if there are few images
     * (docs/measurements/learning.md).
     *
     * @return the temperature; 1 if the images show no need for another; fitted on {@value #MOST_FITTED} of more images
     */
    public double temperature() {
        if (size() > MOST_FITTED) {
            return sample(MOST_FITTED).temperature();
        }
        int direction = excess(0, 1) > 0 ? 1 : -1; // of the temperature
        UnivariateFunction excess = log -> excess(log, direction);
        if (excess.value(0) <= 0) {
            return 1;
        }
        double farthest = direction * LARGEST_LOG;
        return excess.value(farthest) >= 0
                ? Math.exp(farthest) // the logits are worse than chance
                : Math.exp(new BrentSolver(ACCURACY, ACCURACY)
                        .solve(MOST_STEPS, excess, Math.min(0, farthest), Math.max(0, farthest)));
    }

    /**
     * Returns the decrease of the cross-entropy per unit of the log temperature in a direction, less what chance explains.
     * An image's cross-entropy decreases by Σ_c p_c z_c − z_own, with z its logits divided by the temperature.
     */
    private double excess(double log, int direction) {
        double temperature = Math.exp(log);
        double[] slopes = IntStream.range(0, size())
                .parallel()
                .mapToDouble(i -> slope(i, temperature))
                .toArray();
        double sum = 0;
        double squares = 0;
        for (double slope : slopes) {
            sum += slope;
            squares += slope * slope;
        }
        double n = Math.max(2, size());
        double error = Math.sqrt(Math.max(0, squares - sum * sum / n) * n / (n - 1));
        return direction * sum - PENALTY - STANDARD_ERRORS * error;
    }

    private double slope(int image, double temperature) {
        float[] own = logits[image];
        float right = own[truth.get(image).single()];
        double[] p = Predictions.softmax(own, temperature);
        double slope = 0;
        // Differences from the true logit, which keep their digits if all p but one are small.
        for (int c = 0; c < p.length; c++) {
            slope += p[c] * ((double) own[c] - right) / temperature;
        }
        return slope;
    }
}
