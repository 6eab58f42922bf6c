package org.coop4j.graph;

import java.util.Collections;
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
import org.nd4j.linalg.factory.Nd4j;

/**
 * An op with its settings, stated twice: as an expression of SameDiff's ops, with SameDiff's gradient, and as a kernel
 * of the host with a gradient of its own. {@link Graph#apply} takes the kernel for float32 in the host's memory.
 *
 * <p>Inputs that may have a gradient come first: {@code doDiff} returns the gradients of a prefix of the inputs.
 */
public abstract class GraphOp extends DynamicCustomOp {

    /** The class's name: {@code Linear.BiasGradient} is {@code coop_linear_bias_gradient}. */
    @Override
    public String opName() {
        String path = getClass().getName().substring(getClass().getPackageName().length() + 1);
        return "coop" + path.replace("$", "").replaceAll("([A-Z])", "_$1").toLowerCase(Locale.ROOT);
    }

    /** Adds the op itself to its inputs' graph, and returns its outputs. */
    public final SDVariable[] outputsOf(SDVariable... inputs) {
        SameDiff sd = inputs[0].getSameDiff();
        setSameDiff(sd);
        setOwnName(sd.getOpName(opName()));
        sd.putOpForId(getOwnName(), this);
        sd.addArgsFor(inputs, this);
        return outputVariables();
    }

    /** Adds the op itself to its inputs' graph, as a gradient does, and returns its first output. */
    public final SDVariable of(SDVariable... inputs) {
        return outputsOf(inputs)[0];
    }

    /** Returns the shapes of the outputs for these shapes of the inputs; by default, that of the first. */
    public List<long[]> outputShapes(List<long[]> inputShapes) {
        return inputShapes.subList(0, 1);
    }

    /** Returns the first output in SameDiff's ops: the definition, for any backend and float type. */
    protected SDVariable expression(Graph graph, SDVariable... in) {
        throw new UnsupportedOperationException(opName() + " is the gradient of a kernel");
    }

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
        return Collections.nCopies(getNumOutputs(), inputs.get(0));
    }

    /** Returns numbers as a constant of a variable's graph and type. */
    protected static SDVariable constant(SDVariable like, double[] values, long... shape) {
        INDArray array = Nd4j.createFromArray(values).reshape('c', shape).castTo(like.dataType());
        return like.getSameDiff().constant(array);
    }

    /** Returns the inputs of a gradient op: the given ones, then this op's own. */
    protected final SDVariable[] beforeInputs(SDVariable... given) {
        return Stream.concat(Stream.of(given), Stream.of(args())).toArray(SDVariable[]::new);
    }
}
