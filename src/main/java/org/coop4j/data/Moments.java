package org.coop4j.data;

import java.io.Serializable;
import java.util.Arrays;
import java.util.List;
import java.util.stream.IntStream;
import org.coop4j.clip.FeatureMatrix;
import org.coop4j.graph.host.DoubleRows;
import org.coop4j.graph.host.Gemm;

/**
 * Sums over labelled features, from which closed forms learn: those of parts of the images can be added. Not safe for use
 * by several threads while features are added.
 */
public final class Moments implements Serializable {

    private static final long serialVersionUID = 1L;

    /** Number of features whose squares are added at once. */
    private static final int BLOCK = 512;

    /** Number of features whose moments are summed by one thread, in their order. */
    private static final int PART = 1 << 14;

    /** Number of parts that are summed at the same time. */
    private static final int PARTS = 8;

    private final double[] squares;
    private final double[] sums;
    private final long[] counts;

    private Moments(double[] squares, double[] sums, long[] counts) {
        this.squares = squares;
        this.sums = sums;
        this.counts = counts;
    }

    /** Returns the moments of no features. */
    public static Moments none(int width, int classes) {
        return new Moments(
                new double[width * width], new double[Math.multiplyExact(classes, width)], new long[classes]);
    }

    /** Returns the moments of the normalised features of each image's first view. */
    public static Moments of(FeatureSet images, int classes) {
        Moments moments = none(images.width(), classes);
        for (int from = 0; from < images.size(); from += PARTS * PART) {
            int first = from;
            List<Moments> parts = IntStream.range(0, PARTS)
                    .parallel()
                    .map(part -> first + part * PART)
                    .filter(start -> start < images.size())
                    .mapToObj(start -> {
                        Moments part = none(images.width(), classes);
                        part.add(1, images, true, start, Math.min(images.size(), start + PART));
                        return part;
                    })
                    .toList();
            parts.forEach(moments::add);
        }
        return moments;
    }

    /** Returns Σ f fᵀ, [embed, embed], on the diagonal and above it; not to be changed. */
    public double[] squares() {
        return squares;
    }

    /** Returns Σ f of each class, [classes, embed]; not to be changed. */
    public double[] sums() {
        return sums;
    }

    /** Returns Σ f of each class, rounded, one row per class. */
    public FeatureMatrix ofClasses() {
        float[] rows = new float[sums.length];
        for (int i = 0; i < rows.length; i++) {
            rows[i] = (float) sums[i];
        }
        return FeatureMatrix.of(counts.length, rows.length / counts.length, rows);
    }

    /** Returns the number of features of each class; not to be changed. */
    public long[] counts() {
        return counts;
    }

    /** Returns the number of features. */
    public long size() {
        return Arrays.stream(counts).sum();
    }

    /** Adds other moments of the same classes to these, and returns these. */
    public Moments add(Moments others) {
        Arrays.setAll(squares, i -> squares[i] + others.squares[i]);
        Arrays.setAll(sums, i -> sums[i] + others.sums[i]);
        Arrays.setAll(counts, i -> counts[i] + others.counts[i]);
        return this;
    }

    /** Adds the normalised features of each image's first view. */
    public void add(FeatureSet images) {
        add(1, images, true, 0, images.size());
    }

    /** Returns the moments without some images. */
    public Moments without(FeatureSet images) {
        Moments rest = copy();
        rest.add(-1, images, true, 0, images.size());
        return rest;
    }

    /** Returns the moments with further features, as they are. */
    public Moments with(FeatureSet features) {
        Moments more = copy();
        more.add(1, features, false, 0, features.size());
        return more;
    }

    private Moments copy() {
        return new Moments(squares.clone(), sums.clone(), counts.clone());
    }

    /** Adds features of a range, or subtracts them if the sign is −1. */
    private void add(int sign, FeatureSet images, boolean normalized, int from, int to) {
        int width = images.width();
        float[] feature = new float[width];
        double[] rows = new double[Math.min(BLOCK, to - from) * width];
        for (int first = from; first < to; first += BLOCK) {
            int count = Math.min(BLOCK, to - first);
            for (int i = 0; i < count; i++) {
                if (normalized) {
                    images.copyNormalized(first + i, 0, feature, 0);
                } else {
                    images.copy(first + i, 0, feature, 0);
                }
                int label = images.label(first + i);
                counts[label] += sign;
                for (int j = 0; j < width; j++) {
                    rows[i * width + j] = feature[j];
                    sums[label * width + j] += sign * feature[j];
                }
            }
            Gemm.singleThreaded(() -> DoubleRows.addSquares(sign, rows, count, width, squares));
        }
    }
}
