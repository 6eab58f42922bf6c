package org.coop4j.train;

import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.coop4j.graph.LearnedTensor;

/** An optimizer's running averages: arrays as long as the tensors that they belong to. */
final class Moments {

    private final Map<String, float[]> arrays = new LinkedHashMap<>();

    /** The array of this name for a tensor, zeros at first. */
    float[] of(LearnedTensor tensor, String name) {
        return arrays.computeIfAbsent(key(tensor, name), key -> new float[tensor.values().length]);
    }

    private static String key(LearnedTensor tensor, String name) {
        return tensor.name() + "." + name;
    }

    Map<String, float[]> all() {
        return arrays;
    }

    /** Takes over saved arrays of these names. */
    void restore(List<LearnedTensor> tensors, List<String> names, Map<String, float[]> saved) {
        arrays.clear();
        if (saved.isEmpty()) {
            return;
        }
        for (LearnedTensor tensor : tensors) {
            for (String name : names) {
                float[] array = saved.get(key(tensor, name));
                if (array == null || array.length != tensor.values().length) {
                    throw new IllegalArgumentException(
                            "optimizer state of %s: expected %d numbers, got %s"
                                    .formatted(
                                            key(tensor, name),
                                            tensor.values().length,
                                            array == null ? "none" : array.length));
                }
                arrays.put(key(tensor, name), array.clone());
            }
        }
    }
}
