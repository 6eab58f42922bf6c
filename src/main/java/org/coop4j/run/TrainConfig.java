package org.coop4j.run;

import com.fasterxml.jackson.annotation.JsonIgnore;
import org.coop4j.data.ClassHalf;
import org.coop4j.method.ClassPosition;
import org.coop4j.method.ContextInit;
import org.coop4j.train.CosineSchedule;
import org.coop4j.train.Sgd;

/**
 * Everything that decides what a training run computes.
 *
 * @param data where the images come from
 * @param classes which half of the classes
 * @param shots training images a class; 0 for all
 * @param seed where every random draw begins
 * @param contextLength number of context vectors M
 * @param position where the class name stands
 * @param classSpecific whether each class has context vectors of its own
 * @param words words that the context begins as, or null for random numbers
 * @param epochs number of epochs
 * @param batch images of a step
 * @param rate the highest learning rate
 * @param warmupEpochs epochs at the warm-up rate
 * @param warmupRate learning rate of the warm-up
 * @param momentum of the optimizer
 * @param weightDecay of the optimizer
 * @param views random crops of each training image that the bank holds; 0 for the one centre crop
 *     of the test transform
 * @param checkpointEvery epochs between checkpoints
 */
public record TrainConfig(
        DataSpec data,
        ClassHalf classes,
        int shots,
        long seed,
        int contextLength,
        ClassPosition position,
        boolean classSpecific,
        String words,
        int epochs,
        int batch,
        double rate,
        int warmupEpochs,
        double warmupRate,
        double momentum,
        double weightDecay,
        int views,
        int checkpointEvery) {

    /** Context vectors of the reference's default. */
    public static final int REFERENCE_LENGTH = 16;

    public TrainConfig {
        if (data == null || classes == null || position == null) {
            throw new IllegalArgumentException(
                    "data "
                            + data
                            + ", classes "
                            + classes
                            + ", position "
                            + position
                            + ": all are"
                            + " needed");
        }
        if (shots < 0) {
            throw new IllegalArgumentException(
                    "shots: " + shots + "; needed is 1 or more, or 0 for all images");
        }
        if (batch < 1 || views < 0 || checkpointEvery < 1) {
            throw new IllegalArgumentException(
                    "batch "
                            + batch
                            + ", views "
                            + views
                            + ", checkpoint every "
                            + checkpointEvery
                            + " epochs: none may be negative or, but for the views, zero");
        }
        // Their own checks, so that no image is encoded for a run that cannot train.
        initOf(words, contextLength, classSpecific, seed);
        new CosineSchedule(rate, epochs, warmupEpochs, warmupRate);
        new Sgd.Config(momentum, weightDecay);
    }

    /**
     * The reference's settings for so many shots: M = 16 at the end, unified, batch 32, rate 0.002.
     */
    public static TrainConfig reference(DataSpec data, int shots, long seed) {
        return new TrainConfig(
                data,
                ClassHalf.ALL,
                shots,
                seed,
                REFERENCE_LENGTH,
                ClassPosition.END,
                false,
                null,
                referenceEpochs(shots),
                32,
                0.002,
                1,
                1e-5,
                0.9,
                5e-4,
                0,
                10);
    }

    /** Epochs that the reference recommends: 50 for 1 shot, 100 for 2 and 4, 200 for more. */
    public static int referenceEpochs(int shots) {
        if (shots == 1) {
            return 50;
        }
        return shots == 2 || shots == 4 ? 100 : 200;
    }

    /** The same run with another seed. */
    public TrainConfig withSeed(long other) {
        return new TrainConfig(
                data,
                classes,
                shots,
                other,
                contextLength,
                position,
                classSpecific,
                words,
                epochs,
                batch,
                rate,
                warmupEpochs,
                warmupRate,
                momentum,
                weightDecay,
                views,
                checkpointEvery);
    }

    /** The learning rate of an epoch, counted from 0. */
    public double rateOf(int epoch) {
        return schedule().at(epoch);
    }

    @JsonIgnore
    ContextInit init() {
        return initOf(words, contextLength, classSpecific, seed);
    }

    private static ContextInit initOf(
            String words, int contextLength, boolean classSpecific, long seed) {
        return words != null
                ? new ContextInit.Words(words, classSpecific)
                : new ContextInit.Random(
                        contextLength, ContextInit.Random.STANDARD_DEVIATION, classSpecific, seed);
    }

    @JsonIgnore
    CosineSchedule schedule() {
        return new CosineSchedule(rate, epochs, warmupEpochs, warmupRate);
    }

    @JsonIgnore
    Sgd.Config sgd() {
        return new Sgd.Config(momentum, weightDecay);
    }
}
