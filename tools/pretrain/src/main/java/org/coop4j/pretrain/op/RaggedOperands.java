package org.coop4j.pretrain.op;

import java.util.Arrays;
import org.coop4j.graph.AttentionKernel.Operands;
import org.coop4j.graph.host.HostMatrix;

/**
 * The inputs of {@link RaggedAttention} as its kernels see them, with the lengths of this run.
 *
 * <p>Row numbers are exact as floats up to 2^24.
 *
 * @param longest rows of the longest sequence that will ever be given
 * @param starts first row of each sequence, and the row behind the last
 * @param packed whether every row asks
 */
record RaggedOperands(int heads, int longest, Operands operands, HostMatrix starts, boolean packed) {

    /**
     * Makes the operands of an op's inputs.
     *
     * @param in qkv and starts, or q, kv and starts
     */
    static RaggedOperands of(int heads, int longest, HostMatrix[] in) {
        Operands operands = of(heads, Arrays.copyOf(in, in.length - 1));
        return new RaggedOperands(heads, longest, operands, in[in.length - 1], in.length == 2);
    }

    private static Operands of(int heads, HostMatrix[] qkv) {
        return Operands.of(heads, qkv);
    }

    /** Returns places of the same form for the gradients of q, k and v. */
    Operands like(HostMatrix[] gradients) {
        return of(heads, gradients);
    }

    int sequences() {
        return starts.cols() - 1;
    }

    int start(int sequence) {
        return (int) starts.buffer().get(sequence);
    }

    /** Returns the number of rows of a sequence in this run. */
    int length(int sequence) {
        int length = start(sequence + 1) - start(sequence);
        if (length < 1 || length > longest) {
            throw new IllegalArgumentException(
                    "sequence " + sequence + " of " + length + " rows: expected 1 to " + longest);
        }
        return length;
    }

    int firstQuery(int sequence) {
        return packed ? start(sequence) : sequence;
    }

    int queries(int sequence) {
        return packed ? length(sequence) : 1;
    }

    /** Returns the offset of the probabilities of a sequence's first query for one head. */
    long probability(int sequence, int head) {
        long first = (long) firstQuery(sequence) * heads * longest;
        return first + (long) head * queries(sequence) * length(sequence);
    }
}
