package org.coop4j.graph;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.stream.IntStream;
import org.coop4j.base.Require;
import org.coop4j.graph.AttentionLayout.Block;
import org.coop4j.graph.AttentionLayout.Queries;
import org.coop4j.graph.host.HostKernel;
import org.coop4j.graph.host.HostMatrix;
import org.coop4j.graph.host.Precision;
import org.coop4j.graph.host.Workers;
import org.nd4j.autodiff.samediff.SDVariable;
import org.nd4j.autodiff.samediff.SameDiff;

/**
 * Multi-head scaled dot-product attention over packed rows, between the input and the output projection of {@code
 * nn.MultiheadAttention}.
 *
 * <p>Inputs: qkv [rows, 3 · width] if every row is a query, or q [queries, width] and kv [rows, 2 · width] if one row
 * of each sequence is. Outputs: [queries, width], and the attention probabilities, which the gradient reads, flat: for
 * each block of the layout [heads, query rows, keys], rounded as the products' factors are. Each head is 1/heads of the width; scores are divided by √(width
 * / heads).
 */
final class Attention extends GraphOp {

    private final Precision precision;
    private final AttentionLayout layout;

    /** True if a gradient reads the probabilities. */
    private boolean differentiated;

    /**
     * @param precision of the products around it
     */
    Attention(Precision precision, AttentionLayout layout) {
        this.precision = precision;
        this.layout = layout;
    }

    @Override
    public int getNumOutputs() {
        return 2;
    }

    @Override
    public List<long[]> outputShapes(List<long[]> in) {
        Require.that(
                (layout.queries() == Queries.ALL) == (in.size() == 1),
                "expected packed qkv for queries ALL, and q and kv for FIRST or LAST, got %s",
                layout.queries());
        long[] rows = in.get(in.size() - 1);
        Require.that(rows[0] == layout.rows(), "attention: expected %s rows, got %s", layout.rows(), rows[0]);
        return List.of(new long[] {layout.queryRows(), width(in)}, new long[] {kept(width(in))});
    }

    /** Returns the length of the second output in numbers of float32; 1 if the kernel writes none. */
    private long kept(long width) {
        if (!isOfHeads(width)) {
            return layout.probabilities();
        }
        long numbers = differentiated ? layout.probabilities() : 1;
        return isRounded() ? (numbers + 1) / 2 : numbers;
    }

    private static long width(List<long[]> in) {
        return in.size() == 1 ? in.get(0)[1] / 3 : in.get(0)[1];
    }

    /** Letters: S sequences, H heads, L query rows of a sequence, K keys, D head width. */
    @Override
    protected SDVariable expression(Graph graph, SDVariable... in) {
        SameDiff sd = in[0].getSameDiff();
        long width = graph.shape(in[0])[1] / (in.length == 1 ? 3 : 1);
        long headWidth = width / layout.heads();
        SDVariable[] kv = parts(in[in.length - 1], in.length == 1 ? 3 : 2, headWidth); // [rows, H, D] each
        SDVariable[] q = in.length == 1 ? kv : parts(in[0], 1, headWidth);
        List<SDVariable> results = new ArrayList<>();
        for (Block block : layout.blocks()) {
            int[] queries = IntStream.range(0, block.queryRows())
                    .map(i -> block.firstQuery() + i)
                    .toArray();
            int[] keys = IntStream.range(0, block.sequences() * block.keys())
                    .map(i -> block.key(i / block.keys(), i % block.keys()))
                    .toArray();
            SDVariable k = heads(kv[kv.length - 2], keys, block.sequences(), headWidth); // [S, H, K, D]
            SDVariable v = heads(kv[kv.length - 1], keys, block.sequences(), headWidth);
            SDVariable scores = sd.mmul(heads(q[0], queries, block.sequences(), headWidth), k, false, true, false)
                    .mul(1 / Math.sqrt((double) headWidth)); // [S, H, L, K]
            if (layout.causal()) {
                scores = scores.add(constant(scores, mask(block), 1, 1, block.queriesEach(), block.keys()));
            }
            SDVariable y = sd.nn().softmax(scores).mmul(v); // [S, H, L, D]
            results.add(y.permute(0, 2, 1, 3).reshape(-1, width)); // [S L, width]
        }
        return results.size() == 1 ? results.get(0) : sd.concat(0, results.toArray(SDVariable[]::new));
    }

    private SDVariable[] parts(SDVariable packed, int parts, long headWidth) {
        return packed.getSameDiff().unstack(packed.reshape(-1, parts, layout.heads(), headWidth), 1, parts);
    }

    /** Returns rows of x [rows, H, D] by sequence and head, [S, H, length, D]. */
    private SDVariable heads(SDVariable x, int[] rows, int sequences, long headWidth) {
        return GatherRows.rows(x, rows)
                .reshape(sequences, -1, layout.heads(), headWidth)
                .permute(0, 2, 1, 3);
    }

    /** Returns what is added to the scores of a sequence, [L, K]: −∞ where a query does not see a key. */
    private double[] mask(Block block) {
        double[] hidden = new double[block.queriesEach() * block.keys()];
        for (int i = 0; i < hidden.length; i++) {
            boolean visible = i % block.keys() < layout.visibleKeys(block, i / block.keys());
            hidden[i] = visible ? 0 : Double.NEGATIVE_INFINITY;
        }
        return hidden;
    }

    @Override
    public HostKernel hostKernel(HostMatrix[] in, HostMatrix[] out, Workers workers) {
        return isOfHeads(out[0].cols())
                ? HeadAttention.forward(precision, layout, in[0], out[0], differentiated ? out[1] : null, workers)
                : new AttentionKernel(layout, in, null, out[0], out[1], workers);
    }

    private boolean isOfHeads(long width) {
        return layout.isUniform() && precision.isByOneDnn(width);
    }

    private boolean isRounded() {
        return precision == Precision.BFLOAT16 && layout.isUniform();
    }

    @Override
    public boolean mayReadRounded(int input) {
        return isRounded();
    }

    @Override
    public boolean mayWriteRounded(boolean fromRounded) {
        return isRounded();
    }

    @Override
    public long flops(List<long[]> in) {
        return layout.flops(width(in));
    }

    /** dqkv, or dq and dkv, from the gradient of the output and the stored probabilities. */
    @Override
    public List<SDVariable> doDiff(List<SDVariable> gradients) {
        differentiated = true;
        Backward backward = new Backward(this, 2, args().length, this::gradient) {
            @Override
            public boolean mayReadRounded(int input) {
                return isRounded() && input != 1;
            }

            @Override
            public boolean mayWriteRounded(boolean fromRounded) {
                return isRounded();
            }

            @Override
            public long flops(List<long[]> in) {
                return 2 * layout.flops(in.get(0)[1]);
            }
        };
        return List.of(backward.outputsOf(beforeInputs(gradients.get(0), outputVariables()[1])));
    }

    private HostKernel gradient(HostMatrix[] in, HostMatrix[] out, Workers workers) {
        HostMatrix[] qkv = Arrays.copyOfRange(in, 2, in.length);
        return isOfHeads(in[0].cols())
                ? HeadAttention.gradient(precision, layout, in[0], in[1], qkv[0], out[0], workers)
                : new AttentionKernel(layout, qkv, out, in[0], in[1], workers);
    }
}
