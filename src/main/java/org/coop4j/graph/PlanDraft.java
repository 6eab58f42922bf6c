package org.coop4j.graph;

import java.util.ArrayList;
import java.util.Collection;
import java.util.EnumMap;
import java.util.HashMap;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.coop4j.graph.MemoryPlan.Slot;
import org.coop4j.graph.host.ComputeForm;
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
    private final Set<String> changing;
    private final List<SameDiffOp> ops;
    private final int firstRepeated;
    private final List<Boolean> isView = new ArrayList<>();
    private final Map<DataType, Long> lengths;
    private final Map<String, PlanValue> values = new HashMap<>();
    private final Map<String, SDVariable> placeholders = new LinkedHashMap<>();

    /**
     * @param changing placeholders that change between a run and its repetitions
     */
    PlanDraft(
            SameDiff sd,
            Map<String, String> outputs,
            Collection<String> changing,
            Workers workers) {
        this.sd = sd;
        this.changing = new HashSet<>(changing);
        this.outputs = outputs;
        this.workers = workers;
        this.onHost = ComputeForm.current() == ComputeForm.HOST;
        this.ops = new ArrayList<>();
        List<SameDiffOp> repeated = new ArrayList<>();
        for (SameDiffOp op : neededOpsInOrder()) {
            if (op.getInputsToOp().stream().anyMatch(this.changing::contains)) {
                this.changing.addAll(op.getOutputsOfOp());
                repeated.add(op);
            } else {
                ops.add(op);
            }
        }
        this.firstRepeated = ops.size();
        ops.addAll(repeated);
        Map<String, Integer> lastUses = lastUses();
        Map<Slot, DataType> slotTypes = new LinkedHashMap<>();
        for (int step = 0; step < ops.size(); step++) {
            isView.add(addOutputs(ops.get(step), step, lastUses, slotTypes));
        }
        extendLives();
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

    /** The plan in memory of its own, which it frees when it is closed. */
    public ExecutionPlan bind() {
        Arena arena = Arena.of(List.of(this));
        return bind(arena, arena);
    }

    /**
     * The plan in memory that it shares with other plans: no two of them may run at once, and the
     * outputs of one are lost when another runs.
     *
     * @param arena closed by the caller after the plan
     */
    public ExecutionPlan bind(Arena arena) {
        return bind(arena, null);
    }

    private ExecutionPlan bind(Arena arena, Arena owned) {
        PlanBinding binding = new PlanBinding(placeholders.values(), arena, workers, onHost);
        List<ExecutionPlan.Step> steps = new ArrayList<>();
        int once = 0;
        for (int step = 0; step < ops.size(); step++) {
            once = step == firstRepeated ? steps.size() : once;
            if (!isView.get(step)) {
                SameDiffOp op = ops.get(step);
                List<PlanValue> in = op.getInputsToOp().stream().map(this::value).toList();
                List<PlanValue> out = op.getOutputsOfOp().stream().map(values::get).toList();
                steps.add(binding.step(op.getOp(), in, out));
            }
        }
        Map<String, INDArray> results = new LinkedHashMap<>();
        outputs.forEach((name, variable) -> results.put(name, binding.array(value(variable))));
        return new ExecutionPlan(binding.inputs(), results, steps, once, owned, bytes(), onHost);
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

    private Map<String, Integer> lastUses() {
        Map<String, Integer> lastUses = new HashMap<>();
        for (int step = 0; step < ops.size(); step++) {
            for (String input : ops.get(step).getInputsToOp()) {
                lastUses.put(input, lastUse(input, step));
            }
        }
        return lastUses;
    }

    /** What a repetition reads and does not compute again must live to the end. */
    private int lastUse(String input, int step) {
        return step >= firstRepeated && !changing.contains(input) ? ops.size() : step;
    }

    /**
     * Gives the outputs of an op their shapes and slots.
     *
     * @return whether the op is a view, so that nothing is left to run
     */
    private boolean addOutputs(
            SameDiffOp op, int step, Map<String, Integer> lastUses, Map<Slot, DataType> slotTypes) {
        List<PlanValue> in = op.getInputsToOp().stream().map(this::value).toList();
        DifferentialFunction function = op.getOp();
        List<String> names = op.getOutputsOfOp();
        if (function instanceof Identity) {
            values.put(names.get(0), in.get(0));
            return true;
        }
        if (function instanceof org.nd4j.linalg.api.ops.impl.shape.Shape) {
            // Shapes are known, and ops that take one need its numbers to be planned.
            DataType type = sd.getVariable(names.get(0)).dataType();
            INDArray shape = Nd4j.createFromArray(in.get(0).shape()).castTo(type);
            values.put(names.get(0), PlanValue.of(shape));
            return true;
        }
        List<long[]> shapes = outputShapes(function, in);
        if (function instanceof Reshape && in.get(0).isReshapedInPlace()) {
            values.put(names.get(0), in.get(0).reshaped(shapes.get(0)));
            return true;
        }
        for (int i = 0; i < names.size(); i++) {
            DataType type = sd.getVariable(names.get(i)).dataType();
            PlanValue value = new PlanValue(shapes.get(i), type, null, null, null);
            Slot slot = i == 0 ? overwritable(op, in, value, step, lastUses) : null;
            if (slot == null) {
                slot = new Slot(value.length(), step);
                slotTypes.put(slot, type);
            }
            values.put(names.get(i), new PlanValue(value.shape(), type, null, null, slot));
        }
        return false;
    }

    private boolean isOutput(String variable) {
        return outputs.containsValue(variable);
    }

    /** The slot of an input that the op may write over because nobody reads it later, or null. */
    private Slot overwritable(
            SameDiffOp op,
            List<PlanValue> in,
            PlanValue out,
            int step,
            Map<String, Integer> lastUses) {
        for (int i = 0; i < in.size(); i++) {
            PlanValue value = in.get(i);
            if (value.slot() == null
                    || value.type() != out.type()
                    || value.length() != out.length()
                    || !mayOverwrite(op.getOp(), i)) {
                continue;
            }
            boolean readLater =
                    values.entrySet().stream()
                            .filter(entry -> entry.getValue().slot() == value.slot())
                            .anyMatch(
                                    entry ->
                                            isOutput(entry.getKey())
                                                    || lastUses.getOrDefault(entry.getKey(), -1)
                                                            > step);
            if (!readLater) {
                return value.slot();
            }
        }
        return null;
    }

    private static boolean mayOverwrite(DifferentialFunction function, int input) {
        return function instanceof AddOp
                || (function instanceof GraphOp op && op.mayOverwrite(input));
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
        PlanValue value = values.get(variable);
        if (value != null && value.slot() != null) {
            value.slot().last = Math.max(value.slot().last, step);
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

    private List<long[]> outputShapes(DifferentialFunction function, List<PlanValue> in) {
        if (function instanceof GraphOp op) {
            return op.outputShapes(in.stream().map(PlanValue::shape).toList());
        }
        INDArray[] examples =
                in.stream()
                        .map(
                                value ->
                                        value.array() != null
                                                ? value.array()
                                                : Nd4j.createUninitialized(
                                                        value.type(), value.shape()))
                        .toArray(INDArray[]::new);
        try {
            return NativeOps.outputShapes(function, examples);
        } finally {
            for (int i = 0; i < examples.length; i++) {
                if (in.get(i).array() == null) {
                    examples[i].close();
                }
            }
        }
    }

    private PlanValue value(String variable) {
        PlanValue known = values.get(variable);
        if (known != null) {
            return known;
        }
        SDVariable outside = sd.getVariable(variable);
        PlanValue value;
        if (outside.getVariableType() == VariableType.PLACEHOLDER) {
            long[] shape = fullShape(outside);
            value = new PlanValue(shape, outside.dataType(), null, variable, null);
            placeholders.put(variable, outside);
        } else if (outside.getArr() == null) {
            throw new IllegalArgumentException(variable + " has no array");
        } else {
            value = PlanValue.of(outside.getArr());
        }
        values.put(variable, value);
        return value;
    }

    private static long[] fullShape(SDVariable placeholder) {
        long[] shape = placeholder.placeholderShape();
        if (shape == null) {
            throw new IllegalArgumentException(
                    "placeholder " + placeholder.name() + " has no shape");
        }
        for (long size : shape) {
            if (size < 0) {
                throw new IllegalArgumentException(
                        "placeholder %s needs a full shape, not %s"
                                .formatted(placeholder.name(), java.util.Arrays.toString(shape)));
            }
        }
        return shape;
    }
}
