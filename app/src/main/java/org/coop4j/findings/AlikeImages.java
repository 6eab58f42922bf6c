package org.coop4j.findings;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.Comparator;
import java.util.List;
import java.util.stream.IntStream;
import org.coop4j.clip.FeatureMatrix;
import org.coop4j.eval.Predictions;

/**
 * Images that look similar, grouped by k-means on the sphere after subtraction of the mean of all.
 *
 * @param images numbers of the images
 * @param similarities of the images to the middle of the group, -1 to 1
 */
public record AlikeImages(List<Integer> images, List<Double> similarities) {

    private static final int ROUNDS = 12;

    /**
     * Divides images into groups, the largest first.
     *
     * @param units features of unit length, a row per image, at least one
     * @param most most groups
     */
    public static List<AlikeImages> groups(FeatureMatrix units, int most) {
        int n = units.rows();
        float[] mean = sum(units, new int[n], 0);
        float[][] centred = units.toRows();
        for (float[] row : centred) {
            for (int i = 0; i < row.length; i++) {
                row[i] -= mean[i] / n;
            }
        }
        FeatureMatrix rows = unit(centred);
        FeatureMatrix centres = farthest(rows, Math.min(most, n));
        int[] groups = new int[n];
        for (int round = 0; round < ROUNDS; round++) {
            groups = Predictions.argmax(rows.products(centres).toRows());
            float[][] sums = centres.toRows(); // which an empty group keeps
            for (int c : IntStream.of(groups).distinct().toArray()) {
                sums[c] = sum(rows, groups, c);
            }
            centres = unit(sums);
        }
        List<AlikeImages> found = new ArrayList<>();
        for (int c : IntStream.of(groups).distinct().toArray()) {
            AlikeImages group = new AlikeImages(new ArrayList<>(), new ArrayList<>());
            for (int i = 0; i < n; i++) {
                if (groups[i] == c) {
                    group.images.add(i);
                    group.similarities.add((double) rows.dot(i, centres, c));
                }
            }
            found.add(group);
        }
        found.sort(Comparator.comparingInt(one -> -one.images.size()));
        return found;
    }

    /** Returns the sum of the rows of a group. */
    private static float[] sum(FeatureMatrix rows, int[] groups, int group) {
        float[] sum = new float[rows.width()];
        for (int i = 0; i < groups.length; i++) {
            for (int j = 0; j < sum.length && groups[i] == group; j++) {
                sum[j] += rows.get(i, j);
            }
        }
        return sum;
    }

    /** Returns rows of unit length; rows of zeros stay. */
    private static FeatureMatrix unit(float[][] rows) {
        FeatureMatrix all = FeatureMatrix.of(rows);
        float[][] units = all.normalized().toRows();
        for (int i = 0; i < rows.length; i++) {
            units[i] = all.dot(i, all, i) > 0 ? units[i] : rows[i];
        }
        return FeatureMatrix.of(units);
    }

    /** Returns the first row, and those farthest from the ones before. */
    private static FeatureMatrix farthest(FeatureMatrix rows, int k) {
        int[] chosen = new int[k];
        double[] nearest = new double[rows.rows()];
        Arrays.fill(nearest, -2);
        for (int c = 1; c < k; c++) {
            int last = chosen[c - 1];
            Arrays.setAll(nearest, i -> Math.max(nearest[i], rows.dot(i, rows, last)));
            chosen[c] = Predictions.argmax(nearest.length, i -> -nearest[i]);
        }
        return rows.rows(chosen);
    }
}
