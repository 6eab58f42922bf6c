package org.coop4j.train;

import java.util.List;
import org.coop4j.graph.LearnedTensor;

/** Something that is learned, and a loss of a batch of examples that has a gradient in it. */
public interface Trainable {

    /** The tensors that are learned; the optimizer changes their values between steps. */
    List<LearnedTensor> learned();

    /** What moves them: a new optimizer. */
    default Optimizer optimizer(Training training) {
        return training.newOptimizer();
    }

    /** Bytes of native memory for the intermediate values of a step of so many examples. */
    default long bytes(int batch) {
        return 0;
    }

    /**
     * Computes the loss of a batch with the tensors as they are, and leaves the gradients in them.
     *
     * @param epoch which epoch it is, from 0
     * @param examples numbers of the batch's examples
     */
    BatchResult step(int epoch, int[] examples);

    /**
     * What a step measured.
     *
     * @param loss mean loss of the batch
     * @param accuracy share of the batch that was classified correctly, 0 to 1
     */
    record BatchResult(double loss, double accuracy) {}
}
