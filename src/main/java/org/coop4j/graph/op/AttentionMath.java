package org.coop4j.graph.op;

import org.coop4j.graph.op.AttentionLayout.Block;
import org.nd4j.linalg.api.ndarray.INDArray;
import org.nd4j.linalg.factory.Nd4j;
import org.nd4j.linalg.ops.transforms.Transforms;

/**
 * Attention in ND4J calls, a batched product for each block of the layout.
 *
 * <p>Letters: S sequences, H heads, L query rows of a sequence, K keys, D head width, P prefix.
 */
public final class AttentionMath {

    private final AttentionLayout layout;
    private final INDArray q;
    private final INDArray k;
    private final INDArray v;
    private final int heads;
    private final long headWidth;
    private final double scale;

    /** Views of the columns of the queries, keys and values. */
    private AttentionMath(AttentionLayout layout, INDArray[] qkv) {
        this.layout = layout;
        this.heads = layout.heads();
        boolean packed = qkv.length == 1;
        long width = packed ? qkv[0].size(1) / 3 : qkv[0].size(1);
        this.q = packed ? columns(qkv[0], 0, width) : qkv[0];
        INDArray keysAndValues = packed ? columns(qkv[0], width, 3 * width) : qkv[1];
        this.k = columns(keysAndValues, 0, width);
        this.v = columns(keysAndValues, width, 2 * width);
        this.headWidth = width / heads;
        this.scale = 1 / Math.sqrt((double) headWidth);
    }

    /**
     * Attention itself.
     *
     * @param qkv the inputs of {@link Attention}
     * @param out [queries, width]
     * @param probabilities flat, as {@link Attention} has them
     */
    public static void forward(
            AttentionLayout layout, INDArray[] qkv, INDArray out, INDArray probabilities) {
        AttentionMath math = new AttentionMath(layout, qkv);
        for (Block block : layout.blocks()) {
            INDArray p = math.probabilities(block); // [S, H, L, K]
            INDArray o = Nd4j.matmul(p, math.keysOf(math.v, block)); // [S, H, L, D]
            rows(out, block.firstQuery(), block.queryRows()).assign(math.merge(o));
            slot(probabilities, block, math.heads).assign(p.permute(1, 0, 2, 3));
        }
    }

    /**
     * The gradients of the inputs.
     *
     * @param in gradient of the output, probabilities, then the inputs of {@link Attention}
     * @param out gradients of those inputs
     */
    public static void backward(AttentionLayout layout, INDArray[] in, INDArray[] out) {
        INDArray[] qkv = java.util.Arrays.copyOfRange(in, 2, in.length);
        AttentionMath math = new AttentionMath(layout, qkv);
        for (INDArray gradient : out) {
            gradient.assign(0);
        }
        AttentionMath gradients = new AttentionMath(layout, out);
        for (Block block : layout.blocks()) {
            INDArray p = slot(in[1], block, math.heads).permute(1, 0, 2, 3).dup(); // [S, H, L, K]
            INDArray dOut = math.queriesOf(in[0], block); // [S, H, L, D]
            INDArray dp = Nd4j.matmul(dOut, math.keysOf(math.v, block), false, true, false);
            INDArray inner = dp.mul(p).sum(true, 3); // [S, H, L, 1]
            INDArray ds = dp.sub(inner.broadcast(dp.shape())).muli(p).muli(math.scale);
            INDArray dq = Nd4j.matmul(ds, math.keysOf(math.k, block));
            INDArray dk = Nd4j.matmul(ds, math.queriesOf(math.q, block), true, false, false);
            INDArray dv = Nd4j.matmul(p, dOut, true, false, false);
            rows(gradients.q, block.firstQuery(), block.queryRows()).addi(math.merge(dq));
            math.addKeyGradient(gradients.k, block, dk);
            math.addKeyGradient(gradients.v, block, dv);
        }
    }

    private INDArray probabilities(Block block) {
        INDArray queries = queriesOf(q, block); // [S, H, L, D]
        INDArray scores = Nd4j.matmul(queries, keysOf(k, block), false, true, false).muli(scale);
        INDArray mask = Nd4j.create(scores.dataType(), block.queriesEach(), block.keys());
        for (int i = 0; i < block.queriesEach(); i++) {
            for (int j = layout.visibleKeys(block, i); j < block.keys(); j++) {
                mask.putScalar(i, j, Float.NEGATIVE_INFINITY);
            }
        }
        INDArray masked =
                scores.add(
                        mask.reshape(1, 1, block.queriesEach(), block.keys())
                                .broadcast(scores.shape()));
        return Transforms.softmax(masked.reshape('c', -1, block.keys()), false)
                .reshape('c', scores.shape());
    }

    /** Query rows of a block as [S, H, L, D]. */
    private INDArray queriesOf(INDArray matrix, Block block) {
        return split(
                rows(matrix, block.firstQuery(), block.queryRows()),
                block.sequences(),
                block.queriesEach());
    }

    /** Keys or values that each sequence sees, the prefix's first: [S, H, K, D]. */
    private INDArray keysOf(INDArray matrix, Block block) {
        INDArray own =
                split(
                        rows(matrix, block.firstRow(), block.rows()),
                        block.sequences(),
                        block.length());
        if (block.sharedKeys() == 0) {
            return own;
        }
        INDArray shared = split(rows(matrix, 0, block.sharedKeys()), 1, block.sharedKeys());
        return Nd4j.concat(
                2,
                Nd4j.repeat(shared, block.sequences())
                        .reshape(block.sequences(), heads, block.sharedKeys(), headWidth),
                own);
    }

    private void addKeyGradient(INDArray gradient, Block block, INDArray d) {
        INDArray own = keyRange(d, block.sharedKeys(), block.length());
        rows(gradient, block.firstRow(), block.rows()).addi(merge(own));
        if (block.sharedKeys() > 0) {
            INDArray shared = keyRange(d, 0, block.sharedKeys()).sum(true, 0);
            rows(gradient, 0, block.sharedKeys()).addi(merge(shared));
        }
    }

    /** Keys {@code first} to {@code first + count} of d [S, H, K, D]. */
    private static INDArray keyRange(INDArray d, long first, long count) {
        long[] shape = {d.size(0), d.size(1), count, d.size(3)};
        return Nd4j.create(
                        d.data(), shape, d.stride(), d.offset() + first * d.stride(2), d.ordering())
                .dup('c');
    }

    /** [S · L, H · D] → [S, H, L, D]. */
    private INDArray split(INDArray matrix, int sequences, int length) {
        return matrix.dup('c')
                .reshape('c', sequences, length, heads, headWidth)
                .permute(0, 2, 1, 3)
                .dup('c');
    }

    /** [S, H, L, D] → [S · L, H · D]. */
    private INDArray merge(INDArray perHead) {
        long rows = perHead.size(0) * perHead.size(2);
        return perHead.permute(0, 2, 1, 3).dup('c').reshape('c', rows, heads * headWidth);
    }

    /** The block's place in the flat probabilities, as [H, S, L, K]. */
    private static INDArray slot(INDArray probabilities, Block block, int heads) {
        long[] shape = {heads, block.sequences(), block.queriesEach(), block.keys()};
        long[] strides = {
            block.probabilitiesPerHead(), (long) block.queriesEach() * block.keys(), block.keys(), 1
        };
        long offset = probabilities.offset() + block.firstProbability();
        return Nd4j.create(probabilities.data(), shape, strides, offset, 'c');
    }

    // Views are made by hand: NDArrayIndex gives wrong shapes for ranges of one row.

    private static INDArray rows(INDArray matrix, long first, long count) {
        return view(matrix, first, count, 0, matrix.size(1));
    }

    private static INDArray columns(INDArray matrix, long from, long to) {
        return view(matrix, 0, matrix.size(0), from, to - from);
    }

    private static INDArray view(INDArray matrix, long row, long rows, long column, long columns) {
        long offset = matrix.offset() + row * matrix.stride(0) + column * matrix.stride(1);
        return Nd4j.create(
                matrix.data(),
                new long[] {rows, columns},
                matrix.stride(),
                offset,
                matrix.ordering());
    }
}
