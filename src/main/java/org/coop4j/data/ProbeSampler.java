package org.coop4j.data;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.stream.Collectors;
import org.apache.commons.math3.random.MersenneTwister;

/**
 * Draws the few-shot subset that the reference's linear probe draws ({@code lpclip}), with NumPy's generator: {@code
 * shots} training images of each class, by ascending label, then min(shots, 4) val images of each. A class with fewer
 * images is used entirely; the reference stops with an error there.
 *
 * @param shots training images per class, 1 or more
 * @param seed seed of the draw
 */
public record ProbeSampler(int shots, int seed) {

    public ProbeSampler {
        if (shots < 1) {
            throw new IllegalArgumentException("shots: expected 1 or more, got " + shots);
        }
    }

    /** Draws the subset of a dataset. */
    public ImageDataset sample(ImageDataset dataset) {
        NumpyRandom random = new NumpyRandom(seed);
        return new ImageDataset(
                dataset.name(),
                dataset.classNames(),
                draw(dataset.train(), shots, random),
                draw(dataset.val(), Math.min(shots, FewShotSampler.MOST_VAL_SHOTS), random),
                dataset.test());
    }

    private static List<LabelledImage> draw(List<LabelledImage> images, int count, NumpyRandom random) {
        Map<Integer, List<LabelledImage>> byLabel =
                images.stream().collect(Collectors.groupingBy(LabelledImage::label, TreeMap::new, Collectors.toList()));
        List<LabelledImage> drawn = new ArrayList<>();
        for (List<LabelledImage> group : byLabel.values()) {
            for (int chosen : random.choice(group.size(), Math.min(count, group.size()))) {
                drawn.add(group.get(chosen));
            }
        }
        return drawn;
    }

    /**
     * Replays NumPy's legacy generator, number for number, for {@code numpy.random.choice} without replacement after
     * {@code numpy.random.seed(n)}.
     */
    public static final class NumpyRandom {
        private final MersenneTwister twister;

        /** Makes a generator in the state after {@code numpy.random.seed(seed)}. */
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

        /** Returns an integer from 0 to {@code max} inclusive, rejecting masked draws above it. */
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
