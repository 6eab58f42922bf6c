package org.coop4j.graph;

import java.util.List;
import org.coop4j.graph.host.HostKernel;
import org.coop4j.graph.host.HostMatrix;
import org.coop4j.graph.host.Workers;
import org.nd4j.autodiff.samediff.SDVariable;

/**
 * Σ x · y over all elements, a scalar. With a given upstream gradient y, its gradient is the vector-Jacobian product of
 * x.
 */
final class InnerProduct extends GraphOp {

    @Override
    public List<long[]> outputShapes(List<long[]> in) {
        return List.of(new long[0]);
    }

    @Override
    protected SDVariable expression(Graph graph, SDVariable... in) {
        return in[0].mul(in[1]).sum();
    }

    @Override
    public HostKernel hostKernel(HostMatrix[] in, HostMatrix[] out, Workers workers) {
        int n = Math.multiplyExact(in[0].rows(), in[0].cols());
        return () -> {
            double sum = 0;
            for (int i = 0; i < n; i++) {
                sum += (double) in[0].buffer().get(i) * in[1].buffer().get(i);
            }
            out[0].buffer().put(0, (float) sum);
        };
    }

    @Override
    public List<SDVariable> doDiff(List<SDVariable> gradients) {
        SDVariable d = gradients.get(0);
        return List.of(new Scale(false).of(arg(1), d), new Scale(false).of(arg(0), d));
    }
}
