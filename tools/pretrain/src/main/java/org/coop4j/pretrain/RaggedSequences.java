package org.coop4j.pretrain;

import org.coop4j.clip.Transformer;
import org.coop4j.graph.Graph;
import org.coop4j.pretrain.op.LastRows;
import org.coop4j.pretrain.op.RaggedAttention;
import org.nd4j.autodiff.samediff.SDVariable;

/**
 * Causal sequences whose first rows are given at each run, read at their last rows.
 *
 * @param longest rows of the longest sequence that will be given
 * @param starts [sequences + 1], as {@link RaggedAttention} has them
 */
record RaggedSequences(Graph graph, int heads, int longest, SDVariable starts) implements Transformer.Sequences {

    @Override
    public SDVariable attention(SDVariable qkv) {
        return graph.apply(new RaggedAttention(heads, longest), qkv, starts);
    }

    @Override
    public SDVariable attention(SDVariable q, SDVariable kv) {
        return graph.apply(new RaggedAttention(heads, longest), q, kv, starts);
    }

    @Override
    public SDVariable readRows(SDVariable x) {
        return graph.apply(new LastRows(), x, starts);
    }
}
