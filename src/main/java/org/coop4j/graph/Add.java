package org.coop4j.graph;

import java.util.Arrays;
import java.util.List;
import org.coop4j.base.Require;
import org.coop4j.graph.host.Floats;
import org.coop4j.graph.host.HostKernel;
import org.coop4j.graph.host.HostMatrix;
import org.coop4j.graph.host.Workers;
import org.nd4j.autodiff.samediff.SDVariable;

/** The sum of two arrays of one shape: a residual connection. */
final class Add extends GraphOp {

    @Override
    public List<long[]> outputShapes(List<long[]> in) {
        Require.that(
                Arrays.equals(in.get(0), in.get(1)),
                "sum of shapes %s and %s: expected equal shapes",
                Arrays.toString(in.get(0)),
                Arrays.toString(in.get(1)));
        return List.of(in.get(0));
    }

    @Override
    protected SDVariable expression(Graph graph, SDVariable... in) {
        return in[0].add(in[1]);
    }

    @Override
    public boolean mayOverwrite(int input) {
        return true;
    }

    @Override
    public HostKernel hostKernel(HostMatrix[] in, HostMatrix[] out, Workers workers) {
        return sum(in, out[0], workers);
    }

    /** Returns the sum of two matrices, also for ND4J's op that adds gradients. */
    public static HostKernel sum(HostMatrix[] in, HostMatrix out, Workers workers) {
        return HostKernel.elementwise(in, out, workers, () -> (inputs, n) -> Floats.add(inputs[0], 0, inputs[1], 0, n));
    }

    @Override
    public List<SDVariable> doDiff(List<SDVariable> gradients) {
        return List.of(gradients.get(0), gradients.get(0));
    }
}
