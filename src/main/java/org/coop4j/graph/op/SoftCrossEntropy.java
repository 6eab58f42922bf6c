package org.coop4j.graph.op;

import java.util.List;
import org.coop4j.graph.host.HostKernel;
import org.coop4j.graph.host.HostMatrix;
import org.coop4j.graph.host.Workers;
import org.nd4j.autodiff.samediff.SDVariable;
import org.nd4j.autodiff.samediff.SameDiff;
import org.nd4j.linalg.api.ndarray.INDArray;
import org.nd4j.linalg.ops.transforms.Transforms;

/**
 * Mean cross-entropy of logits against a teacher's probabilities: the mean over rows of −Σ p · log
 * softmax(z), with p the softmax of the teacher's logits.
 *
 * <p>Inputs: logits and the teacher's logits, both [batch, classes]; the teacher's have no
 * gradient. Output: a scalar.
 */
public final class SoftCrossEntropy extends GraphOp {

    public SoftCrossEntropy() {}

    public SoftCrossEntropy(SameDiff sd, SDVariable logits, SDVariable teacher) {
        super(sd, logits, teacher);
    }

    @Override
    public List<long[]> outputShapes(List<long[]> in) {
        return List.of(new long[0]);
    }

    @Override
    public void compute(INDArray[] in, INDArray[] out) {
        INDArray shifted = in[0].sub(in[0].max(true, 1));
        INDArray logSum = Transforms.log(Transforms.exp(shifted, true).sum(true, 1), false);
        INDArray losses = Transforms.softmax(in[1], true).muli(shifted.rsubi(logSum)).sum(1);
        out[0].assign(losses.mean());
    }

    @Override
    public HostKernel hostKernel(HostMatrix[] in, HostMatrix[] out, Workers workers) {
        HostMatrix z = in[0];
        float[] row = new float[z.cols()];
        double[] p = new double[z.cols()];
        double[] q = new double[z.cols()];
        return () -> {
            double total = 0;
            for (int r = 0; r < z.rows(); r++) {
                in[1].getRow(r, row);
                softmax(row, p);
                z.getRow(r, row);
                double logSum = softmax(row, q);
                for (int i = 0; i < p.length; i++) {
                    total += p[i] * (logSum - row[i]);
                }
            }
            out[0].buffer().put(0, (float) (total / z.rows()));
        };
    }

    /** Fills {@code p} with the softmax of a row; log Σ exp of the row. */
    static double softmax(float[] row, double[] p) {
        double max = Double.NEGATIVE_INFINITY;
        for (float value : row) {
            max = Math.max(max, value);
        }
        double sum = 0;
        for (int i = 0; i < p.length; i++) {
            p[i] = Math.exp(row[i] - max);
            sum += p[i];
        }
        for (int i = 0; i < p.length; i++) {
            p[i] /= sum;
        }
        return Math.log(sum) + max;
    }

    @Override
    public List<SDVariable> doDiff(List<SDVariable> gradients) {
        return List.of(
                new CrossEntropy.LogitsGradient(sameDiff, gradients.get(0), arg(0), arg(1))
                        .outputVariable());
    }
}
