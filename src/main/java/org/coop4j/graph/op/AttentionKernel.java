package org.coop4j.graph.op;

import static org.coop4j.graph.host.Gemm.Form.NN;
import static org.coop4j.graph.host.Gemm.Form.NT;
import static org.coop4j.graph.host.Gemm.Form.TN;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.function.BiConsumer;
import org.coop4j.graph.host.Gemm;
import org.coop4j.graph.host.HostKernel;
import org.coop4j.graph.host.HostMatrix;
import org.coop4j.graph.host.HostMatrix.Cursor;
import org.coop4j.graph.host.Workers;
import org.coop4j.graph.op.AttentionLayout.Block;

/**
 * Attention and its gradient on native memory, without copying a head out of the packed rows.
 *
 * <p>A head is a band of columns, which BLAS reads with the row distance of the whole matrix. The queries of many
 * sequences meet the prefix in one product; each sequence meets its own keys in a small one. Work is cut into tasks of
 * a head and some sequences. Each writes its own place, so the result does not depend on who does which task. In the
 * gradient every sequence adds to the keys and values of the prefix, so with a prefix one worker does the tasks of a
 * head in order.
 */
public final class AttentionKernel implements HostKernel {

    /** Query rows of a task: enough for BLAS to be fast, few enough to spread over the cores. */
    private static final int ROWS_PER_TASK = 256;

    private final AttentionLayout layout;
    private final Operands forward;
    private final Operands gradient; // null in the forward direction
    private final Band out; // or its gradient
    private final HostMatrix probabilities;
    private final Workers workers;
    private final List<List<Task>> jobs = new ArrayList<>();
    private final AttentionScratch[] scratch;
    private final BiConsumer<Task, AttentionScratch> work;

    /**
     * Columns of a matrix that hold the heads side by side.
     *
     * @param column the first of them
     */
    public record Band(HostMatrix matrix, int column, int headWidth) {

        /** Points at a head's part of a row. */
        public void point(Cursor cursor, int row, int head) {
            cursor.at(matrix, row, column + (long) head * headWidth);
        }

        /** Returns the distance between rows. */
        public int ld() {
            return matrix.cols();
        }
    }

    /** Queries, keys and values, or their gradients: bands of one matrix, or of two. */
    public record Operands(Band q, Band k, Band v) {

        /**
         * Returns the operands in an op's inputs.
         *
         * @param qkv qkv [rows, 3 · width], or q [queries, width] and kv [rows, 2 · width]
         */
        public static Operands of(int heads, HostMatrix... qkv) {
            boolean packed = qkv.length == 1;
            int width = packed ? qkv[0].cols() / 3 : qkv[0].cols();
            HostMatrix kv = qkv[qkv.length - 1];
            int keys = packed ? width : 0;
            int headWidth = width / heads;
            return new Operands(
                    new Band(qkv[0], 0, headWidth),
                    new Band(kv, keys, headWidth),
                    new Band(kv, keys + width, headWidth));
        }

        /** Returns the width of a head. */
        public int headWidth() {
            return q.headWidth;
        }

        /** Returns the factor of the scores, 1 / √(width of a head). */
        public float scale() {
            return (float) (1 / Math.sqrt(headWidth()));
        }
    }

    /**
     * Sequences {@code from} to {@code to} of a block, for one head.
     *
     * @param first true if this task is the first to write the prefix's gradient
     */
    private record Task(Block block, int head, int from, int to, boolean first) {

        int queries() {
            return (to - from) * block.queriesEach();
        }

        /** Returns the query row of a sequence's first query. */
        int query(int sequence) {
            return block.firstQuery() + sequence * block.queriesEach();
        }

        /** Returns the packed row of a sequence's first key. */
        int row(int sequence) {
            return block.firstRow() + sequence * block.length();
        }

        /** Returns the offset of the task's probabilities. */
        long start() {
            long before = (long) from * block.queriesEach() * block.keys();
            return block.firstProbability() + head * block.probabilitiesPerHead() + before;
        }

        /**
         * Returns the offset of a sequence's scores of its first query, from {@code key} on, among those of the task.
         */
        long score(int sequence, int key) {
            return (long) (sequence - from) * block.queriesEach() * block.keys() + key;
        }
    }

    private AttentionKernel(
            AttentionLayout layout,
            HostMatrix[] qkv,
            HostMatrix[] gradients,
            HostMatrix out,
            HostMatrix probabilities,
            Workers workers) {
        this.layout = layout;
        this.forward = Operands.of(layout.heads(), qkv);
        boolean backward = gradients != null;
        this.gradient = backward ? Operands.of(layout.heads(), gradients) : null;
        this.out = new Band(out, 0, forward.headWidth());
        this.probabilities = probabilities;
        this.workers = workers;
        int largest = 0;
        for (Block block : layout.blocks()) {
            largest = Math.max(largest, sequencesPerTask(block) * block.queriesEach() * block.keys());
        }
        int size = largest;
        scratch = new AttentionScratch[workers.count()];
        Arrays.setAll(scratch, i -> backward ? AttentionScratch.backward(size) : AttentionScratch.forward(size));
        for (int head = 0; head < layout.heads(); head++) {
            List<Task> tasks = tasks(head);
            if (backward && layout.prefix() > 0) {
                jobs.add(tasks);
            } else {
                tasks.forEach(task -> jobs.add(List.of(task)));
            }
        }
        work = backward ? this::differentiate : this::attend;
    }

    /** Computes out and the probabilities from qkv. */
    static AttentionKernel forward(
            AttentionLayout layout, HostMatrix[] qkv, HostMatrix out, HostMatrix probabilities, Workers workers) {
        return new AttentionKernel(layout, qkv, null, out, probabilities, workers);
    }

    /**
     * dv = pᵀ · dout, ds = p ∘ (dout · vᵀ − Σ) · scale, dq = ds · k, dk = dsᵀ · q.
     *
     * @param in gradient of the output, probabilities, then q, k and v
     */
    static AttentionKernel gradient(AttentionLayout layout, HostMatrix[] in, HostMatrix[] out, Workers workers) {
        HostMatrix[] qkv = Arrays.copyOfRange(in, 2, in.length);
        return new AttentionKernel(layout, qkv, out, in[0], in[1], workers);
    }

    private static int sequencesPerTask(Block block) {
        return Math.max(1, ROWS_PER_TASK / block.queriesEach());
    }

    private List<Task> tasks(int head) {
        List<Task> tasks = new ArrayList<>();
        for (Block block : layout.blocks()) {
            int step = sequencesPerTask(block);
            for (int from = 0; from < block.sequences(); from += step) {
                int to = Math.min(block.sequences(), from + step);
                // The first task sets the prefix's key gradients, the others add to them.
                tasks.add(new Task(block, head, from, to, tasks.isEmpty()));
            }
        }
        return tasks;
    }

    @Override
    public void run() {
        workers.each(jobs.size(), (part, job) -> {
            for (Task task : jobs.get(job)) {
                work.accept(task, scratch[part]);
            }
        });
    }

    @Override
    public void close() {
        for (AttentionScratch s : scratch) {
            s.close();
        }
    }

    private void attend(Task task, AttentionScratch s) {
        Block block = task.block;
        int each = block.queriesEach();
        int keys = block.keys();
        products(task, forward.q, forward.k, probabilities, task.start(), s);
        s.softmax(
                probabilities,
                task.start(),
                task.queries(),
                keys,
                query -> layout.visibleKeys(block, query % each),
                forward.scale());
        mixValues(task, s);
    }

    /**
     * target[queries, keys] = left · rightᵀ, for the prefix's keys and each sequence's own: scores, not yet scaled, or
     * gradients of probabilities.
     *
     * @param start offset of the task's part of the target
     */
    private void products(Task task, Band left, Band right, HostMatrix target, long start, AttentionScratch s) {
        Block block = task.block;
        int width = left.headWidth;
        int keys = block.keys();
        int shared = block.sharedKeys();
        if (shared > 0) {
            left.point(s.a, task.query(task.from), task.head);
            right.point(s.b, 0, task.head);
            s.c.at(target, 0, start);
            Gemm.multiply(NT, task.queries(), shared, width, s.a, left.ld(), s.b, right.ld(), 0f, s.c, keys);
        }
        for (int i = task.from; i < task.to; i++) {
            left.point(s.a, task.query(i), task.head);
            right.point(s.b, task.row(i), task.head);
            s.c.at(target, 0, start + task.score(i, shared));
            int n = block.length();
            Gemm.multiply(NT, block.queriesEach(), n, width, s.a, left.ld(), s.b, right.ld(), 0f, s.c, keys);
        }
    }

    /** out[queries, head] = probabilities · v. */
    private void mixValues(Task task, AttentionScratch s) {
        Block block = task.block;
        Band v = forward.v;
        int width = v.headWidth;
        int keys = block.keys();
        int shared = block.sharedKeys();
        if (shared > 0) {
            s.a.at(probabilities, 0, task.start());
            v.point(s.b, 0, task.head);
            out.point(s.c, task.query(task.from), task.head);
            Gemm.multiply(NN, task.queries(), width, shared, s.a, keys, s.b, v.ld(), 0f, s.c, out.ld());
        }
        float beta = shared > 0 ? 1f : 0f;
        for (int i = task.from; i < task.to; i++) {
            s.a.at(probabilities, 0, task.start() + task.score(i, shared));
            v.point(s.b, task.row(i), task.head);
            out.point(s.c, task.query(i), task.head);
            int n = block.length();
            Gemm.multiply(NN, block.queriesEach(), width, n, s.a, keys, s.b, v.ld(), beta, s.c, out.ld());
        }
    }

    private void differentiate(Task task, AttentionScratch s) {
        Block block = task.block;
        int shared = block.sharedKeys();
        products(task, out, forward.v, s.ds, 0, s); // dout · vᵀ
        s.softmaxGradient(probabilities, task.start(), task.queries(), block.keys(), forward.scale());
        if (shared > 0) {
            keyGradients(task, task.from, task.queries(), 0, 0, shared, 0f, task.first ? 0f : 1f, s);
        }
        float beta = shared > 0 ? 1f : 0f;
        for (int i = task.from; i < task.to; i++) {
            keyGradients(task, i, block.queriesEach(), shared, task.row(i), block.length(), beta, 0f, s);
        }
    }

    /**
     * Gradients that some queries and keys give each other.
     *
     * @param sequence the sequence of the first query
     * @param key the first key's number among those that the queries see
     * @param row the first key's packed row
     * @param betaQ 1 to add to the gradient of the queries, 0 to set it
     * @param betaK the same for keys and values
     */
    private void keyGradients(
            Task task,
            int sequence,
            int queries,
            int key,
            int row,
            int count,
            float betaQ,
            float betaK,
            AttentionScratch s) {
        int width = forward.headWidth();
        int keys = task.block.keys();
        int query = task.query(sequence);
        // dq = ds · k
        s.a.at(s.ds, 0, task.score(sequence, key));
        forward.k.point(s.b, row, task.head);
        gradient.q.point(s.c, query, task.head);
        Gemm.multiply(NN, queries, width, count, s.a, keys, s.b, forward.k.ld(), betaQ, s.c, gradient.q.ld());
        // dk = dsᵀ · q
        forward.q.point(s.b, query, task.head);
        gradient.k.point(s.c, row, task.head);
        Gemm.multiply(TN, count, width, queries, s.a, keys, s.b, forward.q.ld(), betaK, s.c, gradient.k.ld());
        // dv = pᵀ · dout
        s.a.at(probabilities, 0, task.start() + task.score(sequence, key));
        out.point(s.b, query, task.head);
        gradient.v.point(s.c, row, task.head);
        Gemm.multiply(TN, count, width, queries, s.a, keys, s.b, out.ld(), betaK, s.c, gradient.v.ld());
    }
}
