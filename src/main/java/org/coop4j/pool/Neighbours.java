package org.coop4j.pool;

import java.util.Arrays;
import java.util.Collections;
import java.util.HashMap;
import java.util.Map;
import java.util.SortedMap;
import java.util.TreeMap;
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

    /** Pictures of a block; every two blocks are compared by one thread. */
    private static final int BLOCK = 512;

    /** Fewest labelled neighbours that can contradict a label. */
    private static final int FEWEST = 4;

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
        Arrays.fill(rows, Integer.MAX_VALUE);
    }

    /**
     * Compares every two pictures.
     *
     * @param units features of unit length, a row per picture
     * @param count neighbours of each picture; fewer if there are not as many others
     */
    public static Neighbours of(FeatureMatrix units, int count, Progress progress) {
        int[] none = new int[units.rows() * Math.min(count, units.rows() - 1)];
        Arrays.fill(none, -1);
        return of(units, count, none, progress);
    }

    /**
     * Compares pictures; some were compared before.
     *
     * @param known neighbours of each picture, [pictures, neighbours]: the rows of pictures that were compared with each other, or
     *     −1 for a picture that is compared now
     */
    static Neighbours of(FeatureMatrix units, int count, int[] known, Progress progress) {
        Neighbours all = new Neighbours(units, count);
        if (all.count > 0) {
            boolean[] old = new boolean[units.rows()];
            for (int at = 0; at < known.length; at++) {
                if (known[at] >= 0) {
                    int picture = at / all.count;
                    old[picture] = true;
                    all.insert(picture, known[at], all.dot(picture, known[at]));
                }
            }
            int[] order = IntStream.concat(
                            IntStream.range(0, old.length).filter(i -> old[i]),
                            IntStream.range(0, old.length).filter(i -> !old[i]))
                    .toArray();
            all.compare(
                    order,
                    (int) IntStream.range(0, old.length).filter(i -> old[i]).count(),
                    progress);
        }
        return all;
    }

    /**
     * Returns the neighbours of a pool to which pictures were added: only pairs with a new picture are compared.
     *
     * @param more all pictures, those of this pool first
     */
    public Neighbours with(FeatureMatrix more, Progress progress) {
        Require.that(
                more.rows() >= units.rows() && more.width() == units.width(),
                "expected %d rows or more of width %d, got %d of width %d",
                units.rows(),
                units.width(),
                more.rows(),
                more.width());
        if (count < wanted) { // all others, which are too few
            return of(more, wanted, progress);
        }
        int[] known = Arrays.copyOf(rows, Math.multiplyExact(more.rows(), count));
        Arrays.fill(known, rows.length, known.length, -1);
        return of(more, wanted, known, progress);
    }

    /** Compares all pictures with those starting at a place of an order. */
    private void compare(int[] order, int first, Progress progress) {
        int n = units.rows();
        int blocks = (n + BLOCK - 1) / BLOCK;
        Object[] locks = IntStream.range(0, blocks).mapToObj(i -> new Object()).toArray();
        if (first == n) {
            return;
        }
        try (HostMatrix all = HostMatrix.allocate(n, units.width());
                Task task = progress.task("comparing", n, Unit.IMAGES)) {
            float[] feature = new float[units.width()];
            for (int i = 0; i < n; i++) {
                units.copyRow(order[i], feature, 0);
                all.putRow(i, feature);
            }
            for (int block = 0; block < blocks; block++) {
                int right = block;
                if ((block + 1) * BLOCK > first) {
                    Gemm.singleThreaded(() -> {
                        compare(
                                all,
                                order,
                                right * BLOCK,
                                right * BLOCK,
                                first,
                                locks); // so that few others are candidates
                        IntStream.range(0, right)
                                .parallel()
                                .forEach(left -> compare(all, order, left * BLOCK, right * BLOCK, first, locks));
                    });
                }
                task.advance(Math.min(BLOCK, n - block * BLOCK));
            }
        }
    }

    /** Compares the pictures of two blocks, or of one. */
    private void compare(HostMatrix all, int[] order, int left, int right, int first, Object[] locks) {
        int width = units.width();
        int m = Math.min(BLOCK, units.rows() - left);
        int k = Math.min(BLOCK, units.rows() - right);
        float[] products = new float[k];
        float[] limits = limits(order, left, m);
        float[] limitsOfRight = limits(order, right, k);
        Candidates ofLeft = new Candidates();
        Candidates ofRight = new Candidates();
        try (HostMatrix tile = HostMatrix.allocate(m, k);
                FloatPointer a = all.pointer(left, 0);
                FloatPointer b = all.pointer(right, 0);
                FloatPointer c = tile.pointer(0, 0)) {
            Gemm.multiply(Gemm.Form.NT, m, k, width, a, width, b, width, 0, c, k);
            for (int i = 0; i < m; i++) {
                tile.getRow(i, products);
                float limit = left == right ? limitWithin(products, i, limits[i]) : limits[i];
                int from = left + i < first ? Math.max(0, first - right) : 0; // the others are compared already
                for (int j = from; j < k; j++) {
                    if (products[j] >= limit && left + i != right + j) {
                        ofLeft.add(order[left + i], order[right + j]);
                    }
                    if (products[j] >= limitsOfRight[j] && left != right) {
                        ofRight.add(order[right + j], order[left + i]);
                    }
                }
            }
        }
        insert(ofLeft, locks[left / BLOCK]);
        insert(ofRight, locks[right / BLOCK]);
    }

    /**
     * Returns products that pictures of a block must reach to be candidates. Sums in single precision are within the margin of
     * sums in double precision (Higham, section 3.1).
     */
    private float[] limits(int[] order, int from, int pictures) {
        float[] limits = new float[pictures];
        for (int i = 0; i < pictures; i++) {
            limits[i] = (float) cosines[(order[from + i] + 1) * count - 1] - margin();
        }
        return limits;
    }

    private float margin() {
        return units.width() * 0x1p-23f;
    }

    /** Returns the limit of a picture without neighbours yet, if there are enough in its block. */
    private float limitWithin(float[] products, int own, float limit) {
        if (limit > Float.NEGATIVE_INFINITY || products.length <= count) {
            return limit;
        }
        float[] sorted = products.clone();
        sorted[own] = Float.NEGATIVE_INFINITY;
        Arrays.sort(sorted);
        return sorted[sorted.length - count] - 2 * margin();
    }

    /** Pairs of pictures; the second may be near the first. */
    private static final class Candidates {
        private int[] pairs = new int[256];
        private int size;

        void add(int picture, int other) {
            if (size == pairs.length) {
                pairs = Arrays.copyOf(pairs, 2 * size);
            }
            pairs[size++] = picture;
            pairs[size++] = other;
        }
    }

    private void insert(Candidates candidates, Object lock) {
        for (int i = 0; i < candidates.size; i += 2) {
            double cosine = dot(candidates.pairs[i], candidates.pairs[i + 1]);
            synchronized (lock) {
                insert(candidates.pairs[i], candidates.pairs[i + 1], cosine);
            }
        }
    }

    private void insert(int picture, int other, double cosine) {
        int first = picture * count;
        int at = first + count;
        while (at > first && (cosine > cosines[at - 1] || (cosine == cosines[at - 1] && other < rows[at - 1]))) {
            at--;
        }
        int moved = first + count - 1 - at;
        if (moved >= 0 && place(picture, other) < 0) { // a picture that is compared again may be there
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

    /**
     * Finds labels that are probably wrong: those of no labelled neighbour, where there are four or more.
     *
     * @param labels of some pictures, by row
     * @return the label of most neighbours instead, by row
     */
    public SortedMap<Integer, Integer> contradicted(Map<Integer, Integer> labels) {
        SortedMap<Integer, Integer> found = new TreeMap<>();
        labels.forEach((picture, label) -> {
            Map<Integer, Integer> near = new HashMap<>();
            for (int place = 0; place < count; place++) {
                Integer other = labels.get(row(picture, place));
                if (other != null) {
                    near.merge(other, 1, Integer::sum);
                }
            }
            int labelled = near.values().stream().mapToInt(Integer::intValue).sum();
            if (labelled >= FEWEST && !near.containsKey(label)) {
                found.put(
                        picture,
                        Collections.max(near.entrySet(), Map.Entry.comparingByValue())
                                .getKey());
            }
        });
        return found;
    }

    /** Returns the cosine of a picture with its neighbour number {@code place}. */
    public double cosine(int picture, int place) {
        return cosines[picture * count + place];
    }

    /** Returns which neighbour a picture is of another, counted from 0; −1 if it is none. */
    int place(int picture, int other) {
        for (int at = picture * count; at < (picture + 1) * count; at++) {
            if (rows[at] == other) {
                return at - picture * count;
            }
        }
        return -1;
    }

    /** Returns for each picture its neighbours and the pictures that it is a neighbour of, in rising order. */
    int[][] mutual() {
        int n = units.rows();
        int[] sizes = new int[n];
        Arrays.fill(sizes, count);
        for (int row : rows) {
            sizes[row]++;
        }
        int[][] mutual = new int[n][];
        Arrays.setAll(mutual, i -> new int[sizes[i]]);
        for (int at = 0; at < rows.length; at++) {
            int picture = at / count;
            mutual[picture][--sizes[picture]] = rows[at];
            mutual[rows[at]][--sizes[rows[at]]] = picture;
        }
        Arrays.setAll(mutual, i -> Arrays.stream(mutual[i]).sorted().distinct().toArray());
        return mutual;
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
