package org.coop4j.train;

import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.coop4j.graph.LearnedTensor;

/**
 * The state of a training run after some epochs; it goes on from there as if never interrupted.
 * Random streams are made from the seed and the epoch, so that they have no state of their own.
 *
 * @param epochs number of finished epochs
 * @param values of the learned tensors by name
 * @param optimizer its state by name
 */
public record Checkpoint(int epochs, Map<String, float[]> values, Map<String, float[]> optimizer) {

    public Checkpoint {
        if (epochs < 0) {
            throw new IllegalArgumentException("checkpoint after " + epochs + " epochs");
        }
        values = copy(values);
        optimizer = copy(optimizer);
    }

    private static Map<String, float[]> copy(Map<String, float[]> arrays) {
        Map<String, float[]> result = new LinkedHashMap<>();
        arrays.forEach((name, array) -> result.put(name, array.clone()));
        return result;
    }

    static Map<String, float[]> values(List<LearnedTensor> tensors) {
        Map<String, float[]> result = new LinkedHashMap<>();
        tensors.forEach(tensor -> result.put(tensor.name(), tensor.values()));
        return result;
    }

    /**
     * Puts the values into the tensors.
     *
     * @throws IllegalArgumentException if they are those of other tensors
     */
    void restore(List<LearnedTensor> tensors) {
        for (LearnedTensor tensor : tensors) {
            float[] saved = values.get(tensor.name());
            if (saved == null || saved.length != tensor.values().length) {
                throw new IllegalArgumentException(
                        "checkpoint: expected %d values of %s, got %s"
                                .formatted(
                                        tensor.values().length,
                                        tensor.name(),
                                        saved == null ? "none" : saved.length));
            }
            System.arraycopy(saved, 0, tensor.values(), 0, saved.length);
        }
    }
}
