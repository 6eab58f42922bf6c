package org.coop4j.graph;

import java.util.Arrays;
import java.util.List;
import org.coop4j.graph.host.HostKernel;
import org.coop4j.graph.host.HostMatrix;
import org.coop4j.graph.host.Workers;
import org.nd4j.autodiff.samediff.SDVariable;
import org.nd4j.autodiff.samediff.SameDiff;
import org.nd4j.linalg.api.buffer.DataType;
import org.nd4j.linalg.api.ndarray.INDArray;
import org.nd4j.linalg.api.ops.impl.shape.OneHot;
import org.nd4j.linalg.api.ops.impl.transforms.custom.SoftMax;
import org.nd4j.linalg.factory.Nd4j;
import org.nd4j.linalg.ops.transforms.Transforms;

/**
 * Mean cross-entropy of logits: the mean over rows of −Σ target · log softmax(z).
 *
 * <p>Inputs: logits [batch, classes], and either labels [batch], class numbers as floats, with one-hot targets, or a
 * teacher's logits [batch, classes], which have no gradient, with their softmax as target. Output: a scalar. ND4J's own
 * loss ops ignore the upstream gradient (deeplearning4j issue 9026).
 */
final class CrossEntropy extends GraphOp {

    public CrossEntropy(SameDiff sd, SDVariable logits, SDVariable target) {
        super(sd, logits, target);
    }

    @Override
    public List<long[]> outputShapes(List<long[]> in) {
        return List.of(new long[0]);
    }

    @Override
    public void compute(INDArray[] in, INDArray[] out) {
        INDArray shifted = in[0].sub(in[0].max(true, 1));
        INDArray logSum = Transforms.log(Transforms.exp(shifted, true).sum(true, 1), false);
        out[0].assign(target(in[1], in[0]).muli(shifted.rsubi(logSum)).sum(1).mean());
    }

    /** Returns the targets, [batch, classes]. */
    private static INDArray target(INDArray given, INDArray logits) {
        if (given.rank() > 1) {
            return Transforms.softmax(given, true);
        }
        INDArray result = Nd4j.createUninitialized(logits.dataType(), logits.shape());
        Nd4j.exec(new OneHot(given.castTo(DataType.INT32), result, (int) logits.size(1)));
        return result;
    }

    @Override
    public HostKernel hostKernel(HostMatrix[] in, HostMatrix[] out, Workers workers) {
        HostMatrix z = in[0];
        HostMatrix target = in[1];
        boolean soft = target.fits(z);
        double[] losses = new double[z.rows()];
        HostKernel rows = HostKernel.eachRow(z.rows(), workers, () -> {
            float[] row = new float[z.cols()];
            double[] p = new double[z.cols()];
            double[] q = new double[z.cols()];
            return r -> {
                target(target, soft, r, row, q);
                z.getRow(r, row);
                losses[r] = expected(q, softmax(row, p), row);
            };
        });
        return () -> {
            rows.run();
            double total = 0;
            for (double loss : losses) {
                total += loss;
            }
            out[0].buffer().put(0, (float) (total / z.rows()));
        };
    }

    /** Fills {@code q} with the target of row {@code r}: one-hot, or the softmax of the teacher's row. */
    private static void target(HostMatrix given, boolean soft, int r, float[] row, double[] q) {
        if (soft) {
            given.getRow(r, row);
            softmax(row, q);
        } else {
            Arrays.fill(q, 0);
            q[(int) given.buffer().get(r)] = 1;
        }
    }

    private static double expected(double[] target, double logSum, float[] logits) {
        double loss = 0;
        for (int i = 0; i < target.length; i++) {
            if (target[i] != 0) {
                loss += target[i] * (logSum - logits[i]);
            }
        }
        return loss;
    }

    /** Fills {@code p} with the softmax of a row; returns log Σ exp of the row. */
    private static double softmax(float[] row, double[] p) {
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
        return List.of(new LogitsGradient(sameDiff, gradients.get(0), arg(0), arg(1)).outputVariable());
    }

    /** dz = (softmax(z) − target) · dloss / batch. */
    private static final class LogitsGradient extends GraphOp {

        LogitsGradient(SameDiff sd, SDVariable dLoss, SDVariable logits, SDVariable target) {
            super(sd, dLoss, logits, target);
        }

        @Override
        public List<long[]> outputShapes(List<long[]> in) {
            return in.subList(1, 2);
        }

        @Override
        public void compute(INDArray[] in, INDArray[] out) {
            Nd4j.exec(new SoftMax(in[1], out[0], -1));
            out[0].subi(target(in[2], in[1])).muli(in[0].div(in[1].rows()));
        }

        @Override
        public HostKernel hostKernel(HostMatrix[] in, HostMatrix[] out, Workers workers) {
            HostMatrix z = in[1];
            HostMatrix target = in[2];
            boolean soft = target.fits(z);
            return HostKernel.eachRow(z.rows(), workers, () -> {
                float[] row = new float[z.cols()];
                double[] p = new double[z.cols()];
                double[] q = new double[z.cols()];
                return r -> {
                    double factor = in[0].buffer().get(0) / (double) z.rows();
                    target(target, soft, r, row, q);
                    z.getRow(r, row);
                    softmax(row, p);
                    for (int i = 0; i < p.length; i++) {
                        row[i] = (float) ((p[i] - q[i]) * factor);
                    }
                    out[0].putRow(r, row);
                };
            });
        }
    }
}
