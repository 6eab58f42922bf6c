package org.coop4j.clip;

import org.coop4j.graph.host.ArrayValues;
import org.coop4j.graph.host.HostMatrix;
import org.nd4j.linalg.api.buffer.DataType;
import org.nd4j.linalg.api.ndarray.INDArray;
import org.nd4j.linalg.factory.Nd4j;

/**
 * The frozen token and position embeddings, looked up outside the graph (ND4J's {@code gather} has
 * a wrong gradient, and a constant needs none).
 */
final class TokenEmbedding {

    private final HostMatrix tokens;
    private final HostMatrix positions;

    TokenEmbedding(NativeWeights weights) {
        tokens = weights.onHost("token_embedding.weight");
        positions = weights.onHost("positional_embedding");
    }

    int width() {
        return tokens.cols();
    }

    int vocabularySize() {
        return tokens.rows();
    }

    int contextLength() {
        return positions.rows();
    }

    /** A copy of a token's embedding. */
    float[] token(int id) {
        if (id < 0 || id >= tokens.rows()) {
            throw new IllegalArgumentException(
                    "token %d is outside the model's vocabulary of %d tokens: give the model's own vocabulary (--vocabulary DIR)"
                            .formatted(id, tokens.rows()));
        }
        float[] row = new float[width()];
        tokens.getRow(id, row);
        return row;
    }

    /**
     * Embeddings of packed prompts with positions added; a context vector's row holds the position
     * alone.
     *
     * @return [rows, width]
     */
    INDArray embed(PackedPrompts prompts) {
        INDArray result = Nd4j.createUninitialized(DataType.FLOAT, prompts.rows(), width());
        ArrayValues values = ArrayValues.of(result);
        float[] row = new float[width()];
        for (int r = 0; r < prompts.rows(); r++) {
            positions.getRow(prompts.position(r), row);
            if (!PackedPrompts.isContext(prompts.piece(r))) {
                float[] token = token(prompts.piece(r));
                for (int i = 0; i < row.length; i++) {
                    row[i] += token[i];
                }
            }
            values.buffer().put(r * row.length, row);
        }
        values.store();
        return result;
    }
}
