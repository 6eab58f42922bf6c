package org.coop4j.data;

import java.util.Arrays;
import java.util.Comparator;
import java.util.List;
import java.util.stream.IntStream;
import org.apache.commons.math3.random.MersenneTwister;
import org.coop4j.base.Require;

/**
 * Draws the few-shot subset that the CoOp reference draws: with the published split file and the same seed, exactly the
 * same images (semantics of {@code generate_fewshot_dataset} in Dassl).
 *
 * <p>Images are grouped by label in the order in which labels first appear. {@code shots} images of each group are drawn
 * for train; then, from the same generator, min(shots, 4) of each group for val. A group with fewer images is used
 * entirely, without a draw. The test list is never reduced, nor is a val list that is the test list (ImageNet).
 *
 * @param shots training images per class, 1 or more
 * @param seed seed of the draw
 */
public record FewShotSampler(int shots, long seed) {
    private static final int MOST_VAL_SHOTS = 4;

    public FewShotSampler {
        Require.that(shots >= 1, "shots: expected 1 or more, got %s", shots);
    }

    /** A draw of some images of a class. */
    private interface Draw {
        List<LabelledImage> of(List<LabelledImage> group, int count);

        default List<LabelledImage> ofEach(List<LabelledImage> images, int count) {
            return SplitRules.byFirstAppearance(images).stream()
                    .flatMap(group -> of(group, count).stream())
                    .toList();
        }
    }

    /** Draws the subset of a dataset. */
    public ImageDataset sample(ImageDataset dataset) {
        PythonRandom random = new PythonRandom(seed);
        Draw draw = (group, count) -> group.size() < count ? group : random.sample(group, count);
        List<LabelledImage> train = draw.ofEach(dataset.train(), shots);
        List<LabelledImage> val = dataset.validatesOnTest() ? dataset.val() : draw.ofEach(dataset.val(), valShots());
        return new ImageDataset(dataset.name(), dataset.classNames(), train, val, dataset.test());
    }

    /**
     * Draws the subset that the reference's linear probe draws ({@code lpclip}), with NumPy's generator: the same numbers
     * of images of each class, by ascending label. A class with fewer images is used entirely; the reference stops with
     * an error there.
     */
    public ImageDataset sampleOfProbe(ImageDataset dataset) {
        NumpyRandom random = new NumpyRandom(Math.toIntExact(seed));
        Draw draw = (group, count) -> IntStream.of(random.choice(group.size(), Math.min(count, group.size())))
                .mapToObj(group::get)
                .toList();
        List<LabelledImage> train = draw.ofEach(byLabel(dataset.train()), shots);
        List<LabelledImage> val = draw.ofEach(byLabel(dataset.val()), valShots());
        return new ImageDataset(dataset.name(), dataset.classNames(), train, val, dataset.test());
    }

    private static List<LabelledImage> byLabel(List<LabelledImage> images) {
        return images.stream()
                .sorted(Comparator.comparingInt(LabelledImage::label))
                .toList();
    }

    private int valShots() {
        return Math.min(shots, MOST_VAL_SHOTS);
    }

    /**
     * Replays NumPy's legacy generator, number for number, for {@code numpy.random.choice} without replacement after
     * {@code numpy.random.seed(n)}.
     */
    static final class NumpyRandom {
        private final MersenneTwister twister;

        /** Makes a generator in the state after {@code numpy.random.seed(seed)}. */
        NumpyRandom(int seed) {
            Require.that(seed >= 0, "seed %s must not be negative", seed);
            twister = new MersenneTwister(seed);
        }

        /** Returns a permutation of 0 to {@code n - 1}, as {@code numpy.random.permutation(n)}. */
        int[] permutation(int n) {
            int[] items = IntStream.range(0, n).toArray();
            for (int i = n - 1; i > 0; i--) {
                int j = upTo(i);
                int swapped = items[i];
                items[i] = items[j];
                items[j] = swapped;
            }
            return items;
        }

        /** Returns {@code size} of {@code n} positions, as {@code choice(n, size, replace=False)}. */
        int[] choice(int n, int size) {
            Require.that(size >= 0 && size <= n, "cannot draw %s of %s items", size, n);
            return Arrays.copyOf(permutation(n), size);
        }

        /** Returns an integer from 0 to {@code max} inclusive, rejecting masked draws above it. */
        private int upTo(int max) {
            int mask = (Integer.highestOneBit(max) << 1) - 1;
            int draw;
            do {
                draw = twister.nextInt() & mask;
            } while (draw > max);
            return draw;
        }
    }
}
