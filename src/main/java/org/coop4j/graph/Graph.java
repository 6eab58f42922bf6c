package org.coop4j.graph;

import java.util.Collection;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.coop4j.graph.host.Precision;
import org.coop4j.graph.host.Workers;
import org.coop4j.graph.op.Activation;
import org.coop4j.graph.op.Add;
import org.coop4j.graph.op.Attention;
import org.coop4j.graph.op.AttentionLayout;
import org.coop4j.graph.op.AveragePool;
import org.coop4j.graph.op.ClassTokens;
import org.coop4j.graph.op.Convolution;
import org.coop4j.graph.op.CrossEntropy;
import org.coop4j.graph.op.ExpScale;
import org.coop4j.graph.op.GatherRows;
import org.coop4j.graph.op.Grid;
import org.coop4j.graph.op.InnerProduct;
import org.coop4j.graph.op.LayerNorm;
import org.coop4j.graph.op.Linear;
import org.coop4j.graph.op.MeanTokens;
import org.coop4j.graph.op.NormalizeRows;
import org.coop4j.graph.op.Patches;
import org.coop4j.graph.op.PixelRows;
import org.coop4j.graph.op.PlaceContext;
import org.coop4j.graph.op.SoftCrossEntropy;
import org.coop4j.graph.op.SumColumns;
import org.coop4j.graph.op.SumOfSquares;
import org.nd4j.autodiff.samediff.SDVariable;
import org.nd4j.autodiff.samediff.SameDiff;
import org.nd4j.autodiff.samediff.VariableType;
import org.nd4j.autodiff.samediff.array.SingleThreadArrayHolder;
import org.nd4j.linalg.api.buffer.DataType;
import org.nd4j.linalg.api.ndarray.INDArray;

/**
 * A SameDiff graph under construction, in CLIP's building blocks.
 *
 * <p>Constants are frozen: they get no gradient. Variables are trained: {@link #differentiate}
 * builds their gradients. Not thread-safe, as SameDiff is not.
 */
public final class Graph {

    private final SameDiff sd;
    private final Precision precision;

    private Graph(SameDiff sd, Precision precision) {
        this.sd = sd;
        this.precision = precision;
    }

    /** An empty graph. */
    public static Graph create() {
        GraphOps.prepare();
        SameDiff sd = SameDiff.create();
        // The default holders copy each array; weights are large and never change hands.
        sd.setArrayHolders(new SingleThreadArrayHolder(), new SingleThreadArrayHolder(), false);
        return new Graph(sd, Precision.FLOAT32);
    }

    /** The same graph, for adding layers whose products with frozen weights have a precision. */
    public Graph in(Precision other) {
        return new Graph(sd, other);
    }

    /** The graph itself: for ops of other rooms, for inspection, for a session of its own. */
    public SameDiff sameDiff() {
        return sd;
    }

    /** An input that is given before each run. */
    public SDVariable placeholder(String name, DataType type, long... shape) {
        return sd.placeHolder(name, type, shape);
    }

    /** A frozen array; it is not copied. */
    public SDVariable constant(String name, INDArray array) {
        // SameDiff's own method copies a view.
        SDVariable constant =
                new SDVariable(name, VariableType.CONSTANT, sd, array.shape(), array.dataType());
        sd.addVariable(constant);
        sd.getConstantArrays().setArray(name, array);
        return constant;
    }

    /** A trained array; it is not copied. */
    public SDVariable variable(String name, INDArray array) {
        return sd.var(name, array);
    }

    /** x · wᵀ + b; x [rows, in], w [out, in], b [out] → [rows, out]. */
    public SDVariable linear(SDVariable x, SDVariable w, SDVariable b) {
        return new Linear(sd, Linear.Weight.OUT_IN, precisionOf(w), x, w, b).outputVariable();
    }

    /** x · wᵀ; x [rows, in], w [out, in] → [rows, out]. */
    public SDVariable linear(SDVariable x, SDVariable w) {
        return new Linear(sd, Linear.Weight.OUT_IN, precisionOf(w), x, w).outputVariable();
    }

    /** x · w; x [rows, in], w [in, out] → [rows, out]. */
    public SDVariable project(SDVariable x, SDVariable w) {
        return new Linear(sd, Linear.Weight.IN_OUT, precisionOf(w), x, w).outputVariable();
    }

    /** x · w + b; x [rows, in], w [in, out], b [out] → [rows, out]. */
    public SDVariable project(SDVariable x, SDVariable w, SDVariable b) {
        return new Linear(sd, Linear.Weight.IN_OUT, precisionOf(w), x, w, b).outputVariable();
    }

    private Precision precisionOf(SDVariable weight) {
        return weight.isConstant() ? precision : Precision.FLOAT32;
    }

    /** Layer norm of each row, epsilon 1e-5; x [rows, width] → same. */
    public SDVariable layerNorm(SDVariable x, SDVariable gain, SDVariable bias) {
        return new LayerNorm(sd, x, gain, bias).outputVariable();
    }

    /** An activation function of each element. */
    public SDVariable activation(Activation.Kind kind, SDVariable x) {
        return new Activation(sd, kind, x).outputVariable();
    }

    /** a + b of one shape. */
    public SDVariable add(SDVariable a, SDVariable b) {
        return new Add(sd, a, b).outputVariable();
    }

    /** Attention in which every row asks; qkv [rows, 3 · width] → [rows, width]. */
    public SDVariable attention(AttentionLayout layout, SDVariable qkv) {
        return new Attention(sd, layout, qkv).outputVariables()[0];
    }

    /**
     * Attention in which one row of each sequence asks; q [sequences, width], kv [rows, 2 · width]
     * → [sequences, width].
     */
    public SDVariable attention(AttentionLayout layout, SDVariable q, SDVariable kv) {
        return new Attention(sd, layout, q, kv).outputVariables()[0];
    }

    /** The given rows; x [rows, width] → [chosen, width]. */
    public SDVariable selectRows(SDVariable x, int[] rows) {
        return new GatherRows(sd, rows, x).outputVariable();
    }

    /**
     * {@code base} with context vectors added: row {@code rows[i]} gets vector {@code vectors[i]}.
     */
    public SDVariable placeContext(SDVariable context, SDVariable base, int[] rows, int[] vectors) {
        return new PlaceContext(sd, context, base, rows, vectors).outputVariable();
    }

    /**
     * Row r of the result is row {@code sources[r]} of x, or of {@code vectors}, whose rows count
     * on from those of x.
     */
    public SDVariable replaceRows(SDVariable x, SDVariable vectors, int[] sources) {
        return new GatherRows(sd, sources, x, vectors).outputVariable();
    }

    /** Rows divided by their Euclidean norm. */
    public SDVariable normalizeRows(SDVariable x) {
        return new NormalizeRows(sd, x).outputVariable();
    }

    /** exp(s) · x, s a scalar. */
    public SDVariable expScale(SDVariable x, SDVariable s) {
        return new ExpScale(sd, x, s).outputVariable();
    }

    /** Σ x · pull, a scalar whose gradient in x is {@code pull}. */
    public SDVariable innerProduct(SDVariable x, SDVariable pull) {
        return new InnerProduct(sd, x, pull).outputVariable();
    }

    /** Σ x² over all elements, a scalar. */
    public SDVariable sumOfSquares(SDVariable x) {
        return new SumOfSquares(sd, x).outputVariable();
    }

    /** Mean cross-entropy; logits [batch, classes], labels [batch] as floats → scalar. */
    public SDVariable crossEntropy(SDVariable logits, SDVariable labels) {
        return new CrossEntropy(sd, logits, labels).outputVariable();
    }

    /**
     * Mean cross-entropy against the softmax of a teacher's logits, which has no gradient; both
     * [batch, classes] → scalar.
     */
    public SDVariable softCrossEntropy(SDVariable logits, SDVariable teacher) {
        return new SoftCrossEntropy(sd, logits, teacher).outputVariable();
    }

    /** The sums of groups of columns; x [rows, columns] → [rows, groups]. */
    public SDVariable sumColumns(SDVariable x, int[] groupOf, int groups) {
        return new SumColumns(sd, x, groupOf, groups).outputVariable();
    }

    /** images [batch, 3, side, side] → patches [batch · grid², 3 · patch²]. */
    public SDVariable patches(SDVariable images, int patch) {
        return new Patches(sd, images, patch).outputVariable();
    }

    /** The same with {@code rows} rows an image, its patches from {@code first} on, others zero. */
    public SDVariable patches(SDVariable images, int patch, int first, int rows) {
        return new Patches(sd, images, patch, first, rows).outputVariable();
    }

    /** Patches with the class embedding in front and the positions added. */
    public SDVariable classTokens(
            SDVariable patches, SDVariable classEmbedding, SDVariable positions) {
        return new ClassTokens(sd, patches, classEmbedding, positions).outputVariable();
    }

    /** images [batch, channels, height, width] → one row a pixel [batch · pixels, channels]. */
    public SDVariable pixelRows(SDVariable images) {
        return new PixelRows(sd, images).outputVariable();
    }

    /**
     * A 3×3 convolution with one pixel of padding; x [batch · pixels, in], kernel [9 · in, out] as
     * {@link Convolution} orders it → [batch · pixels / stride², out].
     */
    public SDVariable convolution(SDVariable x, SDVariable kernel, Grid grid, int stride) {
        return new Convolution(sd, x, kernel, grid, stride).outputVariable();
    }

    /** The same with a bias [out] added. */
    public SDVariable convolution(
            SDVariable x, SDVariable kernel, SDVariable bias, Grid grid, int stride) {
        return new Convolution(sd, x, kernel, bias, grid, stride).outputVariable();
    }

    /** Means over squares of pixels; x [batch · pixels, channels] → [batch · pixels / size², …]. */
    public SDVariable averagePool(SDVariable x, Grid grid, int size) {
        return new AveragePool(sd, x, grid, size).outputVariable();
    }

    /** Pixels with their mean in front and the positions added. */
    public SDVariable meanTokens(SDVariable x, SDVariable positions) {
        return new MeanTokens(sd, x, positions).outputVariable();
    }

    /** Builds the gradients of all variables with respect to {@code loss}, a scalar. */
    public void differentiate(SDVariable loss) {
        sd.setLossVariables(loss.name());
        GraphOps.differentiate(sd);
    }

    /**
     * A plan that computes {@code outputs}.
     *
     * @param outputs names of the variables to compute
     * @throws IllegalArgumentException if an output is unknown, or the graph does not declare the
     *     full shape of a placeholder
     */
    public ExecutionPlan plan(Collection<String> outputs, Workers workers) {
        return draft(outputs, workers).bind();
    }

    /**
     * A plan that computes {@code outputs} and the gradients of {@code variables}; needs {@link
     * #differentiate}. The gradient of variable v is the output {@link #gradientName}(v).
     */
    public ExecutionPlan gradientPlan(
            List<String> outputs, List<String> variables, Workers workers) {
        return gradientDraft(outputs, variables, List.of(), workers).bind();
    }

    /** The plan of {@link #plan} before it has memory. */
    public PlanDraft draft(Collection<String> outputs, Workers workers) {
        Map<String, String> names = new LinkedHashMap<>();
        outputs.forEach(output -> names.put(output, output));
        return new PlanDraft(sd, names, List.of(), workers);
    }

    /**
     * The plan of {@link #gradientPlan} before it has memory.
     *
     * @param changing placeholders that change between a run and its repetitions, see {@link
     *     ExecutionPlan#repeat}
     */
    public PlanDraft gradientDraft(
            List<String> outputs,
            List<String> variables,
            Collection<String> changing,
            Workers workers) {
        Map<String, String> names = new LinkedHashMap<>();
        outputs.forEach(output -> names.put(output, output));
        for (String variable : variables) {
            names.put(gradientName(variable), sd.grad(variable).name());
        }
        return new PlanDraft(sd.getFunction("grad"), names, changing, workers);
    }

    /** The name under which a gradient plan gives the gradient of {@code variable}. */
    public static String gradientName(String variable) {
        return "gradient of " + variable;
    }
}
