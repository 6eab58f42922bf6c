package org.coop4j.graph;

import java.util.ArrayList;
import java.util.Collection;
import java.util.EnumMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.function.Consumer;
import org.coop4j.graph.host.Gemm;
import org.coop4j.graph.host.HostKernel;
import org.nd4j.linalg.api.buffer.DataType;
import org.nd4j.linalg.api.ndarray.INDArray;
import org.nd4j.linalg.factory.Nd4j;
import org.nd4j.linalg.profiler.OpProfiler;
import org.nd4j.linalg.profiler.ProfilerConfig;

/**
 * A SameDiff graph bound to memory, to be run again and again without the session.
 *
 * <p>The ops that the wanted outputs need stand in order, each bound to arrays allocated once;
 * arrays share memory where their lives do not overlap, an elementwise op writes over an input that
 * nobody needs any more, and identities and reshapes are views. A run allocates nothing. SameDiff's
 * session spends some milliseconds an op on bookkeeping and fresh memory; a plan spends about a
 * microsecond.
 *
 * <p>Constants and variables are read where they lie, so a change to a variable's array is seen by
 * the next run; they belong to whoever made the graph, and are closed after the plan. One thread at
 * a time.
 */
public final class ExecutionPlan implements AutoCloseable {

    private final Map<String, INDArray> inputs;
    private final Map<String, INDArray> outputs;
    private final List<Step> steps;
    private final int firstRepeated;
    private final Arena ownArena;
    private final long bytes;
    private final boolean onHost;
    private boolean closed;

    /**
     * One op of the plan.
     *
     * @param op the op's name, such as {@code coop_linear}
     * @param flops floating-point operations of its matrix products
     * @param bytes bytes of its outputs
     */
    record Step(String op, HostKernel kernel, long flops, long bytes) {}

    /**
     * @param firstRepeated where the steps begin that a repetition takes
     * @param ownArena memory to free with the plan, null if others use it too
     */
    ExecutionPlan(
            Map<String, INDArray> inputs,
            Map<String, INDArray> outputs,
            List<Step> steps,
            int firstRepeated,
            Arena ownArena,
            long bytes,
            boolean onHost) {
        this.inputs = inputs;
        this.outputs = outputs;
        this.steps = steps;
        this.firstRepeated = firstRepeated;
        this.ownArena = ownArena;
        this.bytes = bytes;
        this.onHost = onHost;
    }

    /** The array that a placeholder's value is written to before a run. */
    public INDArray input(String placeholder) {
        return named(inputs, placeholder);
    }

    /** The array that holds an output after a run, until the next run. */
    public INDArray output(String name) {
        return named(outputs, name);
    }

    private INDArray named(Map<String, INDArray> arrays, String name) {
        requireOpen();
        INDArray array = arrays.get(name);
        if (array == null) {
            throw new IllegalArgumentException(name + " is none of " + arrays.keySet());
        }
        return array;
    }

    private void requireOpen() {
        if (closed) {
            throw new IllegalStateException("the plan is closed");
        }
    }

    /**
     * Computes all outputs from the inputs, constants and variables as they are now.
     *
     * @throws IllegalStateException if the plan is closed
     */
    public void run() {
        run(steps, step -> step.kernel().run());
    }

    /**
     * Computes again, after a run, what depends on the placeholders that were said to change; the
     * other outputs stay.
     *
     * @throws IllegalStateException if the plan is closed
     */
    public void repeat() {
        run(steps.subList(firstRepeated, steps.size()), step -> step.kernel().run());
    }

    private void run(List<Step> chosen, Consumer<Step> each) {
        requireOpen();
        if (onHost) {
            Gemm.singleThreaded(() -> chosen.forEach(each));
        } else {
            chosen.forEach(each);
        }
    }

    /** Runs once and says where the time went, the slowest kind of op first. */
    public List<OpTime> profile() {
        Map<String, OpTime> times = new LinkedHashMap<>();
        OpProfiler calls = OpProfiler.getInstance(); // counts calls of ND4J's ops
        ProfilerConfig before = calls.getConfig();
        Nd4j.getExecutioner()
                .setProfilingConfig(ProfilerConfig.builder()
                        .checkElapsedTime(true)
                        .checkWorkspaces(false)
                        .build());
        try {
            run(steps, step -> {
                long callsBefore = calls.getInvocationsCount();
                long start = System.nanoTime();
                step.kernel().run();
                long nanos = System.nanoTime() - start;
                long made = calls.getInvocationsCount() - callsBefore;
                times.merge(step.op(), new OpTime(step.op(), 1, made, nanos, step.flops(), step.bytes()), OpTime::plus);
            });
        } finally {
            Nd4j.getExecutioner().setProfilingConfig(before);
        }
        List<OpTime> result = new ArrayList<>(times.values());
        result.sort((a, b) -> Long.compare(b.nanos(), a.nanos()));
        return result;
    }

    /**
     * Time and work of all ops of one kind in a run.
     *
     * @param op the ops' name
     * @param count how many there are
     * @param calls of ND4J's ops that they made; none where host kernels compute
     * @param nanos their time together
     * @param flops floating-point operations of their matrix products
     * @param bytes bytes of their outputs
     */
    public record OpTime(String op, int count, long calls, long nanos, long flops, long bytes) {

        /** The sum of two measurements of one kind of op. */
        public OpTime plus(OpTime other) {
            return new OpTime(
                    op,
                    count + other.count,
                    calls + other.calls,
                    nanos + other.nanos,
                    flops + other.flops,
                    bytes + other.bytes);
        }
    }

    /** Floating-point operations of the matrix products of one run. */
    public long flops() {
        return steps.stream().mapToLong(Step::flops).sum();
    }

    /** Bytes of native memory for all intermediate values together. */
    public long bytes() {
        return bytes;
    }

    /** Number of ops in a run. */
    public int size() {
        return steps.size();
    }

    /** Frees the inputs, and all memory that no other plan uses. */
    @Override
    public void close() {
        if (!closed) {
            closed = true;
            steps.forEach(step -> step.kernel().close());
            inputs.values().forEach(INDArray::close);
            if (ownArena != null) {
                ownArena.close();
            }
        }
    }

    /**
     * Native memory for the intermediate values of plans that run one after another; closed after the
     * last of them.
     */
    public static final class Arena implements AutoCloseable {

        private final Map<DataType, INDArray> arrays = new EnumMap<>(DataType.class);

        private Arena() {}

        /** Memory that is enough for each of these plans. */
        public static Arena of(Collection<PlanDraft> drafts) {
            Map<DataType, Long> lengths = new EnumMap<>(DataType.class);
            for (PlanDraft draft : drafts) {
                draft.lengths().forEach((type, length) -> lengths.merge(type, length, Math::max));
            }
            Arena arena = new Arena();
            lengths.forEach((type, length) -> arena.arrays.put(type, Nd4j.createUninitialized(type, length)));
            return arena;
        }

        /** Frees all of it. */
        @Override
        public void close() {
            arrays.values().forEach(INDArray::close);
        }

        INDArray array(DataType type) {
            return arrays.get(type);
        }

        /** Bytes of all of it. */
        public long bytes() {
            return arrays.values().stream()
                    .mapToLong(a -> a.length() * a.dataType().width())
                    .sum();
        }
    }
}
