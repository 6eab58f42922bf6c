package org.coop4j.pretrain.op;

import org.coop4j.graph.host.Gemm;
import org.coop4j.graph.host.HostKernel;
import org.coop4j.graph.host.HostMatrix;
import org.coop4j.graph.host.Workers;
import org.coop4j.graph.op.AttentionKernel.Operands;
import org.coop4j.graph.op.AttentionScratch;

/** The gradient of {@link RaggedAttentionKernel}; a piece of work is one sequence, all heads. */
final class RaggedAttentionGradientKernel implements HostKernel {

    private final RaggedOperands in;
    private final Operands gradient;
    private final HostMatrix dOut;
    private final HostMatrix probabilities;
    private final HostMatrix keyGradient;
    private final Workers workers;
    private final AttentionScratch[] scratch;

    RaggedAttentionGradientKernel(
            RaggedOperands in, HostMatrix dOut, HostMatrix probabilities, HostMatrix[] out, Workers workers) {
        this.in = in;
        this.dOut = dOut;
        this.probabilities = probabilities;
        this.workers = workers;
        this.gradient = in.like(out);
        this.keyGradient = out[out.length - 1];
        scratch = new AttentionScratch[workers.count()];
        for (int i = 0; i < scratch.length; i++) {
            scratch[i] = AttentionScratch.backward(in.longest() * in.longest());
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
        for (AttentionScratch s : scratch) {
            s.close();
        }
    }

    private void differentiate(int sequence, int head, AttentionScratch s) {
        Operands forward = in.operands();
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
        s.softmaxGradient(probabilities, start, queries, keys, forward.scale());
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
}
