package org.coop4j.graph;

import java.util.ArrayList;
import java.util.Comparator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.nd4j.linalg.factory.Nd4j;
import org.nd4j.linalg.profiler.OpProfiler;
import org.nd4j.linalg.profiler.ProfilerConfig;

/**
 * Time and work of all ops of one kind in a run.
 *
 * @param op the ops' name
 * @param count number of ops
 * @param calls calls of ND4J's ops that they made; none where host kernels compute
 * @param nanos their time together
 * @param flops floating-point operations of their matrix products
 * @param bytes bytes of their outputs
 */
public record OpTime(String op, int count, long calls, long nanos, long flops, long bytes) {

    /** Runs each plan once and measures its ops, the slowest kind first. */
    public static List<OpTime> measure(List<ExecutionPlan> plans) {
        Map<String, OpTime> times = new LinkedHashMap<>();
        OpProfiler calls = OpProfiler.getInstance(); // counts calls of ND4J's ops
        ProfilerConfig before = calls.getConfig();
        Nd4j.getExecutioner()
                .setProfilingConfig(ProfilerConfig.builder()
                        .checkElapsedTime(true)
                        .checkWorkspaces(false)
                        .build());
        try {
            for (ExecutionPlan plan : plans) {
                plan.run(step -> {
                    long callsBefore = calls.getInvocationsCount();
                    long start = System.nanoTime();
                    step.kernel().run();
                    long nanos = System.nanoTime() - start;
                    long made = calls.getInvocationsCount() - callsBefore;
                    OpTime time = new OpTime(step.op(), 1, made, nanos, step.flops(), step.bytes());
                    times.merge(step.op(), time, OpTime::plus);
                });
            }
        } finally {
            Nd4j.getExecutioner().setProfilingConfig(before);
        }
        List<OpTime> result = new ArrayList<>(times.values());
        result.sort(Comparator.comparingLong(OpTime::nanos).reversed());
        return result;
    }

    private OpTime plus(OpTime other) {
        return new OpTime(
                op,
                count + other.count,
                calls + other.calls,
                nanos + other.nanos,
                flops + other.flops,
                bytes + other.bytes);
    }
}
