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
        return new RaggedAttention(graph.sameDiff(), heads, longest, qkv, starts).outputVariables()[0];
    }

    @Override
    public SDVariable attention(SDVariable q, SDVariable kv) {
        return new RaggedAttention(graph.sameDiff(), heads, longest, q, kv, starts).outputVariables()[0];
    }

    @Override
    public SDVariable readRows(SDVariable x) {
        return new LastRows(graph.sameDiff(), x, starts).outputVariable();
    }
}
