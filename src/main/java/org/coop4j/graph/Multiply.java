package org.coop4j.graph;

import java.util.List;
import org.coop4j.graph.host.HostKernel;
import org.coop4j.graph.host.HostMatrix;
import org.coop4j.graph.host.Workers;
import org.nd4j.autodiff.samediff.SDVariable;

/** The product of two arrays of one shape, element by element: the gate of SwiGLU. */
final class Multiply extends GraphOp {

    @Override
    protected SDVariable expression(Graph graph, SDVariable... in) {
        return in[0].mul(in[1]);
    }

    @Override
    public boolean mayOverwrite(int input) {
        return true;
    }

    @Override
    public HostKernel hostKernel(HostMatrix[] in, HostMatrix[] out, Workers workers) {
        return HostKernel.elementwise(in, out[0], workers, () -> (inputs, n) -> {
            for (int i = 0; i < n; i++) {
                inputs[0][i] *= inputs[1][i];
            }
        });
    }

    @Override
    public List<SDVariable> doDiff(List<SDVariable> gradients) {
        SDVariable dy = gradients.get(0);
        return List.of(new Multiply().of(dy, arg(1)), new Multiply().of(dy, arg(0)));
    }
}
