package org.coop4j.graph;

import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.stream.Stream;
import org.coop4j.graph.host.HostKernel;
import org.coop4j.graph.host.HostMatrix;
import org.coop4j.graph.host.Workers;
import org.nd4j.autodiff.samediff.SDVariable;
import org.nd4j.autodiff.samediff.SameDiff;
import org.nd4j.linalg.api.buffer.DataType;
import org.nd4j.linalg.api.ndarray.INDArray;
import org.nd4j.linalg.api.ops.DynamicCustomOp;
import org.nd4j.linalg.api.ops.OpContext;
import org.nd4j.linalg.api.shape.LongShapeDescriptor;
import org.nd4j.linalg.factory.Nd4j;

/**
 * A SameDiff op computed in Java.
 *
 * <p>Inputs that may have a gradient come first: {@code doDiff} returns the gradients of a prefix of the inputs.
 */
public abstract class GraphOp extends DynamicCustomOp {

    protected GraphOp(SameDiff sd, SDVariable... inputs) {
        super(null, sd, inputs);
    }

    /** An op that is no part of a graph, only of a plan. */
    protected GraphOp() {}

    /** The class's name: {@code Linear.BiasGradient} is {@code coop_linear_bias_gradient}. */
    @Override
    public final String opName() {
        String path = getClass().getName().substring(getClass().getPackageName().length() + 1);
        return "coop" + path.replace("$", "").replaceAll("([A-Z])", "_$1").toLowerCase(Locale.ROOT);
    }

    /** Returns the shapes of the outputs for these shapes of the inputs; by default, that of the first. */
    public List<long[]> outputShapes(List<long[]> inputShapes) {
        return inputShapes.subList(0, 1);
    }

    /**
     * Computes the outputs in ND4J calls: the definition, for any backend and float type.
     *
     * @param in the inputs, left unchanged
     * @param out dense row-major outputs of the right shape, with any content
     */
    public abstract void compute(INDArray[] in, INDArray[] out);

    /** Returns the same arithmetic in float32 on native memory, bound to these arrays. */
    public abstract HostKernel hostKernel(HostMatrix[] in, HostMatrix[] out, Workers workers);

    /** Returns true if output 0 may overwrite this input when nothing reads the input afterwards. */
    public boolean mayOverwrite(int input) {
        return false;
    }

    /** Returns true if the host kernel has inputs and output of one type: bfloat16 if all inputs are, else float32. */
    public boolean isOfOneType() {
        return false;
    }

    /** Returns true if the host kernel can read this input rounded to bfloat16. */
    public boolean mayReadRounded(int input) {
        return isOfOneType();
    }

    /**
     * Returns true if the host kernel can write output 0 rounded to bfloat16.
     *
     * @param fromRounded true if input 0 is rounded
     */
    public boolean mayWriteRounded(boolean fromRounded) {
        return fromRounded && isOfOneType();
    }

    /**
     * Returns this op and one that alone reads its result as one op; null if there is none. Its inputs are those of this
     * op, then the other ones of {@code next}.
     */
    public GraphOp followedBy(GraphOp next) {
        return null;
    }

    /** Returns the number of floating-point operations of the matrix products in one run; 0 for elementwise ops. */
    public long flops(List<long[]> inputShapes) {
        return 0;
    }

    @Override
    public List<SDVariable> doDiff(List<SDVariable> gradients) {
        throw new UnsupportedOperationException(opName() + " has no gradient");
    }

    @Override
    public int getNumOutputs() {
        return 1;
    }

    @Override
    public List<DataType> calculateOutputDataTypes(List<DataType> inputs) {
        List<DataType> types = new ArrayList<>();
        for (int i = 0; i < getNumOutputs(); i++) {
            types.add(inputs.get(0));
        }
        return types;
    }

    /** Returns the shapes for SameDiff's own session. */
    @Override
    public List<LongShapeDescriptor> calculateOutputShape(OpContext context) {
        List<long[]> inputs =
                context.getInputArrays().stream().map(INDArray::shape).toList();
        DataType type = context.getInputArray(0).dataType();
        return outputShapes(inputs).stream()
                .map(shape -> LongShapeDescriptor.fromShape(shape, type))
                .toList();
    }

    /**
     * Returns the memory of an array from an element on, as another array. Views are made by hand: see {@link
     * AttentionMath}.
     */
    public static INDArray view(INDArray array, long element, long[] shape, long... strides) {
        return Nd4j.create(array.data(), shape, strides, array.offset() + element, 'c');
    }

    /** Returns the inputs of a gradient op: the given ones, then this op's own. */
    protected final SDVariable[] beforeInputs(SDVariable... given) {
        return Stream.concat(Stream.of(given), Stream.of(args())).toArray(SDVariable[]::new);
    }
}
