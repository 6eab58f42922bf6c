package org.coop4j.pool;

import java.util.Arrays;
import java.util.Map;
import java.util.function.IntConsumer;
import java.util.stream.IntStream;
import org.coop4j.clip.FeatureMatrix;
import org.coop4j.data.FeatureSet;
import org.coop4j.eval.Predictions;
import org.coop4j.graph.host.DoubleRows;
import org.coop4j.graph.host.Gemm;

/**
 * Answers for all pictures of a pool together, by expectation-maximisation: a Gaussian per class, whose mean starts at the class's
 * text, with one covariance; neighbours agree, and classes that seem to be larger attract more.
 */
final class JointModel implements AutoCloseable {

    static final int ROUNDS = 10;

    private static final int SPREADS = 3;

    /** Weight of a class's text in its mean, in pictures. */
    private static final double TEXT_WEIGHT = 2;

    private static final double LEAST = 1e-30;

    /**
     * Weights and factors that follow from the pool, decided once.
     *
     * @param gain factor of the logits that makes neighbours agree as often as probabilities say; 1 or more
     * @param agreement share of neighbours with equal answers
     * @param effectiveClasses classes that seem to be there
     * @param pull weight of the neighbours
     * @param shrinkage of the covariance towards a multiple of the identity
     * @param gauss weight of the Gaussians
     * @param prior weight of the classes' sizes
     * @param scale length of the texts' differences beside the pictures'
     */
    record Decided(
            double gain,
            double agreement,
            double effectiveClasses,
            double pull,
            double shrinkage,
            double gauss,
            double prior,
            double scale) {}

    private final int n;
    private final int classes;
    private final int width;
    private final Neighbours neighbours;
    private final Map<Integer, Integer> known;

    private final Centred centred;

    private final double[] squares; // Σ x xᵀ, [width, width], upper triangle
    private final double[] outside; // Σ (x⁰ − mean f) of each class
    private final int[] outsideCounts;

    private final float[] logSharp; // ln p
    private float[] z; // [n, classes]
    private float[] next;

    final Decided decided;
    final double[] startMeans; // m, [classes, width]
    double[] means; // μ
    double[] covariance; // C, upper triangle
    final float[] base; // b

    /**
     * Starts at the sharpened probabilities of a classifier.
     *
     * @param units features of unit length
     * @param logits of any classifier, with its scale, [n, classes]
     * @param texts features of the classes' texts, of unit length; of zeros where there are none
     * @param labelled pictures outside of the pool
     * @param known labels of pictures of the pool, by row
     */
    JointModel(
            FeatureMatrix units,
            Neighbours neighbours,
            FeatureMatrix logits,
            FeatureMatrix texts,
            FeatureSet labelled,
            Map<Integer, Integer> known) {
        this.n = units.rows();
        this.width = units.width();
        this.classes = logits.width();
        this.neighbours = neighbours;
        this.known = known;
        this.centred = new Centred(units);
        squares = centred.squares();
        outside = new double[classes * width];
        outsideCounts = new int[classes];
        float[] feature = new float[width];
        for (int i = 0; i < labelled.size(); i++) {
            labelled.copyNormalized(i, 0, feature, 0);
            int label = labelled.label(i);
            outsideCounts[label]++;
            for (int d = 0; d < width; d++) {
                outside[label * width + d] += feature[d] - centred.mean[d];
            }
        }

        double agreement = agreement(Pool.answers(logits));
        double gain = gain(logits, Math.min(Math.sqrt(agreement), 0.99));
        z = softmax(logits, gain);
        next = new float[z.length];
        fixKnown(z);
        double[] shares = counts();
        Arrays.setAll(shares, k -> shares[k] / n);
        double effective = Math.exp(-Arrays.stream(shares)
                .map(share -> share > 0 ? share * Math.log(share) : 0)
                .sum());
        startMeans = differences(texts, shares);
        double scale = scale(shares);
        Arrays.setAll(startMeans, i -> scale * startMeans[i]);
        double rest = 1 - effective / classes;
        decided = new Decided(
                gain,
                agreement,
                effective,
                3 * Math.min(1, n / (8 * effective)),
                (double) width / (width + n),
                0.3 * n / (n + width),
                rest * rest,
                scale);
        logSharp = new float[z.length];
        base = new float[z.length];
        each(i -> {
            for (int k = i * classes; k < (i + 1) * classes; k++) {
                logSharp[k] = (float) Math.log(Math.max(z[k], LEAST));
            }
        });
    }

    private void each(IntConsumer row) {
        IntStream.range(0, n).parallel().forEach(row);
    }

    private double agreement(int[] alone) {
        long equal = 0;
        for (int i = 0; i < n; i++) {
            for (int place = 0; place < neighbours.count(); place++) {
                equal += alone[i] == alone[neighbours.row(i, place)] ? 1 : 0;
            }
        }
        return (double) equal / ((long) n * neighbours.count());
    }

    /** Finds the factor of the logits that gives the largest probabilities the wanted mean; 1 or more. */
    private static double gain(FeatureMatrix logits, double wanted) {
        if (largest(logits, 1) >= wanted) {
            return 1;
        }
        double low = 0;
        double high = Math.log(16);
        if (largest(logits, 16) < wanted) {
            return 16;
        }
        for (int step = 0; step < 40; step++) {
            double middle = (low + high) / 2;
            if (largest(logits, Math.exp(middle)) < wanted) {
                low = middle;
            } else {
                high = middle;
            }
        }
        return Math.exp((low + high) / 2);
    }

    private static double largest(FeatureMatrix logits, double gain) {
        int n = logits.rows();
        double[] largest = new double[n];
        IntStream.range(0, n).parallel().forEach(i -> {
            float[] row = logits.row(i);
            double top = row[Predictions.argmax(row)];
            double sum = 0;
            for (float logit : row) {
                sum += Math.exp(gain * (logit - top));
            }
            largest[i] = 1 / sum;
        });
        return Arrays.stream(largest).sum() / n;
    }

    /** Returns softmax(gain · logits), row after row. */
    static float[] softmax(FeatureMatrix logits, double gain) {
        int classes = logits.width();
        float[] p = new float[logits.rows() * classes];
        IntStream.range(0, logits.rows()).parallel().forEach(i -> {
            logits.copyRow(i, p, i * classes);
            softmax(p, i * classes, classes, gain);
        });
        return p;
    }

    /** Replaces a row by its softmax. */
    private static void softmax(float[] values, int from, int classes, double gain) {
        double top = Double.NEGATIVE_INFINITY;
        for (int k = from; k < from + classes; k++) {
            top = Math.max(top, values[k]);
        }
        double[] powers = new double[classes];
        double sum = 0;
        for (int k = 0; k < classes; k++) {
            powers[k] = Math.exp(gain * (values[from + k] - top));
            sum += powers[k];
        }
        for (int k = 0; k < classes; k++) {
            values[from + k] = (float) (powers[k] / sum);
        }
    }

    private void fixKnown(float[] probabilities) {
        known.forEach((row, label) -> {
            Arrays.fill(probabilities, row * classes, (row + 1) * classes, 0);
            probabilities[row * classes + label] = 1;
        });
    }

    /** Returns the texts less their mean by the classes' shares. */
    private double[] differences(FeatureMatrix texts, double[] shares) {
        double[] differences = new double[classes * width];
        for (int d = 0; d < width; d++) {
            double mean = 0;
            for (int k = 0; k < classes; k++) {
                mean += shares[k] * texts.get(k, d);
            }
            for (int k = 0; k < classes; k++) {
                differences[k * width + d] = texts.get(k, d) - mean;
            }
        }
        return differences;
    }

    /** Returns how far the pictures follow the texts' differences, 0 to 1. */
    private double scale(double[] shares) {
        double[] sums = centred.weighted(z, classes);
        double together = 0;
        double alone = 0;
        for (int i = 0; i < sums.length; i++) {
            together += sums[i] * startMeans[i] / n;
            alone += shares[i / width] * startMeans[i] * startMeans[i];
        }
        return alone <= 1e-12 ? 0 : Math.max(0, Math.min(1, together / alone));
    }

    /** Returns the expected number of pictures of each class. */
    private double[] counts() {
        double[] counts = new double[classes];
        for (int i = 0; i < z.length; i++) {
            counts[i % classes] += z[i];
        }
        return counts;
    }

    /** Does one round. */
    void round() {
        double[] counts = counts();
        double[] sums = centred.weighted(z, classes);
        means = new double[sums.length];
        double[] rest = new double[sums.length]; // S − ½ N μ
        for (int i = 0; i < sums.length; i++) {
            int k = i / width;
            means[i] =
                    (TEXT_WEIGHT * startMeans[i] + sums[i] + outside[i]) / (TEXT_WEIGHT + counts[k] + outsideCounts[k]);
            rest[i] = sums[i] - counts[k] * means[i] / 2;
        }
        covariance = covariance(rest);
        double[] solution = new double[sums.length]; // C⁻¹ μᵀ, [width, classes]
        Arrays.setAll(solution, i -> means[i % classes * width + i / classes]);
        double[] factored = covariance.clone();
        Gemm.singleThreaded(() -> DoubleRows.solve(factored, width, solution));
        double[] offsets = new double[classes];
        for (int k = 0; k < classes; k++) {
            for (int d = 0; d < width; d++) {
                offsets[k] -= means[k * width + d] * solution[d * classes + k] / 2;
            }
            offsets[k] = decided.gauss * offsets[k] + decided.prior * Math.log((counts[k] + 1) / (n + classes));
        }
        centred.times(solution, classes, (i, row) -> {
            for (int k = 0; k < classes; k++) {
                int at = i * classes + k;
                base[at] = (float) (logSharp[at] + decided.gauss * row[k] + offsets[k]);
            }
        });
        for (int spread = 0; spread < SPREADS; spread++) {
            spread();
        }
    }

    private double[] covariance(double[] rest) {
        double[] both; // μᵀ (S − ½ N μ)
        try (DoubleRows left = DoubleRows.of(means, width);
                DoubleRows right = DoubleRows.of(rest, width);
                DoubleRows product = DoubleRows.allocate(width, width)) {
            Gemm.singleThreaded(() -> product.product(Gemm.Form.TN, 0, width, left, right, classes));
            both = product.toArray(width);
        }
        double[] c = new double[both.length];
        double trace = 0;
        for (int a = 0; a < width; a++) {
            for (int b = a; b < width; b++) {
                c[a * width + b] = (squares[a * width + b] - both[a * width + b] - both[b * width + a]) / n;
            }
            trace += c[a * width + a];
        }
        for (int a = 0; a < width; a++) {
            for (int b = a; b < width; b++) {
                c[a * width + b] *= 1 - decided.shrinkage;
            }
            c[a * width + a] += decided.shrinkage * trace / width + 1e-12;
        }
        return c;
    }

    /** z ← softmax(b + pull · mean z of the neighbours), all pictures at once. */
    private void spread() {
        float[] target = next;
        float factor = (float) (decided.pull / neighbours.count());
        each(i -> {
            int from = i * classes;
            Arrays.fill(target, from, from + classes, 0);
            for (int place = 0; place < neighbours.count(); place++) {
                int other = neighbours.row(i, place) * classes;
                for (int k = 0; k < classes; k++) {
                    target[from + k] += z[other + k];
                }
            }
            for (int k = from; k < from + classes; k++) {
                target[k] = base[k] + factor * target[k];
            }
            softmax(target, from, classes, 1);
        });
        fixKnown(target);
        next = z;
        z = target;
    }

    /** Returns the probabilities of the last round, [pictures, classes]; far too sure as they are. */
    FeatureMatrix probabilities() {
        return FeatureMatrix.of(n, classes, z.clone());
    }

    @Override
    public void close() {
        centred.close();
    }
}
