package org.coop4j.graph.op;

import org.coop4j.graph.host.Cursor;
import org.coop4j.graph.host.Exponential;
import org.coop4j.graph.host.Gemm;
import org.coop4j.graph.host.HostKernel;
import org.coop4j.graph.host.HostMatrix;
import org.coop4j.graph.host.Workers;

/** {@link RaggedAttention} on native memory; a piece of work is one sequence with all its heads. */
final class RaggedAttentionKernel implements HostKernel {

    private final RaggedOperands in;
    private final HostMatrix out;
    private final HostMatrix probabilities;
    private final Workers workers;
    private final Scratch[] scratch;

    /** What a worker needs for itself. */
    private static final class Scratch {
        final Cursor a = new Cursor();
        final Cursor b = new Cursor();
        final Cursor c = new Cursor();
        final float[] scores;
        final Exponential exponential;

        Scratch(int size) {
            scores = new float[size];
            exponential = new Exponential(size);
        }
    }

    /**
     * @param probabilities where the probabilities go, or null to keep them to itself
     */
    RaggedAttentionKernel(
            RaggedOperands in, HostMatrix out, HostMatrix probabilities, Workers workers) {
        this.in = in;
        this.out = out;
        this.workers = workers;
        this.probabilities =
                probabilities != null
                        ? probabilities
                        : AttentionOperands.allocate((long) out.rows() * in.heads() * in.longest());
        scratch = new Scratch[workers.count()];
        for (int i = 0; i < scratch.length; i++) {
            scratch[i] = new Scratch(in.longest() * in.longest());
        }
    }

    @Override
    public void run() {
        workers.each(
                in.sequences(),
                (part, sequence) -> {
                    for (int head = 0; head < in.heads(); head++) {
                        attend(sequence, head, scratch[part]);
                    }
                });
        if (in.packed()) {
            clear(out, in.start(in.sequences()));
        }
    }

    /** Zeroes the rows from {@code from} on. */
    static void clear(HostMatrix matrix, int from) {
        float[] zeros = new float[matrix.cols()];
        for (int row = from; row < matrix.rows(); row++) {
            matrix.putRow(row, zeros);
        }
    }

    private void attend(int sequence, int head, Scratch s) {
        AttentionOperands qkv = in.operands();
        int row = in.start(sequence);
        int query = in.firstQuery(sequence);
        int queries = in.queries(sequence);
        int keys = in.length(sequence);
        int width = qkv.headWidth();
        qkv.q(s.a, query, head);
        qkv.k(s.b, row, head);
        s.c.at(probabilities, 0, in.probability(sequence, head));
        Gemm.nt(queries, keys, width, s.a, qkv.ldq(), s.b, qkv.ldk(), 0f, s.c, keys);
        softmax(Math.toIntExact(in.probability(sequence, head)), queries, keys, s);
        qkv.v(s.b, row, head);
        s.a.at(out, query, (long) head * width);
        Gemm.nn(queries, width, keys, s.c, keys, s.b, qkv.ldk(), 0f, s.a, out.cols());
    }

    private void softmax(int start, int queries, int keys, Scratch s) {
        float[] p = s.scores;
        int n = queries * keys;
        probabilities.get(0, start, p, n);
        int before = keys - queries; // keys before the first query
        float scale = in.operands().scale();
        for (int i = 0; i < queries; i++) {
            AttentionKernel.shift(p, i * keys, before + i + 1, scale);
        }
        s.exponential.apply(p, n);
        for (int i = 0; i < queries; i++) {
            AttentionKernel.normalise(p, i * keys, before + i + 1, keys);
        }
        probabilities.put(0, start, p, n);
    }
}
