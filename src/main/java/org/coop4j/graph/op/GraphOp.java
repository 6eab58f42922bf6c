package org.coop4j.graph.op;

import java.util.ArrayList;
import java.util.Collection;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import org.coop4j.graph.host.HostKernel;
import org.coop4j.graph.host.HostMatrix;
import org.coop4j.graph.host.Workers;
import org.nd4j.autodiff.functions.DifferentialFunction;
import org.nd4j.autodiff.samediff.SDVariable;
import org.nd4j.autodiff.samediff.SameDiff;
import org.nd4j.imports.converters.ImportClassMapping;
import org.nd4j.linalg.api.buffer.DataType;
import org.nd4j.linalg.api.ndarray.INDArray;
import org.nd4j.linalg.api.ops.DynamicCustomOp;
import org.nd4j.linalg.api.ops.OpContext;
import org.nd4j.linalg.api.shape.LongShapeDescriptor;

/**
 * A SameDiff op that is computed in Java.
 *
 * <p>Settings are kept as the integer and string arguments of a custom op alone, because SameDiff
 * clones an op by writing it out and reading it back when it builds the gradient function; a clone
 * is made by the public constructor without arguments.
 *
 * <p>Inputs that may have a gradient come first: {@code doDiff} returns gradients for a prefix of
 * the inputs, and none for a frozen weight.
 */
public abstract class GraphOp extends DynamicCustomOp {

    private static final ClassValue<String> NAMES =
            new ClassValue<>() {
                @Override
                protected String computeValue(Class<?> type) {
                    String path = type.getName().substring(type.getPackageName().length() + 1);
                    return "coop"
                            + path.replace("$", "")
                                    .replaceAll("([A-Z])", "_$1")
                                    .toLowerCase(Locale.ROOT);
                }
            };

    /** For cloning; the settings follow. */
    protected GraphOp() {}

    protected GraphOp(SameDiff sd, SDVariable... inputs) {
        super(null, sd, inputs);
    }

    /** The class's name: {@code Linear.InputGradient} is {@code coop_linear_input_gradient}. */
    @Override
    public final String opName() {
        return NAMES.get(getClass());
    }

    /**
     * Enters ops in SameDiff's table, by which a clone of a graph finds the class of a name. To
     * load the table takes time, and writes warnings to the log: a graph that is only run needs
     * none.
     */
    public static void register(Collection<? extends DifferentialFunction> ops) {
        for (DifferentialFunction op : ops) {
            if (op instanceof GraphOp own) {
                ImportClassMapping.getOpNameMapping()
                        .computeIfAbsent(own.opName(), name -> instance(own.getClass()));
            }
        }
    }

    private static GraphOp instance(Class<? extends GraphOp> type) {
        try {
            return type.getConstructor().newInstance();
        } catch (ReflectiveOperationException e) {
            throw new IllegalStateException(
                    type + " needs a public constructor without arguments to be cloned by", e);
        }
    }

    /** Shapes of the outputs for these shapes of the inputs; by default, that of the first. */
    public List<long[]> outputShapes(List<long[]> inputShapes) {
        return inputShapes.subList(0, 1);
    }

    /**
     * Computes the outputs in ND4J calls: the definition, for any backend and float type.
     *
     * @param in the inputs, none of them changed
     * @param out dense row-major outputs of the right shape, with any content
     */
    public abstract void compute(INDArray[] in, INDArray[] out);

    /** {@link #compute} bound to these arrays, to be run many times. */
    public HostKernel portableKernel(INDArray[] in, INDArray[] out) {
        return () -> compute(in, out);
    }

    /** The same arithmetic in float32 on native memory, bound to these arrays. */
    public abstract HostKernel hostKernel(HostMatrix[] in, HostMatrix[] out, Workers workers);

    /** Whether output 0 may be written over this input when nobody needs the input afterwards. */
    public boolean mayOverwrite(int input) {
        return false;
    }

    /** Floating-point operations of the matrix products in one run; 0 for elementwise ops. */
    public long flops(List<long[]> inputShapes) {
        return 0;
    }

    /** None: an op that libnd4j does not know has no descriptor to read them by. */
    @Override
    public Map<String, Object> propertiesForFunction() {
        return Map.of();
    }

    @Override
    public void setPropertiesForFunction(Map<String, Object> properties) {
        // All settings are arguments.
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

    @Override
    public List<LongShapeDescriptor> calculateOutputShape(OpContext context) {
        List<long[]> inputs = new ArrayList<>();
        for (INDArray input : context.getInputArrays()) {
            inputs.add(input.shape());
        }
        DataType type = context.getInputArray(0).dataType();
        return outputShapes(inputs).stream()
                .map(shape -> LongShapeDescriptor.fromShape(shape, type))
                .toList();
    }

    /** Inputs of a gradient: what is given, then the op's own inputs. */
    protected final SDVariable[] beforeInputs(SDVariable... given) {
        return Stream.concat(Stream.of(given), Stream.of(args())).toArray(SDVariable[]::new);
    }

    /** The op's text setting: the name of the enum constant that is its kind. */
    public final String textSetting() {
        return textSetting(0);
    }

    /** The op's text setting {@code index}, from 0. */
    final String textSetting(int index) {
        return sArguments.get(index);
    }

    /** The op's integer setting {@code index}, from 0. */
    public final int intSetting(int index) {
        return Math.toIntExact(getIArgument(index));
    }

    /** The integer settings {@code from} to {@code to}, exclusive. */
    final int[] intSettings(int from, int to) {
        return IntStream.range(from, to).map(this::intSetting).toArray();
    }
}
