package org.coop4j.graph;

import java.util.ArrayDeque;
import java.util.Deque;
import java.util.HashMap;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Set;
import org.nd4j.autodiff.samediff.SDVariable;
import org.nd4j.autodiff.samediff.SameDiff;
import org.nd4j.autodiff.samediff.VariableType;
import org.nd4j.autodiff.samediff.internal.SameDiffOp;
import org.nd4j.linalg.factory.Nd4j;

/**
 * Reverse-mode differentiation of a scalar, which adds the gradients to its graph: the ops' own {@code doDiff}, an op
 * after all ops that read its results.
 *
 * <p>The order is that of SameDiff's {@code createGradFunction}. That one prints a line per op on System.out, which no
 * setting prevents, and copies the graph by writing out every op and reading it back.
 */
final class Gradients {

    private final SameDiff sd;

    /** Variables, and everything computed from them. */
    private final Set<String> varying = new HashSet<>();

    /** Number of ops that read an op's results and are not differentiated yet, by the op's name. */
    private final Map<String, Integer> waiting = new HashMap<>();

    private final Map<String, SDVariable> gradients = new HashMap<>();

    private Gradients(SameDiff sd) {
        this.sd = sd;
    }

    /**
     * Adds the gradients to the graph.
     *
     * @return the gradient of each variable that {@code loss} depends on, by the variable's name
     */
    static Map<String, SDVariable> of(SameDiff sd, SDVariable loss) {
        Gradients result = new Gradients(sd);
        result.follow(loss);
        result.differentiate(loss);
        Map<String, SDVariable> ofVariables = new LinkedHashMap<>();
        for (SDVariable variable : sd.variables()) {
            SDVariable gradient = result.gradients.get(variable.name());
            if (gradient != null && variable.getVariableType() == VariableType.VARIABLE) {
                ofVariables.put(variable.name(), gradient);
            }
        }
        return ofVariables;
    }

    private void follow(SDVariable loss) {
        for (SDVariable variable : sd.variables()) {
            if (variable.getVariableType() == VariableType.VARIABLE) {
                varying.add(variable.name());
            }
        }
        for (SameDiffOp op : PlanDraft.opsInOrder(sd, List.of(loss.name()))) {
            if (op.getInputsToOp().stream().anyMatch(varying::contains)) {
                varying.addAll(op.getOutputsOfOp());
                producers(op).forEach(producer -> waiting.merge(producer, 1, Integer::sum));
            }
        }
    }

    /** The ops whose varying results an op reads. */
    private List<String> producers(SameDiffOp op) {
        return op.getInputsToOp().stream()
                .filter(varying::contains)
                .map(input -> sd.getVariables().get(input).getOutputOfOp())
                .filter(Objects::nonNull)
                .distinct()
                .toList();
    }

    private void differentiate(SDVariable loss) {
        if (!varying.contains(loss.name())) {
            throw new IllegalArgumentException(loss.name() + " depends on no variable");
        }
        gradients.put(loss.name(), sd.constant(Nd4j.scalar(loss.dataType(), 1)));
        Deque<String> ready =
                new ArrayDeque<>(List.of(sd.getVariables().get(loss.name()).getOutputOfOp()));
        while (!ready.isEmpty()) {
            SameDiffOp op = sd.getOps().get(ready.remove());
            List<SDVariable> upstream =
                    op.getOutputsOfOp().stream().map(this::ofOutput).toList();
            add(op, op.getOp().doDiff(upstream));
            for (String producer : producers(op)) {
                if (waiting.merge(producer, -1, Integer::sum) == 0) {
                    ready.add(producer);
                }
            }
        }
    }

    /** An output that nothing reads has a gradient of zeros. */
    private SDVariable ofOutput(String output) {
        SDVariable known = gradients.get(output);
        return known != null ? known : sd.zerosLike(sd.getVariable(output));
    }

    private void add(SameDiffOp op, List<SDVariable> found) {
        List<String> inputs = op.getInputsToOp();
        for (int i = 0; i < inputs.size(); i++) {
            if (!varying.contains(inputs.get(i))) {
                continue;
            }
            if (i >= found.size()) {
                throw new UnsupportedOperationException(
                        "%s has no gradient in %s".formatted(op.getName(), inputs.get(i)));
            }
            gradients.merge(inputs.get(i), found.get(i), SDVariable::add);
        }
    }
}
