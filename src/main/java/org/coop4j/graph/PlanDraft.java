package org.coop4j.graph;

import java.util.ArrayList;
import java.util.EnumMap;
import java.util.HashMap;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.coop4j.graph.MemoryPlan.Slot;
import org.coop4j.graph.host.HostKernel;
import org.coop4j.graph.host.HostMatrix;
import org.coop4j.graph.host.Workers;
import org.coop4j.graph.op.Add;
import org.coop4j.graph.op.GraphOp;
import org.nd4j.autodiff.functions.DifferentialFunction;
import org.nd4j.autodiff.samediff.SDVariable;
import org.nd4j.autodiff.samediff.SameDiff;
import org.nd4j.autodiff.samediff.VariableType;
import org.nd4j.autodiff.samediff.internal.SameDiffOp;
import org.nd4j.linalg.api.buffer.DataType;
import org.nd4j.linalg.api.ndarray.INDArray;
import org.nd4j.linalg.api.ops.executioner.OpExecutioner;
import org.nd4j.linalg.api.ops.impl.shape.Reshape;
import org.nd4j.linalg.api.ops.impl.transforms.pairwise.arithmetic.AddOp;
import org.nd4j.linalg.api.ops.impl.transforms.same.Identity;
import org.nd4j.linalg.api.shape.Shape;
import org.nd4j.linalg.factory.Nd4j;

/**
 * A SameDiff graph analysed into an {@link ExecutionPlan} that has no memory yet: the ops in order,
 * and where each value will lie.
 */
public final class PlanDraft {

    private final SameDiff sd;
    private final Map<String, String> outputs;
    private final Workers workers;
    private final boolean onHost;
    private final List<SameDiffOp> ops;
    private final List<Boolean> isView = new ArrayList<>();
    private final Map<DataType, Long> lengths;
    private final Map<String, Value> values = new HashMap<>();
    private final Map<String, INDArray> inputs = new LinkedHashMap<>();

    /** A variable of the graph: given from outside, or a dense array in the arena. */
    private static final class Value {
        final long[] shape;
        final DataType type;

        /** The array, or null for one in the arena. */
        final INDArray outside;

        /** Its memory, shared by its views; null for one from outside. */
        final Slot slot;

        Value(long[] shape, DataType type, INDArray outside, Slot slot) {
            this.shape = shape;
            this.type = type;
            this.outside = outside;
            this.slot = slot;
        }

        long length() {
            long length = 1;
            for (long size : shape) {
                length *= size;
            }
            return length;
        }

        /** Whether a reshape is a view that sees later changes: a transposed array is copied. */
        boolean isReshapedInPlace() {
            return outside == null
                    || (outside.ordering() == 'c' && Shape.hasDefaultStridesForShape(outside));
        }

        Value reshaped(long[] newShape) {
            INDArray view = outside == null ? null : outside.reshape('c', newShape);
            return new Value(newShape, type, view, slot);
        }
    }

    PlanDraft(SameDiff sd, Map<String, String> outputs, Workers workers) {
        this.sd = sd;
        this.outputs = outputs;
        this.workers = workers;
        this.onHost = Nd4j.getExecutioner().type() == OpExecutioner.ExecutionerType.NATIVE_CPU;
        this.ops = neededOpsInOrder();
        Map<String, Integer> lastUses = lastUses(ops);
        Map<Slot, DataType> slotTypes = new LinkedHashMap<>();
        for (int step = 0; step < ops.size(); step++) {
            isView.add(addOutputs(ops.get(step), step, lastUses, slotTypes));
        }
        extendLives(ops);
        this.lengths = place(slotTypes);
    }

    /** Bytes of native memory that all intermediate values together will need. */
    public long bytes() {
        long bytes = 0;
        for (Map.Entry<DataType, Long> length : lengths.entrySet()) {
            bytes += length.getValue() * length.getKey().width();
        }
        return bytes;
    }

    /** Elements that are needed of each type. */
    Map<DataType, Long> lengths() {
        return lengths;
    }

    /** The plan in memory of its own. */
    public ExecutionPlan bind() {
        return bind(Arena.of(List.of(this)));
    }

    /**
     * The plan in memory that it shares with other plans: no two of them may run at once, and the
     * outputs of one are lost when another runs.
     */
    public ExecutionPlan bind(Arena arena) {
        List<ExecutionPlan.Step> steps = new ArrayList<>();
        for (int step = 0; step < ops.size(); step++) {
            if (!isView.get(step)) {
                steps.add(bind(ops.get(step), arena));
            }
        }
        Map<String, INDArray> results = new LinkedHashMap<>();
        outputs.forEach((name, variable) -> results.put(name, array(value(variable), arena)));
        return new ExecutionPlan(inputs, results, steps, bytes(), onHost);
    }

    /** Depth first from the outputs, an op after all that it reads. */
    private List<SameDiffOp> neededOpsInOrder() {
        Set<SameDiffOp> done = new LinkedHashSet<>();
        Set<String> entered = new HashSet<>();
        List<String> stack = new ArrayList<>();
        for (String variable : outputs.values()) {
            if (!sd.getVariables().containsKey(variable)) {
                throw new IllegalArgumentException("no variable " + variable + " in the graph");
            }
            stack.add(variable);
            while (!stack.isEmpty()) {
                String next = stack.get(stack.size() - 1);
                String opName = sd.getVariables().get(next).getOutputOfOp();
                SameDiffOp op = opName == null ? null : sd.getOps().get(opName);
                if (op == null || done.contains(op)) {
                    stack.remove(stack.size() - 1);
                } else if (entered.add(op.getName())) {
                    stack.addAll(op.getInputsToOp());
                } else {
                    done.add(op);
                    stack.remove(stack.size() - 1);
                }
            }
        }
        return new ArrayList<>(done);
    }

    private static Map<String, Integer> lastUses(List<SameDiffOp> ops) {
        Map<String, Integer> lastUses = new HashMap<>();
        for (int step = 0; step < ops.size(); step++) {
            for (String input : ops.get(step).getInputsToOp()) {
                lastUses.put(input, step);
            }
        }
        return lastUses;
    }

    /**
     * Gives the outputs of an op their shapes and slots.
     *
     * @return whether the op is a view, so that nothing is left to run
     */
    private boolean addOutputs(
            SameDiffOp op, int step, Map<String, Integer> lastUses, Map<Slot, DataType> slotTypes) {
        List<Value> in = op.getInputsToOp().stream().map(this::value).toList();
        DifferentialFunction function = op.getOp();
        List<String> names = op.getOutputsOfOp();
        if (function instanceof Identity) {
            values.put(names.get(0), in.get(0));
            return true;
        }
        if (function instanceof org.nd4j.linalg.api.ops.impl.shape.Shape) {
            // Shapes are known, and ops that take one need its numbers to be planned.
            DataType type = sd.getVariable(names.get(0)).dataType();
            INDArray shape = Nd4j.createFromArray(in.get(0).shape).castTo(type);
            values.put(names.get(0), new Value(shape.shape(), type, shape, null));
            return true;
        }
        List<long[]> shapes = outputShapes(function, in);
        if (function instanceof Reshape && in.get(0).isReshapedInPlace()) {
            values.put(names.get(0), in.get(0).reshaped(shapes.get(0)));
            return true;
        }
        for (int i = 0; i < names.size(); i++) {
            DataType type = sd.getVariable(names.get(i)).dataType();
            Value value = new Value(shapes.get(i), type, null, null);
            Slot slot = i == 0 ? overwritable(op, in, value, step, lastUses) : null;
            if (slot == null) {
                slot = new Slot(value.length(), step);
                slotTypes.put(slot, type);
            }
            values.put(names.get(i), new Value(value.shape, type, null, slot));
        }
        return false;
    }

    private boolean isOutput(String variable) {
        return outputs.containsValue(variable);
    }

    /** The slot of an input that the op may write over because nobody reads it later, or null. */
    private Slot overwritable(
            SameDiffOp op, List<Value> in, Value out, int step, Map<String, Integer> lastUses) {
        for (int i = 0; i < in.size(); i++) {
            Value value = in.get(i);
            if (value.slot == null
                    || value.type != out.type
                    || value.length() != out.length()
                    || !mayOverwrite(op.getOp(), i)) {
                continue;
            }
            boolean readLater =
                    values.entrySet().stream()
                            .filter(entry -> entry.getValue().slot == value.slot)
                            .anyMatch(
                                    entry ->
                                            isOutput(entry.getKey())
                                                    || lastUses.getOrDefault(entry.getKey(), -1)
                                                            > step);
            if (!readLater) {
                return value.slot;
            }
        }
        return null;
    }

    private static boolean mayOverwrite(DifferentialFunction function, int input) {
        return function instanceof AddOp
                || (function instanceof GraphOp op && op.mayOverwrite(input));
    }

    private void extendLives(List<SameDiffOp> ops) {
        for (int step = 0; step < ops.size(); step++) {
            for (String input : ops.get(step).getInputsToOp()) {
                extend(input, step);
            }
            for (String output : ops.get(step).getOutputsOfOp()) {
                extend(output, step);
            }
        }
        outputs.values().forEach(variable -> extend(variable, ops.size()));
    }

    private void extend(String variable, int step) {
        Value value = values.get(variable);
        if (value != null && value.slot != null) {
            value.slot.last = Math.max(value.slot.last, step);
        }
    }

    /** Sets the slots' offsets, each type in an arena of its own, and gives the lengths. */
    private static Map<DataType, Long> place(Map<Slot, DataType> slotTypes) {
        Map<DataType, List<Slot>> byType = new EnumMap<>(DataType.class);
        slotTypes.forEach(
                (slot, type) -> byType.computeIfAbsent(type, t -> new ArrayList<>()).add(slot));
        Map<DataType, Long> lengths = new EnumMap<>(DataType.class);
        byType.forEach((type, slots) -> lengths.put(type, Math.max(1, MemoryPlan.place(slots))));
        return lengths;
    }

    private ExecutionPlan.Step bind(SameDiffOp op, Arena arena) {
        DifferentialFunction function = op.getOp();
        INDArray[] in =
                op.getInputsToOp().stream()
                        .map(name -> array(value(name), arena))
                        .toArray(INDArray[]::new);
        INDArray[] out =
                op.getOutputsOfOp().stream()
                        .map(name -> array(values.get(name), arena))
                        .toArray(INDArray[]::new);
        long bytes = 0;
        for (INDArray array : out) {
            bytes += array.length() * array.dataType().width();
        }
        long flops = 0;
        if (function instanceof GraphOp graphOp) {
            flops = graphOp.flops(shapes(in));
        }
        return new ExecutionPlan.Step(function.opName(), kernel(function, in, out), flops, bytes);
    }

    private HostKernel kernel(DifferentialFunction function, INDArray[] in, INDArray[] out) {
        boolean host = onHost && allHostReadable(in) && allHostReadable(out);
        if (function instanceof GraphOp op) {
            return host
                    ? op.hostKernel(matrices(in), matrices(out), workers)
                    : () -> op.compute(in, out);
        }
        if (function instanceof AddOp && host && sameShapes(in)) {
            return Add.sum(matrices(in), matrices(out)[0], workers);
        }
        return NativeOps.bind(function, in, out);
    }

    private static boolean allHostReadable(INDArray[] arrays) {
        for (INDArray array : arrays) {
            if (!HostMatrix.isHostReadable(array)) {
                return false;
            }
        }
        return true;
    }

    private static boolean sameShapes(INDArray[] in) {
        return in.length == 2 && java.util.Arrays.equals(in[0].shape(), in[1].shape());
    }

    private static HostMatrix[] matrices(INDArray[] arrays) {
        HostMatrix[] matrices = new HostMatrix[arrays.length];
        for (int i = 0; i < arrays.length; i++) {
            matrices[i] = HostMatrix.of(arrays[i]);
        }
        return matrices;
    }

    private static List<long[]> shapes(INDArray[] arrays) {
        List<long[]> shapes = new ArrayList<>();
        for (INDArray array : arrays) {
            shapes.add(array.shape());
        }
        return shapes;
    }

    private List<long[]> outputShapes(DifferentialFunction function, List<Value> in) {
        if (function instanceof GraphOp op) {
            return op.outputShapes(in.stream().map(value -> value.shape).toList());
        }
        INDArray[] examples =
                in.stream()
                        .map(
                                value ->
                                        value.outside != null
                                                ? value.outside
                                                : Nd4j.createUninitialized(value.type, value.shape))
                        .toArray(INDArray[]::new);
        return NativeOps.outputShapes(function, examples);
    }

    private Value value(String variable) {
        Value known = values.get(variable);
        if (known != null) {
            return known;
        }
        SDVariable outside = sd.getVariable(variable);
        INDArray array;
        if (outside.getVariableType() == VariableType.PLACEHOLDER) {
            array = placeholder(outside);
            inputs.put(variable, array);
        } else {
            array = outside.getArr();
        }
        if (array == null) {
            throw new IllegalArgumentException(variable + " has no array");
        }
        Value value = new Value(array.shape(), array.dataType(), array, null);
        values.put(variable, value);
        return value;
    }

    private static INDArray placeholder(SDVariable variable) {
        long[] shape = variable.placeholderShape();
        if (shape == null) {
            throw new IllegalArgumentException("placeholder " + variable.name() + " has no shape");
        }
        for (long size : shape) {
            if (size < 0) {
                throw new IllegalArgumentException(
                        "placeholder "
                                + variable.name()
                                + " needs a full shape, not "
                                + java.util.Arrays.toString(shape));
            }
        }
        return Nd4j.create(variable.dataType(), shape);
    }

    private static INDArray array(Value value, Arena arena) {
        if (value.outside != null) {
            return value.outside;
        }
        long[] strides = new long[value.shape.length];
        long stride = 1;
        for (int axis = strides.length - 1; axis >= 0; axis--) {
            strides[axis] = stride;
            stride *= value.shape[axis];
        }
        return Nd4j.create(
                arena.array(value.type).data(), value.shape, strides, value.slot.offset, 'c');
    }
}
