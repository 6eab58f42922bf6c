package org.coop4j.graph;

import static org.coop4j.graph.host.Gemm.Form.NN;
import static org.coop4j.graph.host.Gemm.Form.NT;
import static org.coop4j.graph.host.Gemm.Form.TN;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.function.IntUnaryOperator;
import org.coop4j.graph.AttentionLayout.Block;
import org.coop4j.graph.host.Gemm;
import org.coop4j.graph.host.HostKernel;
import org.coop4j.graph.host.HostMatrix;
import org.coop4j.graph.host.HostMatrix.Cursor;
import org.coop4j.graph.host.Workers;

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
    private final List<List<Task>> jobs; // of each head
    private final Scratch[] scratch;

    /**
     * Columns of a matrix that hold the heads side by side.
     *
     * @param column the first of them
     */
    public record Band(HostMatrix matrix, int column, int headWidth) {

        /** Points at a head's part of a row. */
        public Cursor point(Cursor cursor, int row, int head) {
            return cursor.at(matrix, row, column + (long) head * headWidth);
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
     * Some queries of a task, and some keys that they meet in one product.
     *
     * @param query row of the first query
     * @param row packed row of the first key
     * @param score offset of the first query's score of the first key, among those of the task
     * @param shared true if the keys are the prefix's
     */
    private record Part(int query, int queries, int row, int keys, int score, boolean shared) {}

    /**
     * Some sequences of a block, for any head.
     *
     * @param from the first sequence
     * @param first true if this task is the first to write the prefix's gradient
     * @param parts the queries of all sequences with the prefix's keys, if there are any, then each sequence by itself
     */
    private record Task(Block block, int from, int queries, boolean first, List<Part> parts) {

        /** Returns the offset of the task's probabilities. */
        long start(int head) {
            long before = (long) from * block.queriesEach() * block.keys();
            return block.firstProbability() + head * block.probabilitiesPerHead() + before;
        }

        /** Returns 1 if a part adds to what an earlier one has set for its queries, else 0. */
        float beta(Part part) {
            return block.sharedKeys() > 0 && !part.shared ? 1f : 0f;
        }
    }

    /**
     * Plans out and the probabilities from qkv; or, given places for the gradients of qkv, dv = pᵀ · dout, ds = p ∘
     * (dout · vᵀ − Σ) · scale, dq = ds · k, dk = dsᵀ · q.
     *
     * @param qkv qkv, or q and kv
     * @param gradients null in the forward direction
     * @param out or its gradient, which is then read, as the probabilities are
     */
    AttentionKernel(
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
        List<Task> tasks = tasks();
        int size = tasks.stream()
                .mapToInt(task -> task.queries * task.block.keys())
                .max()
                .orElseThrow();
        scratch = new Scratch[workers.count()];
        Arrays.setAll(scratch, i -> new Scratch(size, backward));
        jobs = backward && layout.prefix() > 0
                ? List.of(tasks)
                : tasks.stream().map(List::of).toList();
    }

    private List<Task> tasks() {
        List<Task> tasks = new ArrayList<>();
        for (Block block : layout.blocks()) {
            int each = block.queriesEach();
            int step = Math.max(1, ROWS_PER_TASK / each);
            for (int from = 0; from < block.sequences(); from += step) {
                int to = Math.min(block.sequences(), from + step);
                // The first task sets the prefix's key gradients, the others add to them.
                tasks.add(new Task(block, from, (to - from) * each, tasks.isEmpty(), parts(block, from, to)));
            }
        }
        return tasks;
    }

    private static List<Part> parts(Block block, int from, int to) {
        int each = block.queriesEach();
        int shared = block.sharedKeys();
        List<Part> parts = new ArrayList<>();
        if (shared > 0) {
            parts.add(new Part(block.firstQuery() + from * each, (to - from) * each, 0, shared, 0, true));
        }
        for (int i = from; i < to; i++) {
            int row = block.firstRow() + i * block.length();
            int score = (i - from) * each * block.keys() + shared;
            parts.add(new Part(block.firstQuery() + i * each, each, row, block.length(), score, false));
        }
        return parts;
    }

    @Override
    public void run() {
        workers.each(layout.heads() * jobs.size(), (part, job) -> {
            for (Task task : jobs.get(job % jobs.size())) {
                if (gradient == null) {
                    attend(task, job / jobs.size(), scratch[part]);
                } else {
                    differentiate(task, job / jobs.size(), scratch[part]);
                }
            }
        });
    }

    @Override
    public void close() {
        for (Scratch s : scratch) {
            s.close();
        }
    }

    private void attend(Task task, int head, Scratch s) {
        Block block = task.block;
        int keys = block.keys();
        long start = task.start(head);
        products(task, head, forward.q, forward.k, probabilities, start, s);
        s.softmax(
                probabilities,
                start,
                task.queries,
                keys,
                query -> layout.visibleKeys(block, query % block.queriesEach()),
                forward.scale());
        for (Part p : task.parts) { // out = probabilities · v
            s.a.at(probabilities, 0, start + p.score);
            forward.v.point(s.b, p.row, head);
            out.point(s.c, p.query, head);
            int width = forward.headWidth();
            Gemm.multiply(NN, p.queries, width, p.keys, s.a, keys, s.b, forward.v.ld(), task.beta(p), s.c, out.ld());
        }
    }

    /**
     * target[queries, keys] = left · rightᵀ: scores, not yet scaled, or gradients of probabilities.
     *
     * @param start offset of the task's part of the target
     */
    private static void products(Task task, int head, Band left, Band right, HostMatrix target, long start, Scratch s) {
        int keys = task.block.keys();
        for (Part p : task.parts) {
            left.point(s.a, p.query, head);
            right.point(s.b, p.row, head);
            s.c.at(target, 0, start + p.score);
            Gemm.multiply(NT, p.queries, p.keys, left.headWidth, s.a, left.ld(), s.b, right.ld(), 0f, s.c, keys);
        }
    }

    private void differentiate(Task task, int head, Scratch s) {
        int keys = task.block.keys();
        int width = forward.headWidth();
        long start = task.start(head);
        products(task, head, out, forward.v, s.ds, 0, s); // dout · vᵀ
        s.softmaxGradient(probabilities, start, task.queries, keys, forward.scale());
        for (Part p : task.parts) {
            // dq = ds · k
            s.a.at(s.ds, 0, p.score);
            forward.k.point(s.b, p.row, head);
            gradient.q.point(s.c, p.query, head);
            Gemm.multiply(
                    NN, p.queries, width, p.keys, s.a, keys, s.b, forward.k.ld(), task.beta(p), s.c, gradient.q.ld());
            // dk = dsᵀ · q
            float beta = p.shared && !task.first ? 1f : 0f;
            forward.q.point(s.b, p.query, head);
            gradient.k.point(s.c, p.row, head);
            Gemm.multiply(TN, p.keys, width, p.queries, s.a, keys, s.b, forward.q.ld(), beta, s.c, gradient.k.ld());
            // dv = pᵀ · dout
            s.a.at(probabilities, 0, start + p.score);
            out.point(s.b, p.query, head);
            gradient.v.point(s.c, p.row, head);
            Gemm.multiply(TN, p.keys, width, p.queries, s.a, keys, s.b, out.ld(), beta, s.c, gradient.v.ld());
        }
    }

    /** Memory of one worker for attention: cursors for the products, and the scores of a task. */
    public static final class Scratch implements AutoCloseable {

        public final Cursor a = new Cursor();
        public final Cursor b = new Cursor();
        public final Cursor c = new Cursor();

        /** Gradients of the scores, [1, size]; null in the forward direction. */
        public final HostMatrix ds;

        private final float[] scores;
        private final float[] gradients;
        private final Exponential exponential;

        /**
         * @param size most scores in a task
         * @param backward true for the gradient
         */
        public Scratch(int size, boolean backward) {
            ds = backward ? HostMatrix.allocate(1, size) : null;
            scores = new float[size];
            gradients = backward ? new float[size] : null;
            exponential = backward ? null : new Exponential(size);
        }

        /**
         * Turns scores into probabilities in place: softmax of {@code scale} times each row.
         *
         * @param matrix holds the scores [queries, keys] from element {@code start} on
         * @param visible number of keys that query i sees, the first ones; the others have probability 0
         */
        public void softmax(
                HostMatrix matrix, long start, int queries, int keys, IntUnaryOperator visible, float scale) {
            int n = queries * keys;
            int from = Math.toIntExact(start);
            matrix.get(0, from, scores, n);
            for (int i = 0; i < queries; i++) {
                shift(scores, i * keys, visible.applyAsInt(i), scale);
            }
            exponential.apply(scores, n);
            for (int i = 0; i < queries; i++) {
                normalise(scores, i * keys, visible.applyAsInt(i), keys);
            }
            matrix.put(0, from, scores, n);
        }

        /** Scales a row's visible scores and subtracts their maximum. */
        private static void shift(float[] p, int offset, int visible, float scale) {
            float max = Float.NEGATIVE_INFINITY;
            for (int j = offset; j < offset + visible; j++) {
                max = Math.max(max, p[j]);
            }
            for (int j = offset; j < offset + visible; j++) {
                p[j] = (p[j] - max) * scale;
            }
        }

        /** Divides a row's visible entries by their sum and clears the hidden ones. */
        private static void normalise(float[] p, int offset, int visible, int keys) {
            float sum = 0;
            for (int j = offset; j < offset + visible; j++) {
                sum += p[j];
            }
            float inverse = 1f / sum;
            for (int j = offset; j < offset + visible; j++) {
                p[j] *= inverse;
            }
            for (int j = offset + visible; j < offset + keys; j++) {
                p[j] = 0f;
            }
        }

        /**
         * ds ← p ∘ (ds − Σ p · ds) · scale, row by row.
         *
         * @param probabilities holds p [queries, keys] from element {@code start} on
         */
        public void softmaxGradient(HostMatrix probabilities, long start, int queries, int keys, float scale) {
            int n = queries * keys;
            float[] p = scores;
            float[] d = gradients;
            probabilities.get(0, Math.toIntExact(start), p, n);
            ds.get(0, 0, d, n);
            for (int offset = 0; offset < n; offset += keys) {
                float sum = 0;
                for (int j = offset; j < offset + keys; j++) {
                    sum += p[j] * d[j];
                }
                for (int j = offset; j < offset + keys; j++) {
                    d[j] = p[j] * (d[j] - sum) * scale;
                }
            }
            ds.put(0, 0, d, n);
        }

        @Override
        public void close() {
            if (ds != null) {
                ds.close();
            }
        }
    }
}
