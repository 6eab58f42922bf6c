package org.coop4j.pretrain.op;

import org.coop4j.graph.AttentionKernel.Operands;
import org.coop4j.graph.AttentionKernel.Scratch;
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

    RaggedAttentionKernel(RaggedOperands in, HostMatrix out, HostMatrix probabilities, Workers workers) {
        this.in = in;
        this.out = out;
        this.workers = workers;
        this.probabilities = probabilities;
        scratch = new Scratch[workers.count()];
        for (int i = 0; i < scratch.length; i++) {
            scratch[i] = new Scratch(in.longest() * in.longest(), false);
        }
    }

    @Override
    public void run() {
        workers.each(in.sequences(), (part, sequence) -> {
            for (int head = 0; head < in.heads(); head++) {
                attend(sequence, head, scratch[part]);
            }
        });
        if (in.packed()) {
            out.clear(in.start(in.sequences()));
        }
    }

    private void attend(int sequence, int head, Scratch s) {
        Operands qkv = in.operands();
        int row = in.start(sequence);
        int query = in.firstQuery(sequence);
        int queries = in.queries(sequence);
        int keys = in.length(sequence);
        int width = qkv.headWidth();
        qkv.q().point(s.a, query, head);
        qkv.k().point(s.b, row, head);
        s.c.at(probabilities, 0, in.probability(sequence, head));
        Gemm.multiply(
                Gemm.Form.NT,
                queries,
                keys,
                width,
                s.a,
                qkv.q().ld(),
                s.b,
                qkv.k().ld(),
                0f,
                s.c,
                keys);
        int before = keys - queries; // keys before the first query
        s.softmax(probabilities, in.probability(sequence, head), queries, keys, i -> before + i + 1, qkv.scale());
        qkv.v().point(s.b, row, head);
        s.a.at(out, query, (long) head * width);
        Gemm.multiply(
                Gemm.Form.NN, queries, width, keys, s.c, keys, s.b, qkv.k().ld(), 0f, s.a, out.cols());
    }
}
