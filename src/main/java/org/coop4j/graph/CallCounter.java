package org.coop4j.graph;

import org.nd4j.linalg.factory.Nd4j;
import org.nd4j.linalg.profiler.OpProfiler;
import org.nd4j.linalg.profiler.ProfilerConfig;

/** Counts calls of ND4J's ops while it is open. */
final class CallCounter implements AutoCloseable {

    private final OpProfiler profiler = OpProfiler.getInstance();
    private final ProfilerConfig before = profiler.getConfig();

    CallCounter() {
        Nd4j.getExecutioner()
                .setProfilingConfig(
                        ProfilerConfig.builder()
                                .checkElapsedTime(true)
                                .checkWorkspaces(false)
                                .build());
    }

    /** Calls so far. */
    long count() {
        return profiler.getInvocationsCount();
    }

    @Override
    public void close() {
        Nd4j.getExecutioner().setProfilingConfig(before);
    }
}
