package org.coop4j.graph.op;

import java.util.Arrays;
import java.util.Optional;
import org.coop4j.graph.host.ArrayValues;
import org.coop4j.graph.host.HostKernel;
import org.coop4j.graph.host.HostMatrix;
import org.coop4j.graph.host.Workers;
import org.nd4j.autodiff.functions.DifferentialFunction;
import org.nd4j.linalg.api.ops.impl.scalar.ScalarMultiplication;
import org.nd4j.linalg.api.ops.impl.transforms.pairwise.arithmetic.AddOp;

/**
 * Host kernels of those of ND4J's own ops that SameDiff makes of expressions such as {@code
 * x.mul(2)} and of sums of gradients. In a small step a call of ND4J takes longer than the
 * arithmetic.
 */
public final class Arithmetic {

    private Arithmetic() {}

    /** An op's kernel; empty where ND4J computes it. */
    public static Optional<HostKernel> hostKernel(
            DifferentialFunction function, HostMatrix[] in, HostMatrix out, Workers workers) {
        if (function instanceof AddOp && in.length == 2 && Arrays.stream(in).allMatch(out::fits)) {
            return Optional.of(Add.sum(in, out, workers));
        }
        if (function instanceof ScalarMultiplication op && in.length == 1) {
            return Optional.of(scaled(in, out, (float) ArrayValues.scalar(op.scalar()), workers));
        }
        return Optional.empty();
    }

    private static HostKernel scaled(
            HostMatrix[] in, HostMatrix out, float factor, Workers workers) {
        return RowwiseKernel.of(
                in,
                out,
                workers,
                () ->
                        (rows, n) -> {
                            float[] x = rows[0];
                            for (int i = 0; i < n; i++) {
                                x[i] *= factor;
                            }
                        });
    }
}
