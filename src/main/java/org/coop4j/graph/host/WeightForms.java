package org.coop4j.graph.host;

import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.function.Consumer;
import java.util.function.Supplier;

/**
 * Frozen weights in the forms in which kernels multiply with them, such as packed ones. A form is
 * made for the first kernel that reads it, shared with others, and freed with the last.
 */
public final class WeightForms {

    /** The memory of each form, by where the weights lie and what is made of them. */
    private final Map<List<Object>, Object> memories = new HashMap<>();

    private final Map<List<Object>, Integer> users = new HashMap<>();

    /** A form for as long as its kernel needs it. */
    public static final class Lease<T> implements AutoCloseable {

        private final T memory;
        private final Runnable end;
        private boolean closed;

        private Lease(T memory, Runnable end) {
            this.memory = memory;
            this.end = end;
        }

        /** The memory that holds the form. */
        public T memory() {
            return memory;
        }

        @Override
        public void close() {
            if (!closed) {
                closed = true;
                end.run();
            }
        }
    }

    /**
     * A form of weights that do not change and stay where they are until the lease is closed.
     *
     * @param form says what is made of the weights, by {@code equals}; of one kind of memory
     * @param type of the memory
     * @param make makes it, if no other kernel has it
     * @param free frees it, when no kernel has it any more
     */
    public synchronized <T> Lease<T> lease(
            HostMatrix weights, Object form, Class<T> type, Supplier<T> make, Consumer<T> free) {
        List<Object> key = List.of(weights.pointer(0, 0).address(), form);
        T memory = type.cast(memories.computeIfAbsent(key, k -> make.get()));
        users.merge(key, 1, Integer::sum);
        return new Lease<>(memory, () -> leave(key, () -> free.accept(memory)));
    }

    private synchronized void leave(List<Object> key, Runnable free) {
        if (users.merge(key, -1, Integer::sum) == 0) {
            users.remove(key);
            memories.remove(key);
            free.run();
        }
    }

    /** Number of forms that kernels have. */
    synchronized int size() {
        return memories.size();
    }
}
