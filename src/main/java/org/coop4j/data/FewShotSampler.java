package org.coop4j.data;

import java.util.Comparator;
import java.util.List;
import java.util.function.BiFunction;
import java.util.stream.IntStream;
import org.coop4j.base.Require;
import org.coop4j.data.PythonRandom.NumpyRandom;

/**
 * Draws the few-shot subset that the CoOp reference draws: with the published split file and the same seed, exactly the
 * same images (semantics of {@code generate_fewshot_dataset} in Dassl).
 *
 * <p>Images are grouped by label in the order in which labels first appear. {@code shots} images of each group are drawn
 * for train; then, from the same generator, min(shots, 4) of each group for val. A group with fewer images is used
 * entirely, without a draw. The test list is never reduced, nor is a val list that is the test list (ImageNet).
 *
 * <p>Images with sets of labels are drawn greedily: for the classes from the rarest to the commonest, images in a random
 * order until the class has as many among all that were drawn; common classes get more.
 *
 * @param shots training images per class, 1 or more
 * @param seed seed of the draw
 * @param unlabelled true to also draw images that show none of the classes: as many as show a class on average
 */
public record FewShotSampler(int shots, long seed, boolean unlabelled) {
    private static final int MOST_VAL_SHOTS = 4;

    public FewShotSampler {
        Require.that(shots >= 1, "shots: expected 1 or more, got %s", shots);
    }

    /** A sampler of images that show a class. */
    public FewShotSampler(int shots, long seed) {
        this(shots, seed, false);
    }

    /** Draws the subset of a dataset. */
    public ImageDataset sample(ImageDataset dataset) {
        PythonRandom random = new PythonRandom(seed);
        BiFunction<List<LabelledImage>, Integer, List<LabelledImage>> draw =
                (group, count) -> group.size() < count ? group : random.sample(group, count);
        BiFunction<List<LabelledImage>, Integer, List<LabelledImage>> drawn = dataset.hasSets()
                ? (images, count) -> SplitRules.greedy(images, dataset.classCount(), count, random, unlabelled)
                : (images, count) -> ofEach(images, count, draw);
        List<LabelledImage> train = drawn.apply(dataset.train(), shots);
        List<LabelledImage> val = dataset.validatesOnTest() ? dataset.val() : drawn.apply(dataset.val(), valShots());
        return new ImageDataset(dataset.name(), dataset.classNames(), train, val, dataset.test());
    }

    /**
     * Draws the subset that the reference's linear probe draws ({@code lpclip}), with NumPy's generator: the same numbers
     * of images of each class, by ascending label. A class with fewer images is used entirely; the reference stops with
     * an error there.
     */
    public ImageDataset sampleOfProbe(ImageDataset dataset) {
        NumpyRandom random = new NumpyRandom(Math.toIntExact(seed));
        BiFunction<List<LabelledImage>, Integer, List<LabelledImage>> draw =
                (group, count) -> IntStream.of(random.choice(group.size(), Math.min(count, group.size())))
                        .mapToObj(group::get)
                        .toList();
        List<LabelledImage> train = ofEach(byLabel(dataset.train()), shots, draw);
        List<LabelledImage> val = ofEach(byLabel(dataset.val()), valShots(), draw);
        return new ImageDataset(dataset.name(), dataset.classNames(), train, val, dataset.test());
    }

    /** Draws a number of images of each class. */
    private static List<LabelledImage> ofEach(
            List<LabelledImage> images, int count, BiFunction<List<LabelledImage>, Integer, List<LabelledImage>> draw) {
        return SplitRules.byFirstAppearance(images).stream()
                .flatMap(group -> draw.apply(group, count).stream())
                .toList();
    }

    private static List<LabelledImage> byLabel(List<LabelledImage> images) {
        return images.stream()
                .sorted(Comparator.comparingInt(LabelledImage::label))
                .toList();
    }

    private int valShots() {
        return Math.min(shots, MOST_VAL_SHOTS);
    }
}
