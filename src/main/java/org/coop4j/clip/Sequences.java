package org.coop4j.clip;

import java.util.stream.IntStream;
import org.coop4j.graph.Graph;
import org.coop4j.graph.op.AttentionLayout;
import org.coop4j.graph.op.AttentionLayout.Queries;
import org.nd4j.autodiff.samediff.SDVariable;

/** Which packed rows of a stack attend to which, and which row of each sequence is read. */
public interface Sequences {

    /** Attention in which every row is a query; qkv [rows, 3 · width] → [rows, width]. */
    SDVariable attention(SDVariable qkv);

    /**
     * Attention in which the read rows are the queries; q [sequences, width], kv [rows, 2 · width]
     * → as q.
     */
    SDVariable attention(SDVariable q, SDVariable kv);

    /** The read row of each sequence; x [rows, width] → [sequences, width]. */
    SDVariable readRows(SDVariable x);

    /** Sequences whose lengths the graph knows. */
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
                return graph.selectRows(x, one.selectedRows());
            }
        };
    }

    /** The same with the read rows of all sequences repeated until there are {@code rows}. */
    static Sequences repeated(Graph graph, Sequences once, int sequences, int rows) {
        int[] first = IntStream.range(0, sequences).toArray();
        int[] again = IntStream.range(0, rows).map(i -> i % sequences).toArray();
        return new Sequences() {
            @Override
            public SDVariable attention(SDVariable qkv) {
                return once.attention(qkv);
            }

            @Override
            public SDVariable attention(SDVariable q, SDVariable kv) {
                SDVariable heads = once.attention(graph.selectRows(q, first), kv);
                return graph.selectRows(heads, again);
            }

            @Override
            public SDVariable readRows(SDVariable x) {
                SDVariable read = once.readRows(x);
                return graph.selectRows(read, again);
            }
        };
    }
}
