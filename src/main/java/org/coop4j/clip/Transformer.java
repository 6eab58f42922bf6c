package org.coop4j.clip;

import java.util.Map;
import java.util.SortedMap;
import java.util.function.UnaryOperator;
import org.coop4j.graph.AttentionLayout;
import org.coop4j.graph.AttentionLayout.Queries;
import org.coop4j.graph.Graph;
import org.coop4j.model.MlpActivation;
import org.nd4j.autodiff.samediff.SDVariable;
import org.nd4j.linalg.factory.Nd4j;

/**
 * CLIP's stack of residual attention blocks ({@code Transformer} and {@code ResidualAttentionBlock}).
 *
 * <p>Both towers read one row of each sequence from the stack, so the last block computes keys and values for all rows,
 * but queries, projections and MLP only for that row: the same numbers, less work.
 */
public final class Transformer {

    /** Attention among the packed rows of a stack, and the row of each sequence that is read. */
    public interface Sequences {

        /** Returns attention in which every row is a query; qkv [rows, 3 · width] → [rows, width]. */
        SDVariable attention(SDVariable qkv);

        /**
         * Returns attention in which the read rows are the queries; q [sequences, width], kv [rows, 2 · width] → as q.
         */
        SDVariable attention(SDVariable q, SDVariable kv);

        /** Returns the read row of each sequence, or the mean of all; x [rows, width] → [sequences, width]. */
        SDVariable readRows(SDVariable x);
    }

    /**
     * A change of the rows of a stack on entry to a block, before its first layer norm.
     *
     * @param rows makes the block's rows of those that the block before it left
     * @param sequences attention among the new rows, from this block on
     */
    record Entry(UnaryOperator<SDVariable> rows, Sequences sequences) {}

    /**
     * Returns sequences whose lengths the graph knows.
     *
     * @param read the row that is read, or all for their mean
     */
    static Sequences packed(Graph graph, AttentionLayout layout, Queries read) {
        AttentionLayout one = layout.withQueries(read);
        return new Sequences() {
            @Override
            public SDVariable attention(SDVariable qkv) {
                return graph.attention(layout, qkv);
            }

            @Override
            public SDVariable attention(SDVariable q, SDVariable kv) {
                return graph.attention(one, q, kv);
            }

            @Override
            public SDVariable readRows(SDVariable x) {
                if (read != Queries.ALL) {
                    return graph.selectRows(x, one.selectedRows());
                }
                return graph.project(graph.constant("means", Nd4j.createFromArray(layout.means())), x);
            }
        };
    }

    private final Parameters weights;
    private final Graph graph;
    private final String name;
    private final int width;
    private final int layers;
    private final MlpActivation activation;

    /**
     * @param name the stack's name in the checkpoint, such as {@code visual.transformer}
     */
    Transformer(Parameters weights, String name, int width, int layers, MlpActivation activation) {
        this.weights = weights;
        this.graph = weights.graph();
        this.name = name;
        this.width = width;
        this.layers = layers;
        this.activation = activation;
    }

    /**
     * Returns the stack's output at one row of each sequence.
     *
     * @param x [rows, width], on entry to block {@code from}
     * @param sequences attention among the rows, and which are read
     * @param entries changes of the rows on entry to a block, by its number from 0
     * @return [sequences, width]
     */
    SDVariable forward(SDVariable x, int from, Sequences sequences, SortedMap<Integer, Entry> entries) {
        int last = layers - 1;
        SDVariable y = entered(blocks(x, from, last, sequences, entries), last, entries);
        return lastBlock(
                name + ".resblocks." + last,
                y,
                entries.isEmpty() ? sequences : entries.get(entries.lastKey()).sequences());
    }

    /** Returns all rows after the blocks from {@code from} to {@code to}, with changes of the rows on entry to a block. */
    SDVariable blocks(SDVariable x, int from, int to, Sequences sequences, Map<Integer, Entry> entries) {
        for (int i = from; i < to; i++) {
            sequences = entries.containsKey(i) ? entries.get(i).sequences() : sequences;
            x = block(i, entered(x, i, entries), sequences::attention);
        }
        return x;
    }

    private static SDVariable entered(SDVariable x, int block, Map<Integer, Entry> entries) {
        return entries.containsKey(block) ? entries.get(block).rows().apply(x) : x;
    }

    /**
     * Returns all rows after the blocks from {@code from} to {@code to}; x [rows, width] → same.
     *
     * @param attention in which every row is a query; qkv [rows, 3 · width] → [rows, width]
     */
    SDVariable allRows(SDVariable x, int from, int to, UnaryOperator<SDVariable> attention) {
        for (int i = from; i < to; i++) {
            x = block(i, x, attention); // [rows, width]
        }
        return x;
    }

    private SDVariable block(int number, SDVariable x, UnaryOperator<SDVariable> attention) {
        String block = name + ".resblocks." + number;
        SDVariable y = weights.norm(block + ".ln_1", x); // [rows, width]
        SDVariable qkv = weights.inProjection(block + ".attn", y); // [rows, 3 width]
        SDVariable heads = attention.apply(qkv); // [rows, width]
        return mlp(block, x, heads); // [rows, width]
    }

    private SDVariable lastBlock(String block, SDVariable x, Sequences sequences) {
        String attention = block + ".attn";
        SDVariable y = weights.norm(block + ".ln_1", x); // [rows, width]
        SDVariable q = weights.inProjection(attention, sequences.readRows(y), 0, width); // [sequences, width]
        SDVariable kv = weights.inProjection(attention, y, width, 3 * width); // [rows, 2 width]
        SDVariable heads = sequences.attention(q, kv); // [sequences, width]
        return mlp(block, sequences.readRows(x), heads); // [sequences, width]
    }

    /** Returns the output projection of the attention's heads, MLP, and both residual connections. */
    private SDVariable mlp(String block, SDVariable x, SDVariable heads) {
        x = graph.add(x, weights.linear(block + ".attn.out_proj", heads)); // [rows, width]
        return weights.mlp(block + ".mlp", block + ".ln_2", activation, x);
    }
}
