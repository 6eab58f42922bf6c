package org.coop4j.train;

/**
 * The state of a training run after some epochs; it goes on from there as if never interrupted.
 * Random streams are made from the seed and the epoch, so that they have no state of their own.
 */
public final class Checkpoint {

    private final int epochs;
    private final float[] parameters;
    private final float[] velocity;

    /**
     * @param epochs number of finished epochs
     * @param velocity the optimizer's, empty before its first step
     */
    public Checkpoint(int epochs, float[] parameters, float[] velocity) {
        if (epochs < 0) {
            throw new IllegalArgumentException("checkpoint after " + epochs + " epochs");
        }
        this.epochs = epochs;
        this.parameters = parameters.clone();
        this.velocity = velocity.clone();
    }

    /** Number of finished epochs. */
    public int epochs() {
        return epochs;
    }

    /** A copy of the parameters. */
    public float[] parameters() {
        return parameters.clone();
    }

    /** A copy of the optimizer's velocity. */
    public float[] velocity() {
        return velocity.clone();
    }
}
