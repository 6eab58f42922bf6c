package org.coop4j.graph;

import java.util.List;
import org.coop4j.graph.host.HostKernel;
import org.coop4j.graph.host.HostMatrix;
import org.coop4j.graph.host.Workers;

/**
 * The gradient of an op with a kernel of its own, for the host alone: an expression is differentiated by SameDiff. Its
 * outputs have the shapes of some of its inputs.
 */
class Backward extends GraphOp {

    private final GraphOp forward;
    private final int first;
    private final int count;
    private final Kernel kernel;

    /** Binds a kernel to its arrays. */
    @FunctionalInterface
    interface Kernel {
        HostKernel of(HostMatrix[] in, HostMatrix[] out, Workers workers);
    }

    /**
     * @param first the input that has the shape of the first output; the next ones have those of the others
     * @param count number of outputs
     */
    Backward(GraphOp forward, int first, int count, Kernel kernel) {
        this.forward = forward;
        this.first = first;
        this.count = count;
        this.kernel = kernel;
    }

    @Override
    public String opName() {
        return forward.opName() + "_gradient";
    }

    @Override
    public int getNumOutputs() {
        return count;
    }

    @Override
    public List<long[]> outputShapes(List<long[]> in) {
        return in.subList(first, first + count);
    }

    @Override
    public HostKernel hostKernel(HostMatrix[] in, HostMatrix[] out, Workers workers) {
        return kernel.of(in, out, workers);
    }
}
