package org.coop4j.clip;

import java.util.List;
import java.util.Map;
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
     * Vectors that take the place of the context's rows on entry to blocks of the text tower,
     * before the block's first layer norm and without a position: block, from 0 → vectors. By
     * default none.
     */
    default Map<Integer, Replacement> replacements(StepGraph step) {
        return Map.of();
    }

    /**
     * Vectors in place of those that a block before left.
     *
     * @param vectors [vectors, width] as the context; per class [classes · vectors, width], the
     *     classes in the order of {@link StepGraph#perClass}
     * @param perClass whether each class has vectors of its own; then the context itself must be
     *     one for all
     */
    record Replacement(SDVariable vectors, boolean perClass) {}

    /**
     * The loss of a batch.
     *
     * @param classFeatures features of the classes' prompts, not normalised, [classes, embed]
     * @return a scalar
     */
    SDVariable loss(StepGraph step, SDVariable classFeatures);
}
