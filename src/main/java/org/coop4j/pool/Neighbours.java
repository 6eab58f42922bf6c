package org.coop4j.pool;

import java.util.Arrays;
import java.util.stream.IntStream;
import org.bytedeco.javacpp.FloatPointer;
import org.coop4j.base.Progress;
import org.coop4j.base.Progress.Task;
import org.coop4j.base.Progress.Unit;
import org.coop4j.base.Require;
import org.coop4j.clip.FeatureMatrix;
import org.coop4j.graph.host.Gemm;
import org.coop4j.graph.host.HostMatrix;

/**
 * The nearest others of each picture by the cosine of their features, the nearest first; of equal cosines the lower row first.
 *
 * <p>They are exact: products in single precision find who may be among the nearest, and inner products in double
 * precision decide, so that neither BLAS nor the number of threads changes a list.
 */
public final class Neighbours {

    /** Rows whose lists one thread makes at a time. */
    private static final int BLOCK = 256;

    /** Others that are compared with them at once. */
    private static final int PANEL = 1024;

    /** Blocks between two reports of progress. */
    private static final int REPORTED = 16;

    private final FeatureMatrix units;
    private final int wanted;
    private final int count;
    private final int[] rows; // [n, count]
    private final double[] cosines;

    private Neighbours(FeatureMatrix units, int wanted) {
        this.units = units;
        this.wanted = wanted;
        this.count = Math.min(wanted, units.rows() - 1);
        this.rows = new int[Math.multiplyExact(units.rows(), count)];
        this.cosines = new double[rows.length];
        Arrays.fill(cosines, Double.NEGATIVE_INFINITY);
    }

    /**
     * Compares every two pictures.
     *
     * @param units features of unit length, a row per picture
     * @param count neighbours of each picture; fewer if there are not as many others
     */
    public static Neighbours of(FeatureMatrix units, int count, Progress progress) {
        Neighbours all = new Neighbours(units, count);
        if (all.count > 0) {
            all.compare(0, progress);
        }
        return all;
    }

    /**
     * Returns the neighbours of a pool to which pictures were added: only pairs with a new picture are compared.
     *
     * @param more all pictures, those of this pool first
     */
    public Neighbours with(FeatureMatrix more, Progress progress) {
        int before = units.rows();
        Require.that(
                more.rows() >= before && more.width() == units.width(),
                "expected %d rows or more of width %d, got %d of width %d",
                before,
                units.width(),
                more.rows(),
                more.width());
        if (count < wanted) { // all others, which are too few
            return of(more, wanted, progress);
        }
        Neighbours all = new Neighbours(more, wanted);
        System.arraycopy(rows, 0, all.rows, 0, rows.length);
        System.arraycopy(cosines, 0, all.cosines, 0, cosines.length);
        all.compare(before, progress);
        return all;
    }

    /** Compares all pictures with those from a row on, and these with all. */
    private void compare(int first, Progress progress) {
        int n = units.rows();
        int blocks = (n + BLOCK - 1) / BLOCK;
        try (HostMatrix all = HostMatrix.allocate(n, units.width());
                Task task = progress.task("comparing", n, Unit.IMAGES)) {
            float[] feature = new float[units.width()];
            for (int i = 0; i < n; i++) {
                units.copyRow(i, feature, 0);
                all.putRow(i, feature);
            }
            for (int from = 0; from < blocks; from += REPORTED) {
                int to = Math.min(blocks, from + REPORTED);
                IntStream range = IntStream.range(from, to).parallel();
                Gemm.singleThreaded(() -> range.forEach(block -> compare(all, block * BLOCK, first)));
                task.advance((long) Math.min(n, to * BLOCK) - from * BLOCK);
            }
        }
    }

    private void compare(HostMatrix all, int from, int first) {
        int n = units.rows();
        int width = units.width();
        int to = Math.min(n, from + BLOCK);
        // Sums in single precision are within this of those in double precision (Higham, section 3.1).
        float error = width * 0x1p-23f;
        float[] products = new float[PANEL];
        try (HostMatrix panel = HostMatrix.allocate(BLOCK, PANEL);
                FloatPointer left = all.pointer(from, 0);
                FloatPointer result = panel.pointer(0, 0)) {
            for (int start = to <= first ? first : 0; start < n; start += PANEL) {
                int others = Math.min(PANEL, n - start);
                try (FloatPointer right = all.pointer(start, 0)) {
                    Gemm.multiply(Gemm.Form.NT, to - from, others, width, left, width, right, width, 0, result, PANEL);
                }
                for (int i = from; i < to; i++) {
                    panel.getRow(i - from, products);
                    int last = (i + 1) * count - 1;
                    int skipped = i < first ? Math.max(0, first - start) : 0;
                    for (int j = skipped; j < others; j++) {
                        if (products[j] >= (float) cosines[last] - error && start + j != i) {
                            insert(i, start + j);
                        }
                    }
                }
            }
        }
    }

    /** Adds a picture to a list if it is nearer than the last; rows come in rising order. */
    private void insert(int i, int other) {
        double cosine = dot(i, other);
        int first = i * count;
        int at = first + count;
        while (at > first && cosine > cosines[at - 1]) {
            at--;
        }
        int moved = first + count - 1 - at;
        if (moved >= 0) {
            System.arraycopy(rows, at, rows, at + 1, moved);
            System.arraycopy(cosines, at, cosines, at + 1, moved);
            rows[at] = other;
            cosines[at] = cosine;
        }
    }

    private double dot(int i, int j) {
        double even = 0;
        double odd = 0;
        int width = units.width();
        for (int d = 0; d + 1 < width; d += 2) {
            even += (double) units.get(i, d) * units.get(j, d);
            odd += (double) units.get(i, d + 1) * units.get(j, d + 1);
        }
        return even + odd + (width % 2 == 0 ? 0 : (double) units.get(i, width - 1) * units.get(j, width - 1));
    }

    /** Returns the number of neighbours of each picture. */
    public int count() {
        return count;
    }

    /** Returns neighbour number {@code place} of a picture, counted from 0. */
    public int row(int picture, int place) {
        return rows[picture * count + place];
    }

    /** Returns the cosine of a picture with its neighbour number {@code place}. */
    public double cosine(int picture, int place) {
        return cosines[picture * count + place];
    }

    /** Returns half of each number and half of the mean of the picture's neighbours. */
    double[] smoothed(double[] ofPictures) {
        double[] result = new double[ofPictures.length];
        Arrays.setAll(result, i -> {
            double mean = IntStream.range(0, count)
                    .mapToDouble(place -> ofPictures[row(i, place)])
                    .average()
                    .orElse(ofPictures[i]);
            return (ofPictures[i] + mean) / 2;
        });
        return result;
    }
}
