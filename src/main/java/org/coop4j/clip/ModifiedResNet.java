package org.coop4j.clip;

import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.coop4j.graph.Graph;
import org.coop4j.graph.op.Activation;
import org.coop4j.graph.op.AttentionLayout;
import org.coop4j.graph.op.AttentionLayout.Queries;
import org.coop4j.graph.op.BatchNorm;
import org.coop4j.graph.op.Grid;
import org.nd4j.autodiff.samediff.SDVariable;

/**
 * CLIP's ResNet ({@code ModifiedResNet}): three stem convolutions in place of one, average pooling
 * before every stride, and attention pooling at the end.
 *
 * <p>Pixels are matrix rows in raster order, one column a channel, so that a 1×1 convolution is a
 * linear layer. A frozen batch norm is part of the convolution before it; a trained one has the
 * batch's statistics, under the names {@link #meanName} and {@link #varianceName}.
 */
final class ModifiedResNet {

    private final Parameters weights;
    private final Graph graph;
    private final List<Integer> layers;
    private final int heads;
    private final Map<String, Integer> normPixels = new LinkedHashMap<>();

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

    /** The name of the batch mean that a trained batch norm gives. */
    static String meanName(String norm) {
        return norm + ".batch_mean";
    }

    /** The name of the batch's biased variance that a trained batch norm gives. */
    static String varianceName(String norm) {
        return norm + ".batch_var";
    }

    /** The trained batch norms in the order of the graph: name → pixels of one image it sees. */
    Map<String, Integer> normPixels() {
        return Collections.unmodifiableMap(normPixels);
    }

    /**
     * Image features, not normalised.
     *
     * @param images normalised pixels [batch, 3, side, side]
     * @param batch number of images
     * @param side a multiple of 32
     * @return [batch, embed]
     */
    SDVariable forward(SDVariable images, int batch, int side) {
        Pixels x = new Pixels(graph.pixelRows(images), new Grid(side, side)); // [batch side², 3]
        x = stem(x); // [batch (side/4)², width]
        for (int stage = 0; stage < layers.size(); stage++) {
            for (int block = 0; block < layers.get(stage); block++) {
                int stride = stage > 0 && block == 0 ? 2 : 1;
                x = bottleneck("visual.layer" + (stage + 1) + "." + block, x, stride, block == 0);
            }
        } // [batch (side/32)², 32 width]
        return attentionPool(x.rows, batch, x.grid.pixels() + 1); // [batch, embed]
    }

    private Pixels stem(Pixels x) {
        x = convolveRelu("visual.conv1", "visual.bn1", x, 2); // [batch (side/2)², width/2]
        x = convolveRelu("visual.conv2", "visual.bn2", x, 1); // [batch (side/2)², width/2]
        x = convolveRelu("visual.conv3", "visual.bn3", x, 1); // [batch (side/2)², width]
        return pool(x, 2); // [batch (side/4)², width]
    }

    /** {@code Bottleneck}: in channels → 4 · planes. */
    private Pixels bottleneck(String block, Pixels x, int stride, boolean first) {
        SDVariable y = multiplyRelu(block + ".conv1", block + ".bn1", x); // [rows, planes]
        Pixels h = convolveRelu(block + ".conv2", block + ".bn2", new Pixels(y, x.grid), 1);
        h = pool(h, stride); // [rows / stride², planes]
        y = multiply(block + ".conv3", block + ".bn3", h); // [rows / stride², 4 planes]
        SDVariable identity = x.rows;
        if (first) {
            // Stride or not: the first block of every stage changes the number of channels.
            String projection = block + ".downsample.";
            identity = multiply(projection + "0", projection + "1", pool(x, stride));
        } // [rows / stride², 4 planes]
        y = graph.activation(Activation.Kind.RELU, graph.add(y, identity));
        return new Pixels(y, h.grid);
    }

    private Pixels pool(Pixels x, int size) {
        return size == 1
                ? x
                : new Pixels(graph.averagePool(x.rows, x.grid, size), x.grid.dividedBy(size));
    }

    /** {@code AttentionPool2d}: the mean asks all pixels and itself. */
    private SDVariable attentionPool(SDVariable x, int batch, int tokens) {
        String pool = "visual.attnpool.";
        x = graph.meanTokens(x, weights.get(pool + "positional_embedding")); // [batch tokens, w]
        AttentionLayout layout =
                AttentionLayout.unmasked(heads, batch, tokens).withQueries(Queries.FIRST);
        SDVariable q =
                graph.linear(
                        graph.selectRows(x, layout.selectedRows()),
                        weights.get(pool + "q_proj.weight"),
                        weights.get(pool + "q_proj.bias")); // [batch, w]
        SDVariable kv =
                graph.linear(
                        x,
                        weights.stacked(pool + "k_proj.weight", pool + "v_proj.weight"),
                        weights.stacked(pool + "k_proj.bias", pool + "v_proj.bias"));
        x = graph.attention(layout, q, kv); // kv [batch tokens, 2 w] → [batch, w]
        return graph.linear(
                x,
                weights.get(pool + "c_proj.weight"),
                weights.get(pool + "c_proj.bias")); // [batch, embed]
    }

    /** relu(norm(3×3 convolution)). */
    private Pixels convolveRelu(String convolution, String norm, Pixels x, int stride) {
        SDVariable kernel = weights.kernel(convolution, norm);
        Grid grid = stride == 1 ? x.grid : x.grid.dividedBy(stride);
        SDVariable y;
        if (weights.frozen()) {
            y = graph.convolution(x.rows, kernel, weights.foldedBias(norm), x.grid, stride);
            y = graph.activation(Activation.Kind.RELU, y);
        } else {
            y = graph.convolution(x.rows, kernel, x.grid, stride);
            y = norm(BatchNorm.Then.RELU, norm, y, grid);
        }
        return new Pixels(y, grid);
    }

    /** relu(norm(1×1 convolution)). */
    private SDVariable multiplyRelu(String convolution, String norm, Pixels x) {
        if (weights.frozen()) {
            return graph.activation(Activation.Kind.RELU, multiply(convolution, norm, x));
        }
        SDVariable y = graph.project(x.rows, weights.kernel(convolution, norm));
        return norm(BatchNorm.Then.RELU, norm, y, x.grid);
    }

    /** norm(1×1 convolution). */
    private SDVariable multiply(String convolution, String norm, Pixels x) {
        SDVariable kernel = weights.kernel(convolution, norm);
        return weights.frozen()
                ? graph.project(x.rows, kernel, weights.foldedBias(norm))
                : norm(BatchNorm.Then.NOTHING, norm, graph.project(x.rows, kernel), x.grid);
    }

    private SDVariable norm(BatchNorm.Then then, String norm, SDVariable x, Grid grid) {
        normPixels.put(norm, grid.pixels());
        SDVariable[] outputs =
                graph.batchNorm(
                        then, x, weights.get(norm + ".weight"), weights.get(norm + ".bias"));
        outputs[1].rename(meanName(norm));
        outputs[2].rename(varianceName(norm));
        return outputs[0];
    }
}
