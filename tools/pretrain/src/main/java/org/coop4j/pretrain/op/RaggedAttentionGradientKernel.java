package org.coop4j.pretrain.op;

import org.coop4j.graph.AttentionKernel.Operands;
import org.coop4j.graph.AttentionKernel.Scratch;
import org.coop4j.graph.host.Gemm;
import org.coop4j.graph.host.HostKernel;
import org.coop4j.graph.host.HostMatrix;
import org.coop4j.graph.host.Workers;

/** The gradient of {@link RaggedAttentionKernel}; a piece of work is one sequence, all heads. */
final class RaggedAttentionGradientKernel implements HostKernel {

    private final RaggedOperands in;
    private final Operands gradient;
    private final HostMatrix dOut;
    private final HostMatrix probabilities;
    private final HostMatrix keyGradient;
    private final Workers workers;
    private final Scratch[] scratch;

    RaggedAttentionGradientKernel(
            RaggedOperands in, HostMatrix dOut, HostMatrix probabilities, HostMatrix[] out, Workers workers) {
        this.in = in;
        this.dOut = dOut;
        this.probabilities = probabilities;
        this.workers = workers;
        this.gradient = in.like(out);
        this.keyGradient = out[out.length - 1];
        scratch = new Scratch[workers.count()];
        for (int i = 0; i < scratch.length; i++) {
            scratch[i] = new Scratch(in.longest() * in.longest(), true);
        }
    }

    @Override
    public void run() {
        workers.each(in.sequences(), (part, sequence) -> {
            for (int head = 0; head < in.heads(); head++) {
                differentiate(sequence, head, scratch[part]);
            }
        });
        keyGradient.clear(in.start(in.sequences()));
    }

    @Override
    public void close() {
        for (Scratch s : scratch) {
            s.close();
        }
    }

    private void differentiate(int sequence, int head, Scratch s) {
        Operands forward = in.operands();
        int row = in.start(sequence);
        int query = in.firstQuery(sequence);
        int queries = in.queries(sequence);
        int keys = in.length(sequence);
        int width = forward.headWidth();
        long start = in.probability(sequence, head);
        // dp = dout · vᵀ, then ds = p ∘ (dp − Σ p ∘ dp) · scale
        s.a.at(dOut, query, (long) head * width);
        forward.v().point(s.b, row, head);
        s.c.at(s.ds, 0, 0);
        Gemm.multiply(
                Gemm.Form.NT,
                queries,
                keys,
                width,
                s.a,
                dOut.cols(),
                s.b,
                forward.k().ld(),
                0f,
                s.c,
                keys);
        s.softmaxGradient(probabilities, start, queries, keys, forward.scale());
        // dv = pᵀ · dout
        s.b.at(probabilities, 0, start);
        gradient.v().point(s.c, row, head);
        Gemm.multiply(
                Gemm.Form.TN,
                keys,
                width,
                queries,
                s.b,
                keys,
                s.a,
                dOut.cols(),
                0f,
                s.c,
                gradient.k().ld());
        // dq = ds · k
        s.a.at(s.ds, 0, 0);
        forward.k().point(s.b, row, head);
        gradient.q().point(s.c, query, head);
        Gemm.multiply(
                Gemm.Form.NN,
                queries,
                width,
                keys,
                s.a,
                keys,
                s.b,
                forward.k().ld(),
                0f,
                s.c,
                gradient.q().ld());
        // dk = dsᵀ · q
        forward.q().point(s.b, query, head);
        gradient.k().point(s.c, row, head);
        Gemm.multiply(
                Gemm.Form.TN,
                keys,
                width,
                queries,
                s.a,
                keys,
                s.b,
                forward.q().ld(),
                0f,
                s.c,
                gradient.k().ld());
    }
}
