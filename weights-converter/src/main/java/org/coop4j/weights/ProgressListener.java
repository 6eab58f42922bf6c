package org.coop4j.weights;

/** Is told how far a long reading or writing has come. */
@FunctionalInterface
public interface ProgressListener {
    /** Ignores every report. */
    ProgressListener NONE = (done, total) -> {};

    /**
     * Called a few times a second at most by the thread that works.
     *
     * @param done bytes handled so far, never decreasing
     * @param total bytes to handle in all, the same at each call
     */
    void progress(long done, long total);
}
