package org.coop4j.clip;

import java.util.ArrayList;
import java.util.List;
import java.util.stream.IntStream;
import org.coop4j.graph.Graph;
import org.coop4j.graph.host.ArrayValues;
import org.coop4j.graph.op.AttentionLayout;
import org.coop4j.graph.op.AttentionLayout.Group;
import org.coop4j.graph.op.AttentionLayout.Queries;
import org.coop4j.weights.model.ClipConfig;
import org.coop4j.weights.model.MlpActivation;
import org.nd4j.autodiff.samediff.SDVariable;
import org.nd4j.linalg.api.buffer.DataType;
import org.nd4j.linalg.api.ndarray.INDArray;
import org.nd4j.linalg.factory.Nd4j;

/**
 * {@link VisionTransformer} with each image's rows from a multiple of {@code alignment} on, in
 * every matrix product.
 *
 * <p>Where BLAS adds up a row in an order that depends on the row's number modulo some block, as
 * OpenBLAS' kernels for AVX2 do in blocks of 12, an image has the same bits in every place. The
 * rows that fill up an image attend to each other and to nothing else, and are dropped at the end.
 */
record AlignedVisionTransformer(
        NativeWeights weights, ClipConfig.Vit vit, MlpActivation activation, int alignment) {

    /**
     * Image features, not normalised.
     *
     * @param images normalised pixels [batch, 3, side, side]
     * @param kind which row of an image
     * @return [batch, width of this kind]
     */
    SDVariable forward(Graph graph, SDVariable images, int batch, FeatureKind kind) {
        FrozenParameters parameters = new FrozenParameters(graph, weights);
        int rows = (vit.tokens() + alignment - 1) / alignment * alignment; // of an image
        SDVariable x = graph.patches(images, vit.patchSize(), 1, rows); // [batch rows, 3 patch²]
        x = graph.linear(x, parameters.matrix("visual.conv1.weight")); // [batch rows, width]
        x = graph.add(x, graph.constant("class and positions", embeddings(batch, rows)));
        x = parameters.norm("visual.ln_pre", x);
        Transformer transformer =
                new Transformer(
                        parameters, "visual.transformer", vit.width(), vit.layers(), activation);
        x =
                transformer.allRows(
                        x,
                        Sequences.packed(
                                graph, layout(batch, rows), Queries.FIRST)); // [batch rows, width]
        x = graph.selectRows(x, firstOf(batch, rows, alignment)); // [batch alignment, width]
        x = parameters.norm("visual.ln_post", x);
        if (kind == FeatureKind.EMBEDDED) {
            x = VisualProjection.after(parameters, x, vit); // [batch alignment, embed]
        }
        return graph.selectRows(x, firstOf(batch, alignment, 1)); // [batch, embed]
    }

    /**
     * What is added to the patches: class embedding and positions, zero where there is no token.
     */
    private INDArray embeddings(int batch, int rows) {
        String key = "visual.class_embedding and positions, " + batch + " x " + rows;
        return weights.derived(
                key,
                () -> {
                    float[] image = new float[rows * vit.width()];
                    float[] positions = weights.floats("visual.positional_embedding");
                    System.arraycopy(positions, 0, image, 0, positions.length);
                    float[] first = weights.floats("visual.class_embedding");
                    for (int i = 0; i < first.length; i++) {
                        image[i] += first[i];
                    }
                    INDArray all =
                            Nd4j.createUninitialized(
                                    DataType.FLOAT, (long) batch * rows, vit.width());
                    ArrayValues target = ArrayValues.of(all);
                    for (int i = 0; i < batch; i++) {
                        target.buffer().put(i * image.length, image);
                    }
                    target.store();
                    return all;
                });
    }

    /** An image's tokens, then the rows that fill it up. */
    private AttentionLayout layout(int batch, int rows) {
        List<Group> groups = new ArrayList<>();
        for (int i = 0; i < batch; i++) {
            groups.add(new Group(1, vit.tokens()));
            if (rows > vit.tokens()) {
                groups.add(new Group(1, rows - vit.tokens()));
            }
        }
        return new AttentionLayout(vit.heads(), Queries.ALL, false, 0, groups);
    }

    /** The first {@code count} of each {@code each} rows. */
    private static int[] firstOf(int batch, int each, int count) {
        return IntStream.range(0, batch * count).map(i -> i / count * each + i % count).toArray();
    }
}
