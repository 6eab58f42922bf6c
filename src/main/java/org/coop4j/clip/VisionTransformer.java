package org.coop4j.clip;

import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.stream.IntStream;
import org.coop4j.graph.Graph;
import org.coop4j.graph.host.ArrayValues;
import org.coop4j.graph.host.NativeMemory;
import org.coop4j.graph.op.AttentionLayout.Group;
import org.coop4j.graph.op.AttentionLayout.Queries;
import org.coop4j.graph.op.AttentionLayout;
import org.coop4j.weights.model.ClipConfig;
import org.coop4j.weights.model.MlpActivation;
import org.nd4j.autodiff.samediff.SDVariable;
import org.nd4j.linalg.api.buffer.DataType;
import org.nd4j.linalg.api.ndarray.INDArray;

/** CLIP's vision transformer ({@code VisionTransformer}). */
record VisionTransformer(Parameters weights, ClipConfig.Vit vit, MlpActivation activation) {

    /**
     * Returns the images' class tokens, before the visual projection.
     *
     * @param images normalised pixels [batch, 3, side, side]
     * @param batch number of images
     * @return [batch, width]
     */
    SDVariable forward(SDVariable images, int batch) {
        Graph graph = weights.graph();
        SDVariable x = graph.patches(images, vit.patchSize(), 0, vit.tokens() - 1); // [batch grid², 3 patch²]
        x = graph.linear(x, weights.matrix("visual.conv1.weight")); // [batch grid², width]
        x = graph.classTokens(
                x,
                weights.get("visual.class_embedding"),
                weights.get("visual.positional_embedding")); // [batch tokens, width]
        x = weights.norm("visual.ln_pre", x);
        AttentionLayout layout = AttentionLayout.unmasked(vit.heads(), batch, vit.tokens());
        x = transformer().forward(x, Transformer.packed(graph, layout, Queries.FIRST), Map.of()); // [batch, width]
        return weights.norm("visual.ln_post", x);
    }

    /**
     * Returns the same with each image's rows starting at a multiple of {@code alignment} in every matrix product. If
     * BLAS adds up a row in an order that depends on the row's number modulo some block, an image still has the same
     * bits in every place. The rows that fill up an image attend only to each other.
     *
     * @param frozen the weights, which keep the constant that is added to the patches
     * @return [batch alignment, width]: per image the class token, then {@code alignment} - 1 other rows
     */
    SDVariable aligned(SDVariable images, int batch, int alignment, NativeWeights frozen) {
        Graph graph = weights.graph();
        int rows = (vit.tokens() + alignment - 1) / alignment * alignment; // per image
        SDVariable x = graph.patches(images, vit.patchSize(), 1, rows); // [batch rows, 3 patch²]
        x = graph.linear(x, weights.matrix("visual.conv1.weight")); // [batch rows, width]
        x = graph.add(x, graph.constant("class and positions", embeddings(batch, rows, frozen))); // as before
        x = weights.norm("visual.ln_pre", x);
        List<Group> groups = new ArrayList<>(); // an image's tokens, then the rows that fill it up
        for (int i = 0; i < batch; i++) {
            groups.add(new Group(1, vit.tokens()));
            if (rows > vit.tokens()) {
                groups.add(new Group(1, rows - vit.tokens()));
            }
        }
        AttentionLayout layout = new AttentionLayout(vit.heads(), Queries.ALL, false, 0, groups);
        x = transformer().allRows(x, Transformer.packed(graph, layout, Queries.FIRST)); // [batch rows, width]
        int[] first = IntStream.range(0, batch * alignment)
                .map(i -> i / alignment * rows + i % alignment)
                .toArray();
        return weights.norm("visual.ln_post", graph.selectRows(x, first)); // [batch alignment, width]
    }

    private Transformer transformer() {
        return new Transformer(weights, "visual.transformer", vit.width(), vit.layers(), activation);
    }

    /** Returns class embedding and positions, to be added to the patches; zero for rows without a token. */
    private INDArray embeddings(int batch, int rows, NativeWeights frozen) {
        String key = "visual.class_embedding and positions, " + batch + " x " + rows;
        return frozen.derived(key, () -> {
            float[] image = new float[rows * vit.width()];
            float[] positions = frozen.floats("visual.positional_embedding");
            System.arraycopy(positions, 0, image, 0, positions.length);
            float[] first = frozen.floats("visual.class_embedding");
            for (int i = 0; i < first.length; i++) {
                image[i] += first[i];
            }
            INDArray all = NativeMemory.array(DataType.FLOAT, (long) batch * rows, vit.width());
            ArrayValues target = ArrayValues.of(all);
            for (int i = 0; i < batch; i++) {
                target.buffer().put(i * image.length, image);
            }
            target.store();
            return all;
        });
    }
}
