package org.coop4j.graph.op;

import java.util.ArrayList;
import java.util.List;
import org.coop4j.graph.host.Gemm;
import org.coop4j.graph.host.HostKernel;
import org.coop4j.graph.host.HostMatrix;
import org.coop4j.graph.host.Workers;
import org.coop4j.graph.op.AttentionLayout.Block;

/**
 * The gradient of {@link AttentionKernel}: dv = pᵀ · dout, ds = p ∘ (dout · vᵀ − Σ) · scale, dq =
 * ds · k, dk = dsᵀ · q.
 *
 * <p>Every sequence adds to the gradient of the prefix's keys and values, so with a prefix a piece
 * of work is a whole head, whose sums run in a fixed order; without one it is a head and some
 * sequences.
 */
final class AttentionGradientKernel implements HostKernel {

    private final AttentionOperands forward;
    private final AttentionOperands gradient;
    private final HostMatrix dOut;
    private final HostMatrix probabilities;
    private final Workers workers;
    private final List<List<Piece>> jobs;
    private final AttentionGradientScratch[] scratch;

    /**
     * Sequences {@code from} to {@code to} of a block, for one head.
     *
     * @param first whether this piece is the first to write the prefix's gradient
     */
    private record Piece(Block block, int head, int from, int to, boolean first) {

        int queries() {
            return (to - from) * block.queriesEach();
        }

        int firstQuery() {
            return block.firstQuery() + from * block.queriesEach();
        }
    }

    AttentionGradientKernel(
            AttentionLayout layout, HostMatrix[] in, HostMatrix[] out, Workers workers) {
        HostMatrix[] qkv = java.util.Arrays.copyOfRange(in, 2, in.length);
        this.forward = AttentionOperands.of(layout, qkv);
        this.gradient = AttentionOperands.of(layout, out);
        this.dOut = in[0];
        this.probabilities = in[1];
        this.workers = workers;
        this.jobs = jobs(layout);
        int largest = 0;
        for (Block block : layout.blocks()) {
            int rows = AttentionOperands.sequencesPerPiece(block) * block.queriesEach();
            largest = Math.max(largest, rows * block.keys());
        }
        scratch = new AttentionGradientScratch[workers.count()];
        for (int i = 0; i < scratch.length; i++) {
            scratch[i] = new AttentionGradientScratch(largest);
        }
    }

    private static List<List<Piece>> jobs(AttentionLayout layout) {
        List<List<Piece>> jobs = new ArrayList<>();
        for (int head = 0; head < layout.heads(); head++) {
            List<Piece> pieces = pieces(layout, head);
            if (layout.prefix() > 0) {
                jobs.add(pieces);
            } else {
                pieces.forEach(piece -> jobs.add(List.of(piece)));
            }
        }
        return jobs;
    }

    private static List<Piece> pieces(AttentionLayout layout, int head) {
        List<Piece> pieces = new ArrayList<>();
        // The prefix's own block writes its key gradients plainly; without it the first piece does.
        boolean first = true;
        for (Block block : layout.blocks()) {
            int step = AttentionOperands.sequencesPerPiece(block);
            for (int from = 0; from < block.sequences(); from += step) {
                int to = Math.min(block.sequences(), from + step);
                pieces.add(new Piece(block, head, from, to, first));
                first = false;
            }
        }
        return pieces;
    }

    @Override
    public void run() {
        workers.each(
                jobs.size(),
                (part, job) -> {
                    for (Piece piece : jobs.get(job)) {
                        differentiate(piece, scratch[part]);
                    }
                });
    }

    @Override
    public void close() {
        for (AttentionGradientScratch s : scratch) {
            s.close();
        }
    }

    private void differentiate(Piece piece, AttentionGradientScratch s) {
        probabilityGradient(piece, s);
        long start = AttentionOperands.probability(piece.block, piece.head, piece.from, 0);
        int keys = piece.block.keys();
        s.softmaxGradient(probabilities, start, piece.queries(), keys, forward.scale());
        if (piece.block.sharedKeys() > 0) {
            sharedGradients(piece, s);
        }
        for (int i = piece.from; i < piece.to; i++) {
            ownGradients(piece, i, s);
        }
    }

    /** ds = dout · vᵀ, for the prefix's values and each sequence's own. */
    private void probabilityGradient(Piece piece, AttentionGradientScratch s) {
        Block block = piece.block;
        int width = forward.headWidth();
        int column = piece.head * width;
        int ldo = dOut.cols();
        int ldv = forward.ldk();
        int keys = block.keys();
        int each = block.queriesEach();
        if (block.sharedKeys() > 0) {
            s.a.at(dOut, piece.firstQuery(), column);
            forward.v(s.b, 0, piece.head);
            s.c.at(s.ds, 0, 0);
            Gemm.nt(piece.queries(), block.sharedKeys(), width, s.a, ldo, s.b, ldv, 0f, s.c, keys);
        }
        for (int i = piece.from; i < piece.to; i++) {
            s.a.at(dOut, block.firstQuery() + i * each, column);
            forward.v(s.b, block.firstRow() + i * block.length(), piece.head);
            s.c.at(s.ds, 0, score(piece, i, block.sharedKeys()));
            Gemm.nt(each, block.length(), width, s.a, ldo, s.b, ldv, 0f, s.c, keys);
        }
    }

    private void sharedGradients(Piece piece, AttentionGradientScratch s) {
        Block block = piece.block;
        int width = forward.headWidth();
        int keys = block.keys();
        int shared = block.sharedKeys();
        int queries = piece.queries();
        float beta = piece.first ? 0f : 1f;
        // dq = ds · k
        s.a.at(s.ds, 0, 0);
        forward.k(s.b, 0, piece.head);
        gradient.q(s.c, piece.firstQuery(), piece.head);
        Gemm.nn(queries, width, shared, s.a, keys, s.b, forward.ldk(), 0f, s.c, gradient.ldq());
        // dk += dsᵀ · q
        forward.q(s.b, piece.firstQuery(), piece.head);
        gradient.k(s.c, 0, piece.head);
        Gemm.tn(shared, width, queries, s.a, keys, s.b, forward.ldq(), beta, s.c, gradient.ldk());
        // dv += pᵀ · dout
        long start = AttentionOperands.probability(block, piece.head, piece.from, 0);
        s.a.at(probabilities, 0, start);
        s.b.at(dOut, piece.firstQuery(), (long) piece.head * width);
        gradient.v(s.c, 0, piece.head);
        Gemm.tn(shared, width, queries, s.a, keys, s.b, dOut.cols(), beta, s.c, gradient.ldk());
    }

    private void ownGradients(Piece piece, int sequence, AttentionGradientScratch s) {
        Block block = piece.block;
        int width = forward.headWidth();
        int keys = block.keys();
        int each = block.queriesEach();
        int length = block.length();
        int row = block.firstRow() + sequence * length;
        int query = block.firstQuery() + sequence * each;
        float beta = block.sharedKeys() > 0 ? 1f : 0f;
        // dq += ds · k
        s.a.at(s.ds, 0, score(piece, sequence, block.sharedKeys()));
        forward.k(s.b, row, piece.head);
        gradient.q(s.c, query, piece.head);
        Gemm.nn(each, width, length, s.a, keys, s.b, forward.ldk(), beta, s.c, gradient.ldq());
        // dk = dsᵀ · q
        forward.q(s.b, query, piece.head);
        gradient.k(s.c, row, piece.head);
        Gemm.tn(length, width, each, s.a, keys, s.b, forward.ldq(), 0f, s.c, gradient.ldk());
        // dv = pᵀ · dout
        long start = AttentionOperands.probability(block, piece.head, sequence, block.sharedKeys());
        s.a.at(probabilities, 0, start);
        s.b.at(dOut, query, (long) piece.head * width);
        gradient.v(s.c, row, piece.head);
        Gemm.tn(length, width, each, s.a, keys, s.b, dOut.cols(), 0f, s.c, gradient.ldk());
    }

    /** Where the score gradients of a sequence begin in the piece's scratch. */
    private static long score(Piece piece, int sequence, int key) {
        Block block = piece.block;
        return (long) (sequence - piece.from) * block.queriesEach() * block.keys() + key;
    }
}
