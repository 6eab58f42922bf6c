package org.coop4j.graph.host;

/** A piece of arithmetic bound to its arrays, ready to be run any number of times. */
@FunctionalInterface
public interface HostKernel {

    /** Computes the outputs from what the inputs hold now. */
    void run();
}
