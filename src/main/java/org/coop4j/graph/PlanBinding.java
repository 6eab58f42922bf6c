package org.coop4j.graph;

import java.util.Arrays;
import java.util.Collection;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.coop4j.graph.host.HostKernel;
import org.coop4j.graph.host.HostMatrix;
import org.coop4j.graph.host.Workers;
import org.coop4j.graph.op.Arithmetic;
import org.coop4j.graph.op.GraphOp;
import org.nd4j.autodiff.functions.DifferentialFunction;
import org.nd4j.autodiff.samediff.SDVariable;
import org.nd4j.linalg.api.ndarray.INDArray;
import org.nd4j.linalg.factory.Nd4j;

/** Binds the ops of a plan to arrays: the placeholders' own, and places in an arena. */
final class PlanBinding {

    private final Arena arena;
    private final Workers workers;
    private final boolean onHost;
    private final Map<String, INDArray> inputs = new LinkedHashMap<>();

    PlanBinding(Collection<SDVariable> placeholders, Arena arena, Workers workers, boolean onHost) {
        this.arena = arena;
        this.workers = workers;
        this.onHost = onHost;
        for (SDVariable placeholder : placeholders) {
            long[] shape = placeholder.placeholderShape();
            inputs.put(placeholder.name(), Nd4j.create(placeholder.dataType(), shape));
        }
    }

    /** The placeholders' arrays by name, which the plan owns. */
    Map<String, INDArray> inputs() {
        return inputs;
    }

    INDArray array(PlanValue value) {
        long[] shape = value.shape();
        if (value.array() != null) {
            return value.array();
        }
        if (value.placeholder() != null) {
            INDArray whole = inputs.get(value.placeholder());
            return Arrays.equals(shape, whole.shape()) ? whole : whole.reshape('c', shape);
        }
        long[] strides = new long[shape.length];
        long stride = 1;
        for (int axis = strides.length - 1; axis >= 0; axis--) {
            strides[axis] = stride;
            stride *= shape[axis];
        }
        return Nd4j.create(
                arena.array(value.type()).data(), shape, strides, value.slot().offset, 'c');
    }

    ExecutionPlan.Step step(
            DifferentialFunction function, List<PlanValue> inputs, List<PlanValue> outputs) {
        INDArray[] in = arrays(inputs);
        INDArray[] out = arrays(outputs);
        long bytes = 0;
        for (INDArray array : out) {
            bytes += array.length() * array.dataType().width();
        }
        long flops = 0;
        if (function instanceof GraphOp op) {
            flops = op.flops(inputs.stream().map(PlanValue::shape).toList());
        }
        return new ExecutionPlan.Step(function.opName(), kernel(function, in, out), flops, bytes);
    }

    private INDArray[] arrays(List<PlanValue> values) {
        return values.stream().map(this::array).toArray(INDArray[]::new);
    }

    private HostKernel kernel(DifferentialFunction function, INDArray[] in, INDArray[] out) {
        boolean host = onHost && allHostReadable(in) && allHostReadable(out);
        if (function instanceof GraphOp op) {
            return host
                    ? op.hostKernel(matrices(in), matrices(out), workers)
                    : op.portableKernel(in, out);
        }
        Optional<HostKernel> arithmetic =
                host
                        ? Arithmetic.hostKernel(function, matrices(in), matrices(out)[0], workers)
                        : Optional.empty();
        return arithmetic.orElseGet(() -> NativeOps.bind(function, in, out));
    }

    private static boolean allHostReadable(INDArray[] arrays) {
        return Arrays.stream(arrays).allMatch(HostMatrix::isHostReadable);
    }

    private static HostMatrix[] matrices(INDArray[] arrays) {
        return Arrays.stream(arrays).map(HostMatrix::of).toArray(HostMatrix[]::new);
    }
}
