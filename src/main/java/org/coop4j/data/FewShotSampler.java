package org.coop4j.data;

import java.util.ArrayList;
import java.util.List;

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
    static final int MOST_VAL_SHOTS = 4;

    public FewShotSampler {
        if (shots < 1) {
            throw new IllegalArgumentException("shots: expected 1 or more, got " + shots);
        }
    }

    /** Draws the subset of a dataset. */
    public ImageDataset sample(ImageDataset dataset) {
        PythonRandom random = new PythonRandom(seed);
        List<LabelledImage> train = draw(dataset.train(), shots, random);
        List<LabelledImage> val = dataset.validatesOnTest()
                ? dataset.val()
                : draw(dataset.val(), Math.min(shots, MOST_VAL_SHOTS), random);
        return new ImageDataset(dataset.name(), dataset.classNames(), train, val, dataset.test());
    }

    private static List<LabelledImage> draw(List<LabelledImage> images, int count, PythonRandom random) {
        List<LabelledImage> drawn = new ArrayList<>();
        for (List<LabelledImage> group : SplitRules.byFirstAppearance(images)) {
            drawn.addAll(group.size() < count ? group : random.sample(group, count));
        }
        return drawn;
    }
}
