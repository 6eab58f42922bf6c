package org.coop4j.eval;

import java.util.Arrays;
import java.util.List;
import java.util.Random;
import java.util.function.Function;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import org.apache.commons.math3.analysis.UnivariateFunction;
import org.apache.commons.math3.analysis.solvers.BrentSolver;
import org.coop4j.base.Require;

/** The logits of labelled images, and what follows from them; many are computed anew in blocks rather than kept. */
public final class Scores {

    /** Penalty on |log temperature| in nats, which a few images cannot outweigh. */
    private static final double PENALTY = 2;

    /** Standard errors of the slope that chance may explain. */
    private static final double STANDARD_ERRORS = 1.5;

    /** Most images that a temperature is fitted on; more would not change its digits that matter. */
    public static final int MOST_FITTED = 20_000;

    /** The same of logits that are too many to be kept. */
    private static final int MOST_FITTED_LOGITS = 1 << 22;

    /** Most logits that are kept: 64 MB. */
    private static final long MOST_KEPT = 1 << 24;

    /** Images whose logits are computed at once by a thread. */
    private static final int BLOCK = 1024;

    private static final double LARGEST_LOG = 12;
    private static final double ACCURACY = 1e-12;
    private static final int MOST_STEPS = 500;

    /** The scores of no images. */
    public static final Scores NONE = new Scores(List.of(), new float[0][]);

    private final List<Labels> truth;
    private final Function<int[], float[][]> source;
    private final float[][] kept; // null if there are too many
    private final List<Scores> parts; // whose answers are known together; empty for scores that are computed here
    private Answers answers; // once they are asked for
    private Scores divided; // the last that were asked for, by a temperature
    private double divisor;

    /**
     * Predictions of single labels.
     *
     * @param labels the predicted label of each image
     * @param confidences its probability
     * @param own probability of the true label
     * @param others the best label besides the true one
     * @param margins its logit minus that of the true label
     */
    @SuppressWarnings("ArrayRecordComponent") // never compared
    private record Answers(int[] labels, double[] confidences, double[] own, int[] others, double[] margins) {

        Answers(int size) {
            this(new int[size], new double[size], new double[size], new int[size], new double[size]);
        }

        void set(int from, Answers part) {
            int n = part.labels.length;
            System.arraycopy(part.labels, 0, labels, from, n);
            System.arraycopy(part.confidences, 0, confidences, from, n);
            System.arraycopy(part.own, 0, own, from, n);
            System.arraycopy(part.others, 0, others, from, n);
            System.arraycopy(part.margins, 0, margins, from, n);
        }

        void set(int i, float[] row, Labels truth) {
            int label = Predictions.argmax(row);
            double largest = row[label];
            double sum = 0;
            for (float logit : row) {
                sum += Math.exp(logit - largest);
            }
            labels[i] = label;
            confidences[i] = 1 / sum;
            if (truth.isSingle()) {
                int right = truth.single();
                own[i] = Math.exp(row[right] - largest) / sum;
                others[i] = label != right
                        ? label
                        : Predictions.argmax(row.length, c -> c == right ? Double.NEGATIVE_INFINITY : row[c]);
                margins[i] = (double) row[others[i]] - row[right];
            }
        }
    }

    /**
     * Scores of images.
     *
     * @param truth labels of each image
     * @param logits [images][classes]; not to be changed
     */
    public Scores(List<Labels> truth, float[][] logits) {
        this(truth, positions -> rows(logits, positions), logits, List.of());
        Require.that(
                truth.size() == logits.length,
                "expected as many labels as rows of logits, got %d and %d",
                truth.size(),
                logits.length);
    }

    private Scores(List<Labels> truth, Function<int[], float[][]> source, float[][] kept, List<Scores> parts) {
        this.truth = List.copyOf(truth);
        this.source = source;
        this.kept = kept;
        this.parts = parts;
    }

    /** Scores of images with single labels. */
    public Scores(int[] labels, float[][] logits) {
        this(Labels.singles(labels), logits);
    }

    /**
     * Returns scores that are computed from images in memory, each time anew if they are many.
     *
     * @param source returns the logits of the images at some positions, [positions][classes]; may be used by several
     *     threads
     */
    public static Scores of(List<Labels> truth, int classes, Function<int[], float[][]> source) {
        Scores scores = new Scores(truth, source, null, List.of());
        boolean few = (long) truth.size() * classes <= MOST_KEPT || Labels.areSets(truth);
        return few ? new Scores(truth, scores.logits()) : scores;
    }

    private static float[][] rows(float[][] logits, int... positions) {
        return IntStream.of(positions).mapToObj(i -> logits[i]).toArray(float[][]::new);
    }

    /** Receives the position of an image and its logits. */
    interface Receiver {
        void accept(int image, float[] logits);
    }

    /** Passes on the logits of each image, on several threads. */
    void each(Receiver receiver) {
        IntStream.range(0, (size() + BLOCK - 1) / BLOCK)
                .parallel()
                .map(block -> block * BLOCK)
                .forEach(from -> {
                    float[][] rows = source.apply(IntStream.range(from, Math.min(size(), from + BLOCK))
                            .toArray());
                    for (int i = 0; i < rows.length; i++) {
                        receiver.accept(from + i, rows[i]);
                    }
                });
    }

    /** Returns the labels of each image. */
    public List<Labels> truth() {
        return truth;
    }

    /** Returns the logits, [images][classes]; not to be changed. */
    public float[][] logits() {
        if (kept != null) {
            return kept;
        }
        float[][] all = new float[size()][];
        each((i, row) -> all[i] = row);
        return all;
    }

    /** Returns the single label of each image, in a new array. */
    public int[] labels() {
        return truth.stream().mapToInt(Labels::single).toArray();
    }

    /** Returns the scores of these images and further ones of the same classes. */
    public Scores and(Scores others) {
        int own = size();
        if (own == 0 || others.size() == 0) {
            return own == 0 ? others : this;
        }
        List<Labels> both = Stream.of(truth, others.truth).flatMap(List::stream).toList();
        return kept != null && others.kept != null
                ? new Scores(
                        both, Stream.of(kept, others.kept).flatMap(Stream::of).toArray(float[][]::new))
                : new Scores(
                        both,
                        positions -> Stream.concat(
                                        Stream.of(source.apply(IntStream.of(positions)
                                                .filter(i -> i < own)
                                                .toArray())),
                                        Stream.of(others.source.apply(IntStream.of(positions)
                                                .filter(i -> i >= own)
                                                .map(i -> i - own)
                                                .toArray())))
                                .toArray(float[][]::new),
                        null,
                        List.of(this, others));
    }

    /** Returns the number of images. */
    public int size() {
        return truth.size();
    }

    /** Returns at most so many of the images, drawn at random with the same seed each time, in their order. */
    public Scores sample(int most) {
        return size() <= most ? this : select(drawn(size(), most));
    }

    /** Returns positions drawn at random with the same seed each time, ascending; all of a few. */
    public static int[] drawn(int size, int most) {
        return size <= most
                ? IntStream.range(0, size).toArray()
                : new Random(0).ints(0, size).distinct().limit(most).sorted().toArray();
    }

    /** Returns the scores of the images at some positions, ascending. */
    public Scores select(int[] positions) {
        return new Scores(IntStream.of(positions).mapToObj(truth::get).toList(), source.apply(positions));
    }

    /** Returns true for each image that is classified correctly. */
    public boolean[] correct() {
        int[] labels = answers().labels;
        boolean[] correct = new boolean[size()];
        for (int i = 0; i < correct.length; i++) {
            correct[i] = labels[i] == truth.get(i).single();
        }
        return correct;
    }

    /** Returns the probability of each image's predicted label. */
    public double[] confidences() {
        return answers().confidences.clone();
    }

    /** Returns the probability of each image's true label. */
    public double[] ownProbabilities() {
        return answers().own.clone();
    }

    /** Returns for each image the best label besides the true one. */
    public int[] others() {
        return answers().others.clone();
    }

    /** Returns for each image the largest logit of the other labels minus that of the true one. */
    public double[] margins() {
        return answers().margins.clone();
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
        return LabelScores.of(truth, logits());
    }

    /**
     * Returns the same predictions with the logits divided by a temperature. If many are asked for before the answers of
     * these are, one pass computes both.
     */
    public synchronized Scores at(double temperature) {
        if (temperature == Calibration.NO_TEMPERATURE) {
            return this;
        }
        if (divided == null || divisor != temperature) {
            divisor = temperature;
            if (kept != null) {
                divided = new Scores(truth, divided(kept, temperature));
            } else if (parts.isEmpty()) {
                divided = new Scores(truth, some -> divided(source.apply(some), temperature), null, List.of());
            } else {
                divided = parts.get(0).at(temperature).and(parts.get(1).at(temperature));
            }
        }
        return divided;
    }

    private static float[][] divided(float[][] logits, double temperature) {
        float[][] scaled = new float[logits.length][];
        Arrays.parallelSetAll(scaled, i -> divided(logits[i], temperature));
        return scaled;
    }

    private static float[] divided(float[] logits, double temperature) {
        float[] row = new float[logits.length];
        for (int c = 0; c < row.length; c++) {
            row[c] = (float) (logits[c] / temperature);
        }
        return row;
    }

    /** Returns the predicted label of each image, the smallest one of equal logits. */
    public int[] predictions() {
        return answers().labels.clone();
    }

    private synchronized Answers answers() {
        if (answers == null) {
            Answers all = new Answers(size());
            if (parts.isEmpty()) {
                Answers atDivisor = kept == null && divided != null ? new Answers(size()) : null;
                each((i, row) -> {
                    all.set(i, row, truth.get(i));
                    if (atDivisor != null) {
                        atDivisor.set(i, divided(row, divisor), truth.get(i));
                    }
                });
                if (atDivisor != null) {
                    divided.keep(atDivisor);
                }
            } else {
                all.set(0, parts.get(0).answers());
                all.set(parts.get(0).size(), parts.get(1).answers());
            }
            answers = all;
        }
        return answers;
    }

    private synchronized void keep(Answers computed) {
        answers = computed;
    }

    /** Returns the probabilities of an image's classes. */
    public double[] probabilities(int image) {
        return Predictions.softmax(source.apply(new int[] {image})[0]);
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
     * @return the temperature; 1 if the images show no need for another; fitted on {@link #fitted} of the images
     */
    public double temperature() {
        int fitted = fitted();
        if (fitted < size() || kept == null) {
            return select(drawn(size(), fitted)).temperature();
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

    /** Returns the number of images that a temperature is fitted on. */
    public int fitted() {
        int classes = size() == 0 ? 1 : source.apply(new int[] {0})[0].length;
        int most = (long) size() * classes <= MOST_KEPT
                ? MOST_FITTED
                : Math.min(MOST_FITTED, Math.max(MOST_FITTED / 10, MOST_FITTED_LOGITS / classes));
        return Math.min(size(), most);
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
        float[] own = kept[image]; // of a sample
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
