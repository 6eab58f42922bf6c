package org.coop4j.graph;

import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;
import org.coop4j.base.Require;
import org.coop4j.graph.host.Backend;
import org.coop4j.graph.host.Backend.BackendException;
import org.coop4j.graph.host.Gemm;
import org.coop4j.graph.host.Precision;
import org.coop4j.graph.host.Workers;
import org.nd4j.autodiff.samediff.SDVariable;
import org.nd4j.autodiff.samediff.SameDiff;
import org.nd4j.autodiff.samediff.VariableType;
import org.nd4j.autodiff.samediff.array.SingleThreadArrayHolder;
import org.nd4j.linalg.api.buffer.DataType;
import org.nd4j.linalg.api.ndarray.INDArray;

/**
 * A SameDiff graph under construction, in CLIP's building blocks.
 *
 * <p>Constants are frozen and get no gradient. Variables are trained: {@link #differentiate} builds their gradients.
 * Not thread-safe, as SameDiff is not.
 */
public class Graph {

    /** No source: a row of zeros. */
    public static final int NO_ROW = -1;

    private final SameDiff sd;
    private final Precision precision;
    private final boolean fast;

    /** Shapes of results in the portable form, by name. */
    private final Map<String, long[]> shapes;

    private Graph(SameDiff sd, Precision precision, boolean fast, Map<String, long[]> shapes) {
        this.sd = sd;
        this.precision = precision;
        this.fast = fast;
        this.shapes = shapes;
    }

    /**
     * An empty graph.
     *
     * @throws BackendException if the backend cannot compute on this machine
     */
    protected Graph() {
        this(emptySameDiff(), Precision.FLOAT32, false, new HashMap<>());
    }

    private static SameDiff emptySameDiff() {
        Backend.start();
        SameDiff sd = SameDiff.create();
        // The default holders copy each array; weights are large and are never handed over.
        sd.setArrayHolders(new SingleThreadArrayHolder(), new SingleThreadArrayHolder(), false);
        return sd;
    }

    /**
     * Returns an empty graph.
     *
     * @throws BackendException if the backend cannot compute on this machine
     */
    public static Graph create() {
        return new Graph();
    }

    /** Returns the same graph, for layers whose products with frozen weights have another precision. */
    public Graph in(Precision other) {
        return new Graph(sd, other, fast, shapes);
    }

    /**
     * Returns the same graph, for products and cross-entropies by the fastest kernels in float32. Their sums have an order
     * of their own.
     */
    public Graph fast() {
        return new Graph(sd, precision, true, shapes);
    }

    /** Returns the SameDiff graph itself, for ops of other packages. */
    public SameDiff sameDiff() {
        return sd;
    }

    /** Returns an input, written before each run. */
    public SDVariable placeholder(String name, DataType type, long... shape) {
        return sd.placeHolder(name, type, shape);
    }

    /** Returns a frozen array, which is not copied. */
    public SDVariable constant(String name, INDArray array) {
        // SameDiff's own method copies a view.
        SDVariable constant = new SDVariable(name, VariableType.CONSTANT, sd, array.shape(), array.dataType());
        sd.addVariable(constant);
        sd.getConstantArrays().setArray(name, array);
        return constant;
    }

    /** Returns a trained array, which is not copied. */
    public SDVariable variable(String name, INDArray array) {
        return sd.var(name, array);
    }

    /** Returns the first output of an op: of its kernel if this process computes it in float32 on the host. */
    public SDVariable apply(GraphOp op, SDVariable... in) {
        if (Backend.currentForm() == Backend.Form.HOST && in[0].dataType() == DataType.FLOAT) {
            return op.outputsOf(in)[0];
        }
        SDVariable out = op.expression(this, in);
        shapes.put(
                out.name(),
                op.outputShapes(Stream.of(in).map(this::shape).toList()).get(0));
        return out;
    }

    /** Returns the shape of a variable whose placeholders have full shapes. */
    public long[] shape(SDVariable variable) {
        long[] known = variable.getShape();
        return known != null ? known : shapes.computeIfAbsent(variable.name(), name -> PlanDraft.shape(variable));
    }

    /** Returns x · wᵀ, plus a bias if one is given; x [rows, in], w [out, in], bias [out] → [rows, out]. */
    public SDVariable linear(SDVariable x, SDVariable w, SDVariable... bias) {
        return linear(Gemm.Form.NT, x, w, bias);
    }

    /** Returns x · w, plus a bias if one is given; x [rows, in], w [in, out], bias [out] → [rows, out]. */
    public SDVariable project(SDVariable x, SDVariable w, SDVariable... bias) {
        return linear(Gemm.Form.NN, x, w, bias);
    }

    private SDVariable linear(Gemm.Form form, SDVariable x, SDVariable w, SDVariable... bias) {
        Precision rounded = w.isConstant() ? precision : Precision.FLOAT32;
        return apply(new Linear(form, rounded, fast), operands(x, w, bias));
    }

    private static SDVariable[] operands(SDVariable x, SDVariable w, SDVariable... bias) {
        return Stream.concat(Stream.of(x, w), Stream.of(bias)).toArray(SDVariable[]::new);
    }

    /** Returns layer norm of each row, epsilon added to the variance; x [rows, width] → same. */
    public SDVariable layerNorm(SDVariable x, SDVariable gain, SDVariable bias, double epsilon) {
        return apply(new LayerNorm(precision, epsilon, shape(x)[1]), x, gain, bias);
    }

    /** Returns an activation function of each element. */
    public SDVariable activation(Activation.Kind kind, SDVariable x) {
        return apply(new Activation(precision, kind), x);
    }

    /** Returns a · b, element by element, of one shape. */
    public SDVariable multiply(SDVariable a, SDVariable b) {
        return apply(new Multiply(), a, b);
    }

    /** Returns a + b of one shape. */
    public SDVariable add(SDVariable a, SDVariable b) {
        return apply(new Add(), a, b);
    }

    /**
     * Elements of a matrix that are set to 0 by a probability; the others are divided by the rest of it.
     *
     * @param rate the probability, less than 1
     * @param draws [2] whole numbers below 2²⁴, others for each step; with a rate of 0 the elements' factors themselves, as
     *     large as the matrix, or null
     * @param number another one for each matrix with the same draws
     */
    public record Dropout(double rate, SDVariable draws, int number) {

        /** Nothing is dropped. */
        public static final Dropout NONE = new Dropout(0, null, 0);
    }

    /**
     * A low-rank branch beside a linear layer (LoRA): x → scale · drop(x) · Aᵀ · Bᵀ.
     *
     * @param a [rank, in]
     * @param b [out, rank]
     * @param column first column of the layer's result to which it is added
     */
    public record LowRank(SDVariable a, SDVariable b, double scale, int column, Dropout dropout) {}

    /** Returns a layer's result y with branches of its input added; y [rows, columns], x [rows, in] → as y. */
    public SDVariable addLowRank(SDVariable y, SDVariable x, List<LowRank> branches) {
        return apply(new AddLowRank(precision, branches), AddLowRank.inputs(y, x, branches));
    }

    /**
     * Returns attention in which every row is a query, from qkv [rows, 3 · width], or one row of each sequence, from q
     * [sequences, width] and kv [rows, 2 · width]; → [queries, width].
     */
    public SDVariable attention(AttentionLayout layout, SDVariable... inputs) {
        return apply(new Attention(precision, layout), inputs);
    }

    /**
     * Returns queries and keys with rotary positions; qkv [sequences · tokens, 3 · width] → same.
     *
     * @param angles of each token and pair of a head's channels
     */
    public SDVariable rotate(SDVariable qkv, int heads, double[][] angles) {
        return apply(new Rotary(heads, angles), qkv);
    }

    /** Returns the given rows, zeros for {@link #NO_ROW}; x [rows, width] → [chosen, width]. */
    public SDVariable selectRows(SDVariable x, int[] rows) {
        return apply(new GatherRows(rows), x);
    }

    /**
     * Returns rows of x or of {@code vectors}: row r of the result is row {@code sources[r]}, the vectors' rows counted
     * on from those of x.
     */
    public SDVariable replaceRows(SDVariable x, SDVariable vectors, int[] sources) {
        return apply(new GatherRows(sources), x, vectors);
    }

    /** Returns rows divided by their Euclidean norm. */
    public SDVariable normalizeRows(SDVariable x) {
        return apply(new NormalizeRows(), x);
    }

    /** Returns exp(s) · x, s a scalar. */
    public SDVariable expScale(SDVariable x, SDVariable s) {
        return apply(new Scale(true), x, s);
    }

    /** Returns Σ x · y over all elements, a scalar. */
    public SDVariable innerProduct(SDVariable x, SDVariable y) {
        return apply(new InnerProduct(), x, y);
    }

    /** Returns Σ x² over all elements, a scalar. */
    public SDVariable sumOfSquares(SDVariable x) {
        return innerProduct(x, x);
    }

    /**
     * Returns the mean cross-entropy; logits [batch, classes] → scalar.
     *
     * @param target labels [batch] as floats, or a teacher's logits [batch, classes], which have no gradient
     */
    public SDVariable crossEntropy(SDVariable logits, SDVariable target) {
        return apply(new Loss.CrossEntropy(fast), logits, target);
    }

    /**
     * Exponents and limits of the asymmetric loss.
     *
     * @param absent exponent γ₋ of the factor of classes that an image does not show
     * @param present exponent γ₊ of those that it shows
     * @param clip added to the probability that a class is absent
     * @param epsilon least probability in a logarithm
     */
    public record Focus(int absent, int present, double clip, double epsilon) {}

    /**
     * Returns the loss of classes that occur independently, a scalar; logits [batch, classes].
     *
     * @param target weight of each entry [batch, classes], negative where the image does not show the class, 0 if unknown
     * @param focus of the asymmetric loss; null for the binary cross-entropy
     */
    public SDVariable labelLoss(SDVariable logits, SDVariable target, Focus focus) {
        return apply(new Loss.Labels(focus), logits, target);
    }

    /** Returns the same values, which count as constants in gradients; once per variable. */
    public SDVariable held(SDVariable x) {
        return sd.identity(x.name() + Gradients.HELD, x);
    }

    /**
     * Returns queries, keys and values, or keys and values, with each row's values multiplied by its gate; x [rows, k · width]
     * → same. In gradients the queries and keys count as constants, so that the weights of attention are held.
     *
     * @param gates [n]
     * @param gateOfRow the gate of each row, all of them, or {@link #NO_ROW}
     */
    public SDVariable gate(SDVariable x, SDVariable gates, int width, int[] gateOfRow) {
        return apply(new Gate(width, gateOfRow), x, gates);
    }

    /** Returns the sums of groups of columns; x [rows, columns] → [rows, groups]. */
    public SDVariable sumColumns(SDVariable x, int[] groupOf, int groups) {
        return apply(new SumColumns(groupOf, groups), x);
    }

    /**
     * Returns square patches of images, flat, in {@code rows} rows per image: its patches starting at {@code first}, the
     * others zero; images [batch, channels, side, side] → [batch · rows, channels · patch²].
     */
    public SDVariable patches(SDVariable images, int patch, int first, int rows) {
        return apply(new Patches(patch, first, rows), images);
    }

    /**
     * Returns a 3×3 convolution with one pixel of padding, plus a bias if one is given.
     *
     * @param x [batch · pixels, in]
     * @param kernel [9 · in, out], in the order of {@link Convolution}
     * @param bias [out]
     * @return [batch · pixels / stride², out]
     */
    public SDVariable convolution(SDVariable x, SDVariable kernel, Grid grid, int stride, SDVariable... bias) {
        return apply(new Convolution(grid, stride), operands(x, kernel, bias));
    }

    /** Returns the means over squares of pixels; x [batch · pixels, channels] → [batch · pixels / size², …]. */
    public SDVariable averagePool(SDVariable x, Grid grid, int size) {
        return apply(new AveragePool(grid, size), x);
    }

    /**
     * Returns rows with positions added, per image its class embedding in front, or without one the mean of its rows.
     *
     * @param positions [n + 1, width]
     */
    public SDVariable frontTokens(SDVariable x, SDVariable positions, SDVariable... classEmbedding) {
        return apply(new FrontTokens(), operands(x, positions, classEmbedding));
    }

    /**
     * Adds the gradients of a scalar to the graph.
     *
     * @return the gradient in each variable that {@code loss} depends on, by the variable's name
     */
    public Map<String, SDVariable> differentiate(SDVariable loss) {
        return Gradients.of(sd, this::shape, loss);
    }

    /**
     * Returns a plan that computes variables of the graph.
     *
     * @param outputs the variables, by the plan's names for them
     * @throws IllegalArgumentException if a placeholder's shape is not full
     */
    public ExecutionPlan plan(Map<String, SDVariable> outputs, Workers workers) {
        return PlanDraft.bind(List.of(draft(outputs, workers))).get(0);
    }

    /** Returns the plan of {@link #plan(Map, Workers)} before it has memory. */
    public PlanDraft draft(Map<String, SDVariable> outputs, Workers workers) {
        Map<String, String> variables = new LinkedHashMap<>();
        outputs.forEach((name, variable) -> variables.put(name, variable.name()));
        return new PlanDraft(sd, variables, workers);
    }

    /**
     * Pixels of an image as matrix rows: {@code height · width} rows in raster order, one column per channel. The images of
     * a batch follow one another.
     *
     * @param height lines of pixels
     * @param width pixels of a line
     */
    public record Grid(int height, int width) {

        public Grid {
            Require.that(
                    height >= 1 && width >= 1, "an image of %sx%s pixels: expected 1 or more of both", width, height);
        }

        /** Returns the number of rows of one image. */
        public int pixels() {
            return Math.multiplyExact(height, width);
        }

        /**
         * Returns the grid with every {@code factor}-th line and pixel.
         *
         * @throws IllegalArgumentException if {@code factor} does not divide both sides
         */
        public Grid dividedBy(int factor) {
            Require.that(
                    factor >= 1 && height % factor == 0 && width % factor == 0,
                    "an image of %sx%s pixels is not divisible by %s",
                    width,
                    height,
                    factor);
            return new Grid(height / factor, width / factor);
        }

        /** Returns the number of images in {@code rows} rows. */
        public int images(long rows) {
            Require.that(
                    rows % pixels() == 0,
                    "%s rows are not a multiple of an image of %sx%s pixels",
                    rows,
                    width,
                    height);
            return Math.toIntExact(rows / pixels());
        }
    }
}
