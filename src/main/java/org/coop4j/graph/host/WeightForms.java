package org.coop4j.graph.host;

import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.function.Supplier;
import org.bytedeco.javacpp.BytePointer;

/**
 * Packed copies of frozen weights. A copy is made for the first kernel that needs it, shared with others, and freed
 * with the last.
 */
final class WeightForms {

    private final Map<List<Object>, BytePointer> copies = new HashMap<>();
    private final Map<List<Object>, Integer> users = new HashMap<>();

    /**
     * A copy, which stays until it was given back as often as it was taken.
     *
     * @param key address of the weights, and what is made of them
     * @param make makes the copy if no kernel has it
     */
    synchronized BytePointer take(List<Object> key, Supplier<BytePointer> make) {
        BytePointer copy = copies.computeIfAbsent(key, k -> make.get());
        users.merge(key, 1, Integer::sum);
        return copy;
    }

    /** Gives a copy back. */
    synchronized void giveBack(List<Object> key) {
        if (users.merge(key, -1, Integer::sum) == 0) {
            users.remove(key);
            copies.remove(key).close();
        }
    }

    /** Number of copies in use. */
    synchronized int size() {
        return copies.size();
    }
}
