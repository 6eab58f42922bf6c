package org.coop4j.data;

import java.util.List;

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
        ImageDataset drawn =
                new ImageDataset(
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
