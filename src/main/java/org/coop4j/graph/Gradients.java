package org.coop4j.graph;

import java.util.ArrayList;
import java.util.Collections;
import java.util.HashMap;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.function.Function;
import org.coop4j.base.Require;
import org.nd4j.autodiff.functions.DifferentialFunction;
import org.nd4j.autodiff.samediff.SDVariable;
import org.nd4j.autodiff.samediff.SameDiff;
import org.nd4j.autodiff.samediff.VariableType;
import org.nd4j.autodiff.samediff.internal.SameDiffOp;
import org.nd4j.linalg.api.ops.impl.reduce.Mmul;
import org.nd4j.linalg.api.ops.impl.shape.Gather;
import org.nd4j.linalg.factory.Nd4j;

/**
 * Reverse-mode differentiation of a scalar, which adds the gradients to its graph: the ops' own {@code doDiff}, an op
 * after all ops that read its results. Two of ND4J's ops have another gradient here.
 *
 * <p>SameDiff's {@code createGradFunction} prints a line per op on System.out, which no setting prevents, and copies the
 * graph by writing out every op and reading it back.
 */
final class Gradients {

    /** End of the name of a variable that counts as a constant. */
    static final String HELD = " held";

    private final SameDiff sd;

    /** Trained variables, and everything computed from them. */
    private final Set<String> varying = new HashSet<>();

    private final Map<String, SDVariable> gradients = new HashMap<>();

    private final Function<SDVariable, long[]> shape;

    private Gradients(SameDiff sd, Function<SDVariable, long[]> shape) {
        this.sd = sd;
        this.shape = shape;
    }

    /**
     * Adds the gradients to the graph.
     *
     * @param shape returns the shape of a variable
     * @return the gradient of each trained variable that {@code loss} depends on, by the variable's name
     */
    static Map<String, SDVariable> of(SameDiff sd, Function<SDVariable, long[]> shape, SDVariable loss) {
        List<SDVariable> trained = sd.variables().stream()
                .filter(variable -> variable.getVariableType() == VariableType.VARIABLE)
                .toList();
        Gradients result = new Gradients(sd, shape);
        trained.forEach(variable -> result.varying.add(variable.name()));
        result.differentiate(loss);
        Map<String, SDVariable> ofTrained = new LinkedHashMap<>();
        for (SDVariable variable : trained) {
            if (result.gradients.containsKey(variable.name())) {
                ofTrained.put(variable.name(), result.gradients.get(variable.name()));
            }
        }
        return ofTrained;
    }

    private void differentiate(SDVariable loss) {
        List<SameDiffOp> ops = new ArrayList<>();
        for (SameDiffOp op : PlanDraft.opsInOrder(sd, List.of(loss.name()))) {
            if (op.getInputsToOp().stream().anyMatch(varying::contains)
                    && !op.getOutputsOfOp().get(0).endsWith(HELD)) {
                varying.addAll(op.getOutputsOfOp());
                ops.add(op);
            }
        }
        Require.that(varying.contains(loss.name()), "%s depends on no variable", loss.name());
        gradients.put(loss.name(), sd.constant(Nd4j.scalar(loss.dataType(), 1)));
        Collections.reverse(ops);
        for (SameDiffOp op : ops) {
            List<SDVariable> upstream =
                    op.getOutputsOfOp().stream().map(this::ofOutput).toList();
            add(op, ofInputs(op.getOp(), upstream));
        }
    }

    /** Returns the gradient of an output; zeros if nothing reads the output. */
    private SDVariable ofOutput(String output) {
        SDVariable known = gradients.get(output);
        return known != null ? known : sd.zerosLike(sd.getVariable(output));
    }

    private List<SDVariable> ofInputs(DifferentialFunction op, List<SDVariable> upstream) {
        SDVariable dy = upstream.get(0);
        if (op
                instanceof
                Gather) { // its own gradient loses repeated rows, and a scatterAdd loses some on several threads
            int rows = Math.toIntExact(shape.apply(op.arg(0))[0]);
            boolean one = shape.apply(op.arg(1))[0] == 1; // whose sum has a single column
            SDVariable numbers = one ? sd.concat(0, op.arg(1), op.arg(1)) : op.arg(1);
            return List.of(sd.unsortedSegmentSum(one ? sd.concat(0, dy, dy.mul(0)) : dy, numbers, rows));
        }
        if (op instanceof Mmul product && !varying.contains(op.arg(1).name())) { // its own computes both gradients
            boolean transposed = product.iArgs()[1] == 1;
            return List.of(sd.mmul(dy, op.arg(1), false, !transposed, false));
        }
        return op.doDiff(upstream);
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
