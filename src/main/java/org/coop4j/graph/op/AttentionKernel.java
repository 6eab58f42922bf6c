package org.coop4j.graph.op;

import java.util.ArrayList;
import java.util.List;
import org.coop4j.graph.host.Gemm;
import org.coop4j.graph.host.HostKernel;
import org.coop4j.graph.host.HostMatrix;
import org.coop4j.graph.host.Workers;
import org.coop4j.graph.op.AttentionLayout.Block;

/**
 * Attention on native memory without copying a head out of the packed rows.
 *
 * <p>A head is a band of columns, which BLAS reads with the row distance of the whole matrix. The
 * queries of many sequences meet the prefix in one product; each sequence meets its own keys in a
 * small one. Work is cut into pieces of a head and some sequences; each writes its own place, so
 * the result does not depend on who does which piece.
 */
final class AttentionKernel implements HostKernel {

    private final AttentionLayout layout;
    private final AttentionOperands operands;
    private final HostMatrix out;
    private final HostMatrix probabilities;
    private final Workers workers;
    private final List<Piece> pieces = new ArrayList<>();
    private final AttentionScratch[] scratch;

    /** Sequences {@code from} to {@code to} of a block, for one head. */
    private record Piece(Block block, int head, int from, int to) {}

    AttentionKernel(
            AttentionLayout layout,
            HostMatrix[] qkv,
            HostMatrix out,
            HostMatrix probabilities,
            Workers workers) {
        this.layout = layout;
        this.operands = AttentionOperands.of(layout, qkv);
        this.out = out;
        this.workers = workers;
        this.probabilities = probabilities;
        int largest = 0;
        for (Block block : layout.blocks()) {
            int step = AttentionOperands.sequencesPerPiece(block);
            largest = Math.max(largest, step * block.queriesEach() * block.keys());
            for (int from = 0; from < block.sequences(); from += step) {
                int to = Math.min(block.sequences(), from + step);
                for (int head = 0; head < layout.heads(); head++) {
                    pieces.add(new Piece(block, head, from, to));
                }
            }
        }
        scratch = new AttentionScratch[workers.count()];
        for (int i = 0; i < scratch.length; i++) {
            scratch[i] = new AttentionScratch(largest);
        }
    }

    @Override
    public void run() {
        workers.each(pieces.size(), (part, piece) -> attend(pieces.get(piece), scratch[part]));
    }

    private void attend(Piece piece, AttentionScratch s) {
        scores(piece, s);
        softmax(piece, s);
        mixValues(piece, s);
    }

    /** scores[queries, keys] = q · kᵀ, not yet scaled. */
    private void scores(Piece piece, AttentionScratch s) {
        Block block = piece.block;
        int width = operands.headWidth();
        int ldq = operands.ldq();
        int ldk = operands.ldk();
        int each = block.queriesEach();
        int keys = block.keys();
        int queries = (piece.to - piece.from) * each;
        int query = block.firstQuery() + piece.from * each;
        if (block.sharedKeys() > 0) {
            operands.q(s.a, query, piece.head);
            operands.k(s.b, 0, piece.head);
            s.c.at(probabilities, 0, probability(piece, piece.from, 0));
            Gemm.nt(queries, block.sharedKeys(), width, s.a, ldq, s.b, ldk, 0f, s.c, keys);
        }
        for (int i = piece.from; i < piece.to; i++) {
            operands.q(s.a, block.firstQuery() + i * each, piece.head);
            operands.k(s.b, block.firstRow() + i * block.length(), piece.head);
            s.c.at(probabilities, 0, probability(piece, i, block.sharedKeys()));
            Gemm.nt(each, block.length(), width, s.a, ldq, s.b, ldk, 0f, s.c, keys);
        }
    }

    private void softmax(Piece piece, AttentionScratch s) {
        Block block = piece.block;
        int each = block.queriesEach();
        s.softmax(
                probabilities,
                probability(piece, piece.from, 0),
                (piece.to - piece.from) * each,
                block.keys(),
                query -> layout.visibleKeys(block, query % each),
                operands.scale());
    }

    /** out[queries, head] = probabilities · v. */
    private void mixValues(Piece piece, AttentionScratch s) {
        Block block = piece.block;
        int width = operands.headWidth();
        int ldk = operands.ldk();
        int ldc = out.cols();
        int each = block.queriesEach();
        int keys = block.keys();
        int column = piece.head * width;
        int query = block.firstQuery() + piece.from * each;
        if (block.sharedKeys() > 0) {
            s.a.at(probabilities, 0, probability(piece, piece.from, 0));
            operands.v(s.b, 0, piece.head);
            s.c.at(out, query, column);
            int queries = (piece.to - piece.from) * each;
            Gemm.nn(queries, width, block.sharedKeys(), s.a, keys, s.b, ldk, 0f, s.c, ldc);
        }
        float beta = block.sharedKeys() > 0 ? 1f : 0f;
        for (int i = piece.from; i < piece.to; i++) {
            s.a.at(probabilities, 0, probability(piece, i, block.sharedKeys()));
            operands.v(s.b, block.firstRow() + i * block.length(), piece.head);
            s.c.at(out, block.firstQuery() + i * each, column);
            Gemm.nn(each, width, block.length(), s.a, keys, s.b, ldk, beta, s.c, ldc);
        }
    }

    private static long probability(Piece piece, int sequence, int key) {
        return AttentionOperands.probability(piece.block, piece.head, sequence, key);
    }
}
