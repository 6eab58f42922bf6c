package org.coop4j.method.train;

import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import org.coop4j.graph.LearnedTensor;

/**
 * Moves learned tensors against their gradients. Its state are running averages of each tensor, arrays as long as the
 * tensor, which begin as zeros.
 */
public abstract class Optimizer {

    /** The optimizers that there are. */
    public enum Kind {
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

    private final Map<String, float[]> state = new LinkedHashMap<>();
    private final List<String> averages;

    /**
     * An optimizer without state.
     *
     * @param averages names of a tensor's running averages
     */
    protected Optimizer(String... averages) {
        this.averages = List.of(averages);
    }

    /**
     * Takes a step.
     *
     * @param tensors the same tensors at each step
     * @param rate the learning rate
     * @param step number of this step, from 1
     */
    public abstract void step(List<LearnedTensor> tensors, double rate, long step);

    /** A tensor's running average, to be updated in place. */
    protected final float[] average(LearnedTensor tensor, String name) {
        return state.computeIfAbsent(key(tensor, name), key -> new float[tensor.values().length]);
    }

    private static String key(LearnedTensor tensor, String name) {
        return tensor.name() + "." + name;
    }

    /** The state itself, for a checkpoint: name → numbers; empty before the first step. */
    public Map<String, float[]> state() {
        return state;
    }

    /**
     * Goes on from a state that {@link #state} gave.
     *
     * @throws IllegalArgumentException if it is the state of other tensors
     */
    public void restore(List<LearnedTensor> tensors, Map<String, float[]> saved) {
        state.clear();
        if (saved.isEmpty()) {
            return;
        }
        for (LearnedTensor tensor : tensors) {
            for (String name : averages) {
                String key = key(tensor, name);
                state.put(key, required(saved, key, tensor.values().length).clone());
            }
        }
    }

    /**
     * An array of a saved state.
     *
     * @throws IllegalArgumentException if there is none of this name and length
     */
    protected static float[] required(Map<String, float[]> saved, String name, int length) {
        float[] array = saved.get(name);
        if (array == null || array.length != length) {
            throw new IllegalArgumentException("optimizer state of %s: expected %d numbers, got %s"
                    .formatted(name, length, array == null ? "none" : array.length));
        }
        return array;
    }
}
