package org.coop4j.pretrain.op;

import java.util.Arrays;
import java.util.List;
import java.util.stream.IntStream;
import org.coop4j.graph.Graph;
import org.coop4j.graph.GraphOp;
import org.coop4j.graph.host.HostKernel;
import org.coop4j.graph.host.HostMatrix;
import org.coop4j.graph.host.Workers;
import org.nd4j.autodiff.samediff.SDVariable;
import org.nd4j.autodiff.samediff.SameDiff;

/**
 * Causal multi-head attention over sequences whose lengths are given at each run.
 *
 * <p>Inputs: qkv [rows, 3 · width] where every row asks, or q [sequences, width] and kv [rows, 2 ·
 * width] where the last row of each sequence asks; then starts [sequences + 1], row numbers held as
 * floats: sequence s is rows starts[s] to starts[s + 1]. A row sees its own sequence up to itself.
 * Rows from starts[sequences] on belong to no sequence: their output and their gradient are zero,
 * so that one graph serves every batch that has room in it.
 *
 * <p>Outputs: [queries, width], and the attention probabilities, which the gradient reads: a
 * sequence's [heads, queries, keys] begins at heads · longest · (its first query row).
 */
public final class RaggedAttention extends GraphOp {

    private final int heads;
    private final int longest;

    /**
     * @param longest rows of the longest sequence that will ever be given
     */
    public RaggedAttention(int heads, int longest) {
        this.heads = heads;
        this.longest = longest;
    }

    @Override
    public int getNumOutputs() {
        return 2;
    }

    @Override
    public List<long[]> outputShapes(List<long[]> in) {
        boolean packed = in.size() == 2;
        long width = packed ? in.get(0)[1] / 3 : in.get(0)[1];
        long queries = in.get(0)[0];
        if (!packed && queries != in.get(2)[0] - 1) {
            throw new IllegalArgumentException(queries + " queries for " + (in.get(2)[0] - 1) + " sequences");
        }
        long probabilities = Math.multiplyExact(queries, (long) heads * longest);
        return List.of(new long[] {queries, width}, new long[] {probabilities});
    }

    /** Every query meets every row, and a mask hides those that it does not see. */
    @Override
    protected SDVariable expression(Graph graph, SDVariable... in) {
        SameDiff sd = in[0].getSameDiff();
        boolean packed = in.length == 2;
        SDVariable kv = in[in.length - 2];
        SDVariable starts = in[in.length - 1];
        long rows = graph.shape(kv)[0];
        long width = graph.shape(in[0])[1] / (packed ? 3 : 1);
        SDVariable[] parts = parts(kv, packed ? 3 : 2, width);
        SDVariable q = packed ? parts[0] : parts(in[0], 1, width)[0]; // [heads, queries, D]
        SDVariable number =
                constant(kv, IntStream.range(0, (int) rows).asDoubleStream().toArray(), 1, rows);
        SDVariable last =
                packed ? number.reshape(-1, 1) : ends(graph, starts).sub(1).reshape(-1, 1);
        SDVariable ends = ends(graph, starts).reshape(-1, 1);
        SDVariable ofKey = before(ends, number); // number of the sequence, [1, rows]
        SDVariable ofQuery = before(ends, last.reshape(1, -1)).reshape(-1, 1);
        SDVariable visible = same(ofQuery, ofKey).mul(number.lte(last).castTo(kv.dataType())); // [queries, rows]
        SDVariable scores = sd.mmul(q, parts[parts.length - 2], false, true, false)
                .div(Math.sqrt(width / (double) heads))
                .add(sd.math().log(visible));
        SDVariable y = sd.nn().softmax(scores).mmul(parts[parts.length - 1]); // [heads, queries, D]
        SDVariable belongs = ofQuery.lt(graph.shape(starts)[0] - 1.0).castTo(kv.dataType());
        return y.permute(1, 0, 2).reshape(-1, width).mul(belongs);
    }

    private SDVariable[] parts(SDVariable packed, int parts, long width) {
        SDVariable split = packed.reshape(-1, parts, heads, width / heads).permute(1, 2, 0, 3);
        return packed.getSameDiff().unstack(split, 0, parts);
    }

    /** Returns the number of sequences that end before each row or at it, [1, rows]. */
    private static SDVariable before(SDVariable ends, SDVariable rows) {
        return ends.lte(rows).castTo(rows.dataType()).sum(true, 0);
    }

    private static SDVariable same(SDVariable a, SDVariable b) {
        return a.eq(b).castTo(a.dataType());
    }

    /** Returns the row after each sequence, [sequences]. */
    static SDVariable ends(Graph graph, SDVariable starts) {
        int sequences = (int) graph.shape(starts)[0] - 1;
        return starts.getSameDiff().slice(starts, new int[] {1}, sequences);
    }

    @Override
    public HostKernel hostKernel(HostMatrix[] in, HostMatrix[] out, Workers workers) {
        return new RaggedAttentionKernel(RaggedOperands.of(heads, longest, in), out[0], out[1], workers);
    }

    @Override
    public long flops(List<long[]> in) {
        return flops(in, longest);
    }

    /** Returns an upper bound: lengths are not known before the run. */
    private static long flops(List<long[]> in, int longest) {
        long width = in.size() == 2 ? in.get(0)[1] / 3 : in.get(0)[1];
        return 4 * in.get(0)[0] * longest * width;
    }

    @Override
    public List<SDVariable> doDiff(List<SDVariable> gradients) {
        return List.of(
                new InputGradient(heads, longest).outputsOf(beforeInputs(gradients.get(0), outputVariables()[1])));
    }

    /** dqkv, or dq and dkv, from the gradient of the output and the stored probabilities. */
    private static final class InputGradient extends GraphOp {

        private final int heads;
        private final int longest;

        /** The inputs are the gradient of the output, the probabilities, then the forward op's inputs. */
        InputGradient(int heads, int longest) {
            this.heads = heads;
            this.longest = longest;
        }

        @Override
        public int getNumOutputs() {
            return args().length - 3;
        }

        @Override
        public List<long[]> outputShapes(List<long[]> in) {
            return in.subList(2, in.size() - 1);
        }

        @Override
        public HostKernel hostKernel(HostMatrix[] in, HostMatrix[] out, Workers workers) {
            RaggedOperands forward = RaggedOperands.of(heads, longest, Arrays.copyOfRange(in, 2, in.length));
            return new RaggedAttentionGradientKernel(forward, in[0], in[1], out, workers);
        }

        @Override
        public long flops(List<long[]> in) {
            return 2 * RaggedAttention.flops(in.subList(2, in.size()), longest);
        }
    }
}
