package org.coop4j.graph;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collection;
import java.util.EnumMap;
import java.util.HashMap;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.coop4j.graph.ExecutionPlan.Arena;
import org.coop4j.graph.MemoryPlan.Slot;
import org.coop4j.graph.host.Backend;
import org.coop4j.graph.host.HostKernel;
import org.coop4j.graph.host.HostMatrix;
import org.coop4j.graph.host.Workers;
import org.coop4j.graph.op.GraphOp;
import org.nd4j.autodiff.functions.DifferentialFunction;
import org.nd4j.autodiff.samediff.SDVariable;
import org.nd4j.autodiff.samediff.SameDiff;
import org.nd4j.autodiff.samediff.VariableType;
import org.nd4j.autodiff.samediff.internal.SameDiffOp;
import org.nd4j.linalg.api.buffer.DataType;
import org.nd4j.linalg.api.ndarray.INDArray;
import org.nd4j.linalg.api.ops.impl.shape.Reshape;
import org.nd4j.linalg.api.ops.impl.transforms.pairwise.arithmetic.AddOp;
import org.nd4j.linalg.api.ops.impl.transforms.same.Identity;
import org.nd4j.linalg.api.shape.Shape;
import org.nd4j.linalg.factory.Nd4j;

/**
 * A SameDiff graph analysed into an {@link ExecutionPlan} that has no memory yet: the ops in order, and where each value
 * will lie. {@link #bind} then binds each op to its arrays.
 */
public final class PlanDraft {

    private final SameDiff sd;
    private final Map<String, String> outputs;
    private final Workers workers;
    private final boolean onHost;
    private final Set<String> changing;
    private final List<SameDiffOp> ops = new ArrayList<>();
    private final int firstRepeated;
    private final Map<String, Integer> lastUses = new HashMap<>();
    private final Map<DataType, List<Slot>> slots = new EnumMap<>(DataType.class);
    private final Map<DataType, Long> lengths = new EnumMap<>(DataType.class);
    private final Map<String, Value> values = new HashMap<>();
    private final Set<SameDiffOp> views = new HashSet<>();
    private final Set<String> placeholders = new LinkedHashSet<>();

    /**
     * A variable of the graph: a constant or variable, whose array is known, a placeholder, whose array comes with the
     * plan's memory, or a dense array in the arena.
     *
     * @param array the array of a constant or variable, else null
     * @param placeholder the placeholder whose array it shows, else null
     * @param slot memory in the arena, shared by its views, else null
     */
    @SuppressWarnings("ArrayRecordComponent") // never compared
    private record Value(long[] shape, DataType type, INDArray array, String placeholder, Slot slot) {

        static Value of(INDArray array) {
            return new Value(array.shape(), array.dataType(), array, null, null);
        }

        long length() {
            return Arrays.stream(shape).reduce(1, (a, b) -> a * b);
        }

        /** Returns true if a reshape is a view that sees later changes: a transposed array is copied. */
        boolean isReshapedInPlace() {
            return array == null || (array.ordering() == 'c' && Shape.hasDefaultStridesForShape(array));
        }

        Value reshaped(long[] newShape) {
            INDArray view = array == null ? null : array.reshape('c', newShape);
            return new Value(newShape, type, view, placeholder, slot);
        }
    }

    /**
     * @param outputs the graph's variables to compute, by the plan's names for them
     * @param changing placeholders that change between a run and its repetitions
     */
    PlanDraft(SameDiff sd, Map<String, String> outputs, Collection<String> changing, Workers workers) {
        this.sd = sd;
        this.outputs = outputs;
        this.workers = workers;
        this.onHost = Backend.currentForm() == Backend.Form.HOST;
        this.changing = new HashSet<>(changing);
        List<SameDiffOp> repeated = new ArrayList<>();
        for (SameDiffOp op : neededOpsInOrder(sd, outputs.values())) {
            if (op.getInputsToOp().stream().anyMatch(this.changing::contains)) {
                this.changing.addAll(op.getOutputsOfOp());
                repeated.add(op);
            } else {
                ops.add(op);
            }
        }
        this.firstRepeated = ops.size();
        ops.addAll(repeated);
        for (int step = 0; step < ops.size(); step++) {
            for (String input : ops.get(step).getInputsToOp()) {
                lastUses.put(input, lastUse(input, step));
            }
        }
        for (int step = 0; step < ops.size(); step++) {
            addOutputs(ops.get(step), step);
        }
        extendLives();
        slots.forEach((type, some) -> lengths.put(type, Math.max(1, MemoryPlan.place(some))));
    }

    /** Bytes of native memory that all intermediate values together will need. */
    public long bytes() {
        return lengths.entrySet().stream()
                .mapToLong(length -> length.getValue() * length.getKey().width())
                .sum();
    }

    /** Elements that are needed of each type. */
    Map<DataType, Long> lengths() {
        return lengths;
    }

    /** The plan in memory of its own, which it frees when it is closed. */
    public ExecutionPlan bind() {
        Arena arena = Arena.of(List.of(this));
        return bind(arena, arena);
    }

    /**
     * The plan in memory that it shares with other plans: no two of them may run at once, and the outputs of one are
     * lost when another runs.
     *
     * @param arena closed by the caller after the plan
     */
    public ExecutionPlan bind(Arena arena) {
        return bind(arena, null);
    }

    private ExecutionPlan bind(Arena arena, Arena owned) {
        Map<String, INDArray> inputs = new LinkedHashMap<>();
        for (String placeholder : placeholders) {
            Value value = values.get(placeholder);
            inputs.put(placeholder, Nd4j.create(value.type, value.shape));
        }
        List<ExecutionPlan.Step> steps = new ArrayList<>();
        int once = 0;
        for (int i = 0; i < ops.size(); i++) {
            once = i == firstRepeated ? steps.size() : once;
            if (!views.contains(ops.get(i))) {
                steps.add(step(ops.get(i), inputs, arena));
            }
        }
        Map<String, INDArray> results = new LinkedHashMap<>();
        outputs.forEach((name, variable) -> results.put(name, array(value(variable), inputs, arena)));
        return new ExecutionPlan(inputs, results, steps, once, owned, bytes(), onHost);
    }

    /** The ops that some variables need, depth first, an op after all that it reads. */
    static List<SameDiffOp> neededOpsInOrder(SameDiff sd, Collection<String> variables) {
        Set<SameDiffOp> done = new LinkedHashSet<>();
        Set<String> entered = new HashSet<>();
        List<String> stack = new ArrayList<>();
        for (String variable : variables) {
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

    /** What a repetition reads and does not compute again must live to the end. */
    private int lastUse(String input, int step) {
        return step >= firstRepeated && !changing.contains(input) ? ops.size() : step;
    }

    /** Gives the outputs of an op their shapes and slots; a view has nothing left to run. */
    private void addOutputs(SameDiffOp op, int step) {
        List<Value> in = inputs(op);
        DifferentialFunction function = op.getOp();
        List<String> names = op.getOutputsOfOp();
        Value view = view(function, names.get(0), in);
        if (view != null) {
            values.put(names.get(0), view);
            views.add(op);
            return;
        }
        List<long[]> shapes = outputShapes(function, in);
        for (int i = 0; i < names.size(); i++) {
            DataType type = sd.getVariable(names.get(i)).dataType();
            Value value = new Value(shapes.get(i), type, null, null, null);
            Slot slot = i == 0 ? overwritable(op, in, value, step) : null;
            if (slot == null) {
                slot = new Slot(value.length(), step);
                slots.computeIfAbsent(type, t -> new ArrayList<>()).add(slot);
            }
            values.put(names.get(i), new Value(value.shape, type, null, null, slot));
        }
    }

    /** The result of an op that nothing has to be computed for, else null. */
    private Value view(DifferentialFunction function, String name, List<Value> in) {
        if (function instanceof Identity) {
            return in.get(0);
        }
        if (function instanceof org.nd4j.linalg.api.ops.impl.shape.Shape) {
            // Shapes are known, and ops that take one need its numbers to be planned.
            DataType type = sd.getVariable(name).dataType();
            return Value.of(Nd4j.createFromArray(in.get(0).shape).castTo(type));
        }
        return function instanceof Reshape && in.get(0).isReshapedInPlace()
                ? in.get(0).reshaped(outputShapes(function, in).get(0))
                : null;
    }

    /** The slot of an input that the op may write over because nobody reads it later, or null. */
    private Slot overwritable(SameDiffOp op, List<Value> in, Value out, int step) {
        for (int i = 0; i < in.size(); i++) {
            Value value = in.get(i);
            if (value.slot != null
                    && value.type == out.type
                    && value.length() == out.length()
                    && mayOverwrite(op.getOp(), i)
                    && !isReadAfter(step, value.slot)) {
                return value.slot;
            }
        }
        return null;
    }

    private boolean isReadAfter(int step, Slot slot) {
        return values.entrySet().stream()
                .filter(entry -> entry.getValue().slot == slot)
                .map(Map.Entry::getKey)
                .anyMatch(name -> outputs.containsValue(name) || lastUses.getOrDefault(name, -1) > step);
    }

    private static boolean mayOverwrite(DifferentialFunction function, int input) {
        return function instanceof AddOp || (function instanceof GraphOp op && op.mayOverwrite(input));
    }

    private void extendLives() {
        for (int step = 0; step < ops.size(); step++) {
            for (String input : ops.get(step).getInputsToOp()) {
                extend(input, lastUse(input, step));
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

    private List<long[]> outputShapes(DifferentialFunction function, List<Value> in) {
        if (function instanceof GraphOp op) {
            return op.outputShapes(in.stream().map(Value::shape).toList());
        }
        INDArray[] examples = in.stream()
                .map(value -> value.array != null ? value.array : Nd4j.createUninitialized(value.type, value.shape))
                .toArray(INDArray[]::new);
        try {
            return NativeOps.outputShapes(function, examples);
        } finally {
            for (int i = 0; i < examples.length; i++) {
                if (in.get(i).array == null) {
                    examples[i].close();
                }
            }
        }
    }

    private List<Value> inputs(SameDiffOp op) {
        return op.getInputsToOp().stream().map(this::value).toList();
    }

    private Value value(String variable) {
        Value known = values.get(variable);
        if (known != null) {
            return known;
        }
        SDVariable outside = sd.getVariable(variable);
        Value value;
        if (outside.getVariableType() == VariableType.PLACEHOLDER) {
            value = new Value(fullShape(outside), outside.dataType(), null, variable, null);
            placeholders.add(variable);
        } else if (outside.getArr() == null) {
            throw new IllegalArgumentException(variable + " has no array");
        } else {
            value = Value.of(outside.getArr());
        }
        values.put(variable, value);
        return value;
    }

    private static long[] fullShape(SDVariable placeholder) {
        long[] shape = placeholder.placeholderShape();
        if (shape == null) {
            throw new IllegalArgumentException("placeholder " + placeholder.name() + " has no shape");
        }
        if (Arrays.stream(shape).anyMatch(size -> size < 0)) {
            throw new IllegalArgumentException(
                    "placeholder %s needs a full shape, not %s".formatted(placeholder.name(), Arrays.toString(shape)));
        }
        return shape;
    }

    /** An op bound to its arrays: the placeholders' own, and places in the arena. */
    private ExecutionPlan.Step step(SameDiffOp op, Map<String, INDArray> placeholderArrays, Arena arena) {
        List<Value> operands = inputs(op);
        INDArray[] in = operands.stream()
                .map(value -> array(value, placeholderArrays, arena))
                .toArray(INDArray[]::new);
        INDArray[] out = op.getOutputsOfOp().stream()
                .map(output -> array(values.get(output), placeholderArrays, arena))
                .toArray(INDArray[]::new);
        long bytes = Arrays.stream(out)
                .mapToLong(array -> array.length() * array.dataType().width())
                .sum();
        long flops = op.getOp() instanceof GraphOp own
                ? own.flops(operands.stream().map(Value::shape).toList())
                : 0;
        return new ExecutionPlan.Step(op.getOp().opName(), kernel(op.getOp(), in, out), flops, bytes);
    }

    private static INDArray array(Value value, Map<String, INDArray> placeholderArrays, Arena arena) {
        if (value.array != null) {
            return value.array;
        }
        long[] shape = value.shape;
        if (value.placeholder != null) {
            INDArray whole = placeholderArrays.get(value.placeholder);
            return Arrays.equals(shape, whole.shape()) ? whole : whole.reshape('c', shape);
        }
        long[] strides = new long[shape.length];
        long stride = 1;
        for (int axis = strides.length - 1; axis >= 0; axis--) {
            strides[axis] = stride;
            stride *= shape[axis];
        }
        return Nd4j.create(arena.array(value.type).data(), shape, strides, value.slot.offset, 'c');
    }

    private HostKernel kernel(DifferentialFunction function, INDArray[] in, INDArray[] out) {
        boolean host = onHost && allHostReadable(in) && allHostReadable(out);
        if (function instanceof GraphOp op) {
            return host ? op.hostKernel(matrices(in), matrices(out), workers) : op.portableKernel(in, out);
        }
        HostKernel arithmetic = host ? NativeOps.hostKernel(function, matrices(in), matrices(out)[0], workers) : null;
        return arithmetic != null ? arithmetic : NativeOps.bind(function, in, out);
    }

    private static boolean allHostReadable(INDArray[] arrays) {
        return Arrays.stream(arrays).allMatch(HostMatrix::isHostReadable);
    }

    private static HostMatrix[] matrices(INDArray[] arrays) {
        return Arrays.stream(arrays).map(HostMatrix::of).toArray(HostMatrix[]::new);
    }
}
