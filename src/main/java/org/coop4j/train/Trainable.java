package org.coop4j.train;

/** Something with parameters, and a loss of a batch of examples that has a gradient in them. */
public interface Trainable {

    /** The parameters themselves, changed by the optimizer between steps. */
    float[] parameters();

    /**
     * The loss of a batch with the parameters as they are.
     *
     * @param epoch which epoch it is, from 0
     * @param examples numbers of the batch's examples
     * @param gradient receives the gradient, of the parameters' size
     */
    BatchResult step(int epoch, int[] examples, float[] gradient);

    /**
     * What a step measured.
     *
     * @param loss mean loss of the batch
     * @param accuracy share of the batch that was classified rightly, 0 to 1
     */
    record BatchResult(double loss, double accuracy) {}
}
