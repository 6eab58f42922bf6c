package org.coop4j.graph;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import org.coop4j.graph.AttentionLayout.Block;
import org.nd4j.linalg.api.ndarray.INDArray;
import org.nd4j.linalg.api.ops.impl.transforms.custom.SoftMax;
import org.nd4j.linalg.factory.Nd4j;

/**
 * Attention in ND4J calls, a batched product for each block of the layout.
 *
 * <p>Letters: S sequences, H heads, L query rows of a sequence, K keys, D head width. Heads are views of the packed
 * rows, so that splitting and merging them copies nothing. Views are made by hand: NDArrayIndex gives wrong shapes for
 * ranges of one row.
 */
public final class AttentionMath {

    private final AttentionLayout layout;
    private final List<INDArray> masks = new ArrayList<>(); // of each block; null for none

    /** Makes the masks for all forward calls. */
    public AttentionMath(AttentionLayout layout) {
        this.layout = layout;
        layout.blocks().forEach(block -> masks.add(mask(block)));
    }

    /** Returns the mask added to the scores, [1, 1, L, K]: −∞ where a query does not see a key; null for none. */
    private INDArray mask(Block block) {
        float[] hidden = new float[block.queriesEach() * block.keys()];
        boolean any = false;
        for (int i = 0; i < block.queriesEach(); i++) {
            for (int j = layout.visibleKeys(block, i); j < block.keys(); j++) {
                hidden[i * block.keys() + j] = Float.NEGATIVE_INFINITY;
                any = true;
            }
        }
        return any ? Nd4j.createFromArray(hidden).reshape('c', 1, 1, block.queriesEach(), block.keys()) : null;
    }

    /**
     * Attention itself.
     *
     * @param qkv the inputs of {@link Attention}
     * @param out [queries, width]
     * @param probabilities flat, as in {@link Attention}
     */
    public void forward(INDArray[] qkv, INDArray out, INDArray probabilities) {
        Operands operands = new Operands(layout, qkv);
        List<Block> blocks = layout.blocks();
        for (int b = 0; b < blocks.size(); b++) {
            Block block = blocks.get(b);
            INDArray kv = operands.keysAndValues(block); // [S, 2 H, K, D]
            INDArray q = operands.queries(operands.q, block); // [S, H, L, D]
            INDArray scores =
                    Nd4j.matmul(q, operands.half(kv, 0), false, true, false).muli(operands.scale); // [S, H, L, K]
            if (masks.get(b) != null) {
                scores.addi(masks.get(b).castTo(scores.dataType()));
            }
            INDArray p = slot(layout.heads(), probabilities, block); // [S, H, L, K]
            Nd4j.exec(new SoftMax(scores, p, -1));
            INDArray o = Nd4j.matmul(p, operands.half(kv, 1)); // [S, H, L, D]
            operands.queries(out, block).assign(o);
        }
    }

    /**
     * The gradients of the inputs.
     *
     * @param in gradient of the output, probabilities, then the inputs of {@link Attention}
     * @param out gradients of those inputs
     */
    public static void backward(AttentionLayout layout, INDArray[] in, INDArray[] out) {
        Operands operands = new Operands(layout, Arrays.copyOfRange(in, 2, in.length));
        Operands gradients = new Operands(layout, out);
        for (INDArray gradient : out) {
            gradient.assign(0);
        }
        for (Block block : layout.blocks()) {
            INDArray p = slot(layout.heads(), in[1], block); // [S, H, L, K]
            INDArray kv = operands.keysAndValues(block); // [S, 2 H, K, D]
            INDArray dOut = operands.queries(in[0], block); // [S, H, L, D]
            INDArray ds = Nd4j.matmul(dOut, operands.half(kv, 1), false, true, false);
            ds.subi(ds.mul(p).sum(true, 3)).muli(p).muli(operands.scale);
            gradients.queries(gradients.q, block).addi(Nd4j.matmul(ds, operands.half(kv, 0)));
            INDArray queries = operands.queries(operands.q, block);
            gradients.addToKeys(block, 0, Nd4j.matmul(ds, queries, true, false, false));
            gradients.addToKeys(block, 1, Nd4j.matmul(p, dOut, true, false, false));
        }
    }

    /** Returns the block's place in the flat probabilities, as [S, H, L, K]. */
    private static INDArray slot(int heads, INDArray probabilities, Block block) {
        long each = (long) block.queriesEach() * block.keys();
        long[] shape = {block.sequences(), heads, block.queriesEach(), block.keys()};
        return GraphOp.view(
                probabilities, block.firstProbability(), shape, each, block.probabilitiesPerHead(), block.keys(), 1);
    }

    /** Queries, keys and values (or their gradients), packed in one matrix or in two. */
    private static final class Operands {
        final INDArray q;
        final double scale;
        private final INDArray kv;
        private final int heads;
        private final long headWidth;
        private final long keyColumn;

        Operands(AttentionLayout layout, INDArray[] qkv) {
            boolean packed = qkv.length == 1;
            long width = packed ? qkv[0].size(1) / 3 : qkv[0].size(1);
            q = qkv[0];
            kv = packed ? qkv[0] : qkv[1];
            keyColumn = packed ? width : 0;
            heads = layout.heads();
            headWidth = width / heads;
            scale = 1 / Math.sqrt((double) headWidth);
        }

        /** Returns the query rows of a block, [S, H, L, D]. */
        INDArray queries(INDArray matrix, Block block) {
            return view(matrix, block.firstQuery(), 0, block.sequences(), heads, block.queriesEach());
        }

        /** Returns rows from {@code row} on as [S, heads, length, D]. */
        private INDArray view(INDArray matrix, long row, long column, long sequences, long heads, long length) {
            long rowStride = matrix.stride(0);
            long columnStride = matrix.stride(1);
            return GraphOp.view(
                    matrix,
                    row * rowStride + column * columnStride,
                    new long[] {sequences, heads, length, headWidth},
                    length * rowStride,
                    headWidth * columnStride,
                    rowStride,
                    columnStride);
        }

        /** Returns the keys, then the values that each sequence sees, the prefix's first: [S, 2 H, K, D]. */
        INDArray keysAndValues(Block block) {
            INDArray own = view(kv, block.firstRow(), keyColumn, block.sequences(), 2L * heads, block.length());
            if (block.sharedKeys() == 0) {
                return own;
            }
            INDArray shared = view(kv, 0, keyColumn, 1, 2L * heads, block.sharedKeys());
            INDArray repeated = shared.broadcast(block.sequences(), 2L * heads, block.sharedKeys(), headWidth);
            return Nd4j.concat(2, repeated, own);
        }

        /** Returns the keys (0) or the values (1) of both: [S, H, K, D]. */
        INDArray half(INDArray both, int which) {
            long[] shape = {both.size(0), heads, both.size(2), both.size(3)};
            return GraphOp.view(both, (long) which * heads * both.stride(1), shape, both.stride());
        }

        /** Adds a gradient [S, H, K, D] to the keys (0) or the values (1) of a block. */
        void addToKeys(Block block, int which, INDArray d) {
            long column = keyColumn + (long) which * heads * headWidth;
            view(kv, block.firstRow(), column, block.sequences(), heads, block.length())
                    .addi(keyRange(d, block.sharedKeys(), block.length()));
            if (block.sharedKeys() > 0) {
                view(kv, 0, column, 1, heads, block.sharedKeys())
                        .addi(keyRange(d, 0, block.sharedKeys()).sum(true, 0));
            }
        }

        /** Returns keys {@code first} to {@code first + count} of d [S, H, K, D]. */
        private static INDArray keyRange(INDArray d, long first, long count) {
            long[] shape = {d.size(0), d.size(1), count, d.size(3)};
            return GraphOp.view(d, first * d.stride(2), shape, d.stride());
        }
    }
}
