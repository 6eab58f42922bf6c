package org.coop4j.graph;

import java.util.Arrays;
import java.util.List;
import org.coop4j.graph.host.ArrayValues;
import org.coop4j.graph.host.HostKernel;
import org.coop4j.graph.host.HostMatrix;
import org.coop4j.graph.host.Workers;
import org.coop4j.graph.op.Add;
import org.coop4j.graph.op.RowwiseKernel;
import org.nd4j.autodiff.functions.DifferentialFunction;
import org.nd4j.linalg.api.ndarray.INDArray;
import org.nd4j.linalg.api.ops.CustomOp;
import org.nd4j.linalg.api.ops.DynamicCustomOp;
import org.nd4j.linalg.api.ops.Op;
import org.nd4j.linalg.api.ops.OpContext;
import org.nd4j.linalg.api.ops.impl.scalar.ScalarMultiplication;
import org.nd4j.linalg.api.ops.impl.transforms.pairwise.arithmetic.AddOp;
import org.nd4j.linalg.api.shape.LongShapeDescriptor;
import org.nd4j.linalg.factory.Nd4j;

/**
 * ND4J's own ops bound to their arrays.
 *
 * <p>Each has an {@code OpContext} of its own: SameDiff's session empties the contexts, and the x,
 * y and z of legacy ops, after use. In a small step a call of ND4J takes longer than the arithmetic:
 * the ops that expressions such as {@code x.mul(2)} and sums of gradients are made of have host kernels.
 */
final class NativeOps {

    private NativeOps() {}

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

    static HostKernel bind(DifferentialFunction function, INDArray[] in, INDArray[] out) {
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

    /** A kernel of an op on native memory; null where ND4J computes it. */
    static HostKernel hostKernel(DifferentialFunction function, HostMatrix[] in, HostMatrix out, Workers workers) {
        if (function instanceof AddOp && in.length == 2 && Arrays.stream(in).allMatch(out::fits)) {
            return Add.sum(in, out, workers);
        }
        if (function instanceof ScalarMultiplication op && in.length == 1) {
            float factor = (float) ArrayValues.scalar(op.scalar());
            return RowwiseKernel.of(in, out, workers, () -> (rows, n) -> scale(rows[0], n, factor));
        }
        return null;
    }

    private static void scale(float[] x, int n, float factor) {
        for (int i = 0; i < n; i++) {
            x[i] *= factor;
        }
    }
}
