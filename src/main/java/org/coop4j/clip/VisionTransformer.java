package org.coop4j.clip;

import java.util.ArrayList;
import java.util.List;
import java.util.SortedMap;
import java.util.TreeMap;
import java.util.function.UnaryOperator;
import java.util.stream.IntStream;
import org.coop4j.clip.Parameters.ImageRows;
import org.coop4j.graph.AttentionLayout;
import org.coop4j.graph.AttentionLayout.Group;
import org.coop4j.graph.AttentionLayout.Queries;
import org.coop4j.graph.Graph;
import org.coop4j.graph.host.ArrayValues;
import org.coop4j.graph.host.NativeMemory;
import org.coop4j.model.ClipConfig;
import org.coop4j.model.MlpActivation;
import org.nd4j.autodiff.samediff.SDVariable;
import org.nd4j.linalg.api.buffer.DataType;
import org.nd4j.linalg.api.ndarray.INDArray;

/**
 * CLIP's vision transformer ({@code VisionTransformer}), that of the Perception Encoder ({@code VisionTransformer} in
 * {@code core/vision_encoder/pe.py} of facebookresearch/perception_models), that of SigLIP ({@code models/vit.py} of
 * google-research/big_vision), and that of TIPS, folded into CLIP's ({@code pytorch/image_encoder.py} of
 * google-deepmind/tips).
 */
record VisionTransformer(Parameters weights, ClipConfig.Vit vit, MlpActivation activation) {

    private static final String POSITIONS = "visual.positional_embedding";
    private static final String CLASS = "visual.class_embedding";

    /** In place of a block: the pixels of images are the input. */
    static final int PIXELS = -1;

    /**
     * Returns the images' class tokens, or the attention pooling of all tokens, before the visual projection.
     *
     * @param images normalised pixels [batch, 3, side, side]
     * @param batch number of images
     * @return [batch, width]
     */
    SDVariable forward(SDVariable images, int batch) {
        return forward(images, batch, PIXELS, null);
    }

    /**
     * Returns the same starting at a block, with further rows.
     *
     * @param images pixels, or the tokens on entry to a block, [batch, tokens · width]
     * @param block the block, or {@link #PIXELS}
     * @param added null for none
     * @return [batch, width]; all rows if rows follow the class token, [batch · (tokens + M), width]
     */
    SDVariable forward(SDVariable images, int batch, int block, ImageRows added) {
        SDVariable x = block == PIXELS ? rows(images, batch) : images.reshape((long) batch * vit.tokens(), vit.width());
        AttentionLayout layout = AttentionLayout.unmasked(vit.heads(), batch, vit.tokens());
        SortedMap<Integer, Transformer.Entry> entries = added == null ? new TreeMap<>() : entries(added, batch);
        if (block == PIXELS) {
            Transformer.Entry first = added == null || added.afterClass() ? null : entries.remove(0);
            x = first == null ? x : first.rows().apply(x);
            layout = first == null ? layout : layout(batch, added.count());
            x = entered(x); // [batch tokens, width]
        }
        int from = Math.max(0, block);
        if (vit.pooling() != null) {
            return pooled(x, from, layout, vit.tokens(), numbers(batch, batch)); // [batch, width]
        }
        Transformer.Sequences sequences = Transformer.packed(weights.graph(), layout, Queries.FIRST);
        if (added == null || !added.afterClass()) {
            x = transformer().forward(x, from, sequences, entries); // [batch, width]
            return weights.norm("visual.ln_post", x);
        }
        x = transformer().blocks(x, from, vit.layers(), sequences, entries); // [batch length, width]
        return weights.norm("visual.ln_post", x);
    }

    /**
     * Returns the image features, [batch, embed], not normalised, then those of further rows if they are projected.
     *
     * @param images as for {@link #forward(SDVariable, int, int, ImageRows)}
     */
    List<SDVariable> embedded(SDVariable images, int batch, int block, ImageRows added) {
        SDVariable x = forward(images, batch, block, added);
        Graph graph = weights.graph();
        if (added == null || !added.afterClass()) {
            return List.of(VisualProjection.after(weights, x, vit));
        }
        int length = vit.tokens() + added.count();
        SDVariable sum = null; // of an image's further rows, [batch, width]
        for (int row = 1; row <= added.count(); row++) {
            SDVariable rows = graph.selectRows(x, place(batch, length, row));
            sum = sum == null ? rows : graph.add(sum, rows);
        }
        return List.of(
                VisualProjection.after(weights, graph.selectRows(x, place(batch, length, 0)), vit),
                graph.project(sum.mul(1.0 / added.count()), added.projection()));
    }

    private static int[] place(int batch, int length, int row) {
        return IntStream.range(0, batch).map(i -> i * length + row).toArray();
    }

    /** Returns the tokens on entry to a block, [batch · tokens, width]. */
    SDVariable tokens(SDVariable images, int batch, int block) {
        SDVariable x = entered(rows(images, batch));
        AttentionLayout layout = AttentionLayout.unmasked(vit.heads(), batch, vit.tokens());
        return transformer().allRows(x, 0, block, attention(layout, vit.tokens()));
    }

    private AttentionLayout layout(int batch, int vectors) {
        return AttentionLayout.unmasked(vit.heads(), batch, vit.tokens() + vectors);
    }

    /** Returns what adds the vectors to the rows on entry to their first block, and replaces them on entry to others. */
    private SortedMap<Integer, Transformer.Entry> entries(ImageRows added, int batch) {
        Graph graph = weights.graph();
        int vectors = added.count();
        int length = vit.tokens() + vectors;
        int place = added.afterClass() ? 1 : vit.tokens(); // of the first vector in an image's rows
        SortedMap<Integer, Transformer.Entry> entries = new TreeMap<>();
        added.blocks().headMap(vit.layers()).forEach((block, own) -> {
            boolean first = entries.isEmpty();
            int[] sources = new int[batch * length];
            int rows = batch * (first ? vit.tokens() : length); // before the block
            for (int r = 0; r < sources.length; r++) {
                int at = r % length - place;
                int image = r / length * vit.tokens();
                int before = first ? image + r % length - (at < 0 ? 0 : vectors) : r;
                sources[r] = at >= 0 && at < vectors ? rows + at : before;
            }
            entries.put(
                    block,
                    new Transformer.Entry(
                            x -> graph.replaceRows(x, own, sources),
                            Transformer.packed(graph, layout(batch, vectors), Queries.FIRST)));
        });
        return entries;
    }

    /** Returns class embedding and patches with positions, before {@code ln_pre}, [batch · tokens, width]. */
    private SDVariable rows(SDVariable images, int batch) {
        Graph graph = weights.graph();
        int prefix = vit.prefix();
        SDVariable x = embedded(images, prefix, prefix + vit.grid() * vit.grid()); // [batch (prefix + grid²), width]
        return vit.classTokens() == 1
                ? graph.frontTokens(x, weights.get(POSITIONS), weights.get(CLASS))
                : graph.add(x, graph.selectRows(weights.get(POSITIONS), numbers(batch * vit.tokens(), vit.tokens())));
    }

    /**
     * Returns the same with each image's rows starting at a multiple of {@code alignment} in every matrix product. If
     * BLAS adds up a row in an order that depends on the row's number modulo some block, an image still has the same
     * bits in every place. The rows that fill up an image attend only to each other.
     *
     * @param frozen the weights, which keep the constant that is added to the patches
     * @return [batch alignment, width]: per image the result, then {@code alignment} - 1 other rows
     */
    SDVariable aligned(SDVariable images, int batch, int alignment, NativeWeights frozen) {
        Graph graph = weights.graph();
        int rows = (vit.tokens() + alignment - 1) / alignment * alignment; // per image
        SDVariable x = embedded(images, vit.tokens() - vit.grid() * vit.grid(), rows); // [batch rows, width]
        x = graph.add(x, graph.constant("class and positions", embeddings(batch, rows, frozen))); // as before
        x = entered(x);
        List<Group> groups = new ArrayList<>(); // an image's tokens, then the rows that fill it up
        for (int i = 0; i < batch; i++) {
            groups.add(new Group(1, vit.tokens()));
            if (rows > vit.tokens()) {
                groups.add(new Group(1, rows - vit.tokens()));
            }
        }
        AttentionLayout layout = new AttentionLayout(vit.heads(), Queries.ALL, false, 0, groups);
        if (vit.pooling() != null) {
            int[] sequences = IntStream.range(0, batch * alignment)
                    .map(i -> i / alignment * (groups.size() / batch))
                    .toArray();
            return pooled(x, 0, layout, rows, sequences); // [batch alignment, width]
        }
        x = transformer().allRows(x, 0, vit.layers(), attention(layout, rows)); // [batch rows, width]
        int[] first = IntStream.range(0, batch * alignment)
                .map(i -> i / alignment * rows + i % alignment)
                .toArray();
        return weights.norm("visual.ln_post", graph.selectRows(x, first)); // [batch alignment, width]
    }

    private SDVariable embedded(SDVariable images, int first, int rows) {
        SDVariable patches = weights.graph().patches(images, vit.patchSize(), first, rows); // [batch rows, 3 patch²]
        SDVariable kernel = weights.matrix("visual.conv1.weight");
        return isSigLip()
                ? weights.graph().linear(patches, kernel, weights.get("visual.conv1.bias"))
                : weights.graph().linear(patches, kernel);
    }

    private boolean isSigLip() {
        return vit.family() == ClipConfig.Family.SIGLIP;
    }

    /** Returns tokens with positions as they enter the blocks: after {@code ln_pre}, which SigLIP and TIPS lack. */
    private SDVariable entered(SDVariable x) {
        return isSigLip() || vit.prefix() > 0 ? x : weights.norm("visual.ln_pre", x);
    }

    /** Returns 0 to {@code period} - 1 again and again. */
    private static int[] numbers(int count, int period) {
        return IntStream.range(0, count).map(i -> i % period).toArray();
    }

    /**
     * Returns the blocks and the attention pooling of the Perception Encoder or SigLIP: the learned query attends to all
     * tokens, an MLP follows.
     *
     * @param x tokens on entry to a block
     * @param from block that they enter
     * @param layout sequences among their rows
     * @param rows of each image
     * @param chosen the sequence of each row of the result
     * @return [chosen, width]
     */
    private SDVariable pooled(SDVariable x, int from, AttentionLayout layout, int rows, int[] chosen) {
        Graph graph = weights.graph();
        int width = vit.width();
        x = transformer().allRows(x, from, vit.layers(), attention(layout, rows)); // as before
        x = weights.norm("visual.ln_post", x);
        String pool = "visual.attn_pool.";
        AttentionLayout one = new AttentionLayout(
                vit.pooling().poolHeads(), Queries.FIRST, false, 0, layout.groups()); // one query for each sequence
        SDVariable q = weights.inProjection(pool + "attn", weights.matrix(pool + "probe"), 0, width); // [1, width]
        SDVariable kv = weights.inProjection(pool + "attn", x, width, 3 * width); // [rows, 2 width]
        SDVariable y = graph.attention(one, graph.selectRows(q, new int[one.sequences()]), kv); // [sequences, width]
        y = weights.linear(pool + "attn.out_proj", graph.selectRows(y, chosen)); // [chosen, width]
        return weights.mlp(pool + "mlp", pool + "layernorm", activation, y); // [chosen, width]
    }

    /**
     * Returns attention in which every row is a query, with rotary positions if the tower has them.
     *
     * @param rows of each image
     */
    private UnaryOperator<SDVariable> attention(AttentionLayout layout, int rows) {
        Graph graph = weights.graph();
        if (vit.family() != ClipConfig.Family.PE_CORE) {
            return qkv -> graph.attention(layout, qkv);
        }
        double[][] angles = vit.rotaryAngles(rows);
        return qkv -> graph.attention(layout, graph.rotate(qkv, vit.heads(), angles));
    }

    private Transformer transformer() {
        return new Transformer(weights, "visual.transformer", vit.width(), vit.layers(), activation);
    }

    /** Returns class embedding and positions, to be added to the patches; zero for rows without a token. */
    private INDArray embeddings(int batch, int rows, NativeWeights frozen) {
        String key = CLASS + " and positions, " + batch + " x " + rows;
        return frozen.derived(key, () -> {
            float[] image = new float[rows * vit.width()];
            float[] positions = frozen.floats(POSITIONS);
            System.arraycopy(positions, 0, image, 0, positions.length);
            float[] first = vit.classTokens() == 1 ? frozen.floats(CLASS) : new float[0];
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
