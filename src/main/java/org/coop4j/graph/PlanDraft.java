package org.coop4j.graph;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collection;
import java.util.Collections;
import java.util.Comparator;
import java.util.EnumMap;
import java.util.HashMap;
import java.util.HashSet;
import java.util.IdentityHashMap;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.stream.Stream;
import org.coop4j.base.Require;
import org.coop4j.graph.MemoryPlan.Slot;
import org.coop4j.graph.host.NativeMemory;
import org.coop4j.graph.host.Workers;
import org.nd4j.autodiff.functions.DifferentialFunction;
import org.nd4j.autodiff.samediff.SDVariable;
import org.nd4j.autodiff.samediff.SameDiff;
import org.nd4j.autodiff.samediff.VariableType;
import org.nd4j.autodiff.samediff.internal.SameDiffOp;
import org.nd4j.linalg.api.buffer.DataType;
import org.nd4j.linalg.api.ndarray.INDArray;
import org.nd4j.linalg.api.ops.impl.shape.Reshape;
import org.nd4j.linalg.api.ops.impl.shape.Shape;
import org.nd4j.linalg.api.ops.impl.transforms.same.Identity;
import org.nd4j.linalg.factory.Nd4j;

/**
 * An {@link ExecutionPlan} without memory: the ops of a SameDiff graph in order, and the place of each value in an
 * arena. {@link #bind} allocates the arena and binds each op to its arrays.
 */
public final class PlanDraft {

    private final SameDiff sd;
    private final Map<String, String> outputs;
    private final Workers workers;

    /** The ops that compute something; the result of any other is a view. */
    private final List<SameDiffOp> computed = new ArrayList<>();

    /** The last op that reads each variable, by its place in the order. */
    private final Map<String, Integer> lastUses = new HashMap<>();

    /** The variables that are kept rounded to bfloat16. */
    private final Set<String> rounded;

    private final Map<String, Value> values = new LinkedHashMap<>();
    private final Map<DataType, List<Slot>> slots = new EnumMap<>(DataType.class);
    private final Map<DataType, Long> lengths = new EnumMap<>(DataType.class);

    /** Lengths of the values that are kept from run to run. */
    private final Map<DataType, Long> keptLengths = new EnumMap<>(DataType.class);

    /** Number of ops that depend on constants alone, which come first. */
    private final int constant;

    /** Number of those that compute something. */
    private final int constantComputed;

    /**
     * A variable of the graph, with one source of its memory: array, placeholder or slot; the others are null.
     *
     * @param array of a constant or a trained variable
     * @param placeholder whose array, or a view of it, this is
     * @param slot place in the arena, shared by views
     */
    @SuppressWarnings("ArrayRecordComponent") // never compared
    private record Value(long[] shape, DataType type, INDArray array, String placeholder, Slot slot) {

        static Value of(INDArray array) {
            return new Value(array.shape(), array.dataType(), array, null, null);
        }

        /** Returns true if a reshape is a view, which sees later changes: a transposed array is copied. */
        boolean isReshapedInPlace() {
            return array == null
                    || (array.ordering() == 'c' && org.nd4j.linalg.api.shape.Shape.hasDefaultStridesForShape(array));
        }

        Value reshaped(long[] newShape) {
            INDArray view = array == null ? null : array.reshape('c', newShape);
            return new Value(newShape, type, view, placeholder, slot);
        }
    }

    /**
     * @param outputs the graph's variables to compute, by the plan's names for them
     */
    PlanDraft(SameDiff sd, Map<String, String> outputs, Workers workers) {
        this.sd = sd;
        this.outputs = outputs;
        this.workers = workers;
        List<SameDiffOp> ops = fused(opsInOrder(sd, outputs.values()));
        Set<SameDiffOp> fixed = ofConstants(ops);
        ops.sort(Comparator.comparing(op -> !fixed.contains(op)));
        constant = fixed.size();
        rounded = Rounding.of(ops, outputs.values());
        for (int step = 0; step < ops.size(); step++) {
            for (String input : ops.get(step).getInputsToOp()) {
                lastUses.put(input, step);
            }
        }
        outputs.values().forEach(variable -> lastUses.put(variable, ops.size()));
        for (int step = 0; step < ops.size(); step++) {
            addOutputs(ops.get(step), step);
        }
        constantComputed = (int) computed.stream().filter(fixed::contains).count();
        values.forEach((variable, value) -> {
            if (value.slot != null) {
                value.slot.last = Math.max(value.slot.last, lastUses.getOrDefault(variable, 0));
            }
        });
        slots.forEach((type, some) -> {
            List<Slot> kept = some.stream()
                    .filter(slot -> slot.first < constant && slot.last >= constant)
                    .toList();
            for (Slot slot : kept) {
                slot.kept = true;
                slot.last = Integer.MAX_VALUE;
            }
            if (!kept.isEmpty()) {
                keptLengths.put(type, place(kept));
            }
            some.removeAll(kept);
            lengths.put(type, Math.max(1, place(some)));
        });
    }

    /** Places slots, and returns the end of the last array: a rounded value's is as long as its shape says. */
    private long place(List<Slot> some) {
        long end = MemoryPlan.place(some);
        Set<Slot> placed = new HashSet<>(some);
        for (Value value : values.values()) {
            if (placed.contains(value.slot)) {
                end = Math.max(end, value.slot.offset + length(value.shape));
            }
        }
        return end;
    }

    /** Returns the ops that depend on constants alone. */
    private Set<SameDiffOp> ofConstants(List<SameDiffOp> ops) {
        Set<SameDiffOp> fixed = Collections.newSetFromMap(new IdentityHashMap<>());
        Set<String> known = new HashSet<>();
        for (SameDiffOp op : ops) {
            if (op.getInputsToOp().stream()
                    .allMatch(input -> known.contains(input)
                            || sd.getVariable(input).getVariableType() == VariableType.CONSTANT)) {
                fixed.add(op);
                known.addAll(op.getOutputsOfOp());
            }
        }
        return fixed;
    }

    /** Returns the shape of a variable whose placeholders have full shapes. */
    static long[] shape(SDVariable variable) {
        Map<String, String> outputs = Map.of(variable.name(), variable.name());
        return new PlanDraft(variable.getSameDiff(), outputs, null).value(variable.name()).shape;
    }

    /** Returns the number of bytes of native memory that all intermediate values together will need. */
    public long bytes() {
        return Stream.of(lengths, keptLengths)
                .flatMap(some -> some.entrySet().stream())
                .mapToLong(length -> length.getValue() * length.getKey().width())
                .sum();
    }

    /**
     * Binds plans to one arena, as large as the largest of them needs. No two of them may run at once, and the outputs
     * of one are lost when another runs. Closing the first frees the arena.
     */
    public static List<ExecutionPlan> bind(List<PlanDraft> drafts) {
        Map<DataType, Long> lengths = new EnumMap<>(DataType.class);
        for (PlanDraft draft : drafts) {
            draft.lengths.forEach((type, length) -> lengths.merge(type, length, Math::max));
        }
        Map<DataType, INDArray> arena = new EnumMap<>(DataType.class);
        lengths.forEach((type, length) -> arena.put(type, NativeMemory.array(type, length)));
        List<ExecutionPlan> plans = new ArrayList<>();
        for (PlanDraft draft : drafts) {
            plans.add(draft.bind(arena, plans.isEmpty() ? arena.values() : List.of()));
        }
        return plans;
    }

    private ExecutionPlan bind(Map<DataType, INDArray> shared, Collection<INDArray> owned) {
        Map<DataType, INDArray> own = new EnumMap<>(DataType.class);
        keptLengths.forEach((type, length) -> own.put(type, NativeMemory.array(type, length)));
        Arena arena = new Arena(shared, own);
        Map<String, INDArray> inputs = new LinkedHashMap<>();
        values.forEach((variable, value) -> {
            if (variable.equals(value.placeholder)) {
                inputs.put(variable, NativeMemory.array(value.type, value.shape).assign(0));
            }
        });
        List<ExecutionPlan.Step> steps = new ArrayList<>();
        Map<String, Integer> firstReads = new HashMap<>();
        for (SameDiffOp op : computed) {
            List<String> operands = op.getInputsToOp();
            operands.forEach(
                    operand -> firstReads.putIfAbsent(value(operand).placeholder, steps.size() - constantComputed));
            INDArray[] in = arrays(operands, inputs, arena);
            INDArray[] out = arrays(op.getOutputsOfOp(), inputs, arena);
            List<long[]> shapes =
                    operands.stream().map(operand -> value(operand).shape).toList();
            steps.add(Ops.step(op, shapes, in, out, rounded, workers));
        }
        Map<String, INDArray> results = new LinkedHashMap<>();
        outputs.forEach((name, variable) -> results.put(name, array(value(variable), inputs, arena)));
        List<INDArray> ownMemory = new ArrayList<>(inputs.values());
        ownMemory.addAll(owned);
        ownMemory.addAll(own.values());
        return new ExecutionPlan(
                inputs,
                results,
                steps.subList(0, constantComputed),
                steps.subList(constantComputed, steps.size()),
                firstReads,
                ownMemory,
                bytes());
    }

    /** Returns the ops that some variables need, depth first, an op after all that it reads. */
    static List<SameDiffOp> opsInOrder(SameDiff sd, Collection<String> variables) {
        Set<SameDiffOp> done = new LinkedHashSet<>();
        Set<String> entered = new HashSet<>();
        List<String> stack = new ArrayList<>();
        for (String variable : variables) {
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

    /** Returns the ops, with what follows a product as part of it where nothing else reads the product. */
    private List<SameDiffOp> fused(List<SameDiffOp> ops) {
        List<String> read = new ArrayList<>(outputs.values());
        ops.forEach(op -> read.addAll(op.getInputsToOp()));
        Map<String, SameDiffOp> results = new LinkedHashMap<>(); // by their first output
        for (SameDiffOp op : ops) {
            SameDiffOp result = op;
            for (String input : op.getInputsToOp()) {
                SameDiffOp before = results.get(input);
                if (before != null && before.getOp() instanceof GraphOp first && op.getOp() instanceof GraphOp next) {
                    GraphOp both = Collections.frequency(read, input) == 1 ? first.followedBy(next) : null;
                    if (both != null) {
                        results.remove(input);
                        result = together(before, op, input, both);
                        break;
                    }
                }
            }
            results.put(result.getOutputsOfOp().get(0), result);
        }
        return new ArrayList<>(results.values());
    }

    private static SameDiffOp together(SameDiffOp first, SameDiffOp second, String between, GraphOp both) {
        List<String> inputs = new ArrayList<>(first.getInputsToOp());
        inputs.addAll(second.getInputsToOp());
        inputs.remove(between);
        return SameDiffOp.builder()
                .name(second.getName())
                .op(both)
                .inputsToOp(inputs)
                .outputsOfOp(second.getOutputsOfOp())
                .build();
    }

    /** Gives the outputs of an op their shapes and slots, unless its result is a view. */
    private void addOutputs(SameDiffOp op, int step) {
        List<Value> in = op.getInputsToOp().stream().map(this::value).toList();
        DifferentialFunction function = op.getOp();
        List<String> names = op.getOutputsOfOp();
        Value view = view(function, names.get(0), in);
        if (view != null) {
            values.put(names.get(0), view);
            return;
        }
        computed.add(op);
        List<long[]> shapes = outputShapes(function, in);
        for (int i = 0; i < names.size(); i++) {
            DataType type = sd.getVariable(names.get(i)).dataType();
            long length = length(shapes.get(i));
            long needed = rounded.contains(names.get(i)) ? (length + 1) / 2 : length; // in units of float32
            boolean fresh = i > 0 || (rounded.contains(names.get(0)) && !Rounding.isOfOneType(op));
            Slot slot = fresh ? null : overwritable(function, in, type, length, step);
            if (slot == null || slot.length != needed) {
                slot = new Slot(needed, step);
                slots.computeIfAbsent(type, t -> new ArrayList<>()).add(slot);
            }
            values.put(names.get(i), new Value(shapes.get(i), type, null, null, slot));
        }
    }

    /** Returns the result of an op for which nothing has to be computed, else null. */
    private Value view(DifferentialFunction function, String name, List<Value> in) {
        if (function instanceof Identity) {
            return in.get(0);
        }
        if (function instanceof Shape) {
            // Shapes are known, and ops that take one need its numbers to be planned.
            DataType type = sd.getVariable(name).dataType();
            return Value.of(Nd4j.createFromArray(in.get(0).shape).castTo(type));
        }
        return function instanceof Reshape && in.get(0).isReshapedInPlace()
                ? in.get(0).reshaped(outputShapes(function, in).get(0))
                : null;
    }

    /** Returns the slot of an input that the op may overwrite because nothing reads it later, or null. */
    private Slot overwritable(DifferentialFunction function, List<Value> in, DataType type, long length, int step) {
        for (int i = 0; i < in.size(); i++) {
            Value value = in.get(i);
            if (value.slot != null
                    && (value.slot.first < constant) == (step < constant)
                    && value.type == type
                    && length(value.shape) == length
                    && Ops.mayOverwrite(function, i)
                    && !isReadAfter(step, value.slot)) {
                return value.slot;
            }
        }
        return null;
    }

    private static long length(long[] shape) {
        return Arrays.stream(shape).reduce(1, (a, b) -> a * b);
    }

    private boolean isReadAfter(int step, Slot slot) {
        return values.entrySet().stream()
                .filter(entry -> entry.getValue().slot == slot)
                .anyMatch(entry -> lastUses.getOrDefault(entry.getKey(), -1) > step);
    }

    private static List<long[]> outputShapes(DifferentialFunction function, List<Value> in) {
        if (function instanceof GraphOp op) {
            return op.outputShapes(in.stream().map(Value::shape).toList());
        }
        INDArray[] examples = in.stream()
                .map(value -> value.array != null ? value.array : Nd4j.createUninitialized(value.type, value.shape))
                .toArray(INDArray[]::new);
        try {
            return Ops.outputShapes(function, examples);
        } finally {
            for (int i = 0; i < examples.length; i++) {
                if (in.get(i).array == null) {
                    examples[i].close();
                }
            }
        }
    }

    private Value value(String variable) {
        Value known = values.get(variable);
        if (known == null) {
            known = outside(sd.getVariable(variable));
            values.put(variable, known);
        }
        return known;
    }

    /** Returns a variable that no op computes. */
    private static Value outside(SDVariable variable) {
        boolean isPlaceholder = variable.getVariableType() == VariableType.PLACEHOLDER;
        Require.that(isPlaceholder || variable.getArr() != null, "%s has no array", variable.name());
        if (!isPlaceholder) {
            return Value.of(variable.getArr());
        }
        long[] shape = variable.placeholderShape();
        Require.that(
                shape != null && Arrays.stream(shape).allMatch(size -> size >= 0),
                "placeholder %s needs a full shape, not %s",
                variable.name(),
                Arrays.toString(shape));
        return new Value(shape, variable.dataType(), null, variable.name(), null);
    }

    /** Memory of values: shared with other plans, and what is kept from run to run. */
    private record Arena(Map<DataType, INDArray> shared, Map<DataType, INDArray> own) {

        INDArray of(Value value) {
            return (value.slot.kept ? own : shared).get(value.type);
        }
    }

    private INDArray[] arrays(List<String> variables, Map<String, INDArray> inputs, Arena arena) {
        return variables.stream()
                .map(variable -> array(value(variable), inputs, arena))
                .toArray(INDArray[]::new);
    }

    private static INDArray array(Value value, Map<String, INDArray> inputs, Arena arena) {
        if (value.array != null) {
            return value.array;
        }
        long[] shape = value.shape;
        if (value.placeholder != null) {
            INDArray whole = inputs.get(value.placeholder);
            return Arrays.equals(shape, whole.shape()) ? whole : whole.reshape('c', shape);
        }
        return NativeMemory.view(arena.of(value), value.slot.offset, shape, Nd4j.getStrides(shape, 'c'));
    }
}
