package org.coop4j.pretrain;

/**
 * How a CLIP is trained.
 *
 * @param epochs times that every picture is shown
 * @param batches how batches are made
 * @param distillation weight of the distance to a teacher's image features, 0 for no teacher
 * @param rate highest learning rate
 * @param warmupEpochs epochs in which the rate rises, 0 or more
 * @param optimizer constants of the optimizer
 * @param augmentation random changes of the pictures
 * @param cutMix share of the pairs of pictures with a class that exchange a box ({@link CutMix}), 0 to 1
 * @param plainEpochs epochs at the end that show pictures as the test does, mirrored at most and without boxes
 * @param seed of the weights, the batches, the captions and the augmentation
 * @param checkpointEvery epochs from one checkpoint and validation to the next
 */
public record PretrainConfig(
        int epochs,
        PairBatches.Rule batches,
        double distillation,
        double rate,
        double warmupEpochs,
        AdamW.Config optimizer,
        Augmentation augmentation,
        double cutMix,
        int plainEpochs,
        long seed,
        int checkpointEvery) {

    public PretrainConfig {
        if (epochs < 1 || checkpointEvery < 1) {
            throw new IllegalArgumentException(
                    "%d epochs, a checkpoint every %d: both must be 1 or more".formatted(epochs, checkpointEvery));
        }
        if (!(distillation >= 0 && distillation < Double.POSITIVE_INFINITY)) {
            throw new IllegalArgumentException("distillation of weight " + distillation + ": expected 0 or more");
        }
        if (!(cutMix >= 0 && cutMix <= 1)) {
            throw new IllegalArgumentException("cutMix of " + cutMix + ": expected 0 to 1");
        }
        if (plainEpochs < 0 || plainEpochs > epochs) {
            throw new IllegalArgumentException("%d plain epochs: expected 0 to %d".formatted(plainEpochs, epochs));
        }
        if (!(rate > 0)) {
            throw new IllegalArgumentException("learning rate " + rate + " must be positive");
        }
        if (!(warmupEpochs >= 0 && warmupEpochs <= epochs)) {
            throw new IllegalArgumentException(
                    "warm-up of %s epochs: expected 0 to %d".formatted(warmupEpochs, epochs));
        }
    }

    /** Returns settings for about ten thousand pictures of 64 pixels and two cores. */
    public static PretrainConfig standard(long seed) {
        return new PretrainConfig(
                30,
                new PairBatches.Rule(128, 0.4, 50),
                0,
                1e-3,
                2,
                new AdamW.Config(0.9, 0.98, 1e-6, 0.1),
                new Augmentation(0.7, 1.4, 0.12, 0.5, 15, 0.3, 0.3, 0.5, 40),
                0,
                0,
                seed,
                1);
    }

    /** Returns how the pictures of an epoch are changed, which counts from 0. */
    Augmentation augmentation(int epoch) {
        return isPlain(epoch) ? Augmentation.mirrored(augmentation.flip()) : augmentation;
    }

    /** Returns the share of the pairs of pictures that exchange a box in an epoch, which counts from 0. */
    double cutMix(int epoch) {
        return isPlain(epoch) ? 0 : cutMix;
    }

    private boolean isPlain(int epoch) {
        return epoch >= epochs - plainEpochs;
    }
}
