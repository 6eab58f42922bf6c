package org.coop4j.clip;

import java.util.Map;
import org.coop4j.graph.op.AttentionLayout;
import org.coop4j.graph.op.AttentionLayout.Queries;
import org.coop4j.weights.model.ClipConfig;
import org.coop4j.weights.model.MlpActivation;
import org.nd4j.autodiff.samediff.SDVariable;

/** CLIP's text tower ({@code encode_text}) behind the embedding, on packed prompts. */
public record TextTransformer(Parameters weights, ClipConfig.Text text, MlpActivation activation) {

    /**
     * Text features, not normalised.
     *
     * @param x token embeddings with the position embedding added, packed [rows, width]
     * @param layout the prompts: causal, each ending with its end token
     * @return [prompts, embed]
     */
    SDVariable forward(SDVariable x, AttentionLayout layout) {
        return forward(x, layout, Map.of());
    }

    /** The same with what happens on entry to blocks, by their numbers. */
    SDVariable forward(SDVariable x, AttentionLayout layout, Map<Integer, BlockEntry> entries) {
        return forward(x, Sequences.packed(weights.graph(), layout, Queries.LAST), entries);
    }

    /** The same for sequences that are read at their end tokens. */
    public SDVariable forward(SDVariable x, Sequences sequences) {
        return forward(x, sequences, Map.of());
    }

    private SDVariable forward(
            SDVariable x, Sequences sequences, Map<Integer, BlockEntry> entries) {
        Transformer transformer =
                new Transformer(weights, "transformer", text.width(), text.layers(), activation);
        x = transformer.forward(x, sequences, entries); // [prompts, width]
        x = weights.norm("ln_final", x);
        return weights.graph().project(x, weights.get("text_projection")); // [prompts, embed]
    }
}
