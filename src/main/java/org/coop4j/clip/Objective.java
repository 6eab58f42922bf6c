package org.coop4j.clip;

import java.util.List;
import org.coop4j.graph.LearnedTensor;
import org.nd4j.autodiff.samediff.SDVariable;

/**
 * What is learned of prompts, and the loss that it is learned by: a method's {@code forward} and
 * loss, as the reference's trainers write them.
 */
public interface Objective {

    /** The tensors that are learned. */
    List<LearnedTensor> learned();

    /**
     * The context vectors that the prompts are encoded with, [vectors, width]; by default the
     * learned tensor {@code ctx}.
     */
    default SDVariable context(StepGraph step) {
        return step.learned("ctx");
    }

    /**
     * The loss of a batch.
     *
     * @param classFeatures features of the classes' prompts, not normalised, [classes, embed]
     * @return a scalar
     */
    SDVariable loss(StepGraph step, SDVariable classFeatures);
}
