package org.coop4j.pretrain.op;

import java.util.List;
import org.coop4j.graph.AttentionLayout;
import org.coop4j.graph.AttentionLayout.Group;
import org.coop4j.graph.AttentionLayout.Queries;
import org.coop4j.graph.AttentionMath;
import org.coop4j.graph.host.ArrayValues;
import org.nd4j.linalg.api.ndarray.INDArray;
import org.nd4j.linalg.factory.Nd4j;

/** {@link RaggedAttention} in ND4J calls: {@link AttentionMath} of one sequence after the other. */
final class RaggedAttentionMath {

    private RaggedAttentionMath() {}

    /** One sequence: its rows, its query rows, and where its probabilities begin. */
    private record Sequence(AttentionLayout layout, long row, long length, long query, long queries, long slot) {

        static Sequence of(int heads, int longest, boolean packed, float[] starts, int s) {
            int row = (int) starts[s];
            int length = (int) starts[s + 1] - row;
            Queries queries = packed ? Queries.ALL : Queries.LAST;
            AttentionLayout layout = new AttentionLayout(heads, queries, true, 0, List.of(new Group(1, length)));
            long query = packed ? row : s;
            long slot = query * heads * longest;
            return new Sequence(layout, row, length, query, packed ? length : 1, slot);
        }

        /** Returns the rows of q (or qkv) and of kv that are this sequence's. */
        INDArray[] operands(INDArray[] qkv, int from, boolean packed) {
            return packed
                    ? new INDArray[] {rows(qkv[from], row, length)}
                    : new INDArray[] {rows(qkv[from], query, 1), rows(qkv[from + 1], row, length)};
        }

        INDArray probabilities(INDArray all) {
            long length = layout.probabilities();
            return Nd4j.create(all.data(), new long[] {length}, new long[] {1}, all.offset() + slot, 'c');
        }
    }

    static void forward(int heads, int longest, INDArray[] in, INDArray out, INDArray probabilities) {
        boolean packed = in.length == 2;
        float[] starts = ArrayValues.of(in[in.length - 1]).toArray();
        out.assign(0);
        for (int s = 0; s + 1 < starts.length; s++) {
            Sequence sequence = Sequence.of(heads, longest, packed, starts, s);
            new AttentionMath(sequence.layout)
                    .forward(
                            sequence.operands(in, 0, packed),
                            rows(out, sequence.query, sequence.queries),
                            sequence.probabilities(probabilities));
        }
    }

    /** {@code in}: gradient of the output, probabilities, the forward op's inputs. */
    static void backward(int heads, int longest, INDArray[] in, INDArray[] out) {
        boolean packed = in.length == 4;
        float[] starts = ArrayValues.of(in[in.length - 1]).toArray();
        for (INDArray gradient : out) {
            gradient.assign(0);
        }
        for (int s = 0; s + 1 < starts.length; s++) {
            Sequence sequence = Sequence.of(heads, longest, packed, starts, s);
            INDArray[] operands = sequence.operands(in, 2, packed);
            INDArray[] all = new INDArray[2 + operands.length];
            all[0] = rows(in[0], sequence.query, sequence.queries);
            all[1] = sequence.probabilities(in[1]);
            System.arraycopy(operands, 0, all, 2, operands.length);
            AttentionMath.backward(sequence.layout, all, sequence.operands(out, 0, packed));
        }
    }

    private static INDArray rows(INDArray matrix, long first, long count) {
        long[] shape = {count, matrix.size(1)};
        long offset = matrix.offset() + first * matrix.stride(0);
        return Nd4j.create(matrix.data(), shape, matrix.stride(), offset, 'c');
    }
}
