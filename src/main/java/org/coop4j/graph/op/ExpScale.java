package org.coop4j.graph.op;

import java.util.ArrayList;
import java.util.List;
import org.coop4j.graph.host.HostKernel;
import org.coop4j.graph.host.HostMatrix;
import org.coop4j.graph.host.Workers;
import org.nd4j.autodiff.samediff.SDVariable;
import org.nd4j.autodiff.samediff.SameDiff;
import org.nd4j.linalg.api.ndarray.INDArray;
import org.nd4j.linalg.ops.transforms.Transforms;

/** y = exp(s) · x for a scalar s: CLIP's {@code logit_scale}, which is stored as a logarithm. */
public final class ExpScale extends GraphOp {

    public ExpScale() {}

    public ExpScale(SameDiff sd, SDVariable x, SDVariable s) {
        super(sd, x, s);
    }

    @Override
    public void compute(INDArray[] in, INDArray[] out) {
        in[0].muli(Transforms.exp(in[1], true), out[0]);
    }

    @Override
    public boolean mayOverwrite(int input) {
        return input == 0;
    }

    @Override
    public HostKernel hostKernel(HostMatrix[] in, HostMatrix[] out, Workers workers) {
        return RowwiseKernel.eachRow(
                in[0].rows(),
                workers,
                () -> {
                    float[] row = new float[in[0].cols()];
                    return r -> {
                        float factor = (float) Math.exp(in[1].buffer().get(0));
                        in[0].getRow(r, row);
                        for (int i = 0; i < row.length; i++) {
                            row[i] *= factor;
                        }
                        out[0].putRow(r, row);
                    };
                });
    }

    @Override
    public List<SDVariable> doDiff(List<SDVariable> gradients) {
        SDVariable dy = gradients.get(0);
        List<SDVariable> result = new ArrayList<>();
        result.add(new ExpScale(sameDiff, dy, arg(1)).outputVariable());
        if (!arg(1).isConstant()) {
            result.add(new ScaleGradient(sameDiff, dy, arg(0), arg(1)).outputVariable());
        }
        return result;
    }

    /** ds = Σ dy · x · exp(s). */
    public static final class ScaleGradient extends GradientOp {

        public ScaleGradient() {}

        ScaleGradient(SameDiff sd, SDVariable dy, SDVariable x, SDVariable s) {
            super(sd, dy, x, s);
        }

        @Override
        public List<long[]> outputShapes(List<long[]> in) {
            return List.of(in.get(2));
        }

        @Override
        public void compute(INDArray[] in, INDArray[] out) {
            in[0].mul(in[1]).sum().muli(Transforms.exp(in[2], true), out[0]);
        }

        @Override
        public HostKernel hostKernel(HostMatrix[] in, HostMatrix[] out, Workers workers) {
            return () -> {
                double sum = 0;
                int n = in[0].rows() * in[0].cols();
                for (int i = 0; i < n; i++) {
                    sum += (double) in[0].buffer().get(i) * in[1].buffer().get(i);
                }
                out[0].buffer().put(0, (float) (sum * Math.exp(in[2].buffer().get(0))));
            };
        }
    }
}
