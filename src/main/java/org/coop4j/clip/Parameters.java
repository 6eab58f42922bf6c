package org.coop4j.clip;

import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.SortedMap;
import java.util.function.Function;
import java.util.function.Supplier;
import java.util.function.UnaryOperator;
import org.coop4j.graph.Activation;
import org.coop4j.graph.Graph;
import org.coop4j.graph.Graph.Dropout;
import org.coop4j.graph.Graph.Grid;
import org.coop4j.graph.host.ArrayValues;
import org.coop4j.graph.host.NativeMemory;
import org.coop4j.model.MlpActivation;
import org.nd4j.autodiff.samediff.SDVariable;
import org.nd4j.linalg.api.buffer.DataType;
import org.nd4j.linalg.api.ndarray.INDArray;
import org.nd4j.linalg.factory.Nd4j;

/** The weights of a model in a graph, by OpenAI's names: frozen weights are constants, trained ones variables. */
public interface Parameters {

    /**
     * A convolution without a bias and the batch norm after it, 1×1 or 3×3 with one pixel of padding.
     *
     * @param name of the convolution, without {@code .weight}
     * @param norm the norm's name
     * @param in the pixels of an image before it
     * @param stride distance between the pixels on which the kernel is centred; divides both sides
     * @param relu true if a rectifier follows
     */
    record Convolution(String name, String norm, Grid in, int stride, boolean relu) {

        /** Returns the pixels of an image after it. */
        public Grid out() {
            return in.dividedBy(stride);
        }
    }

    /** Returns the graph of the weights. */
    Graph graph();

    /** Returns the weight {@code name} in this graph. */
    SDVariable get(String name);

    /** Returns the linear layer of this name, with its bias; x [rows, in] → [rows, out]. */
    default SDVariable linear(String layer, SDVariable x) {
        return graph().linear(x, get(layer + ".weight"), get(layer + ".bias"));
    }

    /** Returns attention's packed input projection; x [rows, in] → [rows, 3 · width]. */
    default SDVariable inProjection(String attention, SDVariable x) {
        return graph().linear(x, get(attention + ".in_proj_weight"), get(attention + ".in_proj_bias"));
    }

    /** Returns rows {@code from} to {@code to} of attention's packed input projection; x [rows, in] → [rows, to − from]. */
    default SDVariable inProjection(String attention, SDVariable x, int from, int to) {
        String in = attention + ".in_proj_";
        return graph().linear(x, rows(in + "weight", from, to), rows(in + "bias", from, to));
    }

    /** Returns x + MLP(norm(x)); x [rows, width] → same. */
    default SDVariable mlp(String mlp, String norm, MlpActivation activation, SDVariable x) {
        SDVariable y = norm(norm, x); // [rows, width]
        SDVariable h = activation == MlpActivation.SWIGLU
                ? gated(mlp + ".c_fc", y) // [rows, 8/3 width]
                : graph().activation(
                                Activation.Kind.valueOf(activation.name()),
                                linear(mlp + ".c_fc", y)); // [rows, 4 width]
        return graph().add(x, linear(mlp + ".c_proj", h)); // [rows, width]
    }

    /** Returns one half of a layer's outputs, activated, multiplied by the other (SwiGLU); y [rows, in] → [rows, out / 2]. */
    private SDVariable gated(String layer, SDVariable y) {
        String weight = layer + ".weight";
        String bias = layer + ".bias";
        int out = (int) graph().shape(get(weight))[0];
        SDVariable a = graph().linear(y, rows(weight, 0, out / 2), rows(bias, 0, out / 2));
        SDVariable b = graph().linear(y, rows(weight, out / 2, out), rows(bias, out / 2, out));
        return graph().multiply(graph().activation(Activation.Kind.SWISH, a), b);
    }

    /** Returns the layer norm of this name; x [rows, width] → same. */
    default SDVariable norm(String layer, SDVariable x) {
        return graph().layerNorm(x, get(layer + ".weight"), get(layer + ".bias"), epsilon(layer));
    }

    /** Returns the number that a layer norm adds to the variance: CLIP's, unless the model has another. */
    default double epsilon(String layer) {
        return 1e-5;
    }

    /** Returns a convolution's weight [out, in, height, width] as a matrix [out, in · height · width]. */
    SDVariable matrix(String name);

    /** Returns rows {@code from} (inclusive) to {@code to} (exclusive) of a matrix or vector. */
    SDVariable rows(String name, int from, int to);

    /** Returns two matrices or vectors as one, the second's rows after the first's. */
    SDVariable stacked(String first, String second);

    /**
     * Returns a convolution with its batch norm, whose statistics are fixed.
     *
     * @param x [batch · pixels, in]
     * @return [batch · pixels / stride², out]
     */
    SDVariable convolution(Convolution layer, SDVariable x);

    /** Learned tensors in a graph. */
    interface Learned {

        /** Returns CLIP's building blocks. */
        Graph ops();

        /** Returns the names of the learned tensors. */
        Set<String> names();

        /** Returns the learned tensor of a name, one of more than two axes as the matrix of its rows. */
        SDVariable learned(String name);

        /** Returns dropout for one use, if this is trained, otherwise none. */
        Dropout dropout(double rate);
    }

    /**
     * Changes of a model's towers in a graph, which methods learn.
     *
     * @param weights weights in place of the model's, by name
     * @param branches low-rank branches beside the projections of attention, by name, such as {@code
     *     visual.transformer.resblocks.0.attn.q_proj}
     * @param imageRows rows added to each image's, null for none
     * @param gate of the values in attention, applied to packed projections, null for none: queries are held
     */
    record Changes(
            Map<String, SDVariable> weights,
            Map<String, LowRank> branches,
            ImageRows imageRows,
            UnaryOperator<SDVariable> gate) {

        /** No changes. */
        public static final Changes NONE = new Changes(Map.of(), Map.of(), null);

        public Changes(Map<String, SDVariable> weights, Map<String, LowRank> branches, ImageRows imageRows) {
            this(weights, branches, imageRows, null);
        }

        /** Returns the changes with gates. */
        Changes gated(UnaryOperator<SDVariable> values) {
            return new Changes(weights, branches, imageRows, values);
        }

        /** Returns the weights of a model with the changes. */
        Parameters of(Parameters model) {
            return weights.isEmpty() && branches.isEmpty() && gate == null ? model : new Changed(model, this);
        }
    }

    /**
     * Vectors as further rows of every image, without a position.
     *
     * @param blocks vectors [M, width] by block: those of the first are added on entry to it, to block 0 before {@code
     *     ln_pre}; those of a later block take the place of the earlier ones
     * @param count M
     * @param projection of the mean of the rows to a second feature, [width, embed], where they follow the class token; null
     *     if they are the last rows, which nothing reads
     */
    record ImageRows(SortedMap<Integer, SDVariable> blocks, int count, SDVariable projection) {

        boolean afterClass() {
            return projection != null;
        }
    }

    /**
     * A low-rank branch beside a linear layer: x → scale · B (A · drop(x)).
     *
     * @param a [rank, in]
     * @param b [out, rank]
     * @param dropout of an input
     */
    record LowRank(SDVariable a, SDVariable b, double scale, Function<SDVariable, Dropout> dropout) {

        /** Returns the branch of an input, added to the layer's columns starting at {@code column}. */
        Graph.LowRank of(SDVariable x, int column) {
            return new Graph.LowRank(a, b, scale, column, dropout.apply(x));
        }

        int out() {
            return Math.toIntExact(b.getShape()[0]);
        }

        /** Adds scale · B A to part {@code part} of a weight of parts with as many rows as B. */
        void addTo(float[] weight, int part) {
            FeatureMatrix left = matrix(b);
            FeatureMatrix right = matrix(a).transposed(); // [in, rank]
            FeatureMatrix product = left.products(right); // [out, in]
            for (int r = 0; r < product.rows(); r++) {
                for (int c = 0; c < product.width(); c++) {
                    weight[(part * product.rows() + r) * product.width() + c] += (float) (scale * product.get(r, c));
                }
            }
        }

        private static FeatureMatrix matrix(SDVariable variable) {
            long[] shape = variable.getShape();
            return FeatureMatrix.of(
                    Math.toIntExact(shape[0]),
                    Math.toIntExact(shape[1]),
                    ArrayValues.of(variable.getArr()).toArray());
        }
    }

    /** The weights of a model with changes. */
    record Changed(Parameters model, Changes changes) implements Parameters {

        private static final List<String> PARTS = List.of(".q_proj", ".k_proj", ".v_proj");

        /** Returns the part of the packed input projection that a projection is, or -1. */
        static int part(String layer) {
            return PARTS.indexOf(layer.substring(layer.lastIndexOf('.')));
        }

        @Override
        public Graph graph() {
            return model.graph();
        }

        @Override
        public double epsilon(String layer) {
            return model.epsilon(layer);
        }

        @Override
        public SDVariable get(String name) {
            SDVariable changed = changes.weights.get(name);
            return changed == null ? model.get(name) : changed;
        }

        @Override
        public SDVariable linear(String layer, SDVariable x) {
            SDVariable y = Parameters.super.linear(layer, x);
            LowRank branch = changes.branches.get(layer);
            return branch == null ? y : graph().addLowRank(y, x, List.of(branch.of(x, 0)));
        }

        @Override
        public SDVariable inProjection(String attention, SDVariable x) {
            return gated(withBranches(attention, x, model.inProjection(attention, x), 0, Integer.MAX_VALUE), true);
        }

        @Override
        public SDVariable inProjection(String attention, SDVariable x, int from, int to) {
            return gated(withBranches(attention, x, model.inProjection(attention, x, from, to), from, to), from > 0);
        }

        private SDVariable gated(SDVariable y, boolean hasValues) {
            if (changes.gate == null) {
                return y;
            }
            return hasValues ? changes.gate.apply(y) : graph().held(y);
        }

        /** Adds the branches of the projections between two rows of the packed one. */
        private SDVariable withBranches(String attention, SDVariable x, SDVariable y, int from, int to) {
            List<Graph.LowRank> branches = new ArrayList<>();
            for (int part = 0; part < PARTS.size(); part++) {
                LowRank branch = changes.branches.get(attention + PARTS.get(part));
                if (branch != null && part * branch.out() >= from && part * branch.out() < to) {
                    branches.add(branch.of(x, part * branch.out() - from));
                }
            }
            return branches.isEmpty() ? y : graph().addLowRank(y, x, branches);
        }

        @Override
        public SDVariable matrix(String name) {
            return model.matrix(name);
        }

        @Override
        public SDVariable rows(String name, int from, int to) {
            return model.rows(name, from, to);
        }

        @Override
        public SDVariable stacked(String first, String second) {
            return model.stacked(first, second);
        }

        @Override
        public SDVariable convolution(Convolution layer, SDVariable x) {
            return model.convolution(layer, x);
        }
    }

    /** A model's weights as constants of one graph; the arrays are shared between graphs. */
    final class Frozen implements Parameters {

        private final Graph graph;
        private final NativeWeights weights;
        private final Map<String, SDVariable> constants = new HashMap<>();

        Frozen(Graph graph, NativeWeights weights) {
            this.graph = graph;
            this.weights = weights;
        }

        @Override
        public Graph graph() {
            return graph;
        }

        @Override
        public double epsilon(String layer) {
            return weights.architecture().epsilon(layer);
        }

        @Override
        public SDVariable get(String name) {
            return constants.computeIfAbsent(name, n -> graph.constant(n, weights.get(n)));
        }

        @Override
        public SDVariable matrix(String name) {
            return constants.computeIfAbsent(name, n -> {
                INDArray whole = weights.get(n);
                return graph.constant(n, whole.reshape('c', whole.size(0), -1));
            });
        }

        @Override
        public SDVariable rows(String name, int from, int to) {
            return constants.computeIfAbsent(name + "[" + from + ":" + to + "]", key -> {
                INDArray whole = weights.get(name);
                long[] shape = whole.shape().clone();
                shape[0] = (long) to - from;
                return graph.constant(
                        key, NativeMemory.view(whole, (long) from * whole.stride(0), shape, whole.stride()));
            });
        }

        @Override
        public SDVariable stacked(String first, String second) {
            return derived(first + " over " + second, () -> Nd4j.concat(0, weights.get(first), weights.get(second)));
        }

        @Override
        public SDVariable convolution(Convolution layer, SDVariable x) {
            SDVariable kernel = derived(layer.name() + " folded with " + layer.norm(), () -> foldedKernel(layer));
            SDVariable bias = derived(
                    layer.norm() + " folded",
                    () -> array(folding(layer.norm()).bias(), weights.shape(layer.norm() + ".bias")));
            boolean single = weights.shape(layer.name() + ".weight")[2] == 1;
            SDVariable y = single
                    ? graph.project(x, kernel, bias)
                    : graph.convolution(x, kernel, layer.in(), layer.stride(), bias);
            return layer.relu() ? graph.activation(Activation.Kind.RELU, y) : y;
        }

        /** Returns a folded kernel [taps · in, out]. */
        private INDArray foldedKernel(Convolution layer) {
            String name = layer.name() + ".weight";
            long[] shape = weights.shape(name); // [out, in, size, size]
            int taps = Math.toIntExact(shape[2] * shape[3]);
            float[] kernel = folding(layer.norm()).scaled(weights.floats(name), taps);
            return array(kernel, taps * shape[1], shape[0]);
        }

        private static INDArray array(float[] values, long... shape) {
            INDArray array = NativeMemory.array(DataType.FLOAT, shape);
            ArrayValues.of(array).fill(values);
            return array;
        }

        private SDVariable derived(String key, Supplier<INDArray> make) {
            return graph.constant(key, weights.derived(key, make));
        }

        private BatchNormFolding folding(String norm) {
            return BatchNormFolding.of(
                    weights.floats(norm + ".weight"),
                    weights.floats(norm + ".bias"),
                    weights.floats(norm + ".running_mean"),
                    weights.floats(norm + ".running_var"));
        }

        /**
         * A batch norm with fixed statistics as part of the convolution before it: (w ∗ x − mean) / √(variance + 1e-5) · gain +
         * bias is one convolution with other weights and a bias.
         *
         * <p>Kernels are reordered on the way: PyTorch's [out, in, size, size] becomes [size · size · in, out].
         *
         * @param scale factor of each channel, [out]
         * @param bias added to every pixel, [out]
         */
        @SuppressWarnings("ArrayRecordComponent") // never compared
        private record BatchNormFolding(float[] scale, float[] bias) {

            /** Added to a batch norm's variance (PyTorch's default, which CLIP uses). */
            private static final double EPSILON = 1e-5;

            /** Returns the folding of a norm's four vectors, [channels] each. */
            static BatchNormFolding of(float[] gain, float[] bias, float[] mean, float[] variance) {
                float[] scale = new float[gain.length];
                float[] rest = new float[gain.length];
                for (int c = 0; c < scale.length; c++) {
                    double factor = gain[c] / Math.sqrt(variance[c] + EPSILON);
                    scale[c] = (float) factor;
                    rest[c] = (float) (bias[c] - mean[c] * factor);
                }
                return new BatchNormFolding(scale, rest);
            }

            /**
             * Returns the kernel with the norm's scale, reordered.
             *
             * @param kernel [out, in, taps], the taps row by row
             * @return [taps, in, out]
             */
            float[] scaled(float[] kernel, int taps) {
                int out = scale.length;
                int in = kernel.length / (out * taps);
                float[] result = new float[kernel.length];
                int next = 0;
                for (int t = 0; t < taps; t++) {
                    for (int i = 0; i < in; i++) {
                        for (int o = 0; o < out; o++) {
                            result[next++] = kernel[(o * in + i) * taps + t] * scale[o];
                        }
                    }
                }
                return result;
            }
        }
    }
}
