package org.coop4j.graph.host;

/** A piece of arithmetic bound to its arrays, ready to be run any number of times. */
@FunctionalInterface
public interface HostKernel extends AutoCloseable {

    /** Computes the outputs from what the inputs hold now. */
    void run();

    /** Frees memory of its own. */
    @Override
    default void close() {}

    /** A kernel with memory of its own, which {@code free} frees. */
    static HostKernel owning(Runnable work, Runnable free) {
        return new HostKernel() {
            @Override
            public void run() {
                work.run();
            }

            @Override
            public void close() {
                free.run();
            }
        };
    }
}
