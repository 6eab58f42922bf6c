package org.coop4j.pool;

import java.util.Arrays;
import java.util.stream.IntStream;
import org.coop4j.clip.FeatureMatrix;
import org.coop4j.graph.host.DoubleRows;
import org.coop4j.graph.host.Gemm;

/**
 * Pictures as points of a plane, alike ones near each other. The idea is UMAP's (McInnes, Healy, Melville, 2018): neighbours
 * attract, and random others repel. All points move at once from their old places, and the random others are a function of seed
 * and number, so that equal seeds give equal bits for any number of threads.
 */
final class PoolMap {

    static final int NEIGHBOURS = 15;
    static final int EPOCHS = 200;

    private static final double A = 1.577;
    private static final double B = 0.8951;
    private static final int NEGATIVES = 5;
    private static final double MOST = 4;

    private final int n;
    private final long seed;
    final double[] bandwidths;

    /** Links of each picture: others in rising order, and weights of 0 to 1. */
    final int[][] others;

    final double[][] weights;
    double[] x;
    double[] y;

    PoolMap(FeatureMatrix units, Neighbours neighbours, long seed) {
        this.n = units.rows();
        this.seed = seed;
        bandwidths = new double[n];
        double[][] own = new double[n][neighbours.count()];
        for (int i = 0; i < n; i++) {
            double[] distances = own[i];
            for (int place = 0; place < distances.length; place++) {
                distances[place] = Math.max(0, neighbours.cosine(i, 0) - neighbours.cosine(i, place));
            }
            double sigma = bandwidth(distances);
            bandwidths[i] = sigma;
            Arrays.setAll(distances, place -> Math.exp(-distances[place] / sigma));
        }
        others = neighbours.mutual();
        weights = new double[n][];
        link(own, neighbours);
        start(units);
    }

    /** Returns σ with Σ exp(−δ/σ) = log₂ 15. */
    private static double bandwidth(double[] distances) {
        double wanted = Math.log(NEIGHBOURS) / Math.log(2);
        double low = 0;
        double high = Double.POSITIVE_INFINITY;
        double sigma = 1;
        for (int step = 0; step < 64; step++) {
            double sum = 0;
            for (double distance : distances) {
                sum += Math.exp(-distance / sigma);
            }
            if (sum > wanted) {
                high = sigma;
                sigma = (low + high) / 2;
            } else {
                low = sigma;
                sigma = high == Double.POSITIVE_INFINITY ? 2 * sigma : (low + high) / 2;
            }
        }
        double mean = Arrays.stream(distances).average().orElse(0);
        return Math.max(sigma, Math.max(1e-3 * mean, 1e-12));
    }

    /** W ← W + Wᵀ − W ∘ Wᵀ, divided by the largest. */
    private void link(double[][] own, Neighbours neighbours) {
        double largest = 0;
        for (int i = 0; i < n; i++) {
            weights[i] = new double[others[i].length];
            for (int link = 0; link < weights[i].length; link++) {
                int there = neighbours.place(i, others[i][link]);
                int back = neighbours.place(others[i][link], i);
                double w = there < 0 ? 0 : own[i][there];
                double t = back < 0 ? 0 : own[others[i][link]][back];
                weights[i][link] = w + t - w * t;
                largest = Math.max(largest, weights[i][link]);
            }
        }
        for (double[] row : weights) {
            for (int link = 0; link < row.length; link++) {
                row[link] /= largest;
            }
        }
    }

    /** Starts at the first two principal axes. */
    private void start(FeatureMatrix units) {
        int width = units.width();
        double[][] places = new double[2][n];
        try (Centred centred = new Centred(units)) {
            double[] squares = centred.squares();
            for (int a = 0; a < width; a++) {
                for (int b = 0; b < a; b++) {
                    squares[a * width + b] = squares[b * width + a];
                }
            }
            double[][] axes = Gemm.singleThreaded(() -> DoubleRows.rightSingularVectors(squares, width));
            double[] matrix = new double[2 * width];
            for (int axis = 0; axis < Math.min(2, axes.length); axis++) {
                double top = 0;
                for (double entry : axes[axis]) {
                    top = Math.abs(entry) > Math.abs(top) ? entry : top;
                }
                for (int d = 0; d < width; d++) {
                    matrix[2 * d + axis] = Math.signum(top) * axes[axis][d];
                }
            }
            centred.times(matrix, 2, (i, row) -> {
                places[0][i] = row[0];
                places[1][i] = row[1];
            });
        }
        double largest = Arrays.stream(places)
                .flatMapToDouble(Arrays::stream)
                .map(Math::abs)
                .max()
                .orElse(0);
        double scale = largest > 0 ? 10 / largest : 0;
        x = Arrays.stream(places[0]).map(v -> v * scale).toArray();
        y = Arrays.stream(places[1]).map(v -> v * scale).toArray();
    }

    /** Moves all points once. */
    void epoch(int e) {
        double rate = 1 - (double) e / EPOCHS;
        double[] newX = new double[n];
        double[] newY = new double[n];
        IntStream.range(0, n).parallel().forEach(i -> {
            double[] step = step(i, e);
            double length = Math.hypot(step[0], step[1]);
            double factor = length > MOST ? MOST / length : 1;
            newX[i] = x[i] + rate * factor * step[0];
            newY[i] = y[i] + rate * factor * step[1];
        });
        x = newX;
        y = newY;
    }

    private double[] step(int i, int e) {
        double stepX = 0;
        double stepY = 0;
        double sum = 0;
        for (int link = 0; link < others[i].length; link++) {
            double w = weights[i][link];
            sum += w;
            double dx = x[i] - x[others[i][link]];
            double dy = y[i] - y[others[i][link]];
            double square = dx * dx + dy * dy;
            if (square > 0) {
                double power = Math.pow(square, B);
                double factor = -2 * A * B * power / square / (1 + A * power);
                stepX += 2 * w * clip(factor * dx);
                stepY += 2 * w * clip(factor * dy);
            }
        }
        double pushX = 0;
        double pushY = 0;
        for (int q = 0; q < NEGATIVES; q++) {
            int other = negative(seed, e, q, i, n);
            if (other != i) {
                double dx = x[i] - x[other];
                double dy = y[i] - y[other];
                double square = dx * dx + dy * dy;
                double factor = 2 * B / ((0.001 + square) * (1 + A * Math.pow(square, B)));
                pushX += clip(factor * dx);
                pushY += clip(factor * dy);
            }
        }
        return new double[] {stepX + sum * pushX, stepY + sum * pushY};
    }

    private static double clip(double v) {
        return Math.max(-MOST, Math.min(MOST, v));
    }

    /** Returns random other number {@code q} of a picture. */
    static int negative(long seed, int epoch, int q, int i, int n) {
        long counter = seed * 0x100000001L + ((long) NEGATIVES * epoch + q) * n + i;
        return (int) Long.remainderUnsigned(mix(counter), n);
    }

    /** SplitMix64 of a counter (Steele, Lea, Flood, 2014). */
    static long mix(long counter) {
        long z = counter + 0x9E3779B97F4A7C15L;
        z = (z ^ (z >>> 30)) * 0xBF58476D1CE4E5B9L;
        z = (z ^ (z >>> 27)) * 0x94D049BB133111EBL;
        return z ^ (z >>> 31);
    }
}
