package org.coop4j.graph;

import java.util.Arrays;
import java.util.List;
import java.util.Set;
import org.coop4j.graph.host.ArrayValues;
import org.coop4j.graph.host.Backend;
import org.coop4j.graph.host.HostKernel;
import org.coop4j.graph.host.HostMatrix;
import org.coop4j.graph.host.Workers;
import org.nd4j.autodiff.functions.DifferentialFunction;
import org.nd4j.autodiff.samediff.internal.SameDiffOp;
import org.nd4j.linalg.api.ndarray.INDArray;
import org.nd4j.linalg.api.ops.CustomOp;
import org.nd4j.linalg.api.ops.DynamicCustomOp;
import org.nd4j.linalg.api.ops.Op;
import org.nd4j.linalg.api.ops.OpContext;
import org.nd4j.linalg.api.ops.impl.reduce.Mmul;
import org.nd4j.linalg.api.ops.impl.reduce.MmulBp;
import org.nd4j.linalg.api.ops.impl.scalar.ScalarMultiplication;
import org.nd4j.linalg.api.ops.impl.transforms.pairwise.arithmetic.AddOp;
import org.nd4j.linalg.api.shape.LongShapeDescriptor;
import org.nd4j.linalg.factory.Nd4j;

/**
 * Ops of this project ({@link GraphOp}) and of ND4J, bound to their arrays.
 *
 * <p>Each of ND4J's has an {@code OpContext} of its own: SameDiff's session empties the contexts, and the x, y and z of
 * legacy ops, after use. In a small step a call of ND4J takes longer than the arithmetic, so the ops behind expressions
 * such as {@code x.mul(2)} and behind sums of gradients have host kernels.
 */
final class Ops {

    private Ops() {}

    /** Returns true if output 0 may overwrite this input when nothing reads the input afterwards. */
    static boolean mayOverwrite(DifferentialFunction function, int input) {
        return function instanceof AddOp || (function instanceof GraphOp op && op.mayOverwrite(input));
    }

    /**
     * Returns an op bound to its arrays as a step of a plan.
     *
     * @param rounded the variables that hold bfloat16 if host kernels compute them
     */
    static ExecutionPlan.Step step(
            SameDiffOp op,
            List<long[]> inputShapes,
            INDArray[] in,
            INDArray[] out,
            Set<String> rounded,
            Workers workers) {
        long bytes = Arrays.stream(out)
                .mapToLong(array -> array.length() * array.dataType().width())
                .sum();
        long flops = flops(op.getOp(), inputShapes, out[0]);
        return new ExecutionPlan.Step(op.getOp().opName(), kernel(op, in, out, rounded, workers), flops, bytes);
    }

    private static long flops(DifferentialFunction op, List<long[]> in, INDArray out) {
        if (op instanceof GraphOp ours) {
            return ours.flops(in);
        }
        boolean backward = op instanceof MmulBp; // two products
        if (!backward && !(op instanceof Mmul)) {
            return 0;
        }
        long[] product = backward ? in.get(2) : out.shape();
        return (backward ? 4 : 2)
                * product[product.length - 1]
                * Arrays.stream(in.get(0)).reduce(1, (a, b) -> a * b);
    }

    private static HostKernel kernel(
            SameDiffOp sameDiffOp, INDArray[] in, INDArray[] out, Set<String> rounded, Workers workers) {
        DifferentialFunction function = sameDiffOp.getOp();
        boolean onHost = Backend.currentForm() == Backend.Form.HOST && allHostReadable(in) && allHostReadable(out);
        if (function instanceof GraphOp || onHost) {
            HostMatrix[] inputs = matrices(in, sameDiffOp.getInputsToOp(), rounded);
            HostMatrix[] outputs = matrices(out, sameDiffOp.getOutputsOfOp(), rounded);
            HostKernel kernel = hostKernel(function, inputs, outputs, workers);
            if (kernel != null) {
                return kernel;
            }
        }
        return bind(function, in, out);
    }

    private static boolean allHostReadable(INDArray[] arrays) {
        return Arrays.stream(arrays).allMatch(HostMatrix::isHostReadable);
    }

    private static HostMatrix[] matrices(INDArray[] arrays, List<String> names, Set<String> rounded) {
        HostMatrix[] result = new HostMatrix[arrays.length];
        for (int i = 0; i < result.length; i++) {
            HostMatrix matrix = HostMatrix.of(arrays[i]);
            result[i] = rounded.contains(names.get(i)) ? matrix.rounded() : matrix;
        }
        return result;
    }

    /** Returns the kernel of an op on native memory; null if ND4J computes it. */
    private static HostKernel hostKernel(
            DifferentialFunction function, HostMatrix[] in, HostMatrix[] out, Workers workers) {
        if (function instanceof GraphOp op) {
            return op.hostKernel(in, out, workers);
        }
        if (function instanceof AddOp && in.length == 2 && Arrays.stream(in).allMatch(out[0]::fits)) {
            return Add.sum(in, out[0], workers);
        }
        if (function instanceof ScalarMultiplication op && in.length == 1) {
            float factor = (float) ArrayValues.scalar(op.scalar());
            return HostKernel.elementwise(in, out[0], workers, () -> (inputs, n) -> Scale.scale(inputs[0], n, factor));
        }
        return null;
    }

    private static HostKernel bind(DifferentialFunction function, INDArray[] in, INDArray[] out) {
        OpContext context = context(function, in);
        context.setOutputArrays(out);
        if (function instanceof CustomOp op) {
            return () -> Nd4j.exec(op, context);
        }
        Op op = (Op) function;
        return () -> {
            setOperands(op, in, out[0]);
            Nd4j.exec(op, context);
        };
    }

    /** Returns the shapes of the outputs of one of ND4J's ops for such inputs. */
    static List<long[]> outputShapes(DifferentialFunction function, INDArray[] in) {
        List<LongShapeDescriptor> descriptors;
        OpContext context = context(function, in);
        if (function instanceof DynamicCustomOp op) {
            descriptors = op.calculateOutputShape(context);
        } else {
            setOperands((Op) function, in, null);
            descriptors = function.calculateOutputShape(context);
            setOperands((Op) function, new INDArray[in.length], null); // the examples are closed
        }
        return descriptors.stream().map(LongShapeDescriptor::getShape).toList();
    }

    private static OpContext context(DifferentialFunction function, INDArray[] in) {
        OpContext context = Nd4j.getExecutioner().buildContext();
        if (function instanceof DynamicCustomOp op) {
            context.setArgs(in, op.iArgs(), op.dArgs(), op.tArgs(), op.bArgs());
        } else {
            context.setInputArrays(in);
        }
        return context;
    }

    private static void setOperands(Op op, INDArray[] in, INDArray out) {
        op.setX(in[0]);
        if (in.length > 1) {
            op.setY(in[1]);
        }
        op.setZ(out);
    }
}
