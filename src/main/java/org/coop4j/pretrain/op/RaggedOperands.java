package org.coop4j.pretrain.op;

import java.util.Arrays;
import org.coop4j.graph.host.HostMatrix;
import org.coop4j.graph.op.AttentionLayout;
import org.coop4j.graph.op.AttentionOperands;

/**
 * The inputs of {@link RaggedAttention} as its kernels see them, with the lengths of this run.
 *
 * <p>Row numbers are exact as floats up to 2^24.
 */
final class RaggedOperands {

    private final int heads;
    private final int longest;
    private final AttentionOperands operands;
    private final HostMatrix starts;
    private final boolean packed;

    /**
     * @param in qkv and starts, or q, kv and starts
     */
    RaggedOperands(int heads, int longest, HostMatrix[] in) {
        this.heads = heads;
        this.longest = longest;
        this.packed = in.length == 2;
        this.starts = in[in.length - 1];
        this.operands = of(heads, Arrays.copyOf(in, in.length - 1));
    }

    private static AttentionOperands of(int heads, HostMatrix[] qkv) {
        return AttentionOperands.of(AttentionLayout.unmasked(heads, 1, 1), qkv);
    }

    /** Places of the same form for the gradients of q, k and v. */
    AttentionOperands like(HostMatrix[] gradients) {
        return of(heads, gradients);
    }

    AttentionOperands operands() {
        return operands;
    }

    int heads() {
        return heads;
    }

    int longest() {
        return longest;
    }

    int sequences() {
        return starts.cols() - 1;
    }

    /** Whether every row asks. */
    boolean packed() {
        return packed;
    }

    int start(int sequence) {
        return (int) starts.buffer().get(sequence);
    }

    /** Rows of a sequence in this run. */
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

    /** Where the probabilities of a sequence's first query begin for one head. */
    long probability(int sequence, int head) {
        long first = (long) firstQuery(sequence) * heads * longest;
        return first + (long) head * queries(sequence) * length(sequence);
    }
}
