package org.coop4j.clip;

import java.util.Arrays;
import java.util.Collections;
import java.util.SortedMap;
import org.coop4j.base.Require;
import org.coop4j.graph.host.ArrayValues;
import org.coop4j.graph.host.NativeMemory;
import org.coop4j.model.ClipConfig;
import org.coop4j.model.MlpActivation;
import org.nd4j.autodiff.samediff.SDVariable;
import org.nd4j.linalg.api.buffer.DataType;
import org.nd4j.linalg.api.ndarray.INDArray;

/** CLIP's text tower ({@code encode_text}) after the embedding, on packed prompts. */
public record TextTransformer(Parameters weights, ClipConfig.Text text, MlpActivation activation) {

    private static final String TOKENS = "token_embedding.weight";
    private static final String POSITIONS = "positional_embedding";

    /**
     * Returns text features, not normalised.
     *
     * @param x token embeddings with the position embedding added, packed [rows, width]
     * @param sequences the prompts: causal, read at their end tokens; SigLIP's unmasked, read at their last rows; TIPS's
     *     unmasked, the mean of their rows
     * @return [prompts, embed]
     */
    public SDVariable forward(SDVariable x, Transformer.Sequences sequences) {
        return forward(x, sequences, Collections.emptySortedMap());
    }

    /** Returns the same with changes of the rows on entry to blocks, by block number from 0. */
    SDVariable forward(SDVariable x, Transformer.Sequences sequences, SortedMap<Integer, Transformer.Entry> entries) {
        Transformer transformer = new Transformer(weights, "transformer", text.width(), text.layers(), activation);
        if (text.averaged()) {
            x = transformer.blocks(x, 0, text.layers(), sequences, entries); // [rows, width]
            return sequences.readRows(weights.norm("ln_final", x)); // [prompts, width], which is [prompts, embed]
        }
        x = transformer.forward(x, 0, sequences, entries); // [prompts, width]
        x = weights.norm("ln_final", x); // [prompts, width]
        SDVariable projection = weights.get("text_projection");
        return text.unmasked()
                ? weights.graph().project(x, projection, weights.get("text_projection_bias"))
                : weights.graph().project(x, projection); // [prompts, embed]
    }

    /**
     * Returns a copy of a token's embedding, [width]. Embeddings are looked up outside the graph: ND4J's {@code gather}
     * has a wrong gradient, and a constant needs none.
     */
    static float[] embedding(NativeWeights weights, int id) {
        long tokens = weights.shape(TOKENS)[0];
        Require.that(
                id >= 0 && id < tokens,
                "token %d is outside the model's vocabulary of %d tokens: give its own vocabulary",
                id,
                tokens);
        return weights.row(TOKENS, id);
    }

    /**
     * Returns the embeddings of packed prompts with positions added; a context vector's row holds only the position.
     *
     * @return [rows, width]
     */
    static INDArray embeddings(NativeWeights weights, PackedPrompts prompts) {
        ClipConfig.Text text = weights.architecture().text();
        int width = text.width();
        float[] positions = weights.floats(POSITIONS);
        INDArray result = NativeMemory.array(DataType.FLOAT, prompts.rows(), width);
        ArrayValues values = ArrayValues.of(result);
        for (int r = 0; r < prompts.rows(); r++) {
            int position = prompts.position(r) * width;
            float[] row = Arrays.copyOfRange(positions, position, position + width);
            if (!PackedPrompts.isContext(prompts.token(r))) {
                float[] token = embedding(weights, prompts.token(r));
                for (int i = 0; i < row.length; i++) {
                    row[i] += (float) (token[i] * text.embeddingScale());
                }
            }
            values.buffer().put(r * width, row);
        }
        values.store();
        return result;
    }
}
