package org.coop4j.data;

import org.coop4j.data.ImageDataset.Split;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.apache.commons.math3.random.MersenneTwister;
import org.coop4j.data.FewShotSampler.FewShotSample;

/**
 * Draws the few-shot subset that the reference's linear probe draws ({@code lpclip}), with NumPy's
 * generator: of each class, by ascending label, {@code shots} training images, then min(shots, 4)
 * val images. A class with fewer images, where the reference stops with an error, gives all it has.
 *
 * @param shots training images a class, 1 or more
 * @param seed seed of the draw
 */
public record ProbeSampler(int shots, int seed) {

    private static final int MOST_VAL_SHOTS = 4;

    public ProbeSampler {
        if (shots < 1) {
            throw new IllegalArgumentException("shots: expected 1 or more, got " + shots);
        }
    }

    /**
     * Positions of drawn images.
     *
     * @param train in the list of all training images
     * @param val in the list of all val images
     */
    public record Drawn(List<Integer> train, List<Integer> val) {
        /** Copies the lists. */
        public Drawn {
            train = List.copyOf(train);
            val = List.copyOf(val);
        }
    }

    /** Draws the subset of a dataset. */
    public FewShotSample sample(ImageDataset dataset) {
        Drawn drawn = draw(labels(dataset.train()), labels(dataset.val()));
        return FewShotSample.of(dataset, new FewShotSampler(shots, seed), drawn.train, drawn.val, shortages(dataset));
    }

    private List<FewShotSample.Shortage> shortages(ImageDataset dataset) {
        List<FewShotSample.Shortage> shortages = new ArrayList<>();
        for (int label = 0; label < dataset.classCount(); label++) {
            int wanted = label;
            int count = (int)
                    dataset.train().stream().filter(i -> i.label() == wanted).count();
            if (count < shots) {
                shortages.add(new FewShotSample.Shortage(
                        Split.TRAIN, dataset.classNames().get(label), count, shots));
            }
        }
        return shortages;
    }

    private static int[] labels(List<LabelledImage> images) {
        return images.stream().mapToInt(LabelledImage::label).toArray();
    }

    /**
     * Draws from labels alone.
     *
     * @param train labels of all training images
     * @param val labels of all val images
     */
    public Drawn draw(int[] train, int[] val) {
        NumpyRandom random = new NumpyRandom(seed);
        int[] labels = Arrays.stream(train).sorted().distinct().toArray();
        return new Drawn(
                draw(train, labels, shots, random), draw(val, labels, Math.min(shots, MOST_VAL_SHOTS), random));
    }

    private static List<Integer> draw(int[] images, int[] labels, int count, NumpyRandom random) {
        Map<Integer, List<Integer>> positions = new HashMap<>();
        for (int i = 0; i < images.length; i++) {
            positions.computeIfAbsent(images[i], label -> new ArrayList<>()).add(i);
        }
        List<Integer> drawn = new ArrayList<>();
        for (int label : labels) {
            List<Integer> own = positions.getOrDefault(label, List.of());
            if (!own.isEmpty()) {
                for (int chosen : random.choice(own.size(), Math.min(count, own.size()))) {
                    drawn.add(own.get(chosen));
                }
            }
        }
        return drawn;
    }

    /**
     * Replays NumPy's legacy generator, number for number, for {@code numpy.random.choice} without
     * replacement after {@code numpy.random.seed(n)}: the reference's linear probe draws its images
     * with it.
     */
    public static final class NumpyRandom {
        private final MersenneTwister twister;

        /** Makes a generator in the state that {@code numpy.random.seed(seed)} leaves it in. */
        public NumpyRandom(int seed) {
            if (seed < 0) {
                throw new IllegalArgumentException("seed " + seed + " must not be negative");
            }
            twister = new MersenneTwister(seed);
        }

        /** Returns a permutation of 0 to {@code n - 1}, as {@code numpy.random.permutation(n)}. */
        public int[] permutation(int n) {
            int[] items = new int[n];
            Arrays.setAll(items, i -> i);
            for (int i = n - 1; i > 0; i--) {
                int j = upTo(i);
                int swapped = items[i];
                items[i] = items[j];
                items[j] = swapped;
            }
            return items;
        }

        /** Returns {@code size} of {@code n} positions, as {@code choice(n, size, replace=False)}. */
        public int[] choice(int n, int size) {
            if (size < 0 || size > n) {
                throw new IllegalArgumentException("cannot draw " + size + " of " + n + " items");
            }
            return Arrays.copyOf(permutation(n), size);
        }

        /** An integer from 0 to {@code max}, both included, rejecting masked draws above it. */
        private int upTo(int max) {
            int mask = (Integer.highestOneBit(max) << 1) - 1;
            int draw = twister.nextInt() & mask;
            while (draw > max) {
                draw = twister.nextInt() & mask;
            }
            return draw;
        }
    }
}
