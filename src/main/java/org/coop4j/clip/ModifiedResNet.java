package org.coop4j.clip;

import java.util.List;
import org.coop4j.graph.Activation;
import org.coop4j.graph.AttentionLayout;
import org.coop4j.graph.AttentionLayout.Queries;
import org.coop4j.graph.Graph;
import org.coop4j.graph.Graph.Grid;
import org.nd4j.autodiff.samediff.SDVariable;

/**
 * CLIP's ResNet ({@code ModifiedResNet}): three stem convolutions in place of one, average pooling in place of strides,
 * and attention pooling at the end.
 *
 * <p>Pixels are matrix rows in raster order, one column per channel, so that a 1×1 convolution is a linear layer.
 */
final class ModifiedResNet {

    private final Parameters weights;
    private final Graph graph;
    private final List<Integer> layers;
    private final int heads;

    /** Pixels of one image with their width and height. */
    private record Pixels(SDVariable rows, Grid grid) {}

    /**
     * @param layers bottlenecks of each stage
     * @param heads heads of the attention pooling
     */
    ModifiedResNet(Parameters weights, List<Integer> layers, int heads) {
        this.weights = weights;
        this.graph = weights.graph();
        this.layers = layers;
        this.heads = heads;
    }

    /**
     * Returns the heads of the attention pooling side by side, before the visual projection.
     *
     * @param images normalised pixels [batch, 3, side, side]
     * @param batch number of images
     * @param side a multiple of 32
     * @return [batch, 32 width]
     */
    SDVariable forward(SDVariable images, int batch, int side) {
        Pixels x = new Pixels(graph.patches(images, 1, 0, side * side), new Grid(side, side)); // [batch side², 3]
        x = stem(x); // [batch (side/4)², width]
        for (int stage = 0; stage < layers.size(); stage++) {
            for (int block = 0; block < layers.get(stage); block++) {
                int stride = stage > 0 && block == 0 ? 2 : 1;
                x = bottleneck("visual.layer" + (stage + 1) + "." + block, x, stride, block == 0);
            }
        } // [batch (side/32)², 32 width]
        return attentionPool(x.rows, batch, x.grid.pixels() + 1); // [batch, 32 width]
    }

    private Pixels stem(Pixels x) {
        x = convolve("visual.conv1", "visual.bn1", x, 2, true); // [batch (side/2)², width/2]
        x = convolve("visual.conv2", "visual.bn2", x, 1, true); // [batch (side/2)², width/2]
        x = convolve("visual.conv3", "visual.bn3", x, 1, true); // [batch (side/2)², width]
        return pool(x, 2); // [batch (side/4)², width]
    }

    /** Computes a {@code Bottleneck}: in channels → 4 · planes. */
    private Pixels bottleneck(String block, Pixels x, int stride, boolean first) {
        Pixels y = convolve(block + ".conv1", block + ".bn1", x, 1, true); // [rows, planes]
        y = convolve(block + ".conv2", block + ".bn2", y, 1, true); // [rows, planes]
        y = pool(y, stride); // [rows / stride², planes]
        y = convolve(block + ".conv3", block + ".bn3", y, 1, false); // [rows / stride², 4 planes]
        Pixels identity = x;
        if (first) {
            // With or without a stride, the first block of every stage changes the number of channels.
            String projection = block + ".downsample.";
            identity = convolve(projection + "0", projection + "1", pool(x, stride), 1, false);
        } // [rows / stride², 4 planes]
        SDVariable sum = graph.add(y.rows, identity.rows);
        return new Pixels(graph.activation(Activation.Kind.RELU, sum), y.grid);
    }

    /** Computes norm(convolution), or relu(norm(convolution)). */
    private Pixels convolve(String convolution, String norm, Pixels x, int stride, boolean relu) {
        var layer = new Parameters.Convolution(convolution, norm, x.grid, stride, relu);
        return new Pixels(weights.convolution(layer, x.rows), layer.out());
    }

    private Pixels pool(Pixels x, int size) {
        return size == 1 ? x : new Pixels(graph.averagePool(x.rows, x.grid, size), x.grid.dividedBy(size));
    }

    /** Computes {@code AttentionPool2d}: the mean attends to all pixels and itself. */
    private SDVariable attentionPool(SDVariable x, int batch, int tokens) {
        String pool = "visual.attnpool.";
        x = graph.frontTokens(x, weights.get(pool + "positional_embedding")); // [batch tokens, w]
        AttentionLayout layout = AttentionLayout.unmasked(heads, batch, tokens).withQueries(Queries.FIRST);
        SDVariable q = weights.linear(pool + "q_proj", graph.selectRows(x, layout.selectedRows())); // [batch, w]
        SDVariable kv = graph.linear(
                x,
                weights.stacked(pool + "k_proj.weight", pool + "v_proj.weight"),
                weights.stacked(pool + "k_proj.bias", pool + "v_proj.bias"));
        return graph.attention(layout, q, kv); // kv [batch tokens, 2 w] → [batch, w]
    }
}
