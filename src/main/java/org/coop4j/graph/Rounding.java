package org.coop4j.graph;

import java.util.Collection;
import java.util.Collections;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import org.nd4j.autodiff.samediff.internal.SameDiffOp;

/** Choice of the variables of a graph that are kept rounded to bfloat16 between its ops. */
final class Rounding {

    private Rounding() {}

    /** Returns the results that one op can write rounded, and all that read them can read so. */
    static Set<String> of(List<SameDiffOp> ops, Collection<String> outputs) {
        Set<String> exact = new HashSet<>(outputs);
        Set<String> rounded = new HashSet<>();
        for (SameDiffOp op : ops) {
            for (int i = 0; i < op.getInputsToOp().size(); i++) {
                if (!(op.getOp() instanceof GraphOp reader && reader.mayReadRounded(i))) {
                    exact.add(op.getInputsToOp().get(i));
                }
            }
        }
        do {
            rounded.clear();
            for (SameDiffOp op : ops) {
                String result = op.getOutputsOfOp().get(0);
                if (!exact.contains(result)
                        && op.getOp() instanceof GraphOp writer
                        && writer.mayWriteRounded(
                                rounded.contains(op.getInputsToOp().get(0)))) {
                    rounded.add(result);
                }
            }
        } while (exact.addAll(mixed(ops, rounded)));
        return rounded;
    }

    /** Returns the arrays of ops of one type, some of whose arrays are rounded and some not. */
    private static Set<String> mixed(List<SameDiffOp> ops, Set<String> rounded) {
        Set<String> mixed = new HashSet<>();
        for (SameDiffOp op : ops) {
            if (isOfOneType(op)) {
                Set<String> arrays = new HashSet<>(op.getInputsToOp());
                arrays.add(op.getOutputsOfOp().get(0));
                if (!Collections.disjoint(arrays, rounded) && !rounded.containsAll(arrays)) {
                    mixed.addAll(arrays);
                }
            }
        }
        return mixed;
    }

    /** Returns true if an op reads and writes one type of numbers. */
    static boolean isOfOneType(SameDiffOp op) {
        return op.getOp() instanceof GraphOp uniform && uniform.isOfOneType();
    }
}
