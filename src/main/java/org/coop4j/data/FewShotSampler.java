package org.coop4j.data;

import org.coop4j.data.ImageDataset.Split;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.stream.IntStream;

/**
 * Draws the few-shot subset that the CoOp reference draws: with the published split file and the
 * same seed, the very same images (semantics of {@code generate_fewshot_dataset} in Dassl).
 *
 * <p>Images are grouped by label in the order in which labels first appear. Each group gives {@code
 * shots} images to train; then, the generator going on, min(shots, 4) images to val. A group with
 * fewer gives all it has, without a draw. The test list is never reduced, and neither is a val list
 * that is the test list (ImageNet).
 *
 * @param shots training images a class, 1 or more
 * @param seed the seed of the draw
 */
public record FewShotSampler(int shots, long seed) {
    private static final int MOST_VAL_SHOTS = 4;

    /** Checks that there is something to draw. */
    public FewShotSampler {
        if (shots < 1) {
            throw new IllegalArgumentException(
                    "shots is " + shots + ": give 1 or more, or train on the full set without it");
        }
    }

    /** Draws the subset of a dataset. */
    public FewShotSample sample(ImageDataset dataset) {
        if (dataset.train().isEmpty()) {
            throw new IllegalArgumentException(
                    "dataset %s has no training images to draw %d shots from".formatted(dataset.name(), shots));
        }
        PythonRandom random = new PythonRandom(seed);
        List<FewShotSample.Shortage> shortages = new ArrayList<>();
        List<Integer> train = draw(dataset, Split.TRAIN, shots, random, shortages);
        List<Integer> val = dataset.validatesOnTest()
                ? allPositions(dataset.val())
                : draw(dataset, Split.VAL, Math.min(shots, MOST_VAL_SHOTS), random, shortages);
        return FewShotSample.of(dataset, this, train, val, shortages);
    }

    private static List<Integer> draw(
            ImageDataset dataset, Split split, int count, PythonRandom random, List<FewShotSample.Shortage> shortages) {
        List<Integer> drawn = new ArrayList<>();
        byFirstAppearance(dataset.images(split)).forEach((label, group) -> {
            if (group.size() < count) {
                shortages.add(
                        new FewShotSample.Shortage(split, dataset.classNames().get(label), group.size(), count));
                drawn.addAll(group);
            } else {
                drawn.addAll(random.sample(group, count));
            }
        });
        return drawn;
    }

    private static Map<Integer, List<Integer>> byFirstAppearance(List<LabelledImage> images) {
        Map<Integer, List<Integer>> positions = new LinkedHashMap<>();
        for (int i = 0; i < images.size(); i++) {
            positions
                    .computeIfAbsent(images.get(i).label(), l -> new ArrayList<>())
                    .add(i);
        }
        return positions;
    }

    private static List<Integer> allPositions(List<LabelledImage> images) {
        return IntStream.range(0, images.size()).boxed().toList();
    }

    /**
     * What a few-shot draw gave.
     *
     * @param dataset the drawn train and val lists with the full test list
     * @param sampler the shots and seed that drew it
     * @param trainPositions positions of the drawn images in the full train list, in drawn order
     * @param valPositions positions of the drawn images in the full val list, in drawn order
     * @param shortages classes that had fewer images than asked for, and gave all
     */
    public record FewShotSample(
            ImageDataset dataset,
            FewShotSampler sampler,
            List<Integer> trainPositions,
            List<Integer> valPositions,
            List<Shortage> shortages) {
        /** Copies the lists. */
        public FewShotSample {
            trainPositions = List.copyOf(trainPositions);
            valPositions = List.copyOf(valPositions);
            shortages = List.copyOf(shortages);
        }

        /** The drawn images of a whole dataset, by their positions. */
        static FewShotSample of(
                ImageDataset whole,
                FewShotSampler sampler,
                List<Integer> train,
                List<Integer> val,
                List<Shortage> shortages) {
            ImageDataset drawn = new ImageDataset(
                    whole.name(),
                    whole.classNames(),
                    train.stream().map(whole.train()::get).toList(),
                    val.stream().map(whole.val()::get).toList(),
                    whole.test());
            return new FewShotSample(drawn, sampler, train, val, shortages);
        }

        /**
         * A class with fewer images than a draw asked for.
         *
         * @param split the list that falls short
         * @param className the class
         * @param available images it has
         * @param wanted images asked for
         */
        public record Shortage(Split split, String className, int available, int wanted) {}
    }
}
