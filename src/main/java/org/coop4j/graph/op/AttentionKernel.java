package org.coop4j.graph.op;

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
 * Attention and its gradient on native memory without copying a head out of the packed rows.
 *
 * <p>A head is a band of columns, which BLAS reads with the row distance of the whole matrix. The queries of many
 * sequences meet the prefix in one product; each sequence meets its own keys in a small one. Work is cut into pieces of
 * a head and some sequences; each writes its own place, so the result does not depend on who does which piece. In the
 * gradient every sequence adds to the keys and values of the prefix, so with a prefix the pieces of a head are done in
 * order by one worker.
 */
public final class AttentionKernel implements HostKernel {

    /** Query rows of a piece: enough for BLAS to be fast, few enough to spread over the cores. */
    private static final int ROWS_PER_PIECE = 256;

    private final AttentionLayout layout;
    private final Operands forward;
    private final Operands gradient; // null in the forward direction
    private final HostMatrix out; // or its gradient
    private final HostMatrix probabilities;
    private final Workers workers;
    private final List<List<Piece>> jobs = new ArrayList<>();
    private final AttentionScratch[] scratch;
    private final BiConsumer<Piece, AttentionScratch> work;

    /**
     * Queries, keys and values (or their gradients) where they lie: three bands of one matrix, or one matrix and two
     * bands of another.
     */
    public record Operands(HostMatrix queries, HostMatrix keysAndValues, int keyColumn, int width, int headWidth) {

        /**
         * Of an op's inputs.
         *
         * @param qkv qkv [rows, 3 · width], or q [queries, width] and kv [rows, 2 · width]
         */
        public static Operands of(int heads, HostMatrix... qkv) {
            boolean packed = qkv.length == 1;
            int width = packed ? qkv[0].cols() / 3 : qkv[0].cols();
            return new Operands(qkv[0], qkv[qkv.length - 1], packed ? width : 0, width, width / heads);
        }

        /** The factor of the scores, 1 / √(width of a head). */
        public float scale() {
            return (float) (1 / Math.sqrt(headWidth));
        }

        /** Distance between the rows of queries. */
        public int ldq() {
            return queries.cols();
        }

        /** Distance between the rows of keys, and of values. */
        public int ldk() {
            return keysAndValues.cols();
        }

        /** Points at the query of a row. */
        public void q(Cursor cursor, int row, int head) {
            cursor.at(queries, row, (long) head * headWidth);
        }

        /** Points at the key of a row. */
        public void k(Cursor cursor, int row, int head) {
            cursor.at(keysAndValues, row, keyColumn + (long) head * headWidth);
        }

        /** Points at the value of a row. */
        public void v(Cursor cursor, int row, int head) {
            cursor.at(keysAndValues, row, keyColumn + width + (long) head * headWidth);
        }
    }

    /**
     * Sequences {@code from} to {@code to} of a block, for one head.
     *
     * @param first true if this piece is the first to write the prefix's gradient
     */
    private record Piece(Block block, int head, int from, int to, boolean first) {

        int queries() {
            return (to - from) * block.queriesEach();
        }

        /** Query row of a sequence's first query. */
        int query(int sequence) {
            return block.firstQuery() + sequence * block.queriesEach();
        }

        /** Packed row of a sequence's first key. */
        int row(int sequence) {
            return block.firstRow() + sequence * block.length();
        }

        /** Where the probabilities of the first query of a sequence begin, from {@code key} on. */
        long probability(int sequence, int key) {
            return block.firstProbability()
                    + head * block.probabilitiesPerHead()
                    + (long) sequence * block.queriesEach() * block.keys()
                    + key;
        }

        /** Where the score gradients of a sequence begin in the piece's scratch. */
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
        this.out = out;
        this.probabilities = probabilities;
        this.workers = workers;
        int largest = 0;
        for (Block block : layout.blocks()) {
            largest = Math.max(largest, sequencesPerPiece(block) * block.queriesEach() * block.keys());
        }
        int size = largest;
        scratch = new AttentionScratch[workers.count()];
        Arrays.setAll(scratch, i -> backward ? AttentionScratch.backward(size) : AttentionScratch.forward(size));
        for (int head = 0; head < layout.heads(); head++) {
            List<Piece> pieces = pieces(head);
            if (backward && layout.prefix() > 0) {
                jobs.add(pieces);
            } else {
                pieces.forEach(piece -> jobs.add(List.of(piece)));
            }
        }
        work = backward ? this::differentiate : this::attend;
    }

    /** out and the probabilities from qkv. */
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

    private static int sequencesPerPiece(Block block) {
        return Math.max(1, ROWS_PER_PIECE / block.queriesEach());
    }

    private List<Piece> pieces(int head) {
        List<Piece> pieces = new ArrayList<>();
        for (Block block : layout.blocks()) {
            int step = sequencesPerPiece(block);
            for (int from = 0; from < block.sequences(); from += step) {
                int to = Math.min(block.sequences(), from + step);
                // The prefix's own block writes its key gradients plainly; without it the first piece does.
                pieces.add(new Piece(block, head, from, to, pieces.isEmpty()));
            }
        }
        return pieces;
    }

    @Override
    public void run() {
        workers.each(jobs.size(), (part, job) -> {
            for (Piece piece : jobs.get(job)) {
                work.accept(piece, scratch[part]);
            }
        });
    }

    @Override
    public void close() {
        for (AttentionScratch s : scratch) {
            s.close();
        }
    }

    private void attend(Piece piece, AttentionScratch s) {
        scores(piece, s);
        Block block = piece.block;
        int each = block.queriesEach();
        s.softmax(
                probabilities,
                piece.probability(piece.from, 0),
                piece.queries(),
                block.keys(),
                query -> layout.visibleKeys(block, query % each),
                forward.scale());
        mixValues(piece, s);
    }

    /** scores[queries, keys] = q · kᵀ, not yet scaled. */
    private void scores(Piece piece, AttentionScratch s) {
        Block block = piece.block;
        int width = forward.headWidth();
        int ldq = forward.ldq();
        int ldk = forward.ldk();
        int keys = block.keys();
        if (block.sharedKeys() > 0) {
            forward.q(s.a, piece.query(piece.from), piece.head);
            forward.k(s.b, 0, piece.head);
            s.c.at(probabilities, 0, piece.probability(piece.from, 0));
            Gemm.nt(piece.queries(), block.sharedKeys(), width, s.a, ldq, s.b, ldk, 0f, s.c, keys);
        }
        for (int i = piece.from; i < piece.to; i++) {
            forward.q(s.a, piece.query(i), piece.head);
            forward.k(s.b, piece.row(i), piece.head);
            s.c.at(probabilities, 0, piece.probability(i, block.sharedKeys()));
            Gemm.nt(block.queriesEach(), block.length(), width, s.a, ldq, s.b, ldk, 0f, s.c, keys);
        }
    }

    /** out[queries, head] = probabilities · v. */
    private void mixValues(Piece piece, AttentionScratch s) {
        Block block = piece.block;
        int width = forward.headWidth();
        int ldk = forward.ldk();
        int ldc = out.cols();
        int keys = block.keys();
        int column = piece.head * width;
        int shared = block.sharedKeys();
        if (shared > 0) {
            s.a.at(probabilities, 0, piece.probability(piece.from, 0));
            forward.v(s.b, 0, piece.head);
            s.c.at(out, piece.query(piece.from), column);
            Gemm.nn(piece.queries(), width, shared, s.a, keys, s.b, ldk, 0f, s.c, ldc);
        }
        float beta = shared > 0 ? 1f : 0f;
        for (int i = piece.from; i < piece.to; i++) {
            s.a.at(probabilities, 0, piece.probability(i, shared));
            forward.v(s.b, piece.row(i), piece.head);
            s.c.at(out, piece.query(i), column);
            Gemm.nn(block.queriesEach(), width, block.length(), s.a, keys, s.b, ldk, beta, s.c, ldc);
        }
    }

    private void differentiate(Piece piece, AttentionScratch s) {
        probabilityGradient(piece, s);
        Block block = piece.block;
        int shared = block.sharedKeys();
        long start = piece.probability(piece.from, 0);
        s.softmaxGradient(probabilities, start, piece.queries(), block.keys(), forward.scale());
        if (shared > 0) {
            keyGradients(piece, piece.from, piece.queries(), 0, 0, shared, 0f, piece.first ? 0f : 1f, s);
        }
        float beta = shared > 0 ? 1f : 0f;
        for (int i = piece.from; i < piece.to; i++) {
            keyGradients(piece, i, block.queriesEach(), shared, piece.row(i), block.length(), beta, 0f, s);
        }
    }

    /** ds = dout · vᵀ, for the prefix's values and each sequence's own. */
    private void probabilityGradient(Piece piece, AttentionScratch s) {
        Block block = piece.block;
        int width = forward.headWidth();
        int column = piece.head * width;
        int ldo = out.cols();
        int ldv = forward.ldk();
        int keys = block.keys();
        if (block.sharedKeys() > 0) {
            s.a.at(out, piece.query(piece.from), column);
            forward.v(s.b, 0, piece.head);
            s.c.at(s.ds, 0, 0);
            Gemm.nt(piece.queries(), block.sharedKeys(), width, s.a, ldo, s.b, ldv, 0f, s.c, keys);
        }
        for (int i = piece.from; i < piece.to; i++) {
            s.a.at(out, piece.query(i), column);
            forward.v(s.b, piece.row(i), piece.head);
            s.c.at(s.ds, 0, piece.score(i, block.sharedKeys()));
            Gemm.nt(block.queriesEach(), block.length(), width, s.a, ldo, s.b, ldv, 0f, s.c, keys);
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
            Piece piece,
            int sequence,
            int queries,
            int key,
            int row,
            int count,
            float betaQ,
            float betaK,
            AttentionScratch s) {
        int width = forward.headWidth();
        int keys = piece.block.keys();
        int query = piece.query(sequence);
        // dq = ds · k
        s.a.at(s.ds, 0, piece.score(sequence, key));
        forward.k(s.b, row, piece.head);
        gradient.q(s.c, query, piece.head);
        Gemm.nn(queries, width, count, s.a, keys, s.b, forward.ldk(), betaQ, s.c, gradient.ldq());
        // dk = dsᵀ · q
        forward.q(s.b, query, piece.head);
        gradient.k(s.c, row, piece.head);
        Gemm.tn(count, width, queries, s.a, keys, s.b, forward.ldq(), betaK, s.c, gradient.ldk());
        // dv = pᵀ · dout
        s.a.at(probabilities, 0, piece.probability(sequence, key));
        s.b.at(out, query, (long) piece.head * width);
        gradient.v(s.c, row, piece.head);
        Gemm.tn(count, width, queries, s.a, keys, s.b, out.cols(), betaK, s.c, gradient.ldk());
    }
}
