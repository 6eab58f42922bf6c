package org.coop4j.graph;

import java.util.List;
import java.util.Map;
import java.util.function.Consumer;
import org.coop4j.base.Require;
import org.coop4j.graph.host.Backend;
import org.coop4j.graph.host.Gemm;
import org.coop4j.graph.host.HostKernel;
import org.coop4j.graph.host.NativeMemory;
import org.nd4j.linalg.api.ndarray.INDArray;

/**
 * A SameDiff graph bound to memory, run any number of times without SameDiff's session.
 *
 * <p>The ops that the outputs need stand in order, each bound to arrays allocated once. Arrays share memory where their
 * lives do not overlap, an elementwise op overwrites an input that nothing reads later, and identities and reshapes are
 * views. What depends on constants alone is computed in the first run and kept. A run allocates nothing. Per op the session
 * spends some milliseconds on bookkeeping and fresh memory, a plan about a microsecond.
 *
 * <p>Constants and variables are read in place. The next run sees a change to a variable's array; constants must not change.
 * Both belong to whoever made the graph, and are closed after the plan. One thread at a time.
 */
public final class ExecutionPlan implements AutoCloseable {

    private final Map<String, INDArray> inputs;
    private final Map<String, INDArray> outputs;
    private final List<Step> once;
    private final List<Step> steps;
    private final Map<String, Integer> firstReads;
    private final List<INDArray> owned;
    private final long bytes;
    private final boolean onHost = Backend.currentForm() == Backend.Form.HOST;
    private boolean ran;
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
     * @param inputs arrays of the placeholders
     * @param once steps of the first run alone, before the others
     * @param firstReads the first of the other steps that reads each placeholder
     * @param owned arrays to free with the plan
     * @param bytes of all intermediate values together
     */
    ExecutionPlan(
            Map<String, INDArray> inputs,
            Map<String, INDArray> outputs,
            List<Step> once,
            List<Step> steps,
            Map<String, Integer> firstReads,
            List<INDArray> owned,
            long bytes) {
        this.inputs = inputs;
        this.outputs = outputs;
        this.once = once;
        this.steps = steps;
        this.firstReads = firstReads;
        this.owned = owned;
        this.bytes = bytes;
    }

    /** Returns true if the plan reads a placeholder. */
    public boolean reads(String placeholder) {
        return inputs.containsKey(placeholder);
    }

    /** Returns the array to which a placeholder's value is written before a run. */
    public INDArray input(String placeholder) {
        return named(inputs, placeholder);
    }

    /** Returns the array that holds an output after a run, until the next run. */
    public INDArray output(String name) {
        return named(outputs, name);
    }

    private INDArray named(Map<String, INDArray> arrays, String name) {
        requireOpen();
        INDArray array = arrays.get(name);
        Require.that(array != null, "%s is not one of %s", name, arrays.keySet());
        return array;
    }

    private void requireOpen() {
        if (closed) {
            throw new IllegalStateException("the plan is closed");
        }
    }

    /**
     * Computes all outputs from the current inputs, constants and variables.
     *
     * @throws IllegalStateException if the plan is closed
     */
    public void run() {
        run(step -> step.kernel().run());
    }

    /**
     * Computes all outputs, with a placeholder that depends on outputs which need it not: those stand first in the plan.
     *
     * @param write writes the placeholder's value
     */
    public void run(String placeholder, Runnable write) {
        int first = firstReads.get(placeholder);
        requireOpen();
        hosted(() -> {
            runOnce(step -> step.kernel().run());
            steps.subList(0, first).forEach(step -> step.kernel().run());
        });
        write.run();
        hosted(() ->
                steps.subList(first, steps.size()).forEach(step -> step.kernel().run()));
    }

    /** Runs with something done for each step in turn. */
    void run(Consumer<Step> each) {
        requireOpen();
        hosted(() -> {
            runOnce(each);
            steps.forEach(each);
        });
    }

    private void hosted(Runnable work) {
        if (onHost) {
            Gemm.singleThreaded(work);
        } else {
            work.run();
        }
    }

    private void runOnce(Consumer<Step> each) {
        if (!ran) {
            once.forEach(each);
            ran = true;
        }
    }

    /** Returns the number of floating-point operations of the matrix products of a run after the first. */
    public long flops() {
        return steps.stream().mapToLong(Step::flops).sum();
    }

    /** Returns the number of bytes of native memory for all intermediate values together. */
    public long bytes() {
        return bytes;
    }

    /** Returns the number of ops in a run after the first. */
    int size() {
        return steps.size();
    }

    /** Frees the inputs, the kernels' own memory and, if the plan owns it, the arena. */
    @Override
    public void close() {
        if (!closed) {
            closed = true;
            once.forEach(step -> step.kernel().close());
            steps.forEach(step -> step.kernel().close());
            owned.forEach(NativeMemory::free);
        }
    }
}
