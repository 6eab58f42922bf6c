package org.coop4j.graph.op;

import org.coop4j.graph.host.Cursor;
import org.coop4j.graph.host.Gemm;
import org.coop4j.graph.host.HostKernel;
import org.coop4j.graph.host.HostMatrix;
import org.coop4j.graph.host.Workers;

/** The gradient of {@link RaggedAttentionKernel}; a piece of work is one sequence, all heads. */
final class RaggedAttentionGradientKernel implements HostKernel {

    private final RaggedOperands in;
    private final AttentionOperands gradient;
    private final HostMatrix dOut;
    private final HostMatrix probabilities;
    private final HostMatrix keyGradient;
    private final Workers workers;
    private final Scratch[] scratch;

    /** What a worker needs for itself; {@code ds} holds the score gradients of a head. */
    private static final class Scratch {
        final Cursor a = new Cursor();
        final Cursor b = new Cursor();
        final Cursor c = new Cursor();
        final HostMatrix ds;
        final float[] p;
        final float[] d;

        Scratch(int size) {
            ds = AttentionOperands.allocate(size);
            p = new float[size];
            d = new float[size];
        }
    }

    RaggedAttentionGradientKernel(
            RaggedOperands in,
            HostMatrix dOut,
            HostMatrix probabilities,
            HostMatrix[] out,
            Workers workers) {
        this.in = in;
        this.dOut = dOut;
        this.probabilities = probabilities;
        this.workers = workers;
        HostMatrix[] written = out.clone();
        if (!in.packed() && written[1] == null) {
            written[1] = matrix(in.rows(), 2 * dOut.cols());
        }
        if (!in.packed() && written[0] == null) {
            written[0] = matrix(dOut.rows(), dOut.cols());
        }
        this.gradient = in.like(written);
        this.keyGradient = written[written.length - 1];
        scratch = new Scratch[workers.count()];
        for (int i = 0; i < scratch.length; i++) {
            scratch[i] = new Scratch(in.longest() * in.longest());
        }
    }

    /** A place for an output that nobody reads. */
    private static HostMatrix matrix(int rows, int cols) {
        return HostMatrix.of(
                org.nd4j.linalg.factory.Nd4j.createUninitialized(
                        org.nd4j.linalg.api.buffer.DataType.FLOAT, rows, cols));
    }

    @Override
    public void run() {
        workers.each(
                in.sequences(),
                (part, sequence) -> {
                    for (int head = 0; head < in.heads(); head++) {
                        differentiate(sequence, head, scratch[part]);
                    }
                });
        RaggedAttentionKernel.clear(keyGradient, in.start(in.sequences()));
    }

    private void differentiate(int sequence, int head, Scratch s) {
        AttentionOperands forward = in.operands();
        int row = in.start(sequence);
        int query = in.firstQuery(sequence);
        int queries = in.queries(sequence);
        int keys = in.length(sequence);
        int width = forward.headWidth();
        long start = in.probability(sequence, head);
        // dp = dout · vᵀ, then ds = p ∘ (dp − Σ p ∘ dp) · scale
        s.a.at(dOut, query, (long) head * width);
        forward.v(s.b, row, head);
        s.c.at(s.ds, 0, 0);
        Gemm.nt(queries, keys, width, s.a, dOut.cols(), s.b, forward.ldk(), 0f, s.c, keys);
        softmaxGradient(Math.toIntExact(start), queries, keys, s);
        // dv = pᵀ · dout
        s.b.at(probabilities, 0, start);
        gradient.v(s.c, row, head);
        Gemm.tn(keys, width, queries, s.b, keys, s.a, dOut.cols(), 0f, s.c, gradient.ldk());
        // dq = ds · k
        s.a.at(s.ds, 0, 0);
        forward.k(s.b, row, head);
        gradient.q(s.c, query, head);
        Gemm.nn(queries, width, keys, s.a, keys, s.b, forward.ldk(), 0f, s.c, gradient.ldq());
        // dk = dsᵀ · q
        forward.q(s.b, query, head);
        gradient.k(s.c, row, head);
        Gemm.tn(keys, width, queries, s.a, keys, s.b, forward.ldq(), 0f, s.c, gradient.ldk());
    }

    private void softmaxGradient(int start, int queries, int keys, Scratch s) {
        int n = queries * keys;
        probabilities.get(0, start, s.p, n);
        s.ds.get(0, 0, s.d, n);
        float scale = in.operands().scale();
        for (int offset = 0; offset < n; offset += keys) {
            float sum = 0;
            for (int j = offset; j < offset + keys; j++) {
                sum += s.p[j] * s.d[j];
            }
            for (int j = offset; j < offset + keys; j++) {
                s.d[j] = s.p[j] * (s.d[j] - sum) * scale;
            }
        }
        s.ds.put(0, 0, s.d, n);
    }
}
