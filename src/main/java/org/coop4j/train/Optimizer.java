package org.coop4j.train;

import java.util.List;
import java.util.Locale;
import java.util.Map;
import org.coop4j.graph.LearnedTensor;

/** Moves learned tensors against their gradients, with a state of its own for each of them. */
public interface Optimizer {

    /** The optimizers that there are. */
    enum Kind {
        /** Stochastic gradient descent with momentum and coupled weight decay: {@link Sgd}. */
        SGD,
        /** {@link Adam} with coupled weight decay. */
        ADAM,
        /** {@link Adam} with decoupled weight decay. */
        ADAMW;

        /** The name in files and on the command line. */
        public String id() {
            return name().toLowerCase(Locale.ROOT);
        }
    }

    /**
     * Takes a step.
     *
     * @param tensors the same tensors at each step
     * @param rate the learning rate
     * @param step number of this step, from 1
     */
    void step(List<LearnedTensor> tensors, double rate, long step);

    /** The state itself, for a checkpoint: name → numbers; empty before the first step. */
    Map<String, float[]> state();

    /**
     * Goes on from a state that {@link #state} gave.
     *
     * @throws IllegalArgumentException if it is the state of other tensors
     */
    void restore(List<LearnedTensor> tensors, Map<String, float[]> saved);
}
